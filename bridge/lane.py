"""What a router has in hand of one family, and what it decides about each message. Looks at nothing but its journal."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bridge.backoff import Backoff
from bridge.board import Board, Doubt, Report
from bridge.delivery_log import Placed, Taken
from bridge.finality import resolve
from bridge.journal import Journal, Note
from bridge.port import Delivery, Depth, Outgoing
from bridge.reconciliation import Place
from bridge.snapshot import RoutePause
from bridge.stamp import NotStampedError, Unstamped, stamp, unstamp
from bridge.translator import Reading, reader
from contracts.authority import AuthorityRecord
from contracts.control_item import NO_EPOCH
from contracts.effect import body_digest
from contracts.invalid_message import InvalidMessageError
from contracts.message_type import Family
from contracts.routing import Decision, decide, direct

_PLACES: Mapping[str, Place] = {
    "legacy": "legacy", "shadow": "legacy", "unread": "legacy", "new": "new", "hold": "held"
}  # fmt: skip


@dataclass(slots=True)
class Work:
    """One message that is decided: what is left to be done with it, in this order."""

    delivery: Delivery
    """As it was delivered: what is acknowledged in the end."""
    outgoing: Outgoing | None
    """What is published; None once it is, or where nothing is to be."""
    note: Note | None
    """What the journal gets before; None for what nobody can read."""
    taken: Taken
    """The delivery, as the log has it."""
    cause: str | None = None
    """Why a copy goes to the Invalid Message Channel; None where none does, or once it has."""
    released: bool = False
    """Whether it comes from the hold queue."""
    stamped: bool = True
    """Whether it goes anywhere but to the Invalid Message Channel."""

    @property
    def route(self) -> str:
        """Where it goes; `unread` for what nobody can read."""
        return "unread" if self.note is None else self.note.decision.route

    @property
    def placed(self) -> Placed:
        """Where the delivery has gone, once all is done."""
        return Placed(self.taken.sequence, _PLACES[self.route] if self.stamped else "quarantined")


@dataclass(frozen=True, slots=True)
class Held:
    """One message of the hold queue."""

    delivery: Delivery
    """As it was delivered."""
    message: Unstamped
    """As the monolith published it."""
    reading: Reading


@dataclass(slots=True)
class Lane:
    """One family on this router."""

    family: Family
    backoff: Backoff
    delivery_timeout: timedelta
    journal: Journal
    board: Board
    active: bool = False
    """Whether this router is the one consumer of the monolith's queue."""
    recovering: bool = True
    """Whether what another connection had in hand may still come again."""
    holding: bool = True
    """Whether messages are held, so that later ones must queue behind them."""
    record: AuthorityRecord | None = None
    confirmed_epoch: int = NO_EPOCH
    released_epoch: int = NO_EPOCH
    arrived: deque[Delivery] = field(default_factory=deque)
    """Taken from the monolith's queue, not decided."""
    kept: list[Held] = field(default_factory=list)
    """Taken from the hold queue, not decided: most are at once; some are in doubt, or behind one of their key."""
    decided: deque[Work] = field(default_factory=deque)
    """Not in the journal yet."""
    work: deque[Work] = field(default_factory=deque)
    """In the journal, not settled."""
    asked: set[Doubt] = field(default_factory=set)
    """What the ledger is asked, or has answered."""
    doubts: int = 0
    """Messages of `kept` that wait for its answer."""
    depth: Depth = field(default_factory=Depth)
    resume_at: float = 0.0
    """Until then it pauses."""
    paused: RoutePause | None = None
    """Why it pauses, until something of it is settled; None where it does not."""
    paused_at: float = 0.0
    """Since when, by the monotonic clock."""
    claim_at: float = 0.0
    look_at: float = 0.0
    """When the hold queue is looked at again."""
    read: Callable[[Delivery], Reading] = field(init=False, repr=False)
    """What the contracts make of a delivery. Raises InvalidMessageError."""

    def __post_init__(self) -> None:
        """Read by the family's contracts."""
        self.read = reader(self.family)

    @property
    def in_hand(self) -> int:
        """Messages that are decided and not settled."""
        return len(self.decided) + len(self.work)

    @property
    def kept_bytes(self) -> int:
        """What the bodies of `kept` weigh."""
        return sum(len(held.delivery.body) for held in self.kept)

    @property
    def releasable(self) -> bool:
        """Whether what is held may go on."""
        return self.record is not None and self.record.phase != "fenced"

    @property
    def waits(self) -> bool:
        """Whether arrivals stay where they are, unacknowledged, until what is held has gone."""
        return self.holding and self.releasable and not self.recovering and not self.kept

    def pause(self, reason: RoutePause, now: float) -> None:
        """It could not go on, once more or for the first time."""
        if self.paused is None:
            self.paused_at = now
        self.paused = reason

    def adopt(self, record: AuthorityRecord | None) -> None:
        """Route by this record from now on."""
        if record is None or record == self.record:
            return
        before, self.record = self.record, record
        if before is not None and replace(before, waived=record.waived) == record:
            return  # a waiver is the journal's business
        self._forget_doubts()
        if record.phase == "fenced":
            self.holding = True

    def activate(self) -> None:
        """We are the one now: what the one before us had in hand may come again, and something may be held."""
        self.active, self.recovering, self.holding = True, True, True
        self.confirmed_epoch = self.released_epoch = NO_EPOCH
        self.look_at = 0.0

    def recover(self) -> None:
        """What another connection had in hand has come again, all of it."""
        if self.recovering:
            self.recovering = False
            self.look_at = 0.0

    def recover_by_arrival(self) -> None:
        """What comes again comes first: behind it are messages that nobody ever had."""
        if self.arrived and not self.arrived[0].facts.redelivered:
            self.recover()

    def drop(self) -> None:
        """The connection is gone: everything in hand comes again, to us or to another router."""
        self.paused = None
        self.active, self.recovering, self.holding = False, True, True
        self.confirmed_epoch = self.released_epoch = NO_EPOCH
        for in_hand in (self.arrived, self.kept, self.decided, self.work):
            in_hand.clear()
        self._forget_doubts()

    def stand_by(self) -> None:
        """Another router is the one: nothing is in our hands, so there is nothing to wait for."""
        if self.record is not None and self.record.phase == "fenced":
            self.confirmed_epoch = self.record.epoch
        if self.record is not None and self.record.phase == "releasing":
            self.released_epoch = self.record.epoch

    def report(self, at: float) -> Report:
        """What this router does with the family."""
        return Report(
            at,
            "active" if self.active else "standby",
            self.confirmed_epoch,
            self.released_epoch,
            NO_EPOCH if self.record is None else self.record.epoch,
            holding=self.active and self.holding,
            doubts=self.doubts,
            depth=self.depth,
        )

    def arrive(self, user: str, now: float) -> None:
        """Decide about the oldest message that has arrived. Raises JournalError, and has done nothing then."""
        delivery = self.arrived[0]
        try:
            reading = self.read(delivery)
        except InvalidMessageError as error:
            work = self._unread(delivery, delivery, user, error.cause)
        else:
            decision = self._decide(delivery, reading, now)
            if decision.route == "hold":
                self.holding = True  # whatever comes later must not overtake it
            work = self._decided(delivery, delivery, reading, decision, user)
        self.decided.append(work)
        self.arrived.popleft()

    def take(self, delivery: Delivery, user: str) -> None:
        """Take a message of the hold queue in behind all others."""
        self.holding = True
        try:
            message = unstamp(delivery)
        except NotStampedError:
            taken = self._taken(delivery)
            self.decided.append(Work(delivery, None, None, taken, "stamp-missing", released=True, stamped=False))
            return
        try:
            self.kept.append(Held(delivery, message, self.read(message.delivery)))
        except InvalidMessageError as error:
            self.decided.append(self._unread(delivery, message.delivery, user, error.cause))

    def release(self, user: str) -> None:
        """Decide about what was taken from the hold queue, as far as that can be told, in order per business key.

        Raises JournalError, and has done nothing then.
        """
        released: list[Work] = []
        kept: list[Held] = []
        blocked: set[str] = set()
        self.doubts = 0
        for held in self.kept:
            key = held.reading.identity.key
            # Those behind another one of their key are asked about, too: one answer a round would take for ever.
            decision = self._fate(held)
            if decision is None or key in blocked:
                kept.append(held)
                if key is not None:
                    blocked.add(key)
            else:
                message = held.message.delivery
                released.append(self._decided(held.delivery, message, held.reading, decision, user, released=True))
        self.decided.extend(released)
        self.kept = kept
        if not kept:
            self._forget_doubts()

    def _decide(self, delivery: Delivery, reading: Reading, now: float) -> Decision:
        redelivered = delivery.facts.redelivered
        digest = body_digest(delivery.body)
        # One that its sender publishes again is decided anew: only what the broker hands out again follows its entry.
        before = self.journal.latest(self.family.name, reading.identity.id, digest) if redelivered else None
        return decide(
            self.record,
            holding=self.holding,
            redelivered=redelivered,
            before=before,
            now=datetime.fromtimestamp(now, UTC),
            delivery_timeout=self.delivery_timeout,
        )

    def _fate(self, held: Held) -> Decision | None:
        """Where a held message goes; None while nobody knows."""
        record, identity = self.record, held.reading.identity.id
        if record is None:
            return None
        redelivered = held.delivery.facts.redelivered
        if not held.message.doubtful and not redelivered:
            return direct(record)
        if redelivered:
            before = self.journal.latest(self.family.name, identity, body_digest(held.delivery.body))
            if before is not None and before.route != "hold" and before.epoch == record.stamp_epoch:
                return before  # we were releasing it when the connection went
        doubt = Doubt(record.family, identity, record.epoch, record.stamp_epoch)
        self.asked.add(doubt)
        known = self.board.ask(doubt)
        if known is None:
            self.doubts += 1
            return None
        return resolve(known, record)

    def _decided(
        self,
        delivery: Delivery,
        message: Delivery,
        reading: Reading,
        decision: Decision,
        user: str,
        *,
        released: bool = False,
    ) -> Work:
        identity = reading.identity.id
        outgoing = stamp(message, self.family.name, decision, id=identity, own_user=user)
        taken = self._taken(delivery, reading)
        note = Note(self.family.name, identity, taken.digest, decision)
        return Work(delivery, outgoing, note, taken, released=released)

    def _unread(self, delivery: Delivery, message: Delivery, user: str, cause: str) -> Work:
        """What we cannot read is the monolith's, whatever is decided; and a copy for those who can mend it."""
        epoch = 0 if self.record is None else self.record.stamp_epoch
        outgoing = stamp(message, self.family.name, Decision("legacy", epoch), own_user=user)
        return Work(delivery, outgoing, None, self._taken(delivery), cause, released=message is not delivery)

    def _taken(self, delivery: Delivery, reading: Reading | None = None) -> Taken:
        return Taken(
            self.journal.deliveries.number(),
            delivery.queue,
            "" if reading is None else reading.message_type.name,
            "" if reading is None else reading.identity.id,
            body_digest(delivery.body),
            delivery.facts.redelivered,
        )

    def _forget_doubts(self) -> None:
        self.board.forget(self.asked)
        self.asked.clear()
        self.doubts = 0
