"""A queue that a corpus is recorded from, in memory. Held to the real one by tests/conformance."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.port import Delivery, SourceLostError
from contracts.envelope import AmqpFacts
from tests.fakes.clock import FakeClock


@dataclass
class MemoryQueue:
    """What waits, what is in hand, and what became of it."""

    clock: FakeClock
    prefetch: int = 2000
    length: int = 100_000
    waiting: list[tuple[bytes, bool]] = field(default_factory=list)
    acknowledged: list[bytes] = field(default_factory=list)
    lose_before: str | None = None
    """The next call of this name finds the connection gone."""
    unreachable: int = 0
    dropped: int = 0
    deleted: bool = True
    """Whether there is no queue, as before the first connection."""
    connections: int = 0

    def publish(self, *bodies: bytes) -> None:
        self.waiting += [(body, False) for body in bodies]
        surplus = max(0, len(self.waiting) - self.length)
        self.waiting = self.waiting[surplus:]
        self.dropped += surplus

    def lose(self) -> None:
        self.lose_before = "poll"

    @property
    def left(self) -> list[bytes] | None:
        return None if self.deleted else [body for body, _ in self.waiting]

    def connect(self) -> "MemoryFeed":
        if self.unreachable:
            self.unreachable -= 1
            raise SourceLostError("unreachable, says the test")
        self.connections += 1
        return MemoryFeed(self)


class MemoryFeed:
    """A `Feed` of it."""

    def __init__(self, queue: MemoryQueue) -> None:
        self.found = not queue.deleted
        queue.deleted = False
        self._queue = queue
        self._unsettled: dict[int, bytes] = {}
        self._tag = 0

    def poll(self, timeout_s: float) -> Sequence[Delivery]:
        self._called("poll")
        queue = self._queue
        room = queue.prefetch - len(self._unsettled)
        taken, queue.waiting = queue.waiting[:room], queue.waiting[room:]
        if not taken:
            queue.clock.advance(timeout_s)
        return [self._delivery(body, redelivered=redelivered) for body, redelivered in taken]

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        self._called("acknowledge")
        self._queue.acknowledged += [self._unsettled.pop(one.tag) for one in deliveries]

    def dropped(self) -> int:
        dropped, self._queue.dropped = self._queue.dropped, 0
        return dropped

    def leave(self, *, delete: bool) -> None:
        self._called("leave")
        self.close()
        self._queue.deleted = delete

    def close(self) -> None:
        self._queue.waiting[:0] = [(body, True) for body in self._unsettled.values()]
        self._unsettled.clear()

    def _called(self, name: str) -> None:
        if self._queue.lose_before == name:
            self._queue.lose_before = None
            raise SourceLostError(f"lost before {name}, says the test")

    def _delivery(self, body: bytes, *, redelivered: bool) -> Delivery:
        self._tag += 1
        self._unsettled[self._tag] = body
        facts = AmqpFacts("notifications", "payin.create", redelivered, {"message_id": "m"})
        return Delivery("recorded", body, facts, None, self._tag)
