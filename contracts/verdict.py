"""The closed vocabulary of what can be said about a message of which two sides know.

One verdict a message, whatever the number of deliveries and attempts.
"""

from collections.abc import Mapping
from enum import StrEnum


class Verdict(StrEnum):
    """What became of one message on both sides."""

    MATCH = "match"
    MATCH_BY_RULE = "match by rule"
    MISMATCH = "mismatch"
    CONTROL_ONLY = "control only"
    """Only the monolith processed it."""
    CANDIDATE_ONLY = "candidate only"
    """Only the new side processed it."""
    DUPLICATE = "duplicate"
    """Equal but for effects that one side produced more often."""
    ERROR_ONE_SIDE = "error on one side"
    """One side rejected what the other processed."""
    NOT_COMPARABLE = "not comparable"
    ID_CONFLICT = "id conflict"
    """The same id came with other bytes."""
    PENDING = "pending"
    """A side's final outcome has not been seen yet."""
    EXPIRED = "expired"
    """A side's outcome never came."""
    SINGLE = "single"
    """Only one side was meant to act."""


AGREED = frozenset({Verdict.MATCH, Verdict.MATCH_BY_RULE})
UNDECIDED = frozenset({Verdict.SINGLE, Verdict.PENDING})


def agreement(counts: Mapping[Verdict, int]) -> float | None:
    """Share of agreed messages among all but *single* and *pending* ones, 0 to 1; None where nothing is decided."""
    decided = sum(count for verdict, count in counts.items() if verdict not in UNDECIDED)
    if not decided:
        return None
    return sum(count for verdict, count in counts.items() if verdict in AGREED) / decided
