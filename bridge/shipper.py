"""The shipper's loop: take, translate, send, and acknowledge only what SQS has accepted.

What cannot be read goes to the Invalid Message Channel with its cause, and by a lane of its own from there to the index
of dead letters. When AWS refuses as a whole, nothing is acknowledged and nothing diverted: the shipper pauses, says
why, and tries again.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from bridge.backoff import Backoff
from bridge.port import Clock, Delivery, Entry, Sink, SinkUnavailableError, Source, SourceLostError
from bridge.window import Pending, Window
from contracts import naming
from contracts.invalid_message import InvalidMessageError

_LOG = logging.getLogger(__name__)
POLL_S = 0.5
DISSOLVE_S = 1.0

Translate = Callable[[Delivery], Entry]
"""A Message Translator: a value or InvalidMessageError, never anything else."""


@dataclass(slots=True)
class _Lane:
    """One destination with what waits for it: a destination that refuses holds up nobody else's messages."""

    destination: str
    translate: Translate
    backoff: Backoff
    window: Window = field(default_factory=Window)
    resume_at: float = 0.0
    last: bool = False
    """The Invalid Message Channel itself: what cannot go on from there is put aside, and never comes back to it."""


class Shipper:
    """Ships the deliveries of several queues, each to its destination."""

    def __init__(
        self,
        connect: Callable[[], Source],
        sink: Sink,
        routes: Mapping[str, tuple[str, Translate]],
        clock: Clock,
        backoff: Callable[[], Backoff] = Backoff,
        leaving: Collection[str] = (),
    ) -> None:
        """A shipper that has not connected yet.

        Args:
            connect: opens a source.
            routes: RabbitMQ queue to SQS queue and translator.
            leaving: tap queues that are to be emptied and left.
        """
        self._connect = connect
        self._sink = sink
        self._lanes = {
            queue: _Lane(destination, translate, backoff(), last=queue == naming.INVALID_MESSAGE_QUEUE)
            for queue, (destination, translate) in routes.items()
        }
        self._to_leave = frozenset(leaving)
        self._leaving: set[str] = set()
        self._dissolve_at = 0.0
        self._clock = clock
        self._source_backoff = backoff()
        self._reconnect_at = 0.0
        self._source: Source | None = None
        self.counts = {"shipped": 0, "diverted": 0, "put_aside": 0, "resent": 0, "dropped": 0, "reconnected": 0}

    @property
    def in_flight(self) -> int:
        """Messages that have been taken and not yet settled."""
        return sum(len(lane.window) for lane in self._lanes.values())

    def open(self) -> None:
        """Connect for the first time. Raises SourceLostError or SourceRefusedError: at the start, nobody retries."""
        self._source = self._connect()
        self._leaving = set(self._to_leave)

    def step(self) -> None:
        """One round: poll, translate, send. A lost source is opened again, in its time.

        Raises SourceRefusedError where the broker has come back and will not serve us any more.
        """
        try:
            if self._source is None:
                if self._clock.monotonic() < self._reconnect_at:
                    return
                self.open()
                self.counts["reconnected"] += 1
                self._source_backoff.reset()
            if self._source is not None:
                self._take(self._source)
                self._send(self._source)
                self._leave(self._source)
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
                    self._take(self._source)
                    self._send(self._source)
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
        for lane in self._lanes.values():
            lane.window.clear()

    def waits_s(self) -> float:
        """How long nothing can be done but wait: time until the next try at a lost broker."""
        if self._source is not None:
            return 0.0
        return max(0.0, self._reconnect_at - self._clock.monotonic())

    def _take(self, source: Source) -> None:
        for delivery in source.poll(self._patience_s()):
            lane = self._lanes[delivery.queue]
            try:
                entry = lane.translate(delivery)
            except InvalidMessageError as error:
                self._divert(source, lane, delivery, error.cause)
            else:
                lane.window.add(Pending(delivery, entry))
        dropped = source.dropped()
        if dropped:
            self.counts["dropped"] += dropped
            _LOG.warning("a full tap queue has dropped messages", extra={"dropped": dropped})

    def _patience_s(self) -> float:
        """How long to wait for deliveries: not at all while something can be sent, never past the end of a pause."""
        now = self._clock.monotonic()
        waits = (max(0.0, lane.resume_at - now) for lane in self._lanes.values() if len(lane.window))
        return min(POLL_S, *waits, POLL_S)

    def _send(self, source: Source) -> None:
        for lane in self._lanes.values():
            if self._clock.monotonic() >= lane.resume_at:
                self._send_batch(source, lane)

    def _send_batch(self, source: Source, lane: _Lane) -> None:
        batch = lane.window.next_batch()
        if not batch:
            return
        try:
            receipts = self._sink.send(lane.destination, [pending.entry for _, pending in batch])
        except SinkUnavailableError as error:
            self._hold(lane, str(error))
            return
        unsent = 0
        for (ticket, pending), receipt in zip(batch, receipts, strict=True):
            if receipt.fate == "accepted":
                source.acknowledge(pending.delivery)
                self.counts["shipped"] += 1
            elif receipt.fate == "refused":
                self._divert(source, lane, pending.delivery, f"refused-by-sqs:{receipt.reason}")
            else:
                unsent += 1
                continue
            lane.window.settle(ticket)
        if unsent:
            self.counts["resent"] += unsent
            self._hold(lane, f"{unsent} of {len(batch)} entries not accepted")
        else:
            lane.backoff.reset()

    def _leave(self, source: Source) -> None:
        """Go on from taps that are empty to what comes after them."""
        if not self._leaving or self._clock.monotonic() < self._dissolve_at:
            return
        self._dissolve_at = self._clock.monotonic() + DISSOLVE_S
        for queue in sorted(self._leaving):
            if not len(self._lanes[queue].window) and source.dissolve(queue):
                self._leaving.discard(queue)
                _LOG.info("no tap any more: the copies of the router are taken", extra={"queue": queue})

    def _divert(self, source: Source, lane: _Lane, delivery: Delivery, cause: str) -> None:
        if lane.last:
            source.put_aside(delivery)
            self.counts["put_aside"] += 1
            _LOG.error("too large for the index of dead letters", extra={"queue": delivery.queue, "cause": cause})
            return
        source.divert(delivery, cause)
        self.counts["diverted"] += 1
        _LOG.warning("to the Invalid Message Channel", extra={"queue": delivery.queue, "cause": cause})

    def _hold(self, lane: _Lane, reason: str) -> None:
        pause_s = lane.backoff.next_s()
        lane.resume_at = self._clock.monotonic() + pause_s
        detail = {"destination": lane.destination, "reason": reason, "pause_s": round(pause_s, 2)}
        _LOG.warning("sending pauses", extra=detail)

    def _lose(self, error: SourceLostError) -> None:
        self.close()
        pause_s = self._source_backoff.next_s()
        self._reconnect_at = self._clock.monotonic() + pause_s
        _LOG.warning("broker lost", extra={"reason": str(error), "pause_s": round(pause_s, 2)})
