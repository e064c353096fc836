"""Builds what the functions need, at cold start: the only place that constructs clients.

A module for each function, so that none imports what only another one needs: that was a fifteenth of a cold start.
"""
