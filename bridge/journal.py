"""What this router has decided, on its own disk: a message that comes again follows what was decided first.

Every decision is on the disk (SQLite, fsync at each commit) before the message is published, so that after a crash
nothing has been sent that is not written here. An entry is *settled* once the ledger knows the message to be final
wherever it was sent; until then it is kept, and named to whoever wants to move authority. A router is its journal: one
that begins with an empty folder is another router.
"""

import contextlib
import fcntl
import secrets
import socket
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from contracts.control_item import UNSETTLED_SAMPLE
from contracts.routing import Decision, Route

_SCHEMA = """
CREATE TABLE IF NOT EXISTS router (name TEXT NOT NULL);
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
_MOST_PATIENT_S = 60.0


class JournalError(OSError):
    """The journal cannot be read or written: without it nothing may be published."""


class JournalTakenError(JournalError):
    """Another router works with this journal."""


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
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._guard = (folder / "router.lock").open("w")
        except OSError as error:
            raise JournalError(f"{folder}: {error.strerror}") from error
        try:
            fcntl.flock(self._guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._guard.close()
            raise JournalTakenError(f"{folder}: another router works with this journal") from error
        opened = contextlib.ExitStack()
        opened.callback(self._guard.close)
        try:
            self._database = sqlite3.connect(folder / "router.sqlite3", check_same_thread=False, isolation_level=None)
            opened.callback(self._database.close)
            # Of a write-ahead log, only FULL has every commit on the disk (sqlite.org/pragma.html#pragma_synchronous).
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.executescript(_SCHEMA)
            self.name = self._name()
        except sqlite3.Error as error:
            opened.close()
            raise JournalError(f"{folder}: {error}") from error

    def record(self, notes: Sequence[Note], now: float) -> None:
        """Write decisions, all or none; on the disk when this returns. Raises JournalError.

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
        with self._lock:
            try:
                self._database.execute("BEGIN IMMEDIATE")
                try:
                    self._database.executemany(statement, rows)
                    self._database.execute("COMMIT")
                except sqlite3.Error:
                    if self._database.in_transaction:
                        self._database.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise JournalError(f"journal: {error}") from error

    def latest(self, family: str, message_id: str, digest: str) -> Decision | None:
        """What was decided last about a message. Raises JournalError."""
        found = self._all(
            "SELECT route, epoch, doubtful FROM decision WHERE family = ? AND id = ? AND digest = ?"
            " ORDER BY sequence DESC LIMIT 1",
            (family, message_id, digest),
        )
        return Decision(cast("Route", found[0][0]), int(found[0][1]), doubtful=bool(found[0][2])) if found else None

    def due(self, now: float, limit: int, *, urgent: Sequence[str] = ()) -> Sequence[Unsettled]:
        """Unsettled entries whose turn it is to be looked up, longest waiting first; of urgent families all are."""
        marks = ",".join("?" * len(urgent))
        found = self._all(
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
        counts = self._all("SELECT family, count(*) FROM decision WHERE settled_at IS NULL GROUP BY family", ())
        return {str(family): Balance(int(count), self._sample(str(family))) for family, count in counts}

    def prune(self, settled_before: float) -> int:
        """Forget what was settled before; returns how many."""
        with self._lock:
            try:
                return self._database.execute("DELETE FROM decision WHERE settled_at < ?", (settled_before,)).rowcount
            except sqlite3.Error as error:
                raise JournalError(f"journal: {error}") from error

    def close(self) -> None:
        """Let the next router have it."""
        with self._lock:
            self._database.close()
            self._guard.close()

    def _sample(self, family: str) -> tuple[str, ...]:
        found = self._all(
            "SELECT id FROM decision WHERE settled_at IS NULL AND family = ? ORDER BY sequence LIMIT ?",
            (family, UNSETTLED_SAMPLE),
        )
        return tuple(str(one) for (one,) in found)

    def _name(self) -> str:
        known = self._database.execute("SELECT name FROM router").fetchone()
        if known is not None:
            return str(known[0])
        name = f"{socket.gethostname()}-{secrets.token_hex(4)}"
        self._database.execute("INSERT INTO router (name) VALUES (?)", (name,))
        return name

    def _all(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                with closing(self._database.execute(statement, values)) as cursor:
                    return cursor.fetchall()
            except sqlite3.Error as error:
                raise JournalError(f"journal: {error}") from error

    def _many(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        with self._lock:
            try:
                self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany(statement, rows)
                self._database.execute("COMMIT")
            except sqlite3.Error as error:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise JournalError(f"journal: {error}") from error
