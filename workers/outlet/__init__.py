"""How effects leave: what a ledger entry has pending is sent, and what was sent is noted. At least once, with an id."""
