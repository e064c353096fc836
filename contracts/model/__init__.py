"""Models of the message types: what must be there for a message to be processed at all.

A notification is an open record: the sender adds fields when it likes, and some handlers pass all of it on. So each
model types what its handler asks of a field, and keeps the rest in `raw`, in PHP's order.
"""
