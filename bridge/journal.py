"""What this router has decided, on its own disk: a message that comes again follows what was decided first.

Every decision is on the disk (SQLite, fsync at each commit) before the message is published, so that after a crash
nothing has been sent that is not written here. An entry is *settled* once the ledger knows the message to be final
wherever it was sent; until then it is kept, and named to whoever wants to move authority. A router is its journal: one
that begins with an empty folder is another router.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from bridge.delivery_log import DELIVERY_SCHEMA, DeliveryLog, Taken
from bridge.journal_file import JournalFile
from contracts.control_item import UNSETTLED_SAMPLE
from contracts.routing import Decision, Route

_SCHEMA = """
CREATE TABLE IF NOT EXISTS decision (
    sequence INTEGER PRIMARY KEY,
    family TEXT NOT NULL,
    id TEXT NOT NULL,
    digest TEXT NOT NULL,
    route TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    doubtful INTEGER NOT NULL,
    decided_at REAL NOT NULL,
    settled_at REAL,
    looks INTEGER NOT NULL DEFAULT 0,
    look_at REAL NOT NULL,
    UNIQUE (family, id, digest, route, epoch)
);
CREATE INDEX IF NOT EXISTS unsettled ON decision (look_at) WHERE settled_at IS NULL;
CREATE INDEX IF NOT EXISTS settled ON decision (settled_at) WHERE settled_at IS NOT NULL;
"""
ROUTER = "router"
_MOST_PATIENT_S = 60.0


@dataclass(frozen=True, slots=True)
class Note:
    """One decision about one message."""

    family: str
    id: str
    digest: str
    """Of the body (`contracts.effect.body_digest`): the same id with other bytes is another message."""
    decision: Decision


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A message that was sent somewhere, and is not known to be final there."""

    sequence: int
    id: str
    route: Route


@dataclass(frozen=True, slots=True)
class Balance:
    """What is unsettled of one family."""

    count: int = 0
    sample: tuple[str, ...] = ()
    """Some ids, oldest first."""


class Journal:
    """The journal of one router, in a folder of its own. May be used by several threads."""

    def __init__(self, folder: Path) -> None:
        """Open, or begin. Raises JournalTakenError, JournalError."""
        self._file = JournalFile(folder, ROUTER, _SCHEMA + DELIVERY_SCHEMA)
        self.name = self._file.name
        self.deliveries = DeliveryLog(self._file)
        """What became of each delivery; of it the decision is only a part."""

    def record(self, notes: Sequence[Note], now: float, taken: Sequence[Taken] = ()) -> None:
        """Write decisions and the deliveries that they are about, all or none; on the disk when this returns.

        Raises JournalError.

        A later decision about a message wins, but what it was sent to before stays to be settled.
        """
        rows = [
            (
                *(note.family, note.id, note.digest, note.decision.route, note.decision.epoch, note.decision.doubtful),
                now,
                now if note.decision.route == "hold" else None,  # what is held was sent to nobody
                now,
            )
            for note in notes
        ]
        statement = (
            "INSERT OR REPLACE INTO decision"
            " (family, id, digest, route, epoch, doubtful, decided_at, settled_at, look_at) VALUES (?,?,?,?,?,?,?,?,?)"
        )
        self.deliveries.write(taken, [], now, beside=lambda database: database.executemany(statement, rows))

    def latest(self, family: str, message_id: str, digest: str) -> Decision | None:
        """What was decided last about a message. Raises JournalError."""
        found = self._file.rows(
            "SELECT route, epoch, doubtful FROM decision WHERE family = ? AND id = ? AND digest = ?"
            " ORDER BY sequence DESC LIMIT 1",
            (family, message_id, digest),
        )
        return Decision(cast("Route", found[0][0]), int(found[0][1]), doubtful=bool(found[0][2])) if found else None

    def due(self, now: float, limit: int, *, urgent: Sequence[str] = ()) -> Sequence[Unsettled]:
        """Unsettled entries whose turn it is to be looked up, longest waiting first; of urgent families all are."""
        marks = ",".join("?" * len(urgent))
        found = self._file.rows(
            "SELECT sequence, id, route FROM decision WHERE settled_at IS NULL"  # noqa: S608  # marks only
            f" AND (look_at <= ? OR family IN ({marks})) ORDER BY look_at LIMIT ?",
            (now, *urgent, limit),
        )
        return [Unsettled(int(sequence), str(one), cast("Route", route)) for sequence, one, route in found]

    def settle(self, sequences: Sequence[int], now: float) -> None:
        """These are final where they were sent."""
        self._many("UPDATE decision SET settled_at = ? WHERE sequence = ?", [(now, one) for one in sequences])

    def waive(self, family: str, waivers: Iterable[tuple[str, float]], now: float) -> None:
        """Wait no longer for messages of a family, by id, as far as they were decided at a time or before."""
        self._many(
            "UPDATE decision SET settled_at = ? WHERE settled_at IS NULL AND family = ? AND id = ? AND decided_at <= ?",
            [(now, family, one, at) for one, at in waivers],
        )

    def postpone(self, sequences: Sequence[int], now: float) -> None:
        """These are not final yet: look again, each time somewhat later."""
        self._many(
            "UPDATE decision SET looks = looks + 1, look_at = ? + min(?, 1 << min(looks, 16)) WHERE sequence = ?",
            [(now, _MOST_PATIENT_S, one) for one in sequences],
        )

    def balance(self) -> Mapping[str, Balance]:
        """What is unsettled, by family; families without are left out."""
        counts = self._file.rows("SELECT family, count(*) FROM decision WHERE settled_at IS NULL GROUP BY family", ())
        return {str(family): Balance(int(count), self._sample(str(family))) for family, count in counts}

    def prune(self, settled_before: float) -> int:
        """Forget what was settled before; returns how many."""
        with self._file.transaction() as database:
            return database.execute("DELETE FROM decision WHERE settled_at < ?", (settled_before,)).rowcount

    def close(self) -> None:
        """Let the next router have it."""
        self._file.close()

    def _sample(self, family: str) -> tuple[str, ...]:
        found = self._file.rows(
            "SELECT id FROM decision WHERE settled_at IS NULL AND family = ? ORDER BY sequence LIMIT ?",
            (family, UNSETTLED_SAMPLE),
        )
        return tuple(str(one) for (one,) in found)

    def _many(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        with self._file.transaction() as database:
            database.executemany(statement, rows)
