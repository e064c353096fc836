"""What both sides agree on: message types, envelope, outcome, verdicts, rules, and PHP's formats and semantics.

Pure: no I/O and no vendor but pydantic and parsers, so that the bridge, the workers, the infrastructure and the
operator's tool can all be held to the same words.
"""
