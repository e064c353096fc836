"""The shipper's loop: take, translate, send, write down, and acknowledge only what SQS has accepted.

Everything is done on one thread, which never waits for SQS, so that the broker's heartbeat is kept whatever AWS does:
it writes calls and reads their answers as they come. What of them has to wait is made by a crew of threads.

What cannot be read goes to the Invalid Message Channel with its cause, and by a lane of its own from there to the index
of dead letters. When AWS refuses as a whole, nothing is acknowledged and nothing diverted: the lane pauses, says why,
and tries again.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bridge.backoff import Backoff
from bridge.delivery_log import DeliveryLog
from bridge.poison import Poison, PoisonFloodError
from bridge.port import Calls, Clock, Delivery, Express, Receipt, Sink, Source, SourceLostError
from bridge.settlement import Settlement
from bridge.ship_lane import Call, ShipLane
from bridge.window import Pending, Translate
from contracts import naming, point
from contracts.invalid_message import InvalidMessageError

_LOG = logging.getLogger(__name__)
POLL_S = 0.5
DISSOLVE_S = 1.0
STALLED_S = 10.0
"""After so long without a word to the broker the connection is given up: others may have what was in hand."""
HANDED_BACK_AT = 0.8
"""Share of the broker's delivery timeout after which what SQS does not take is given back, to come again."""


@dataclass(frozen=True, slots=True)
class ShipRoute:
    """Where the messages of a queue go."""

    destination: str
    """SQS queue."""
    translate: Translate
    leave: bool = False
    """Whether it is a tap that is to be emptied and left."""


@dataclass(frozen=True, slots=True)
class ShipLimits:
    """When a shipper stops, and when it lets go."""

    poison_per_minute: int = 60
    """So many messages may go to the Invalid Message Channel within a minute."""
    delivery_timeout_s: float = 1800.0
    """How long the broker lets a delivery go unacknowledged."""


DEFAULT_LIMITS = ShipLimits()


