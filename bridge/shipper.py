"""The shipper's loop: take, translate, send, and acknowledge only what SQS has accepted.

What cannot be read goes to the Invalid Message Channel with its cause. When AWS refuses as a whole, nothing is
acknowledged and nothing diverted: the shipper pauses, says why, and tries again.
"""

import logging
from collections.abc import Callable, Mapping

from bridge.backoff import Backoff
from bridge.port import Clock, Delivery, Entry, Sink, SinkUnavailableError, Source, SourceLostError
from bridge.window import Pending, Window
from contracts.invalid_message import InvalidMessageError

_LOG = logging.getLogger(__name__)
POLL_S = 0.5


Translate = Callable[[Delivery], Entry]
"""A Message Translator: a value or InvalidMessageError, never anything else."""


class Shipper:
    """Ships the deliveries of several queues, each to its destination."""

    def __init__(
        self,
        connect: Callable[[], Source],
        sink: Sink,
        routes: Mapping[str, tuple[str, Translate]],
        clock: Clock,
        backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        """Args: connect: opens a source. routes: RabbitMQ queue to SQS queue and translator."""
        self._connect = connect
        self._sink = sink
        self._routes = routes
        self._clock = clock
        self._windows = {destination: Window() for destination, _ in routes.values()}
        self._sink_backoff = backoff()
        self._source_backoff = backoff()
        self._resume_at = 0.0
        self._source: Source | None = None
        self.counts = {"shipped": 0, "diverted": 0, "resent": 0, "dropped": 0, "reconnected": 0}

    @property
    def in_flight(self) -> int:
        """Messages that have been taken and not yet settled."""
        return sum(map(len, self._windows.values()))

    def open(self) -> None:
        """Connect for the first time. Raises SourceLostError or SourceRefusedError: at the start, nobody retries."""
        self._source = self._connect()

    def step(self) -> None:
        """One round: poll, translate, send. Never raises for a lost connection; a lost source is opened again."""
        try:
            if self._source is None:
                if self._clock.monotonic() < self._resume_at:
                    return
                self._source = self._connect()
                self.counts["reconnected"] += 1
                self._source_backoff.reset()
                self._resume_at = 0.0
            self._take(self._source)
            self._send(self._source)
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
        for window in self._windows.values():
            window.clear()

    def waits_s(self) -> float:
        """How long nothing can be done but wait: time until the next try at a lost broker."""
        if self._source is not None:
            return 0.0
        return max(0.0, self._resume_at - self._clock.monotonic())

    def _take(self, source: Source) -> None:
        sendable = self.in_flight and self._clock.monotonic() >= self._resume_at
        for delivery in source.poll(0.0 if sendable else POLL_S):
            destination, translate = self._routes[delivery.queue]
            try:
                entry = translate(delivery)
            except InvalidMessageError as error:
                self._divert(source, delivery, error.cause)
            else:
                self._windows[destination].add(Pending(delivery, entry))
        dropped = source.dropped()
        if dropped:
            self.counts["dropped"] += dropped
            _LOG.warning("a full tap queue has dropped messages", extra={"dropped": dropped})

    def _send(self, source: Source) -> None:
        if self._clock.monotonic() < self._resume_at:
            return
        for destination, window in self._windows.items():
            batch = window.next_batch()
            if not batch:
                continue
            try:
                receipts = self._sink.send(destination, [pending.entry for _, pending in batch])
            except SinkUnavailableError as error:
                self._hold(f"{destination}: {error}")
                return
            unsent = 0
            for (ticket, pending), receipt in zip(batch, receipts, strict=True):
                if receipt.fate == "accepted":
                    source.acknowledge(pending.delivery)
                    self.counts["shipped"] += 1
                elif receipt.fate == "refused":
                    self._divert(source, pending.delivery, f"refused-by-sqs:{receipt.reason}")
                else:
                    unsent += 1
                    continue
                window.settle(ticket)
            if unsent:
                self.counts["resent"] += unsent
                self._hold(f"{destination}: {unsent} of {len(batch)} entries not accepted")
                return
            self._sink_backoff.reset()

    def _divert(self, source: Source, delivery: Delivery, cause: str) -> None:
        source.divert(delivery, cause)
        self.counts["diverted"] += 1
        _LOG.warning("to the Invalid Message Channel", extra={"queue": delivery.queue, "cause": cause})

    def _hold(self, reason: str) -> None:
        pause_s = self._sink_backoff.next_s()
        self._resume_at = self._clock.monotonic() + pause_s
        _LOG.warning("sending pauses", extra={"reason": reason, "pause_s": round(pause_s, 2)})

    def _lose(self, error: SourceLostError) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None
        for window in self._windows.values():
            window.clear()
        pause_s = self._source_backoff.next_s()
        self._resume_at = self._clock.monotonic() + pause_s
        _LOG.warning("broker lost", extra={"reason": str(error), "pause_s": round(pause_s, 2)})
