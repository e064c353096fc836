"""What a connection has in hand, by queue: open tags, what they weigh, and how much more the broker may hand out.

The broker hands out what it was once granted, whatever came to be granted since: where that is more than the budget,
whoever reads the connection has to read slower.
"""

from collections.abc import Collection, Iterable, Sequence

from bridge.credit import Credit
from bridge.tag import Tags


class InHand:
    """The deliveries of one connection that are not settled."""

    def __init__(self, credit: Credit, budget_bytes: int) -> None:
        self._credit = credit
        self._budget_bytes = budget_bytes
        self._tags: dict[str, Tags] = {}
        self._size_bytes = 0

    @property
    def too_much(self) -> bool:
        """Whether bodies in hand weigh more than the budget."""
        return self._size_bytes > self._budget_bytes

    def open(self, queue: str) -> int:
        """Begin with a queue that is consumed; how much of it the broker may hand out."""
        self._tags[queue] = Tags()
        return self._credit.open(queue)

    def open_uncredited(self, queue: str) -> None:
        """Begin with a queue from which each message is asked for."""
        self._tags.setdefault(queue, Tags())

    def close(self, queue: str) -> None:
        """Nothing of a queue comes any more, and nothing of it is open."""
        self._size_bytes -= self._tags.pop(queue).size_bytes
        self._credit.close(queue)

    def arrive(self, queue: str, tag: int, size_bytes: int, *, credited: bool = True) -> None:
        """A delivery has come."""
        self._tags[queue].add(tag, size_bytes)
        self._size_bytes += size_bytes
        if credited:
            self._credit.weigh(queue, size_bytes)

    def settle(self, queue: str, tags: Iterable[int]) -> Sequence[tuple[int, bool]]:
        """The acknowledgements that settle these; see `Tags.settle`."""
        one = self._tags[queue]
        before = one.size_bytes
        acknowledgements = one.settle(tags)
        self._size_bytes -= before - one.size_bytes
        return acknowledgements

    def adjust(self, consumed: Collection[str], now: float) -> Sequence[tuple[str, int]]:
        """Queues whose grant is another one now, and which."""
        changed = self._credit.adjust({queue: len(self._tags[queue]) for queue in consumed}, now)
        return [(queue, self._credit.prefetch(queue)) for queue in changed]
