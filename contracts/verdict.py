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
    """The monolith has ended it; the new side has told nothing in time."""
    CANDIDATE_ONLY = "candidate only"
    """The new side has ended it; the monolith has told nothing in time."""
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
    """A side has told of attempts, and of none in time that was its last."""
    SINGLE = "single"
    """Only one side was meant to act."""


AGREED = frozenset({Verdict.MATCH, Verdict.MATCH_BY_RULE})
UNDECIDED = frozenset({Verdict.SINGLE, Verdict.PENDING})
BY_CLOCK = frozenset({Verdict.CONTROL_ONLY, Verdict.CANDIDATE_ONLY, Verdict.EXPIRED})
"""Given because nothing came in time; what comes later amends them."""


def agreement(counts: Mapping[Verdict, int]) -> float | None:
    """Share of agreed messages among all but *single* and *pending* ones, 0 to 1; None where nothing is decided."""
    decided = sum(count for verdict, count in counts.items() if verdict not in UNDECIDED)
    if not decided:
        return None
    return sum(count for verdict, count in counts.items() if verdict in AGREED) / decided
