"""The claim check, on the sending side: what no queue takes lies in S3 before its message is sent.

In this order, a message that anybody has got has its body. A crash in between leaves an object that nobody points to,
and the same message, delivered again, puts it there again.
"""

from collections.abc import Sequence
from dataclasses import replace

from bridge.port import ClaimStore, Entry, Receipt, Sink
from contracts.claim import write_pointer


class ClaimingSink:
    """A `Sink` that makes the deposits of its entries first."""

    def __init__(self, sink: Sink, store: ClaimStore) -> None:
        """Args: sink: takes the entries, with pointers for bodies."""
        self._sink = sink
        self._store = store

    def send(self, queue: str, entries: Sequence[Entry]) -> Sequence[Receipt]:
        """See `Sink.send`. Where a deposit cannot be made, nothing is sent."""
        return self._sink.send(queue, [self._deposited(entry) for entry in entries])

    def _deposited(self, entry: Entry) -> Entry:
        if entry.deposit is None:
            return entry
        bucket = self._store.put(entry.deposit)
        return replace(entry, body=write_pointer(bucket, entry.deposit.key))
