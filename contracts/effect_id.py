"""The id of an effect that leaves: the same however often it is sent, so that a receiver can drop a second copy."""

EVENT = "event"
"""Ordinal of the event that every message processed with authority makes; others are positions in the outcome."""

Ordinal = str
"""`EVENT`, or the position of the effect in the outcome's list, as decimal text."""


def effect_id(message_id: str, ordinal: Ordinal) -> str:
    """`<message id>:<ordinal>`."""
    return f"{message_id}:{ordinal}"


def read_effect_id(text: str) -> tuple[str, Ordinal]:
    """Message id, which may have colons of its own, and ordinal. Raises ValueError, which quotes nothing."""
    message_id, colon, ordinal = text.rpartition(":")
    if not colon or not message_id or not (ordinal == EVENT or _is_position(ordinal)):
        raise ValueError("no effect id")
    return message_id, ordinal


def _is_position(ordinal: str) -> bool:
    return ordinal.isascii() and ordinal.isdigit()
