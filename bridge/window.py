"""The window of messages in flight for one destination: what may be sent next without breaking an order.

Two messages of one key are never on their way together: if the first failed and the second was accepted, they would
have changed places. Everything waits in the order of arrival; a key that waits blocks only itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.port import Delivery, Entry

BATCH_ENTRIES = 10
BATCH_BYTES = 1_048_576
"""SQS takes 10 entries and 1 MiB a call (SQS developer guide, "Amazon SQS batch actions")."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A delivery and what became of it."""

    delivery: Delivery
    entry: Entry


class Window:
    """Pending messages of one destination, in order of arrival."""

    def __init__(self) -> None:
        self._pending: dict[int, Pending] = {}
        self._arrivals = 0

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, pending: Pending) -> None:
        """Take a message in behind all others."""
        self._pending[self._arrivals] = pending
        self._arrivals += 1

    def next_batch(self) -> Sequence[tuple[int, Pending]]:
        """What can go in one call: up to ten entries and 1 MiB, one entry per key, oldest first."""
        batch: list[tuple[int, Pending]] = []
        size_bytes = 0
        groups: set[str] = set()
        for ticket, pending in self._pending.items():
            entry = pending.entry
            if entry.group is not None:
                if entry.group in groups:
                    continue
                groups.add(entry.group)
            if batch and size_bytes + entry.size_bytes > BATCH_BYTES:
                break
            batch.append((ticket, pending))
            size_bytes += entry.size_bytes
            if len(batch) == BATCH_ENTRIES:
                break
        return batch

    def settle(self, ticket: int) -> None:
        """Forget a message that has found its place."""
        del self._pending[ticket]

    def clear(self) -> None:
        """Forget everything: the connection is gone and all of it will be delivered again."""
        self._pending.clear()
