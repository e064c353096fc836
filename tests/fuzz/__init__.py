"""Decoders against whatever may come: no exception but theirs, no hang, no memory; `python -m tests.fuzz`."""
