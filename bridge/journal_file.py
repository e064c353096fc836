"""A file of a process's own on its machine's disk (SQLite), that survives its being killed; one at a time has it.

What is written durably is on the disk when the call returns (fsync), and survives a loss of power too. The rest is with
the operating system: it survives a kill -9 of the process.
"""

import contextlib
import fcntl
import os
import secrets
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO, Any

_BUSY_MS = 5_000
_LOCK_TRIES = 5
_LOCK_PAUSE_S = 0.05


class JournalError(OSError):
    """The journal cannot be read or written: without it nothing may go on."""


class JournalTakenError(JournalError):
    """Another process works with this journal."""


class JournalFile:
    """One database in a folder. May be used by several threads."""

    def __init__(self, folder: Path, kind: str, schema: str) -> None:
        """Open, or begin. Raises JournalTakenError, JournalError.

        Args:
            folder: made where it is not there.
            kind: whose it is, `router` or `shipper`; the files are named by it.
            schema: statements that may be run again.
        """
        self._lock = threading.Lock()
        self._path = database_path(folder, kind)
        self._log_file: IO[bytes] | None = None
        self._doubtful = False
        """Whether the disk has refused something of the log."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._guard = lock_path(folder, kind).open("w")
        except OSError as error:
            raise JournalError(f"{folder}: {error.strerror}") from error
        if not _lock(self._guard):
            self._guard.close()
            raise JournalTakenError(f"{folder}: another {kind} works with this journal")
        opened = contextlib.ExitStack()
        opened.callback(self._guard.close)
        try:
            self._database = sqlite3.connect(
                self._path, timeout=_BUSY_MS / 1000, check_same_thread=False, isolation_level=None
            )
            opened.callback(self._database.close)
            # Of a write-ahead log, only FULL has every commit on the disk (sqlite.org/pragma.html#pragma_synchronous).
            ((mode,),) = self._database.execute("PRAGMA journal_mode = WAL")
            if mode != "wal":
                raise sqlite3.NotSupportedError("no write-ahead log there: it wants a disk of this machine")
            self._database.execute("PRAGMA synchronous = FULL")
            self._durable = True
            self._database.executescript(f"CREATE TABLE IF NOT EXISTS {kind} (name TEXT NOT NULL);{schema}")
            self.name = self._read_name(kind)
        except sqlite3.Error as error:
            opened.close()
            raise JournalError(f"{folder}: {error}") from error

    @contextlib.contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """All that is written within, or nothing. Raises JournalError."""
        with self._lock:
            try:
                if durable is not self._durable:
                    self._database.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                    self._durable = durable
                self._database.execute("BEGIN IMMEDIATE")
                try:
                    yield self._database
                    self._database.execute("COMMIT")
                finally:
                    if self._database.in_transaction:
                        self._database.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise JournalError(f"journal: {error}") from error

    def sync(self) -> None:
        """Have on the disk what has been written until now. Blocks, and nobody else meanwhile. Raises JournalError.

        As a durable transaction does, for all before it at once (sqlite.org/wal.html): what is not in the database's
        own file yet, where SQLite itself forces it to the disk, is in the log.
        """
        try:
            if self._log_file is None:
                # One for all: a file that is opened later is not told of what could not be written before.
                self._log_file = self._path.with_name(f"{self._path.name}-wal").open("rb")
                _sync_folder(self._path.parent)
            if self._doubtful:
                self._write_whole()
            os.fdatasync(self._log_file.fileno())
        except OSError as error:
            self._doubtful = True
            raise JournalError(f"journal: {error.strerror or error}") from error

    def _write_whole(self) -> None:
        """Write what is in the log into the database's own file: what a disk has refused once, it may have forgotten.

        Raises JournalError.
        """
        with self._lock:
            try:
                self._database.execute("PRAGMA synchronous = FULL")
                self._durable = True
                self._database.execute("PRAGMA busy_timeout = 0")  # whoever writes waits for this
                ((busy, _, _),) = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._database.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            except sqlite3.Error as error:
                raise JournalError(f"journal: {error}") from error
        if busy:
            raise JournalError("journal: somebody reads it, and it could not be written whole")
        self._doubtful = False

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Read. Raises JournalError."""
        with self._lock:
            try:
                with closing(self._database.execute(statement, values)) as cursor:
                    return cursor.fetchall()
            except sqlite3.Error as error:
                raise JournalError(f"journal: {error}") from error

    def close(self) -> None:
        """Let the next process have it."""
        with self._lock:
            self._database.close()
            self._guard.close()
            if self._log_file is not None:
                self._log_file.close()

    def _read_name(self, kind: str) -> str:
        known = self._database.execute(f"SELECT name FROM {kind}").fetchone()  # noqa: S608  # ours, see `kind`
        if known is not None:
            return str(known[0])
        name = f"{socket.gethostname()}-{secrets.token_hex(4)}"
        self._database.execute(f"INSERT INTO {kind} (name) VALUES (?)", (name,))  # noqa: S608  # ours
        return name


def _sync_folder(folder: Path) -> None:
    """Have it on the disk that the folder's files exist."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock(guard: IO[str]) -> bool:
    """Whether it is ours now. Whoever only looks whether it is taken has it for a moment: so not at the first no."""
    for _ in range(_LOCK_TRIES):
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOCK_PAUSE_S)
        else:
            return True
    return False


def database_path(folder: Path, kind: str) -> Path:
    """The database of a journal."""
    return folder / f"{kind}.sqlite3"


def lock_path(folder: Path, kind: str) -> Path:
    """The file that a running process holds a lock on."""
    return folder / f"{kind}.lock"


def is_taken(folder: Path, kind: str) -> bool:
    """Whether a process works with the journal. Raises JournalError where it cannot be told."""
    path = lock_path(folder, kind)
    try:
        with path.open("rb") as guard:
            fcntl.flock(guard, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}") from error
    return False
