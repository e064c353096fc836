"""Records a corpus: take, append, seal, and acknowledge only what is on the disk.

So a message is never lost: whatever was not sealed when the process or the connection ended comes again. What was
sealed and could not be acknowledged any more comes again too, and then stands in the corpus twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bridge.backoff import Backoff
from bridge.port import Clock, Delivery, SourceLostError
from contracts import point
from ops.corpus_writer import CorpusWriter
from ops.notification import Line

POLL_S = 0.2
SEAL_AFTER_S = 5.0
"""A message waits so long at most until its segment is sealed, however few there are."""
SEAL_FROM = 50
"""When nothing more comes, a segment of so many is sealed at once: the broker may be waiting for us."""
_REST_S = 0.2


class Feed(Protocol):
    """Where messages come from. Every method raises SourceLostError where the broker is gone."""

    found: bool
    """Whether the queue was there already, filling."""

    def poll(self, timeout_s: float) -> Sequence[Delivery]:
        """Deliveries that have arrived, in order; blocks up to `timeout_s` where there are none."""

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """These are safe."""

    def dropped(self) -> int:
        """How many messages the queue has dropped since the last call, as far as is known."""

    def leave(self, *, delete: bool) -> None:
        """Take no more, and close once the broker knows what was acknowledged. Args: delete: the queue goes."""

    def close(self) -> None:
        """Let go; what is not acknowledged comes again. Never raises."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """When a recording is at its end by itself."""

    messages: int | None = None
    """So many in this recording."""
    for_s: float | None = None


@dataclass(slots=True)
class Course:
    """How far it is."""

    sealed: int = 0
    """Messages on the disk, of this recording."""
    taken: int = 0
    """Messages taken, sealed or not."""
    redelivered: int = 0
    """Of those sealed, such as the broker had handed out before: some of them may stand in the corpus twice."""
    dropped: int = 0
    """By the queue, as far as is known."""
    unread: int = 0
    """Of those sealed, such as could not be read for their pseudonyms: all their letters are others."""
    connected: bool = False
    """Whether there ever was a connection, and so a queue."""
    reconnected: int = 0
    gaps: int = 0
    """How often the queue was gone where it should have been filling: what was published meanwhile is missing."""
    lost: str | None = None
    """Why there is no connection now."""


class Recording:
    """One recording, into one corpus."""

    def __init__(
        self,
        connect: Callable[[], Feed],
        writer: CorpusWriter,
        write: Callable[[Delivery, float], Line],
        clock: Clock,
        rest: Callable[[float], None],
        bounds: Bounds,
        *,
        goes_on: bool = False,
    ) -> None:
        """Nothing is connected yet.

        Args:
            connect: opens a feed; raises SourceLostError, SourceRefusedError.
            writer: of the corpus.
            write: the line of a delivery that was taken at a time, in seconds since 1970.
            clock: time.
            rest: waits so many seconds.
            bounds: when it is at its end.
            goes_on: whether the queue should be there already.
        """
        self._connect = connect
        self._writer = writer
        self._write = write
        self._clock = clock
        self._rest = rest
        self._bounds = bounds
        self._expects_queue = goes_on
        self._backoff = Backoff(most_s=10.0)
        self._feed: Feed | None = None
        self._pending: list[tuple[Delivery, Line]] = []
        self._pending_since = self._again_at = 0.0
        self.course = Course()

    def run(self, stopping: Callable[[], bool], draw: Callable[[Course], None]) -> None:
        """Record until told to stop, or the bounds are reached; everything taken is sealed and acknowledged then.

        Raises SourceLostError or SourceRefusedError where there is no first connection, SourceRefusedError where the
        broker refuses us later, CorpusError where the disk takes nothing.
        """
        began = self._clock.monotonic()
        self._open()
        while not (stopping() or self._is_over(began)):
            try:
                self._step()
            except SourceLostError as error:
                self._lose(error)
            draw(self.course)
        try:
            self._seal()
        except SourceLostError as error:
            self._lose(error)

    def leave(self, *, delete: bool) -> bool:
        """End it. Whether the broker was there for it: else its queue is still there."""
        try:
            if self._feed is None:
                self._feed = self._connect()
            self._feed.leave(delete=delete)
            self.course.dropped += self._feed.dropped()
        except SourceLostError:
            return False
        return True

    def close(self) -> None:
        """Let go of the broker."""
        if self._feed is not None:
            self._feed.close()

    def _is_over(self, began: float) -> bool:
        bounds = self._bounds
        if bounds.messages is not None and self.course.sealed + len(self._pending) >= bounds.messages:
            return True
        return bounds.for_s is not None and self._clock.monotonic() - began >= bounds.for_s

    def _step(self) -> None:
        if self._feed is None:
            if self._clock.monotonic() < self._again_at:
                self._rest(_REST_S)
                return
            self._feed = self._open()
            self.course.reconnected += 1
            self.course.lost = None
        deliveries = self._feed.poll(POLL_S)
        for delivery in deliveries[: self._room(len(deliveries))]:
            self._take(delivery)
            if self._writer.full:
                self._seal()
        self.course.dropped += self._feed.dropped()
        if self._pending and not deliveries:
            waits_s = self._clock.monotonic() - self._pending_since
            if len(self._pending) >= SEAL_FROM or waits_s >= SEAL_AFTER_S:
                self._seal()
        elif self._pending and self._clock.monotonic() - self._pending_since >= SEAL_AFTER_S:
            self._seal()

    def _open(self) -> Feed:
        self._feed = self._connect()
        self.course.connected = True
        self.course.gaps += self._expects_queue and not self._feed.found
        self._expects_queue = True
        return self._feed

    def _room(self, arrived: int) -> int:
        if self._bounds.messages is None:
            return arrived
        return max(0, self._bounds.messages - self.course.sealed - len(self._pending))

    def _take(self, delivery: Delivery) -> None:
        if not self._pending:
            self._pending_since = self._clock.monotonic()
        line = self._write(delivery, self._clock.now())
        self._writer.append(line.notification.line, line.notification.type, line.notification.at)
        self._pending.append((delivery, line))
        self.course.taken += 1

    def _seal(self) -> None:
        """Put what was taken on the disk, then tell the broker."""
        if not self._pending:
            return
        point.reach("record.taken")
        self._writer.flush()
        sealed, self._pending = self._pending, []
        self.course.sealed += len(sealed)
        self.course.redelivered += sum(delivery.facts.redelivered for delivery, _ in sealed)
        self.course.unread += sum(not line.readable for _, line in sealed)
        point.reach("record.sealed")
        if self._feed is not None:
            self._feed.acknowledge([delivery for delivery, _ in sealed])
            self._backoff.reset()

    def _lose(self, error: SourceLostError) -> None:
        if self._feed is not None:
            self._feed.close()
            self._feed = None
        self._writer.forget()
        self._pending = []
        self.course.lost = str(error)
        self._again_at = self._clock.monotonic() + self._backoff.next_s()
