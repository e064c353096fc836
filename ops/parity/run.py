"""A run: a corpus, compared part by part in several processes, into a folder that an interrupted run goes on in."""

import fcntl
import multiprocessing
import os
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from typing import Any

from ops.corpus import CorpusReader
from ops.corpus_key import open_key
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.parity.manifest import (
    MANIFEST,
    Manifest,
    fingerprint,
    known_manifest,
    oracle_fingerprint,
    same_manifest,
    write_manifest,
)
from ops.parity.part import Part, Sides, compare_part
from ops.parity.part_file import read_part, write_part
from ops.parity.plan import MOST_PARTS, PART_MESSAGES, Plan, plan

_TICKS = 32
"""Messages after which a process tells how far it is."""

Progress = Callable[[int], None]
"""Told how many messages of the run have been compared so far."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks to be compared."""

    sides: Sides
    types: tuple[str, ...] | None
    """Names; all that have a contract where None."""
    workers: int
    """Processes of each side."""
    parts: int | None = None
    """Into how many the corpus is divided; by its size unless given."""


@dataclass
class Run:
    """One run and its folder."""

    folder: Path
    wanted: Wanted
    manifest: Manifest
    plan: Plan
    done: set[int] = field(default_factory=set)
    """Parts whose findings are in the folder."""

    @classmethod
    def begin(cls, folder: Path, wanted: Wanted) -> "Run":
        """Begin a run, or go on with the one in the folder. Raises CommandError where that is about something else.

        A run that goes on is divided as it was, and judged by the rules of the day on which it was begun.
        """
        known = known_manifest(folder)
        with CorpusReader(
            wanted.sides.corpus, open_key(wanted.sides.key), unfinished=wanted.sides.unfinished
        ) as corpus:
            records = corpus.records_total
            by_size = min(MOST_PARTS, max(wanted.workers, -(-records // PART_MESSAGES)))
            parts = wanted.parts or (by_size if known is None else known.parts)
            divided = plan(corpus.records(), wanted.types, parts)
            manifest = Manifest(
                corpus.header.corpus,
                records,
                wanted.types,
                parts,
                oracle_fingerprint(wanted.sides.oracle),
                fingerprint(),
                datetime.now(UTC).isoformat(timespec="seconds"),
            )
        if not divided.messages:
            left_out = ", ".join(f"{count:,} of {name}" for name, count in sorted(divided.left_out.items()))
            raise CommandError(
                ExitCode.ATTENTION, f"nothing to compare in {wanted.sides.corpus}; left out: {left_out or 'nothing'}"
            )
        if known is None:
            write_manifest(folder, manifest)
        else:
            manifest = same_manifest(folder, known, manifest)
            begun = date.fromisoformat(manifest.begun[:10])
            wanted = replace(wanted, sides=replace(wanted.sides, today=begun))
        run = cls(folder, wanted, manifest, divided)
        run.look()
        return run

    def look(self) -> None:
        """See which parts are done."""
        numbers = range(self.manifest.parts)
        self.done = {number for number in numbers if _part_path(self.folder, number).exists()}

    @property
    def left(self) -> Sequence[int]:
        """Parts that are still to be compared; those without a message are not."""
        used = set(self.plan.parts)
        return [number for number in range(self.manifest.parts) if number in used and number not in self.done]

    def messages_of(self, numbers: Collection[int]) -> int:
        """Deliveries in these parts."""
        wanted = set(numbers)
        return sum(1 for part in self.plan.parts if part in wanted)

    def compare(self, progress: Progress) -> None:
        """Compare what is left. Raises CommandError; what was finished before stays, and the run can go on."""
        with _alone(self.folder):
            try:
                self._compare(progress)
            finally:
                self.look()

    def _compare(self, progress: Progress) -> None:
        context = multiprocessing.get_context("spawn")
        counter, stopping = context.Value("Q", 0), context.Event()
        begun = self.messages_of(self.done)
        with ProcessPoolExecutor(self.wanted.workers, context, _begin_process, (counter, stopping)) as pool:
            waiting: set[Future[int]] = {
                pool.submit(_compare_part, self.wanted.sides, self.plan, number, _part_path(self.folder, number))
                for number in self.left
            }
            try:
                while waiting:
                    finished, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                    for one in finished:
                        one.result()
                    progress(begun + counter.value)
            except BrokenProcessPool as error:
                raise CommandError(ExitCode.FAILED, "a process of the comparison was killed: out of memory?") from error
            finally:
                stopping.set()  # Ctrl-C reaches the processes of a terminal; a signal to this one reaches no other
                pool.shutdown(wait=True, cancel_futures=True)

    def found(self) -> Part:
        """What all parts have found. Raises CommandError."""
        return merged(self.folder, self.wanted.sides.key)


def merged(folder: Path, key: str) -> Part:
    """What the parts in a run's folder have found. Raises CommandError."""
    opened, whole = open_key(key), Part()
    for path in sorted(folder.glob("part-*.sealed")):
        whole.merge(read_part(path, opened))
    return whole


class _StoppedError(Exception):
    """The command has given up; a part that is not finished is begun anew when the run goes on."""


_counter: Any = None
_stopping: Any = None


def _begin_process(counter: Any, stopping: Any) -> None:
    global _counter, _stopping
    _counter, _stopping = counter, stopping
    threading.Thread(target=_end_with_the_command, daemon=True).start()


def _end_with_the_command() -> None:
    """A process of a pool whose command was killed would wait for its next part for ever.

    The oracle ends by itself: its standard input does.
    """
    command = multiprocessing.parent_process()
    if command is not None:
        wait_for([command.sentinel])
        os._exit(1)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else compares into the folder meanwhile. Raises CommandError where somebody does."""
    with (folder / MANIFEST).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(ExitCode.OBJECTED, f"somebody is going on with {folder} at this moment") from None
        yield


def _compare_part(sides: Sides, divided: Plan, number: int, path: Path) -> int:
    ticks = 0

    def tick(count: int) -> None:
        nonlocal ticks
        ticks += count
        if ticks >= _TICKS:
            flush()

    def flush() -> None:
        nonlocal ticks
        if _stopping.is_set():
            raise _StoppedError
        with _counter.get_lock():
            _counter.value += ticks
        ticks = 0

    part = compare_part(sides, divided, number, tick)
    write_part(path, part, open_key(sides.key))
    flush()
    return number


def _part_path(folder: Path, number: int) -> Path:
    return folder / f"part-{number:04}.sealed"
