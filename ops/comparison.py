"""What two sides make of the same messages: counts, agreement, proofs, grouped differences, fates of mutants.

Holds what was counted; shows nothing. It comes from the ledger (`ops.ledger_comparison`) or from a run beside recorded
messages (`ops.parity.finding`), and is rendered as a table, as JSON, as a page or as JUnit XML.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from contracts.confidence import Confidence
from contracts.liveness import Survivor
from contracts.mutant import MutantKind
from contracts.shown import ShownDifference
from contracts.tally import Sighting
from contracts.trap import Trap
from contracts.verdict import Verdict, agreement

Since = Literal["new", "still there"]
RuleProblem = Literal["expired", "ends too late", "never hit"]


@dataclass(frozen=True, slots=True)
class Exercised:
    """How much of a type's contract its messages have gone through."""

    branches: int
    """Branches that the contract names."""
    never: tuple[str, ...]
    """Those that no message took."""
    strata: int
    """Sets of branches that messages have taken."""
    missing_mass: float
    """Probability that the next message takes a path that was never compared (Good and Turing), 0 to 1."""


@dataclass(frozen=True, slots=True)
class TypeAgreement:
    """One message type's verdicts."""

    type: str
    counts: Mapping[Verdict, int]
    p50_s: float | None = None
    """Median of the seconds from publishing to verdict, where somebody has measured them."""
    p99_s: float | None = None
    confidence: Confidence | None = None
    """What the verdicts prove."""
    exercised: Exercised | None = None
    """What of the contract was compared at all, where the messages themselves were at hand."""

    @property
    def seen(self) -> int:
        """Number of messages that have a verdict, pending ones included where they were counted."""
        return sum(self.counts.values())

    @property
    def agreement(self) -> float | None:
        """Share of agreed messages, 0 to 1; None where nothing is decided."""
        return agreement(self.counts)


@dataclass(frozen=True, slots=True)
class Example:
    """One differing message."""

    message_id: str
    verdict: Verdict
    differences: tuple[ShownDifference, ...]


@dataclass(frozen=True, slots=True)
class DifferingGroup:
    """Messages that differ, as far as can be told, for one reason."""

    signature: str
    count: int
    also: tuple[str, ...]
    """Signatures that came along."""
    examples: tuple[Example, ...]
    share: float | None = None
    """Of all messages of its type, 0 to 1."""
    first: Sighting | None = None
    last: Sighting | None = None
    trap: Trap | None = None
    """Which of PHP's habits its examples look like."""
    since: Since | None = None
    """Compared with an earlier run, where there is one."""

    @property
    def type(self) -> str:
        """The message type of its signature."""
        return self.signature.split(" | ", 1)[0]


@dataclass(frozen=True, slots=True)
class MutantCount:
    """What became of a kind of mutants of one type."""

    type: str
    kind: MutantKind
    killed: int
    tolerated: int
    survived: int


@dataclass(frozen=True, slots=True)
class RuleUse:
    """A rule, and how often it was needed."""

    type: str
    path: str
    kind: str
    reason: str
    owner: str
    expires: date
    hits: int
    problem: RuleProblem | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides, compared."""

    types: tuple[TypeAgreement, ...]
    groups: tuple[DifferingGroup, ...]
    """The largest first; examples only in as many as were asked for."""
    mutants: tuple[MutantCount, ...] = ()
    """By type and kind; empty where none were made."""
    survivors: tuple[Survivor, ...] = ()
    """Mutants that were called equal, and nobody may say so: the comparison is void."""
    rules: tuple[RuleUse, ...] = ()
    fixed: tuple[str, ...] = ()
    """Signatures of an earlier run's groups that are gone."""
    unprobed: tuple[str, ...] = ()
    """Types that agree and of which no mutant was made: as void."""

    @property
    def void(self) -> bool:
        """Whether its comparer was shown to be blind, or was not tried."""
        return bool(self.survivors or self.unprobed)

    @property
    def agreement(self) -> float | None:
        """Share of agreed messages over all types."""
        return agreement(total(self.types))


def total(types: Iterable[TypeAgreement]) -> Mapping[Verdict, int]:
    """Number of messages by verdict over all types."""
    counts: dict[Verdict, int] = {}
    for one in types:
        for verdict, count in one.counts.items():
            counts[verdict] = counts.get(verdict, 0) + count
    return counts


def quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` (0 to 1) of them do not exceed (nearest rank); None of nothing."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
