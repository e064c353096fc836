"""A run: a corpus, compared part by part in several processes, into a folder that an interrupted run goes on in."""

import fcntl
import hashlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from typing import Any

import orjson

from ops.corpus import CorpusReader
from ops.corpus_key import open_key
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.parity.part import Part, Sides, compare_part
from ops.parity.part_file import read_part, write_part
from ops.parity.plan import MOST_PARTS, PART_MESSAGES, Plan, plan

FORMAT = 1
MANIFEST = "run.json"
REPORT = "report.json"
_ROOT = Path(__file__).resolve().parents[2]
_LEGACY = _ROOT / "legacy"
_SOURCES = frozenset({"", ".js", ".php", ".py", ".rb", ".sh"})
"""Of files that an oracle's command names: its programs, not its data."""
_CODE = ("contracts", "bridge", "workers", "ops/parity")
_TICKS = 32
"""Messages after which a process tells how far it is."""

Progress = Callable[[int], None]
"""Told how many messages of the run have been compared so far."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a run is about. Holds nothing personal, and no command line: that may hold a password."""

    corpus: str
    """Its id."""
    records: int
    types: tuple[str, ...] | None
    parts: int
    oracle: str
    """SHA-256 of its command line, and of the files that this names; of the reference monolith all its sources."""
    code: str
    """SHA-256 over all that our side is made of."""
    begun: str
    """RFC 3339."""
    format: int = FORMAT


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
        known = _known(folder)
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
                _oracle_print(wanted.sides.oracle),
                fingerprint(),
                datetime.now(UTC).isoformat(timespec="seconds"),
            )
        if not divided.messages:
            left_out = ", ".join(f"{count:,} of {name}" for name, count in sorted(divided.left_out.items()))
            raise CommandError(
                ExitCode.ATTENTION, f"nothing to compare in {wanted.sides.corpus}; left out: {left_out or 'nothing'}"
            )
        if known is None:
            _write(folder / MANIFEST, orjson.dumps(_document(manifest), option=orjson.OPT_INDENT_2))
        else:
            manifest = _same(folder, known, manifest)
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
        counter = context.Value("Q", 0)
        begun = self.messages_of(self.done)
        with ProcessPoolExecutor(self.wanted.workers, context, _begin_process, (counter,)) as pool:
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


def earlier(runs: Path, manifest: Manifest, folder: Path) -> Path | None:
    """The report of the latest run over the same messages, but for the one in `folder`; None where there is none."""
    found = [
        (known.begun, one.parent / REPORT)
        for one in runs.glob(f"*/{MANIFEST}")
        if one.parent.resolve() != folder.resolve()
        and (one.parent / REPORT).exists()
        and (known := _readable(one.parent)) is not None
        and (known.corpus, known.types) == (manifest.corpus, manifest.types)
    ]
    return max(found)[1] if found else None


def fingerprint() -> str:
    """SHA-256 over every source file that our side's outcomes, and their judgement, come from."""
    digest = hashlib.sha256()
    for folder in _CODE:
        for path in sorted((_ROOT / folder).rglob("*.py")):
            digest.update(f"{path.relative_to(_ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


_counter: Any = None


def _begin_process(counter: Any) -> None:
    global _counter  # noqa: PLW0603  what a process of the pool is given once
    _counter = counter
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
        with _counter.get_lock():
            _counter.value += ticks
        ticks = 0

    part = compare_part(sides, divided, number, tick)
    write_part(path, part, open_key(sides.key))
    flush()
    return number


def _part_path(folder: Path, number: int) -> Path:
    return folder / f"part-{number:04}.sealed"


def _known(folder: Path) -> Manifest | None:
    """The manifest of the run in the folder; None where there is no run. Raises CommandError where it is none."""
    try:
        document: Mapping[str, Any] = orjson.loads((folder / MANIFEST).read_bytes())
        types = document["types"]
        return Manifest(**{**document, "types": None if types is None else tuple(types)})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(
            ExitCode.FAILED, f"{folder / MANIFEST} cannot be read: the run is lost, begin another"
        ) from error


def _readable(folder: Path) -> Manifest | None:
    """The same; None also where it cannot be read: another run's fault stops no run."""
    try:
        return _known(folder)
    except CommandError:
        return None


def _oracle_print(command: Sequence[str]) -> str:
    digest = hashlib.sha256("\0".join(command).encode())
    files = [Path(word) for word in command if Path(word).suffix in _SOURCES and Path(word).is_file()]
    if any(file.resolve().is_relative_to(_LEGACY) for file in files):
        files += sorted(_LEGACY.rglob("*.php"))
    for file in files:
        digest.update(b"\0" + file.read_bytes())
    return digest.hexdigest()


def _document(manifest: Manifest) -> dict[str, Any]:
    return {name: getattr(manifest, name) for name in Manifest.__slots__}


def _same(folder: Path, known: Manifest, now: Manifest) -> Manifest:
    """The run's own manifest, if what is asked for is what it was begun with."""
    differing = [name for name in _differing(known, now) if name != "begun"]
    if differing:
        raise CommandError(
            ExitCode.OBJECTED,
            f"{folder} was begun with another {', '.join(differing)}: begin a new run, in another folder",
        )
    return known


def _differing(one: Manifest, other: Manifest) -> Iterator[str]:
    for name in Manifest.__slots__:
        if getattr(one, name) != getattr(other, name):
            yield name


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise CommandError(ExitCode.CANNOT_WRITE, f"{path} cannot be written: {error.strerror}") from error
