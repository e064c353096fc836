"""Both sides that process, and the ledger in which each says so.

The monolith is idempotent by id, muted or not; the new side by its ledger. Neither looks at the other, but for the one
condition of the worker's commit: no effects where the monolith has had them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from bridge.finality import Finality
from contracts.envelope import Stamp
from contracts.staleness import Staleness, staleness
from tests.model.broker import Copy, Message
from tests.model.flaw import Flaw

if TYPE_CHECKING:
    from contracts.authority import Authority, AuthorityRecord
    from tests.model.world import World


@dataclass(slots=True)
class Entry:
    """What the ledger knows of one message."""

    control: bool = False
    """The monolith's outcome is there, and final."""
    candidate: Literal["done", "rejected"] | None = None
    authority: Authority | None = None
    """Of the stamp that the new side processed it under."""
    epoch: int = 0
    stale: bool = False


class Ledger:
    """Entries by message id."""

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}

    def entry(self, id_: int) -> Entry:
        return self.entries.setdefault(id_, Entry())

    def finality(self, id_: int) -> Finality:
        """How far a message has got, as a router reads it."""
        entry = self.entry(id_)
        candidate = entry.authority if entry.candidate is not None else None
        return Finality(entry.control, candidate, rejected=entry.candidate == "rejected", stale=entry.stale)


class Monolith:
    """Consumes the legacy queue, one message at a time; outcomes lie in its outbox until they reach the ledger."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows: dict[str, list[int]] = {}
        self.outbox: list[int] = []
        self.hand: Copy | None = None

    def has_work(self) -> bool:
        """Whether anything waits for it, or lies in its hand."""
        return bool(self.world.broker.queues["legacy"] or self.hand or self.outbox)

    def process(self) -> None:
        """Take the next one and commit it."""
        queue = self.world.broker.queues["legacy"]
        if self.hand is not None or not queue:
            return
        copy = self.hand = queue.popleft()
        message = copy.message
        if not copy.muted:
            self.world.handed_unmuted(message)
        if message.id not in self.rows.setdefault(message.key, []):
            self.rows[message.key].append(message.id)
            if not copy.muted:
                self.world.had_effects(message, "legacy")
            self.outbox.append(message.id)

    def acknowledge(self) -> None:
        self.hand = None

    def crash(self) -> None:
        """What was in its hand comes again; what it committed stays."""
        if self.hand is not None:
            self.world.broker.requeue("legacy", [self.hand])
            self.hand = None

    def tell(self) -> None:
        """Outcomes reach the ledger."""
        for id_ in self.outbox:
            self.world.ledger.entry(id_).control = True
        self.outbox.clear()

    def turn(self) -> None:
        self.acknowledge()
        while self.world.broker.queues["legacy"]:
            self.process()
            self.acknowledge()
        self.tell()


@dataclass(slots=True, eq=False)
class Attempt:
    """A worker between loading and committing: it knows what was the case when it loaded."""

    copy: Copy
    record: AuthorityRecord
    entry: Entry
    version: int
    abandoned: bool = False
    """SQS has made the message visible again, yet the function still runs."""


@dataclass(slots=True)
class Aggregate:
    """Records of one key, and their head."""

    ids: list[int] = field(default_factory=list)
    epoch: int = 0


class NewSide:
    """Shipper, FIFO queue, worker, dead letters, and the way back into the hold queue."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.groups: dict[str, deque[Copy]] = {}
        self.attempts: list[Attempt] = []
        self.rows: dict[str, Aggregate] = {}
        self.letters: dict[int, Copy] = {}
        self.returns: deque[Copy] = deque()

    def ship(self, lane: Literal["ship", "shadow"], *, acknowledges: bool = True) -> None:
        """Send the next one to SQS; without the acknowledgement it comes again."""
        queue = self.world.broker.queues[lane]
        if queue:
            copy = queue.popleft()
            self.groups.setdefault(copy.message.key, deque()).append(replace(copy))
            if not acknowledges:
                self.world.broker.requeue(lane, [copy])

    def load(self, key: str) -> None:
        """A worker takes the group's next message, if no other one has it."""
        group = self.groups.get(key)
        if group and not any(one.copy is group[0] and not one.abandoned for one in self.attempts):
            entry, rows = self.world.ledger.entry(group[0].message.id), self.aggregate(key)
            self.attempts.append(Attempt(group[0], self.world.record, replace(entry), len(rows.ids)))

    def time_out(self) -> None:
        """SQS hands out again what is being worked on."""
        for one in self.attempts:
            one.abandoned = True

    def commit(self, place: int) -> None:
        """A worker that has loaded goes on to its end."""
        if not self.attempts:
            return
        attempt = self.attempts.pop(place % len(self.attempts))
        copy, message = attempt.copy, attempt.copy.message
        assert copy.stamp is not None
        entry = self.world.ledger.entry(message.id)
        stamp = self.obeyed(copy.stamp, attempt.record)
        rows = self.aggregate(message.key)
        fate: Staleness | None = None
        if attempt.entry.candidate != "done":
            fate = staleness(stamp, attempt.record, rows.epoch)
            if fate == "hold":
                self.returns.append(Copy(message))
            elif fate == "not comparable":
                entry.stale = True
            elif stamp.authority == "new" and entry.control and Flaw.IGNORANT_WORKER not in self.world.flaws:
                pass  # the monolith has had its effects: a repetition by whoever published it
            elif message.poison and not copy.replayed:
                if entry.candidate != "done":
                    entry.candidate, entry.authority, entry.epoch = "rejected", stamp.authority, stamp.epoch
                    self.world.excused.add(message.id)
                    self.letters[message.id] = copy
            elif entry.candidate == "done" or len(rows.ids) != attempt.version or rows.epoch > stamp.epoch:
                return  # a conflict: it stays where it is
            else:
                self.write(message, stamp, entry, rows)
        self.delete(copy)

    def obeyed(self, stamp: Stamp, record: AuthorityRecord) -> Stamp:
        if Flaw.PRESENT_STATE in self.world.flaws:
            return Stamp(record.authority, record.stamp_epoch)
        return stamp

    def write(self, message: Message, stamp: Stamp, entry: Entry, rows: Aggregate) -> None:
        """One transaction: records and ledger."""
        entry.candidate, entry.authority, entry.epoch = "done", stamp.authority, stamp.epoch
        if message.id not in rows.ids:
            rows.ids.append(message.id)
        rows.epoch = stamp.epoch
        self.world.ordered(message, rows.ids, "new")
        if stamp.authority == "new":
            self.world.had_effects(message, "new")

    def delete(self, copy: Copy) -> None:
        group = self.groups[copy.message.key]
        for place, one in enumerate(group):
            if one is copy:
                del group[place]
                break
        if copy.replayed:
            self.world.replays.discard(copy.message.id)

    def give_back(self) -> None:
        """`bridge return`: into the hold queue. Who has seen it cannot be told there: it is doubtful."""
        if self.returns:
            self.world.broker.queues["hold"].append(replace(self.returns.popleft(), doubtful=True))

    def aggregate(self, key: str) -> Aggregate:
        return self.rows.setdefault(key, Aggregate())

    def turn(self) -> None:
        for lane in ("shadow", "ship"):
            while self.world.broker.queues[lane]:
                self.ship(lane)
        while self.attempts:
            self.commit(0)
        for key, group in self.groups.items():
            for _ in range(3 * len(group)):
                if group:
                    self.load(key)
                    self.commit(0)
        while self.returns:
            self.give_back()
