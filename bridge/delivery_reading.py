"""The log of deliveries, played back: what has found its place, is in hand, or was given back and has come again."""

import sqlite3
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from bridge.delivery_log import Taken, read_placed, read_taken
from bridge.journal_file import JournalError, database_path, is_taken
from bridge.reconciliation import Entry, JournalReading, Message, Place


class Played(msgspec.Struct):
    """One delivery, as it stands at the end of what was played."""

    taken: Taken
    at: float
    """When it was taken, in seconds since the epoch."""
    place: Place | None = None
    """None while it is in hand."""
    placed_at: float | None = None
    receipt: str = ""

    @property
    def message(self) -> Message:
        """What it is of."""
        return self.taken.queue, self.taken.id, self.taken.digest


class Playback:
    """Entries of a log, one after the other, from its beginning."""

    def __init__(self) -> None:
        self.in_hand: dict[int, Played] = {}
        self.returned: dict[Message, deque[Played]] = defaultdict(deque)
        """Given back, and not come again yet; oldest first."""
        self.came_again: Counter[Message] = Counter()
        """Those that account for nothing here."""

    def play(self, at: float, taken: bytes | None, placed: bytes | None) -> Iterator[Played]:
        """Go on by one entry; the deliveries that have found a place with it. Raises JournalError."""
        try:
            for one in read_taken(taken) if taken else ():
                if one.sequence in self.in_hand:  # of a process that could not write down that it was given back
                    self._return(self.in_hand[one.sequence], at)
                self.in_hand[one.sequence] = Played(one, at)
                if one.redelivered:
                    yield from self._account(self.in_hand[one.sequence].message, at)
            for known in read_placed(placed) if placed else ():
                found = self.in_hand.pop(known.sequence, None)
                if found is not None:  # else it was taken so long ago that it is forgotten
                    found.place, found.placed_at, found.receipt = known.place, at, known.receipt
                    yield found
        except msgspec.MsgspecError as error:
            raise JournalError(f"journal: an entry cannot be read: {type(error).__name__}") from error
        if taken is None and placed is None:
            for back in self.in_hand.values():
                self._return(back, at)
            self.in_hand.clear()

    def _return(self, one: Played, at: float) -> None:
        one.place, one.placed_at = "returned", at
        self.returned[one.message].append(one)

    def _account(self, message: Message, at: float) -> Iterator[Played]:
        """What comes again accounts for one earlier delivery that was given back; of somebody else's, for none here."""
        if earlier := self.returned.get(message):
            one = earlier.popleft()
            one.place, one.placed_at = "redelivered", at
            yield one
        else:
            self.came_again[message] += 1


def entries_of(folder: Path, kind: str) -> Iterator[tuple[float, bytes | None, bytes | None]]:
    """The entries of a process's log, as `Playback.play` takes them, also while it runs. Raises JournalError."""
    path = database_path(folder, kind)
    try:
        with closing(_open(path)) as database:
            yield from database.execute("SELECT at, taken, placed FROM delivered ORDER BY number")
    except sqlite3.Error as error:
        raise JournalError(f"{path}: {error}") from error


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
        with closing(_open(path)) as database:
            ((name,),) = database.execute(f"SELECT name FROM {kind}")  # noqa: S608  # one of two words
    except sqlite3.Error as error:
        raise JournalError(f"{path}: {error}") from error
    places: Counter[tuple[str, Place]] = Counter()
    playback = Playback()
    for entry in entries_of(folder, kind):
        for one in playback.play(*entry):
            if one.at >= since and one.place is not None:
                places[one.taken.queue, one.place] += 1
    left = [*playback.in_hand.values(), *(one for given_back in playback.returned.values() for one in given_back)]
    unresolved = [
        Entry(*_named(one.taken), one.at, one.place)
        for one in sorted(left, key=lambda one: one.taken.sequence)
        if one.at >= since
    ]
    return JournalReading(str(name), running, places, unresolved, playback.came_again)


def _named(taken: Taken) -> tuple[int, str, str, str, str]:
    return taken.sequence, taken.queue, taken.type, taken.id, taken.digest


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
