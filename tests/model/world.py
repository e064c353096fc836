"""All parts together, and what must hold whatever happens.

Held after every step: no message has had effects of both sides, nor does the monolith get one to act on that the new
side has acted on; none is lost; per key, effects come in the order of publishing and the acting side has the rows of
all that came before; behind a confirmed fence nothing is routed directly; what is proven quiescent is; a switch finds
equal states. Held at the end: see `tests.model.healing`.

A message that the new side rejected is done when it is replayed, after later ones of its key: order does not bind it.
Effects have a ledger entry each and leave at least once; here they happen with the commit.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from contracts.authority import AuthorityRecord
from ops import fence
from ops.authority import Router as Heard
from tests.model.broker import Broker, Copy, Message
from tests.model.flaw import Flaw
from tests.model.router import Router
from tests.model.side import Ledger, Monolith, NewSide

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from contracts.authority import Authority
    from contracts.control_item import RouterRow
    from contracts.routing import Decision


class ViolationError(AssertionError):
    """Something happened that must not."""


class World:
    """One family, its routers, both sides, and the control table."""

    def __init__(self, flaws: Collection[Flaw] = ()) -> None:
        self.flaws = frozenset(flaws)
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.record = AuthorityRecord("payin")
        self.rows: dict[str, RouterRow] = {}
        self.replays: set[int] = set()
        """Ids of the replays that are registered and not answered."""
        self.broker = Broker()
        self.ledger = Ledger()
        self.php = Monolith(self)
        self.new = NewSide(self)
        self.published: list[Message] = []
        self.effects: dict[int, Authority] = {}
        self.excused: set[int] = set()
        """Ids that order does not bind: rejected, or published once more."""
        self.repeated: set[int] = set()
        """Ids of those that were published once more: routed anew, they do come to a side that must know them."""
        self.seen: set[str] = set()
        """What has happened at all, so that an exploration can say what it reached."""
        self.routers = (Router(self, "a"), Router(self, "b"))

    def publish(self, key: str, *, poison: bool = False) -> None:
        """The monolith publishes a message."""
        message = Message(len(self.published), key, poison)
        self.published.append(message)
        self.broker.queues["old"].append(Copy(message))

    def repeat(self, place: int) -> None:
        """The monolith publishes a message again, as one does that got no confirm."""
        if self.published:
            message = self.published[place % len(self.published)]
            self.excused.add(message.id)
            self.repeated.add(message.id)
            self.broker.queues["old"].append(Copy(message))

    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    def tick(self) -> None:
        """A moment passes, so that what is said later is seen to be."""
        self.now += timedelta(milliseconds=1)

    def heard(self) -> list[Heard]:
        """What an operator hears of the routers."""
        return [Heard(row, (self.now - row.seen_at).total_seconds()) for row in self.rows.values()]

    # What is told to the world, and looked at

    def routed(self, router: Router, message: Message, decision: Decision) -> None:
        """The broker has taken a publish of a router."""
        if decision.route != "hold" and self.record.phase == "fenced":
            confirmed = not any(fence.unconfirmed(self.heard(), self.record.epoch))
            self.ensure(not confirmed, f"{router.name} routed {message.id} to {decision.route} behind the fence")
        self.broker.route(message, decision)

    def had_effects(self, message: Message, side: Authority) -> None:
        """A side has committed a message's effects."""
        had = self.effects.setdefault(message.id, side)
        self.ensure(had == side, f"{message.id} has had effects of both sides")
        for earlier in self.published[: message.id]:
            if earlier.key == message.key and earlier.id not in self.excused:
                self.ensure(earlier.id in self.effects, f"{message.id} overtook {earlier.id} on side {side}")
        rows = self.rows_of(side, message.key)
        behind = [m.id for m in self.published if m.key == message.key and m.id in self.effects and m.id not in rows]
        self.ensure(not behind, f"{message.id} met a side {side} that has not got {behind}")
        self.ordered(message, rows, side)

    def handed_unmuted(self, message: Message) -> None:
        """The monolith gets a message that it is to act on: that it has caught up with it must not be what saves us."""
        unsafe = self.effects.get(message.id) == "new" and message.id not in self.repeated
        self.ensure(not unsafe, f"{message.id} came to the monolith un-muted, though new has acted on it")

    def ordered(self, message: Message, rows: list[int], side: Authority) -> None:
        """A side has written rows, be it as the one that acts or not."""
        if message.id not in self.excused:
            later = [id_ for id_ in rows if id_ > message.id and id_ not in self.excused]
            self.ensure(not later, f"{message.id} was written after {later} on side {side}")

    def write(self, read: AuthorityRecord, record: AuthorityRecord) -> bool:
        """Write the record on the condition that it is still as it was read."""
        if self.record != read and Flaw.BLIND_WRITE not in self.flaws:
            self.seen.add("an operator was told that another one was faster")
            return False
        moves = self.record.authority != record.authority
        if moves:
            self.ensure(self.record.phase == "fenced", "authority moved without a fence")
        self.record = record
        self.seen.add(f"{record.stage}, {record.phase}")
        if moves:
            self.ensure_quiescent()
            self.ensure(self.states_agree(), f"{record.stage}: states differ")
        return True

    def quiescent(self, record: AuthorityRecord) -> None:
        """An operator has proven that nothing stamped before this fence is unfinished."""
        if self.record == record:
            self.ensure_quiescent()

    def ensure_quiescent(self) -> None:
        unfinished = {*self.unfinished_on_legacy(), *self.unfinished_on_new()}
        self.ensure(not unfinished, f"quiescent, but for {sorted(unfinished)}")

    def unfinished_on_legacy(self) -> Iterable[int]:
        hand = () if self.php.hand is None else (self.php.hand,)
        for copy in (*self.broker.queues["legacy"], *hand):
            if not copy.muted and copy.message.id not in self.rows_of("legacy", copy.message.key):
                yield copy.message.id
        yield from (id_ for id_ in self.php.outbox if self.effects.get(id_) == "legacy")
        for router in self.routers:
            on_way = (one for one in router.pipeline if one.decision.route != "hold" and one.stage != "confirmed")
            yield from (one.copy.message.id for one in on_way)

    def unfinished_on_new(self) -> Iterable[int]:
        queues = (self.broker.queues["shadow"], self.broker.queues["ship"], *self.new.groups.values())
        for copy in (copy for queue in queues for copy in queue):
            entry = self.ledger.entry(copy.message.id)
            assert copy.stamp is not None
            known = entry.candidate is not None or entry.stale or (copy.stamp.authority == "new" and entry.control)
            if copy.replayed or not known:
                yield copy.message.id

    def ensure_none_lost(self) -> None:
        """Every message has had its effects, or is somewhere on its way to them."""
        missing = {message.id for message in self.published} - self.effects.keys()
        if missing:
            missing -= {copy.message.id for copy in self.places()}
            self.ensure(not missing, f"lost: {sorted(missing)}")

    def places(self) -> Iterable[Copy]:
        """Every copy that can still lead to effects."""
        queues, new = self.broker.queues, self.new
        for name in ("old", "hold", "ship"):
            yield from queues[name]
        yield from (one.copy for router in self.routers for one in router.pipeline)
        yield from (copy for copy in queues["legacy"] if not copy.muted)
        for copies in (*new.groups.values(), new.letters.values()):
            yield from (copy for copy in copies if copy.stamp is not None and copy.stamp.authority == "new")
        yield from new.returns

    def ensure(self, holds: bool, otherwise: str) -> None:  # noqa: FBT001  # the condition is what it is about
        if not holds:
            raise ViolationError(otherwise)

    # State

    def rows_of(self, side: Authority, key: str) -> list[int]:
        """Messages whose rows a side has written for a key, in that order."""
        return self.php.rows.get(key, []) if side == "legacy" else self.new.aggregate(key).ids

    def states_agree(self) -> bool:
        keys = {message.key for message in self.published}
        return all(set(self.rows_of("legacy", key)) == set(self.rows_of("new", key)) for key in keys)

    def behind(self, record: AuthorityRecord) -> list[Message]:
        """Messages that the new side has processed since it got authority and the monolith has not, in order."""
        found = []
        for rows in self.new.rows.values():
            for id_ in rows.ids:
                entry = self.ledger.entry(id_)
                if (entry.candidate, entry.authority, entry.epoch) == ("done", "new", record.stamp_epoch):
                    found.append(self.published[id_])
        return [message for message in found if not self.ledger.entry(message.id).control]

    def bring_over(self) -> None:
        """What the monolith processed before copying began is imported by whatever means."""
        for key, ids in self.php.rows.items():
            rows = self.new.aggregate(key).ids
            rows += [id_ for id_ in ids if id_ not in rows and self.ledger.entry(id_).candidate is None]
            rows.sort()