class Shipper:
    """Ships the deliveries of several queues, each to its destination."""

    def __init__(  # noqa: PLR0913  # its ports
        self,
        connect: Callable[[], Source],
        sink: Sink,
        routes: Mapping[str, ShipRoute],
        log: DeliveryLog,
        calls: Calls,
        clock: Clock,
        backoff: Callable[[], Backoff] = Backoff,
        *,
        disk: Calls,
        limits: ShipLimits = DEFAULT_LIMITS,
        express: Express | None = None,
    ) -> None:
        """A shipper that has not connected yet.

        Args:
            connect: opens a source.
            sink: where entries go.
            routes: by RabbitMQ queue.
            log: what became of each delivery.
            calls: who makes the calls to the sink that block.
            clock: time.
            backoff: delays of one thing that is tried again.
            disk: who waits for the log's disk; nobody else.
            limits: when it stops, and when it lets go.
            express: makes what calls it can without blocking; None where none can be.
        """
        self._connect = connect
        self._lanes = {
            queue: ShipLane(
                route.destination,
                route.translate,
                sink,
                calls,
                clock,
                backoff,
                express=express,
                last=queue == naming.INVALID_MESSAGE_QUEUE,
            )
            for queue, route in routes.items()
        }
        self._express = express
        self._clock = clock
        self._poison = Poison(limits.poison_per_minute)
        self._limits = limits
        self._to_leave = frozenset(queue for queue, route in routes.items() if route.leave)
        self._leaving: set[str] = set()
        self._dissolve_at = self._polled_at = 0.0
        self._settlement = Settlement(log, disk, clock, backoff())
        self._source_backoff = backoff()
        self._reconnect_at = 0.0
        self._source: Source | None = None
        self.counts: Counter[str] = Counter(
            dict.fromkeys(("shipped", "diverted", "put_aside", "resent", "dropped", "reconnected"), 0)
        )

    @property
    def lanes(self) -> Mapping[str, ShipLane]:
        """What is on its way, by RabbitMQ queue. For looking only."""
        return self._lanes

    @property
    def connected(self) -> bool:
        """Whether we take from the broker, as far as is known."""
        return self._source is not None

    @property
    def journal_fails(self) -> bool:
        """Whether the journal could not be written the last time: nothing is acknowledged."""
        return self._settlement.failure is not None

    @property
    def in_flight(self) -> int:
        """Messages that have been taken and not yet settled."""
        return len(self._settlement) + sum(len(lane.window) for lane in self._lanes.values())

    def open(self) -> None:
        """Connect for the first time. Raises SourceLostError or SourceRefusedError: at the start, nobody retries."""
        self._settlement.give_back()  # what an earlier process had in hand when it was killed
        self._source = self._connect()
        if self._express is not None:
            self._source.watch(self._express.fileno(), self._express.look)
        self._leaving = set(self._to_leave)
        self._polled_at = self._clock.monotonic()

    def step(self) -> None:
        """One round: poll, translate, send, settle. A lost source is opened again, in its time.

        Raises SourceRefusedError where the broker has come back and will not serve us any more, ChannelFailedError
        where the Invalid Message Channel fails, PoisonFloodError where too much goes there.
        """
        try:
            if self._source is None:
                if self._clock.monotonic() < self._reconnect_at:
                    return
                self.open()
                self.counts["reconnected"] += 1
            if self._source is not None:
                self._take(self._source)
                self._carry(self._source)
                self._leave(self._source)
                self._watch()
                self._settlement.prune()
        except SourceLostError as error:
            self._lose(error)

    def drain(self, deadline_s: float) -> bool:
        """Take nothing new and settle what is in flight.

        False where the deadline or the end of the connection came first: nothing is lost, it will be delivered again.
        """
        until = self._clock.monotonic() + deadline_s
        try:
            if self._source is not None:
                self._source.pause()
                while self.in_flight and self._clock.monotonic() < until:
                    self._carry(self._source)
                    if self.in_flight:
                        self._take(self._source)
        except SourceLostError as error:
            settled = not self.in_flight
            self._lose(error)
            return settled
        drained = not self.in_flight
        self.close()
        return drained

    def close(self) -> None:
        """Let go of the broker; whatever is unsettled is delivered again to whoever comes next."""
        if self._source is not None:
            self._source.close()
            self._source = None
            self._settlement.give_back()
        for lane in self._lanes.values():
            lane.clear()

    def waits_s(self) -> float:
        """How long nothing can be done but wait: time until the next try at a lost broker."""
        if self._source is not None:
            return 0.0
        return max(0.0, self._reconnect_at - self._clock.monotonic())

    def _take(self, source: Source) -> None:
        deliveries = source.poll(self._patience_s())
        self._polled_at = self._clock.monotonic()
        for delivery in deliveries:
            self._take_one(source, delivery, self._polled_at)
        dropped = source.dropped()
        if dropped:
            self.counts["dropped"] += dropped
            _LOG.warning("a full tap queue has dropped messages", extra={"dropped": dropped})

    def _take_one(self, source: Source, delivery: Delivery, now: float) -> None:
        lane = self._lanes[delivery.queue]
        sequence = self._settlement.number()
        point.reach("ship.taken")
        try:
            pending, entry = Pending.of(delivery, lane.translate, sequence, now)
        except InvalidMessageError as error:
            self._settlement.take(sequence, delivery)
            pending = Pending.unread(delivery, lane.translate, sequence, now)
            self._divert(source, lane, pending, error.cause)
        else:
            self._settlement.take(sequence, delivery, entry.type, entry.id)
            lane.window.add(pending)

    def _patience_s(self) -> float:
        """How long to wait for deliveries: not at all while something can be done, never past the end of a pause."""
        now = self._clock.monotonic()
        if (journal_s := self._settlement.waits_s(now)) > 0:
            return min(POLL_S, journal_s)
        return min((lane.waits_s(now) for lane in self._lanes.values()), default=POLL_S)

    def _carry(self, source: Source) -> None:
        """Settle calls that have ended, and begin others: each in order, each message once this far."""
        self._ensure_fresh()
        if self._express is not None:
            self._express.look()
        self._settle_calls(source)
        if self._settlement.write():
            self._ensure_fresh()  # the journal's disk may have hung
            for lane in self._lanes.values():
                lane.begin(self._clock.monotonic(), source.wake)
            self._settle_calls(source)
            self._settlement.write()
        if self._settlement.settle(source):
            self._source_backoff.reset()  # not at once: a broker that comes and goes would be asked without a pause

    def _ensure_fresh(self) -> None:
        """Raises SourceLostError where what is in hand may be somebody else's by now."""
        stalled_s = self._clock.monotonic() - self._polled_at
        if stalled_s >= STALLED_S:
            raise SourceLostError(f"nothing was done for {stalled_s:.0f} s: others may have what was in hand")

    def _settle_calls(self, source: Source) -> None:
        for lane in self._lanes.values():
            for call in lane.ended():
                self._settle_call(source, lane, call)

    def _settle_call(self, source: Source, lane: ShipLane, call: Call) -> None:
        point.reach("ship.answered")
        outcome = lane.settle(call, self._clock.monotonic())
        for pending, receipt in outcome.accepted:
            self._settlement.place(pending, "accepted", receipt.place)
        self.counts["shipped"] += len(outcome.accepted)
        for pending, receipt in outcome.refused:
            self._divert(source, lane, pending, _cause(receipt))
        self.counts["resent"] += outcome.again

    def _divert(self, source: Source, lane: ShipLane, pending: Pending, cause: str) -> None:
        detail = {"queue": pending.delivery.queue, "cause": cause}
        if not lane.last and self._poison.full(self._clock.monotonic()):
            self._settlement.finish(source)  # what SQS has already taken is not to come again
            raise PoisonFloodError(self._poison.sentence)
        if lane.last:
            source.put_aside(pending.delivery)
            self.counts["put_aside"] += 1
            _LOG.error("too large for the index of dead letters", extra=detail)
        else:
            source.divert(pending.delivery, cause, pending.attempts)
            self.counts["diverted"] += 1
            _LOG.warning("to the Invalid Message Channel", extra=detail)
            self._poison.count(self._clock.monotonic())
        point.reach("ship.diverted")
        self._settlement.place(pending, "quarantined")
        self._polled_at = self._clock.monotonic()  # the broker has confirmed it: it is there

    def _leave(self, source: Source) -> None:
        """Go on from taps that are empty to what comes after them."""
        if not self._leaving or self._clock.monotonic() < self._dissolve_at:
            return
        self._dissolve_at = self._clock.monotonic() + DISSOLVE_S
        for queue in sorted(self._leaving):
            if len(self._lanes[queue].window) or self._settlement.holds(queue):
                continue
            if source.dissolve(queue):
                self._leaving.discard(queue)
                _LOG.info("no tap any more: the copies of the router are taken", extra={"queue": queue})

    def _watch(self) -> None:
        """Give back what the broker would soon take from us anyway, with an error: SQS has not taken it for so long."""
        limit_s = HANDED_BACK_AT * self._limits.delivery_timeout_s
        now = self._clock.monotonic()
        ages = [self._settlement.oldest_s(now), *(lane.oldest_s(now) for lane in self._lanes.values())]
        if max(ages, default=0.0) > limit_s:
            raise SourceLostError(f"given back: in hand for {limit_s:.0f} s, and the broker's delivery timeout is near")

    def _lose(self, error: SourceLostError) -> None:
        self.close()
        pause_s = self._source_backoff.next_s()
        self._reconnect_at = self._clock.monotonic() + pause_s
        _LOG.warning("broker lost", extra={"reason": str(error), "pause_s": round(pause_s, 2)})


def _cause(receipt: Receipt) -> str:
    return f"altered-by-sqs:{receipt.reason}" if receipt.fate == "altered" else f"refused-by-sqs:{receipt.reason}"
