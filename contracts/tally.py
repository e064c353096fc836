"""Adds up judgements as they come: verdicts, classes of differences with their smallest examples, uses of rules.

Memory goes with the number of kinds of differences, never with that of messages. Parts of one comparison are added to
each other; nothing of the result hangs on how it was divided.
"""

from collections import Counter
from dataclasses import dataclass, field

from contracts.difference import Difference
from contracts.group import DifferenceClass
from contracts.judge import Judgement
from contracts.verdict import AGREED, UNDECIDED, Verdict

EXAMPLES = 3
_DIFFERENCES_KEPT = 50
"""A message with more differences than that is broken in a way that fifty show."""
CLASSES_KEPT = 5_000
"""Of one type. Differences past them still count, under the signature of their verdict; which ones those are hangs on
what came first."""


UNPLACED = -1
"""Position of a message in a comparison without an order: a live one, where only the time is known."""


@dataclass(frozen=True, slots=True, order=True)
class Sighting:
    """Where in a comparison a message stands."""

    position: int
    """Of the message, from 0, in the order of the comparison; or `UNPLACED`."""
    at: str = ""
    """When it was recorded, RFC 3339; empty where nobody knows."""


@dataclass(frozen=True, slots=True)
class Example:
    """One differing message."""

    size_bytes: int
    """Of both outcomes: the smallest examples are the easiest to read."""
    seen: Sighting
    message_id: str
    verdict: Verdict
    differences: tuple[Difference, ...] = field(repr=False)
    """With their values, personal ones too; masked by whoever shows them."""

    @property
    def rank(self) -> tuple[int, int]:
        """The smallest first, of equals the earliest."""
        return self.size_bytes, self.seen.position


@dataclass(slots=True)
class ClassTally:
    """Messages that differ in the same places."""

    first: Sighting
    last: Sighting
    count: int = 0
    examples: list[Example] = field(default_factory=list)

    def add(self, other: "ClassTally") -> None:
        """Take in what was seen elsewhere, which stays as it is."""
        self.count += other.count
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        self.examples = sorted((*self.examples, *other.examples), key=lambda one: one.rank)[:EXAMPLES]


@dataclass(slots=True)
class TypeTally:
    """One message type."""

    counts: Counter[Verdict] = field(default_factory=Counter)
    classes: dict[DifferenceClass, ClassTally] = field(default_factory=dict)
    rules: Counter[str] = field(default_factory=Counter)
    """How many messages each rule has tolerated something in, by its path."""

    def add(self, judgement: Judgement, name: str, message_id: str, seen: Sighting, size_bytes: int) -> None:
        """Count one message."""
        verdict = judgement.verdict
        self.counts[verdict] += 1
        for rule in judgement.rules:
            self.rules[rule.path] += 1
        if verdict in AGREED or verdict in UNDECIDED:
            return
        signatures = frozenset(one.signature(name) for one in judgement.differences)
        example = Example(size_bytes, seen, message_id, verdict, judgement.differences[:_DIFFERENCES_KEPT])
        self._class(name, signatures, ClassTally(seen, seen, 1, [example]))

    def merge(self, other: "TypeTally", name: str) -> None:
        """Take in another part of the same comparison, of the type of that name."""
        self.counts.update(other.counts)
        self.rules.update(other.rules)
        for signatures, one in other.classes.items():
            self._class(name, signatures, one)

    def _class(self, name: str, signatures: DifferenceClass, found: ClassTally) -> None:
        if not signatures or (signatures not in self.classes and len(self.classes) >= CLASSES_KEPT):
            signatures = frozenset((f"{name} | {found.examples[0].verdict}",))
        known = self.classes.get(signatures)
        if known is None:  # of its own, for it will grow
            self.classes[signatures] = ClassTally(found.first, found.last, found.count, list(found.examples))
        else:
            known.add(found)


@dataclass(slots=True)
class Tally:
    """All types of a comparison."""

    types: dict[str, TypeTally] = field(default_factory=dict)

    def of(self, name: str) -> TypeTally:
        """The tally of a type, begun where there is none."""
        known = self.types.get(name)
        if known is None:
            known = self.types[name] = TypeTally()
        return known

    def merge(self, other: "Tally") -> None:
        """Take in another part of the same comparison."""
        for name, one in other.types.items():
            self.of(name).merge(one, name)
