"""How many unacknowledged messages of each queue we let the broker hand out, so that bytes in hand stay in a budget.

Pure. The broker sends as many as it may at once, and lowering the number later does not take them back: so it begins
low, as if every message were a megabyte, doubles while a queue keeps us busy with smaller ones, and goes back to the
beginning for a queue that has been quiet. A queue is always granted one message, whatever its size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

UNSEEN_BYTES = 1_048_576
"""What a message is taken to weigh while none of its queue has been seen."""
QUIET_S = 10.0
"""A queue that had nothing for so long begins anew: what comes then may be of another kind."""
_FADES = 0.9
"""How a large message is remembered: nine tenths of its size at the next one, and so on."""


@dataclass(slots=True)
class _Grant:
    prefetch: int
    typical_bytes: float = UNSEEN_BYTES
    busy_at: float = 0.0

    @property
    def exposed_bytes(self) -> float:
        """What may come to be in hand of it."""
        return self.prefetch * self.typical_bytes


class Credit:
    """The prefetch of each queue of a connection."""

    def __init__(self, expected: int, *, most: int, budget_bytes: int) -> None:
        """No queue yet.

        Args:
            expected: how many queues there will be.
            most: prefetch of a queue that nothing limits.
            budget_bytes: of bodies in hand, all queues together.
        """
        self._most = most
        self._budget_bytes = budget_bytes
        self._first = max(1, min(most, budget_bytes // (UNSEEN_BYTES * max(1, expected))))
        self._grants: dict[str, _Grant] = {}

    def open(self, queue: str) -> int:
        """Begin with a queue; what the broker may hand out of it unacknowledged."""
        self._grants[queue] = _Grant(self._first)
        return self._first

    def close(self, queue: str) -> None:
        """Nothing of a queue comes any more."""
        self._grants.pop(queue, None)

    def prefetch(self, queue: str) -> int:
        """What the broker may hand out of a queue unacknowledged."""
        return self._grants[queue].prefetch

    def weigh(self, queue: str, size_bytes: int) -> None:
        """A message has come."""
        grant = self._grants[queue]
        typical = grant.typical_bytes
        if size_bytes >= typical or typical == UNSEEN_BYTES:
            grant.typical_bytes = size_bytes or 1
        else:
            grant.typical_bytes = max(1, _FADES * typical + (1 - _FADES) * size_bytes)

    def adjust(self, unsettled: Mapping[str, int], now: float) -> Sequence[str]:
        """Change what is granted by what is in hand; names the queues whose prefetch is another one now.

        Args:
            unsettled: messages in hand by queue.
            now: seconds of the monotonic clock.
        """
        before = {queue: grant.prefetch for queue, grant in self._grants.items()}
        for queue, grant in self._grants.items():
            count = unsettled.get(queue, 0)
            if count:
                grant.busy_at = now
            elif now - grant.busy_at >= QUIET_S:
                grant.prefetch, grant.typical_bytes = self._first, UNSEEN_BYTES
            if count >= grant.prefetch:
                wanted = min(self._most, 2 * grant.prefetch)
                more_bytes = (wanted - grant.prefetch) * grant.typical_bytes
                if self._exposed_bytes + more_bytes <= self._budget_bytes:
                    grant.prefetch = wanted
        self._shrink()
        return [queue for queue, grant in self._grants.items() if grant.prefetch != before[queue]]

    @property
    def _exposed_bytes(self) -> float:
        return sum(grant.exposed_bytes for grant in self._grants.values())

    def _shrink(self) -> None:
        """Halve whoever may weigh most, until all of it fits or nobody can give more."""
        while self._exposed_bytes > self._budget_bytes:
            heaviest = max(self._grants.values(), key=lambda grant: grant.exposed_bytes if grant.prefetch > 1 else 0)
            if heaviest.prefetch == 1:
                return
            heaviest.prefetch //= 2
