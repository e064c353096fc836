"""What has been compared so far, and what not: counts by branch, and by stratum, of one message type.

A stratum is all branches that one message took. Bugs are the same for all messages of a stratum, or nearly, so that a
thousand messages of one stratum say little more than ten, and nothing of the next. How likely the next message is of a
stratum that was never compared is estimated from those that were seen once (I. J. Good, "The population frequencies of
species and the estimation of population parameters", Biometrika 1953, after Turing). Its error bounds are wide (3
points at 100,000 messages), so that it is an indicator, and no proof.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from contracts.branch import branches
from contracts.message_type import MessageType

FORMAT = 1
"""Version of the stored form; a reader refuses one that it does not know."""
STRATA_LIMIT = 100_000
"""Most strata that are told apart; some 15 MB."""


class MalformedCoverageError(ValueError):
    """A stored coverage cannot be read."""


@lru_cache(maxsize=4096)
def stratum(exercised: frozenset[str]) -> str:
    """16 hexadecimal digits for a set of branches, the same in every process."""
    return hashlib.blake2b("\n".join(sorted(exercised)).encode(), digest_size=8).hexdigest()


@dataclass(slots=True)  # not frozen: it counts, once for every message of a run
class Coverage:
    """Counts of the messages of one type."""

    messages: int = 0
    branches: Counter[str] = field(default_factory=Counter)
    """Messages by branch that they took."""
    strata: Counter[str] = field(default_factory=Counter)
    """Messages by digest of their stratum, those of `untold` left out."""
    untold: int = 0
    """Messages of further strata than are told apart; each may be the only one of its own."""
    limit: int = field(default=STRATA_LIMIT, compare=False)

    def add(self, exercised: frozenset[str]) -> None:
        """Count one message, by the branches that it took."""
        self.messages += 1
        self.branches.update(exercised)
        digest = stratum(exercised)
        if digest in self.strata or len(self.strata) < self.limit:
            self.strata[digest] += 1
        else:
            self.untold += 1

    def merged(self, other: "Coverage") -> "Coverage":
        """The counts of both, which are of different messages. Of too many strata, the most frequent are told apart."""
        strata = self.strata + other.strata
        untold = self.untold + other.untold
        if len(strata) > self.limit:
            kept = sorted(strata, key=lambda digest: (-strata[digest], digest))[: self.limit]
            untold += strata.total() - sum(strata[digest] for digest in kept)
            strata = Counter({digest: strata[digest] for digest in kept})
        return Coverage(
            self.messages + other.messages, self.branches + other.branches, strata, untold, limit=self.limit
        )

    def never_exercised(self, message_type: MessageType) -> tuple[str, ...]:
        """Branches of the type that no message took, in alphabetical order."""
        return tuple(sorted(branches(message_type) - self.branches.keys()))

    @property
    def seen_once(self) -> int:
        """Strata that one message only was of; where some are untold, there are no more than that."""
        return sum(count == 1 for count in self.strata.values()) + self.untold

    @property
    def missing_mass(self) -> float:
        """Probability, 0 to 1, that the next message is of a stratum never seen (Good and Turing's estimate).

        1.0 before the first message. Too high, and never too low an estimate, where strata are untold.
        """
        return self.seen_once / self.messages if self.messages else 1.0

    def to_dict(self) -> dict[str, Any]:
        """A form for JSON."""
        return {
            "format": FORMAT,
            "messages": self.messages,
            "branches": dict(sorted(self.branches.items())),
            "strata": dict(sorted(self.strata.items())),
            "untold": self.untold,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any], *, limit: int = STRATA_LIMIT) -> "Coverage":
        """Read what `to_dict` wrote. Raises MalformedCoverageError, where the counts do not add up too."""
        if raw.get("format") != FORMAT:
            raise MalformedCoverageError(f"coverage: expected format {FORMAT}")
        messages, untold = _count(raw.get("messages"), "messages"), _count(raw.get("untold"), "untold")
        by_branch, strata = _counts(raw.get("branches"), "branches"), _counts(raw.get("strata"), "strata")
        if strata.total() + untold != messages:
            raise MalformedCoverageError("coverage.strata: they do not add up to the messages")
        if any(count > messages for count in by_branch.values()):
            raise MalformedCoverageError("coverage.branches: more messages of one than there are")
        # Through `merged`, for another limit may have been in force when it was written.
        return cls(limit=limit).merged(cls(messages, by_branch, strata, untold))


def _counts(raw: object, place: str) -> Counter[str]:
    if not isinstance(raw, Mapping):
        raise MalformedCoverageError(f"coverage.{place}: expected an object")
    return Counter({str(name): _count(count, f"{place}: a count") for name, count in raw.items()})


def _count(raw: object, place: str) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or raw < 0:
        raise MalformedCoverageError(f"coverage.{place}: expected a whole number, not below 0")
    return raw
