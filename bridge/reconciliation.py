"""Adding up journals: every delivery counted once by its decision, and those listed that have none. Pure.

    consumed = accepted by SQS + handed to legacy + to the new side's queue + held + quarantined
             + given back and come again + in hand of a running process + missing

A delivery that was given back is accounted for by a later one of the same message, in whichever journal it is: another
process may have got it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Place = Literal["accepted", "legacy", "new", "held", "quarantined", "returned", "redelivered"]
"""Where a delivery has gone. `accepted`: SQS has it. `legacy`, `new`, `held`: the queue of that route. `returned`: it
was given back to the broker. `redelivered`: it was, and the message has come again."""
Why = Literal["given back, and has not come again", "in hand of a process that has ended"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A delivery, as a journal has it."""

    sequence: int
    queue: str
    type: str
    id: str
    digest: str
    taken_at: float
    """Seconds since the epoch."""
    place: Place | None


@dataclass(frozen=True, slots=True)
class JournalReading:
    """What one process has written down."""

    name: str
    running: bool
    """Whether the process has the journal open."""
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class QueueAccount:
    """What became of the deliveries of one RabbitMQ queue."""

    queue: str
    accepted: int = 0
    legacy: int = 0
    new: int = 0
    held: int = 0
    quarantined: int = 0
    redelivered: int = 0
    """Given back, and come again: each is counted once more by its later decision."""
    in_hand: int = 0
    missing: int = 0

    @property
    def consumed(self) -> int:
        """All deliveries."""
        decided = self.accepted + self.legacy + self.new + self.held + self.quarantined
        return decided + self.redelivered + self.in_hand + self.missing


@dataclass(frozen=True, slots=True)
class Missing:
    """A delivery without a decision."""

    journal: str
    queue: str
    type: str
    id: str
    digest: str
    taken_at: float
    why: Why


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What the journals add up to."""

    journals: tuple[str, ...]
    queues: tuple[QueueAccount, ...]
    missing: tuple[Missing, ...]
    """Oldest first."""


def reconcile(readings: Sequence[JournalReading]) -> Reconciliation:
    """Account for every delivery of these journals."""
    later = _latest(readings)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    missing: list[Missing] = []
    for reading in readings:
        for entry in reading.entries:
            why = _why_missing(entry, reading, later)
            if why is not None:
                missing.append(
                    Missing(reading.name, entry.queue, entry.type, entry.id, entry.digest, entry.taken_at, why)
                )
            counts[entry.queue][_account(entry, reading) if why is None else "missing"] += 1
    queues = tuple(QueueAccount(queue, **counts[queue]) for queue in sorted(counts))
    return Reconciliation(
        tuple(one.name for one in readings), queues, tuple(sorted(missing, key=lambda one: one.taken_at))
    )


_Message = tuple[str, str, str]


def _message(entry: Entry) -> _Message:
    return entry.queue, entry.id, entry.digest


def _latest(readings: Iterable[JournalReading]) -> Mapping[_Message, float]:
    """When each message was taken last, by anybody."""
    latest: dict[_Message, float] = {}
    for entry in (entry for reading in readings for entry in reading.entries):
        latest[_message(entry)] = max(entry.taken_at, latest.get(_message(entry), entry.taken_at))
    return latest


def _why_missing(entry: Entry, reading: JournalReading, latest: Mapping[_Message, float]) -> Why | None:
    if entry.place is None and reading.running:
        return None
    if entry.place not in (None, "returned") or latest[_message(entry)] > entry.taken_at:
        return None
    return "given back, and has not come again" if entry.place else "in hand of a process that has ended"


def _account(entry: Entry, reading: JournalReading) -> str:
    if entry.place is None and reading.running:
        return "in_hand"
    return "redelivered" if entry.place in (None, "returned") else entry.place
