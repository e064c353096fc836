"""The window of messages in flight for one destination: what may be sent next without breaking an order.

Two messages of one key are never on their way together: if the first failed and the second was accepted, they would
have changed places. Everything waits in the order of arrival; a key that waits blocks only itself, and so does a
message that is tried again later.
"""

import heapq
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from bridge.port import Delivery, Entry

BATCH_ENTRIES = 10
BATCH_BYTES = 1_048_576
"""SQS takes 10 entries and 1 MiB a call (SQS developer guide, "Amazon SQS batch actions")."""
KEPT_BYTES = 64 * 1024
"""The entry of a larger body is made anew when it is sent: in hand, a large message is there once."""

Translate = Callable[[Delivery], Entry]
"""A Message Translator: a value or InvalidMessageError, never anything else; each time the same but for its `time`."""


class Pending(msgspec.Struct):
    """A delivery on its way: what it becomes, and what was tried with it."""

    delivery: Delivery
    translate: Translate
    group: str | None
    size_bytes: int
    """Of the entry, as SQS counts it."""
    sequence: int
    """Number of the delivery in the journal."""
    taken_at: float
    """Seconds of the monotonic clock."""
    attempts: int = 0
    """How often it was sent."""
    altered: int = 0
    """How often the answer said that something else was taken."""
    alone: bool = False
    """Whether it goes in a call of its own: it was in one that SQS refused as a whole."""
    kept: Entry | None = None
    """What it becomes; None where that is made anew when it is sent."""

    @classmethod
    def of(cls, delivery: Delivery, translate: Translate, sequence: int, now: float) -> tuple["Pending", Entry]:
        """Translate a delivery. Raises InvalidMessageError."""
        entry = translate(delivery)
        kept = entry if len(entry.body) <= KEPT_BYTES else None
        return cls(delivery, translate, entry.group, entry.size_bytes, sequence, now, kept=kept), entry

    @classmethod
    def unread(cls, delivery: Delivery, translate: Translate, sequence: int, now: float) -> "Pending":
        """A delivery that nobody can read; it is never sent."""
        return cls(delivery, translate, None, 0, sequence, now)

    def entry(self) -> Entry:
        """What is sent."""
        return self.kept or self.translate(self.delivery)


class Window:
    """Pending messages of one destination, in order of arrival, each waiting, under way, or later."""

    def __init__(self) -> None:
        self._pending: dict[int, Pending] = {}
        self._arrivals = 0
        self._ready: list[int] = []
        """Heap of tickets that may be sent now."""
        self._later: list[tuple[float, int]] = []
        """Heap of tickets that may be sent from a time on."""
        self._behind: dict[str, deque[int]] = {}
        """By key that has a message ready, under way or later: those behind it."""

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def oldest_at(self) -> float | None:
        """When the oldest message was taken; None where there is none."""
        first = next(iter(self._pending.values()), None)
        return None if first is None else first.taken_at

    def add(self, pending: Pending) -> None:
        """Take a message in behind all others."""
        ticket = self._arrivals
        self._arrivals += 1
        self._pending[ticket] = pending
        if pending.group is None:
            heapq.heappush(self._ready, ticket)
        elif pending.group in self._behind:
            self._behind[pending.group].append(ticket)
        else:
            self._behind[pending.group] = deque()
            heapq.heappush(self._ready, ticket)

    def next_batch(self, now: float) -> Sequence[tuple[int, Pending]]:
        """What can go in one call, from now on under way: up to ten entries and 1 MiB, one per key, oldest first."""
        while self._later and self._later[0][0] <= now:
            heapq.heappush(self._ready, heapq.heappop(self._later)[1])
        batch: list[tuple[int, Pending]] = []
        size_bytes = 0
        while self._ready and len(batch) < BATCH_ENTRIES:
            pending = self._pending[self._ready[0]]
            if batch and (pending.alone or size_bytes + pending.size_bytes > BATCH_BYTES):
                break
            batch.append((heapq.heappop(self._ready), pending))
            size_bytes += pending.size_bytes
            if pending.alone:
                break
        return batch

    def waits_s(self, now: float) -> float | None:
        """Seconds until something can be sent; None where nothing can before something else has ended."""
        if self._ready:
            return 0.0
        return max(0.0, self._later[0][0] - now) if self._later else None

    def retry(self, ticket: int, at: float) -> None:
        """Offer a message that is under way again, from a time on; those of its key stay behind it."""
        heapq.heappush(self._later, (at, ticket))

    def settle(self, ticket: int) -> None:
        """Forget a message that has found its place."""
        group = self._pending.pop(ticket).group
        if group is None:
            return
        behind = self._behind[group]
        if behind:
            heapq.heappush(self._ready, behind.popleft())
        else:
            del self._behind[group]

    def clear(self) -> None:
        """Forget everything: the connection is gone and all of it will be delivered again."""
        self._pending.clear()
        self._ready.clear()
        self._later.clear()
        self._behind.clear()
