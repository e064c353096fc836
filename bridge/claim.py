"""The claim check, on the sending side: what no queue takes lies in S3 before its message is sent.

In this order, a message that anybody has got has its body. A crash in between leaves an object that nobody points to,
and the same message, delivered again, puts it there again.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from bridge.port import ClaimStore, Entry, Receipt, Sink, SinkUnavailableError
from contracts import point
from contracts.claim import write_pointer


class ClaimingSink:
    """A `Sink` that makes the deposits of its entries first."""

    def __init__(self, sink: Sink, store: ClaimStore) -> None:
        """Args: sink: takes the entries, with pointers for bodies."""
        self._sink = sink
        self._store = store

    def send(self, queue: str, entries: Sequence[Entry]) -> Sequence[Receipt]:
        """See `Sink.send`. An entry whose deposit cannot be made is not sent; the others of its call are.

        After the first that cannot, S3 is asked no more in this call: one that hangs keeps the others waiting once.
        """
        away: SinkUnavailableError | None = None
        kept: dict[int, Receipt] = {}
        ready: list[Entry] = []
        for position, entry in enumerate(entries):
            if away is not None and entry.deposit is not None:
                kept[position] = Receipt("unknown", str(away))
                continue
            try:
                ready.append(self._deposited(entry))
            except SinkUnavailableError as error:
                if len(entries) == 1:
                    raise
                away = error
                kept[position] = Receipt("unknown", str(error))
        receipts = iter(self._sink.send(queue, ready) if ready else ())
        return [kept[position] if position in kept else next(receipts) for position in range(len(entries))]

    def _deposited(self, entry: Entry) -> Entry:
        if entry.deposit is None:
            return entry
        bucket = self._store.put(entry.deposit)
        point.reach("ship.deposited")
        return replace(entry, body=write_pointer(bucket, entry.deposit.key))
