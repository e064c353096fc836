"""Adding up journals: every delivery counted once by its decision, and those listed that have none. Pure.

    consumed = accepted by SQS + handed to legacy + to the new side's queue + held + quarantined
             + given back and come again + in hand of a running process + missing

A delivery that was given back is accounted for by one that the broker says it has handed out before (`redelivered`), of
the same message, in whichever journal that is, for another process may have got it; each of them accounts for one.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
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


Message = tuple[str, str, str]
"""Queue, identity, digest of the body."""


@dataclass(frozen=True, slots=True)
class JournalReading:
    """What one process has written down."""

    name: str
    running: bool
    """Whether the process has the journal open."""
    places: Mapping[tuple[str, Place], int]
    """By queue: how many deliveries have found which place."""
    unresolved: Sequence[Entry]
    """In hand, or given back and not accounted for in this journal; oldest first."""
    came_again: Mapping[Message, int]
    """Deliveries that the broker had handed out before, and that account for none in this journal."""


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
    spare: Counter[Message] = Counter()
    for reading in readings:
        spare.update(reading.came_again)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    missing: list[Missing] = []
    for reading in readings:
        for (queue, place), count in reading.places.items():
            counts[queue][place] += count
        for entry in reading.unresolved:
            message = entry.queue, entry.id, entry.digest
            if entry.place is None and reading.running:
                counts[entry.queue]["in_hand"] += 1
            elif spare[message] > 0:
                spare[message] -= 1
                counts[entry.queue]["redelivered"] += 1
            else:
                counts[entry.queue]["missing"] += 1
                why: Why = (
                    "given back, and has not come again" if entry.place else "in hand of a process that has ended"
                )
                missing.append(Missing(reading.name, *message[:1], entry.type, *message[1:], entry.taken_at, why))
    queues = tuple(QueueAccount(queue, **counts[queue]) for queue in sorted(counts))
    names = tuple(one.name for one in readings)
    return Reconciliation(names, queues, tuple(sorted(missing, key=lambda one: one.taken_at)))
