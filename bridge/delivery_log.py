"""What became of each delivery, on this process's own disk: the proof that nothing was lost between two channels.

A delivery is written down when it is taken, and once more when it has found its place: accepted by SQS, handed to
the monolith or to the new side's queue, held, or quarantined. What is in hand when the connection goes was given back
to the broker, which delivers it anew: another delivery, counted by its own decision. `bridge.reconciliation` adds up.
"""

import itertools
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bridge.journal_file import JournalError, JournalFile, database_path, is_taken
from bridge.reconciliation import Entry, JournalReading, Place

KEPT_S = 14 * 86_400.0
"""How long a delivery is kept after it was taken, in seconds."""

PRUNED_AT_ONCE = 1_000
PRUNE = (
    "DELETE FROM delivery WHERE sequence < (SELECT min(sequence) + ? FROM delivery)"
    " AND taken_at < ? AND place IS NOT NULL"
)
"""By the primary key from its beginning: it costs as much as its slice, however long the log is."""
_UNRESOLVED = (None, "returned")

DELIVERY_SCHEMA = """
CREATE TABLE IF NOT EXISTS delivery (
    sequence INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    digest TEXT NOT NULL,
    redelivered INTEGER NOT NULL,
    taken_at REAL NOT NULL,
    place TEXT,
    placed_at REAL,
    receipt TEXT
);
CREATE INDEX IF NOT EXISTS open_delivery ON delivery (sequence) WHERE place IS NULL;
CREATE INDEX IF NOT EXISTS returned_delivery ON delivery (digest) WHERE place = 'returned';
CREATE INDEX IF NOT EXISTS accounted_delivery ON delivery (digest) WHERE place = 'redelivered';
CREATE INDEX IF NOT EXISTS delivery_again ON delivery (digest) WHERE redelivered = 1;
"""


@dataclass(frozen=True, slots=True)
class Taken:
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


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a delivery has gone."""

    sequence: int
    place: Place
    receipt: str = ""
    """The id that SQS has given it."""


class DeliveryLog:
    """The deliveries of one process, within its journal."""

    def __init__(self, file: JournalFile) -> None:
        """A log within an open journal. Raises JournalError."""
        self._file = file
        ((last,),) = file.rows("SELECT coalesce(max(sequence), 0) FROM delivery")
        self._numbers = itertools.count(int(last) + 1)

    def number(self) -> int:
        """A number for the next delivery."""
        return next(self._numbers)

    def write(self, taken: Sequence[Taken], placed: Sequence[Placed], now: float, *, durable: bool = True) -> None:
        """Write down what was taken and where deliveries have gone, all or nothing. Raises JournalError.

        Args:
            taken: deliveries that are not in the log yet.
            placed: deliveries that are, or are among `taken`.
            now: seconds since the epoch.
            durable: on the disk when this returns; else it survives the end of this process only.
        """
        with self._file.transaction(durable=durable) as database:
            self.note(database, taken, now)
            database.executemany(
                "UPDATE delivery SET place = ?, placed_at = ?, receipt = ? WHERE sequence = ?",
                [(one.place, now, one.receipt or None, one.sequence) for one in placed],
            )

    def note(self, database: sqlite3.Connection, taken: Sequence[Taken], now: float) -> None:
        """Write down what was taken within a transaction of somebody else's."""
        # Each accounts for one earlier delivery that was given back.
        database.executemany(
            "UPDATE delivery SET place = 'redelivered' WHERE sequence = (SELECT min(sequence) FROM delivery"
            " WHERE place = 'returned' AND digest = ? AND queue = ? AND id = ?)",
            [(one.digest, one.queue, one.id) for one in taken if one.redelivered],
        )
        database.executemany(
            "INSERT INTO delivery (sequence, queue, type, id, digest, redelivered, taken_at) VALUES (?,?,?,?,?,?,?)",
            [(one.sequence, one.queue, one.type, one.id, one.digest, one.redelivered, now) for one in taken],
        )

    def give_back(self, now: float) -> int:
        """The connection is gone: all that is in hand goes back. Returns how many. Raises JournalError."""
        with self._file.transaction(durable=False) as database:
            return database.execute(
                "UPDATE delivery SET place = 'returned', placed_at = ? WHERE place IS NULL", (now,)
            ).rowcount

    def prune(self, before: float, limit: int = PRUNED_AT_ONCE) -> int:
        """Forget the oldest deliveries: those that were taken before, and have found a place or were given back.

        A slice at a time, from the oldest on and no further: whoever calls has a connection to keep alive. Returns how
        many; as many as the limit where there may be more. Raises JournalError.
        """
        with self._file.transaction(durable=False) as database:
            return database.execute(PRUNE, (limit, before)).rowcount


def read_deliveries(folder: Path, kind: str, since: float) -> JournalReading:
    """The deliveries that a process has taken since a time, also while it runs. Raises JournalError.

    Args:
        folder: of its journal.
        kind: whose it is, `router` or `shipper`.
        since: seconds since the epoch.
    """
    path = database_path(folder, kind)
    try:
        running = is_taken(folder, kind)  # before it is read: what it has in hand then is not called missing
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            ((name,),) = database.execute(f"SELECT name FROM {kind}")  # noqa: S608  # one of two words
            counts = database.execute(
                "SELECT queue, place, count(*) FROM delivery WHERE taken_at >= ? GROUP BY queue, place", (since,)
            ).fetchall()
            unresolved = database.execute(
                "SELECT sequence, queue, type, id, digest, taken_at, place FROM delivery"
                " WHERE (place IS NULL OR place = 'returned') AND taken_at >= ? ORDER BY sequence",
                (since,),
            ).fetchall()
            by_message = "SELECT queue, id, digest, count(*) FROM delivery WHERE {} GROUP BY queue, id, digest"
            came = database.execute(by_message.format("redelivered = 1")).fetchall()
            accounted = database.execute(by_message.format("place = 'redelivered'")).fetchall()
    except sqlite3.Error as error:
        raise JournalError(f"{path}: {error}") from error
    again = Counter({(queue, identity, digest): count for queue, identity, digest, count in came})
    again.subtract({(queue, identity, digest): count for queue, identity, digest, count in accounted})
    places = {(str(queue), place): int(count) for queue, place, count in counts if place not in _UNRESOLVED}
    return JournalReading(str(name), running, places, [Entry(*row) for row in unresolved], again)
