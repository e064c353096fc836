"""In-memory sink: the port's promises without SQS. Held to the real one by tests/conformance."""

import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bridge.port import Entry, Receipt, SinkUnavailableError


@dataclass
class MemorySink:
    """A `Sink` that takes everything, but for what a test has told it."""

    unknown_queues: frozenset[str] = frozenset()
    outages: int = 0
    """How many of the next calls fail as a whole."""
    receipts: dict[str, deque[Receipt]] = field(default_factory=dict)
    """By id of the entry: what is answered instead of `accepted`, one answer a call."""
    taken: dict[str, list[Entry]] = field(default_factory=dict)
    sent: list[tuple[Entry, ...]] = field(default_factory=list)
    calls: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """Queue and ids of every call, whatever became of it."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _known: set[tuple[str, str]] = field(default_factory=set)

    def answer(self, entry_id: str, *receipts: Receipt) -> None:
        """What the next calls answer for an entry."""
        self.receipts.setdefault(entry_id, deque()).extend(receipts)

    def send(self, queue: str, entries: Sequence[Entry]) -> Sequence[Receipt]:
        assert 1 <= len(entries) <= 10
        self.sent.append(tuple(entries))
        self.calls.append((queue, tuple(entry.id for entry in entries)))
        if self.outages:
            self.outages -= 1
            raise SinkUnavailableError("outage, says the test")
        if queue in self.unknown_queues:
            raise SinkUnavailableError("GetQueueUrl: AWS.SimpleQueueService.NonExistentQueue")
        return [self._receive(queue, entry) for entry in entries]

    def ids(self, queue: str) -> list[str]:
        """Ids of what a queue has taken, in order."""
        return [entry.id for entry in self.taken.get(queue, ())]

    def _receive(self, queue: str, entry: Entry) -> Receipt:
        if self.receipts.get(entry.id):
            return self.receipts[entry.id].popleft()
        if entry.deduplication is None or (queue, entry.deduplication) not in self._known:
            self.taken.setdefault(queue, []).append(entry)
        if entry.deduplication is not None:
            self._known.add((queue, entry.deduplication))
        return Receipt("accepted", place=f"m{next(self._numbers)}")
