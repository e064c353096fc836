"""Two figures side by side, what has to be reached, and whether it is. Pure."""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

CALLS_BAR = 0.1
COLD_IMPORT_BAR = 0.5


@dataclass(frozen=True, slots=True)
class Round:
    """One contender, once."""

    contender: str
    messages: int
    calls: Mapping[str, int]
    """By service and operation, retries counted."""
    refused: Mapping[str, int]
    """Of those, which were answered with an error."""
    imported_s: float
    first_s: float
    """CPU seconds from the process's beginning until its first batch was settled."""
    warm_us: float
    """CPU microseconds of a message, of all batches but the first."""
    lost: int
    """Messages that came back, and items that are too few or too many."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    name: str
    ours: float
    textbook: float
    bar: float | None = None
    """What the ratio may be at most; None where nothing is promised."""

    @property
    def ratio(self) -> float:
        """Ours, in textbooks."""
        return self.ours / self.textbook

    @property
    def holds(self) -> bool:
        """Whether the bar is reached, or there is none."""
        return self.bar is None or self.ratio <= self.bar

    def as_text(self) -> str:
        """One line."""
        bar = "" if self.bar is None else f"  at most {self.bar:.2f}: {'holds' if self.holds else 'MISSED'}"
        return f"{self.name:<46}{self.ours:>11,.1f}{self.textbook:>11,.1f}{self.ratio:>8.3f}{bar}"


def per_thousand(rounds: Sequence[Round]) -> Mapping[str, float]:
    """Calls per 1,000 messages by operation, over all rounds."""
    calls: Counter[str] = Counter()
    for one in rounds:
        calls.update(one.calls)
    messages = sum(one.messages for one in rounds)
    return {name: count / messages * 1000 for name, count in calls.most_common()}


def calls_of(rounds: Sequence[Round]) -> float:
    """Calls per 1,000 messages; what goes to a partner is none."""
    return sum(count for name, count in per_thousand(rounds).items() if not name.startswith("partner"))


def median(values: Iterable[float]) -> float:
    """Of no rounds: not a number."""
    found = list(values)
    return statistics.median(found) if found else float("nan")
