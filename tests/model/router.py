"""A router: takes, decides by the real functions, journals, publishes, awaits the confirm, acknowledges.

Each of these is a step of its own, so that a crash can come between any two. The journal outlives the process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bridge.finality import is_settled, resolve
from contracts import routing
from contracts.control_item import NO_EPOCH, RouterRow
from tests.model.flaw import Flaw

if TYPE_CHECKING:
    from contracts.authority import AuthorityRecord
    from contracts.routing import Decision
    from tests.model.broker import Copy
    from tests.model.world import World

DELIVERY_TIMEOUT = timedelta(minutes=30)
BATCH = 3


@dataclass(slots=True)
class Entry:
    """What the journal says of a message: the latest decision, and every one that is or was to be settled."""

    latest: Decision
    settled_at: dict[Decision, datetime | None] = field(default_factory=dict)

    @property
    def is_unsettled(self) -> bool:
        return None in self.settled_at.values()


@dataclass(slots=True, eq=False)
class Handling:
    """A copy on its way through the router."""

    copy: Copy
    source: str
    """Queue that it was taken from."""
    decision: Decision
    epoch: int
    """Of the record that it was decided with."""
    stage: str = "taken"
    """`taken`, `journaled`, `sent`, `confirmed`; acknowledged ones are gone."""


class Router:
    """One process and its journal."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.journal: dict[int, Entry] = {}
        self.aws = True
        self.pipeline: list[Handling] = []
        self.start()

    def start(self) -> None:
        """A new process: it knows nothing but its journal, and registers as soon as AWS answers."""
        self.alive = True
        self.registered = False
        self.record: AuthorityRecord | None = None
        self.lose_connection(0)
        self.register()

    def register(self) -> None:
        """Its row is written before authority is read."""
        if self.aws and not self.registered:
            self.registered = True
            self.confirmed = self.released = NO_EPOCH
            self.report()

    def crash(self, arrived: int) -> None:
        """The process is gone; of what it had sent, some had arrived."""
        self.lose_connection(arrived)
        self.alive = False

    def lose_connection(self, arrived: int) -> None:
        """The broker hands out again what was not acknowledged, after it took what had arrived."""
        for _ in range(min(arrived, len(self.sent()))):
            self.accept()
        broker = self.world.broker
        if broker.owner == self.name:
            broker.owner = None
            for source in ("old", "hold"):
                broker.requeue(source, [one.copy for one in self.pipeline if one.source == source])
        self.pipeline = []
        self.holding = self.recovering = True

    @property
    def active(self) -> bool:
        return self.world.broker.owner == self.name

    def sent(self) -> list[Handling]:
        """What the broker has not confirmed, in the order of publishing."""
        return [one for one in self.pipeline if one.stage == "sent"]

    # Steps

    def connect(self) -> None:
        """Ask for the exclusive consumer."""
        if self.world.broker.owner is None:
            self.world.broker.owner = self.name
            self.holding = self.recovering = True

    def take(self, most: int) -> None:
        """Take arrivals, and decide."""
        old = self.world.broker.queues["old"]
        for _ in range(min(most, BATCH)):
            if not old:
                self.recovering = False
                return
            copy = old.popleft()
            if not copy.redelivered:
                self.recovering = False
            before = self.before(copy)
            decision = routing.decide(
                self.record,
                holding=self.holding,
                redelivered=copy.redelivered,
                before=before,
                now=self.world.now,
                delivery_timeout=DELIVERY_TIMEOUT,
            )
            if before is not None and Flaw.DIRECT_REDELIVERY in self.world.flaws:
                decision = before
            if Flaw.OVERTAKING in self.world.flaws and self.record is not None and self.record.phase != "fenced":
                decision = routing.direct(self.record)
            self.handle(copy, "old", decision)

    def drain(self, most: int) -> None:
        """Take held messages and release them; arrivals may go directly when nothing is held or on its way."""
        record, hold = self.record, self.world.broker.queues["hold"]
        if record is None or record.phase == "fenced":
            return
        for _ in range(min(most, BATCH)):
            if not hold:
                self.end_holding()
                return
            decision = self.decide_held(record, hold[0])
            if decision is None:
                return
            self.handle(hold.popleft(), "hold", decision)

    def end_holding(self) -> None:
        """The hold queue was empty: that counts if nothing of ours can come back to it."""
        unsafe = Flaw.UNACKNOWLEDGED_RELEASE in self.world.flaws
        if unsafe or not any(one.source == "hold" or one.decision.route == "hold" for one in self.pipeline):
            self.holding = False

    def decide_held(self, record: AuthorityRecord, copy: Copy) -> Decision | None:
        """None where the ledger has to tell, and cannot."""
        flaws = self.world.flaws
        entry = self.journal.get(copy.message.id)
        if Flaw.STUBBORN_JOURNAL in flaws and entry is not None and entry.latest.route != "hold":
            return entry.latest
        if not copy.doubtful and not copy.redelivered:
            return routing.direct(record)
        before = self.before(copy)
        if before is not None and before.route != "hold" and before.epoch == record.stamp_epoch:
            return before
        if not self.aws or self.world.record.epoch != record.epoch:
            return None
        known = self.world.ledger.finality(copy.message.id)
        if Flaw.STUCK_DOUBT in flaws and not known.control_final and known.candidate is None:
            return None
        return resolve(known, record)

    def before(self, copy: Copy) -> Decision | None:
        """What the journal says of what is handed out again; one that is published again is decided anew."""
        entry = self.journal.get(copy.message.id)
        forgets = Flaw.FORGETFUL_JOURNAL in self.world.flaws
        return None if entry is None or not copy.redelivered or forgets else entry.latest

    def handle(self, copy: Copy, source: str, decision: Decision) -> None:
        self.holding = self.holding or decision.route == "hold"
        self.pipeline.append(Handling(copy, source, decision, -1 if self.record is None else self.record.epoch))

    def write_journal(self) -> None:
        """What was decided is safe before it is published."""
        for one in self.pipeline:
            if one.stage == "taken":
                one.stage = "journaled"
                entry = self.journal.setdefault(one.copy.message.id, Entry(one.decision))
                entry.latest = one.decision
                if Flaw.FORGETFUL_JOURNAL in self.world.flaws:
                    entry.settled_at.clear()
                if one.decision.route != "hold":
                    entry.settled_at[one.decision] = None

    def send(self) -> None:
        """Publish what is in the journal."""
        for one in self.pipeline:
            if one.stage == "journaled":
                one.stage = "sent"

    def accept(self) -> None:
        """The broker takes and confirms the oldest publish."""
        one = next((one for one in self.pipeline if one.stage == "sent"), None)
        if one is not None:
            one.stage = "confirmed"
            self.world.routed(self, one.copy.message, one.decision)

    def acknowledge(self) -> None:
        """In one round trip with the broker: what is confirmed will not come again."""
        self.pipeline = [one for one in self.pipeline if one.stage != "confirmed"]

    # Control

    def poll(self) -> None:
        """Read the record, consistently; an AWS that is away leaves the last known one."""
        self.register()
        if self.aws:
            self.record = self.world.record
            if self.record.phase == "fenced":
                self.holding = True

    def settle(self) -> None:
        """Look up in the ledger what became of messages; forget what was settled long ago."""
        if not self.aws:
            return
        for id_, entry in list(self.journal.items()):
            known = self.world.ledger.finality(id_)
            for decision, settled_at in entry.settled_at.items():
                if settled_at is None and is_settled(decision.route, known):
                    entry.settled_at[decision] = self.world.now
            ages = [self.world.now - at for at in entry.settled_at.values() if at is not None]
            if ages and not entry.is_unsettled and min(ages) > 2 * DELIVERY_TIMEOUT:
                del self.journal[id_]

    def report(self) -> None:
        """Write the row: what it confirms, and what is unsettled, of one and the same moment."""
        if not (self.aws and self.registered):
            return
        record = self.record
        if record is not None and record.phase == "fenced" and self.is_behind(record):
            self.confirmed = record.epoch
        if record is not None and record.phase == "releasing" and not (self.active and self.holding):
            self.released = record.epoch
        self.world.tick()
        self.world.rows[self.name] = RouterRow(
            family="payin",
            router=self.name,
            state="active" if self.active else "standby",
            seen_at=self.world.now,
            since=self.world.now,
            confirmed_epoch=self.confirmed,
            released_epoch=self.released,
            seen_epoch=NO_EPOCH if record is None else record.epoch,
            holding=self.holding,
            unsettled=sum(entry.is_unsettled for entry in self.journal.values()),
        )

    def is_behind(self, record: AuthorityRecord) -> bool:
        """Whether all that it took before this fence is published, confirmed and acknowledged."""
        if Flaw.HASTY_CONFIRMATION in self.world.flaws:
            return True
        earlier = any(one.source == "hold" or one.epoch != record.epoch for one in self.pipeline)
        return not self.active or not (self.recovering or earlier)

    def turn(self) -> None:
        """Everything that waits, as a healthy router does it."""
        self.poll()
        if not self.active:
            self.connect()
        if self.active:
            queues = self.world.broker.queues
            for _ in range(20):
                self.drain(BATCH)
                self.take(BATCH)
                self.flush()
                if not queues["old"] and (not queues["hold"] or self.holding):
                    break
            self.drain(BATCH)
            self.flush()
            self.drain(BATCH)
            self.flush()
        self.settle()
        self.report()

    def flush(self) -> None:
        """All steps for what was taken."""
        self.write_journal()
        self.send()
        while self.sent():
            self.accept()
        self.acknowledge()
