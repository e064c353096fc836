"""What became of each delivery, on this process's own disk: the proof that nothing was lost between two channels.

A delivery is written down when it is taken, and once more when it has found its place: accepted by SQS, handed to
the monolith or to the new side's queue, held, or quarantined. What is in hand when the connection goes was given back
to the broker, which delivers it anew: another delivery, counted by its own decision.

It is a log, written at its end only: what was taken, or placed, at once is one entry of it, for thousands come in a
second and hardly any is ever asked for. `bridge.delivery_reading` plays it back, `bridge.reconciliation` adds up.
"""

import itertools
import sqlite3
from collections.abc import Callable, Sequence

import msgspec

from bridge.journal_file import JournalFile
from bridge.reconciliation import Place

KEPT_S = 14 * 86_400.0
"""How long a delivery is kept after it was taken, in seconds."""

PRUNED_AT_ONCE = 1_000
PRUNE = "DELETE FROM delivered WHERE number < (SELECT min(number) + ? FROM delivered) AND at < ?"
"""By the primary key from its beginning: it costs as much as its slice, however long the log is."""

DELIVERY_SCHEMA = """
CREATE TABLE IF NOT EXISTS delivered (
    number INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    taken BLOB,
    placed BLOB
);
"""
"""`taken` and `placed` are JSON, lists of `Taken` and `Placed`; an entry without either gives back what is in hand."""


class Taken(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A delivery that was taken, as far as it could be read."""

    sequence: int
    queue: str
    """RabbitMQ queue."""
    type: str
    """Message type; empty for what nobody can read."""
    id: str
    """Identity; empty for what nobody can read."""
    digest: str
    """Of the body (`contracts.effect.body_digest`)."""
    redelivered: bool = False
    """Whether the broker has handed it out before."""


class Placed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Where a delivery has gone."""

    sequence: int
    place: Place
    receipt: str = ""
    """The id that SQS has given it."""


_write = msgspec.json.Encoder().encode
read_taken = msgspec.json.Decoder(list[Taken]).decode
read_placed = msgspec.json.Decoder(list[Placed]).decode


class DeliveryLog:
    """The deliveries of one process, within its journal."""

    def __init__(self, file: JournalFile) -> None:
        """A log within an open journal. Raises JournalError."""
        self._file = file
        found = file.rows("SELECT taken FROM delivered WHERE taken IS NOT NULL ORDER BY number DESC LIMIT 1")
        last = max((one.sequence for (taken,) in found for one in read_taken(taken)), default=0)
        self._numbers = itertools.count(last + 1)

    def number(self) -> int:
        """A number for the next delivery."""
        return next(self._numbers)

    def write(
        self,
        taken: Sequence[Taken],
        placed: Sequence[Placed],
        now: float,
        *,
        durable: bool = True,
        beside: Callable[[sqlite3.Connection], object] | None = None,
    ) -> None:
        """Write down what was taken and where deliveries have gone, all or nothing. Raises JournalError.

        Args:
            taken: deliveries that are not in the log yet.
            placed: deliveries that are, or are among `taken`.
            now: seconds since the epoch.
            durable: on the disk when this returns; else it survives the end of this process only.
            beside: writes more, all or nothing with these.
        """
        with self._file.transaction(durable=durable) as database:
            if beside is not None:
                beside(database)
            if taken or placed:
                _append(database, now, _write(taken) if taken else None, _write(placed) if placed else None)

    def sync(self) -> None:
        """Have on the disk what has been written until now; any thread may, and blocks for it. Raises JournalError."""
        self._file.sync()

    def give_back(self, now: float) -> None:
        """The connection is gone: all that is in hand goes back. Raises JournalError."""
        with self._file.transaction(durable=False) as database:
            _append(database, now)

    def prune(self, before: float, limit: int = PRUNED_AT_ONCE) -> int:
        """Forget the oldest entries, those of before a time: the broker lets nobody have a message in hand for days.

        A slice at a time, from the oldest on and no further: whoever calls has a connection to keep alive. Returns how
        many; as many as the limit where there may be more. Raises JournalError.
        """
        with self._file.transaction(durable=False) as database:
            return database.execute(PRUNE, (limit, before)).rowcount


def _append(database: sqlite3.Connection, now: float, taken: bytes | None = None, placed: bytes | None = None) -> None:
    database.execute("INSERT INTO delivered (at, taken, placed) VALUES (?, ?, ?)", (now, taken, placed))
