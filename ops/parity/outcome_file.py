"""Outcome files: NDJSON, one outcome document a line, joined by message id whatever the order of their lines.

Of a file only an index is held, sixteen bytes a line, so that millions of outcomes are joined in little memory. A line
that cannot be read stops the comparison: what was not read was not compared.
"""

import mmap
import re
from array import array
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from contracts.effect import MalformedOutcomeError
from contracts.outcome_line import OutcomeLine, read_line
from ops.exit_code import ExitCode
from ops.fault import CommandError

_HEAD = re.compile(rb'\s*\{\s*(?:"format"\s*:\s*1\s*,\s*)?"message_id"\s*:\s*"([^"\\]+)"')
"""How recorder and workers begin a line; of any other all is read, to find the id."""


class OutcomeFile:
    """One side's outcomes."""

    def __init__(self, path: Path) -> None:
        """Open and index a file. Raises CommandError where it cannot be read, or a line is no outcome."""
        self._path = path
        self._bytes = _mapped(path)
        self._ids = array("q")
        self._starts = array("Q")
        self._index()

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def ids(self) -> Sequence[int]:
        """A hash of each line's message id; different ids may share one."""
        return self._ids

    def read(self, position: int) -> tuple[OutcomeLine, int]:
        """An outcome, and the size of its line in bytes. Raises CommandError."""
        line = self._bytes[self._starts[position] : self._starts[position + 1]]
        try:
            return read_line(line), len(line)
        except MalformedOutcomeError as error:
            raise self.refusal(position, error) from error

    def refusal(self, position: int, error: MalformedOutcomeError) -> CommandError:
        """What to tell of an outcome that cannot be read."""
        return CommandError(ExitCode.USAGE, f"{self._path}, outcome {position + 1}: {error}")

    def _index(self) -> None:
        start, size = 0, len(self._bytes)
        while start < size:
            end = self._bytes.find(b"\n", start) + 1 or size
            head = _HEAD.match(self._bytes, start, end)
            if head is not None:
                self._append(start, hash(head[1]))
            elif line := self._bytes[start:end].strip():
                self._append(start, 0)
                try:
                    self._ids[-1] = hash(read_line(line).message_id.encode())
                except MalformedOutcomeError as error:
                    raise self.refusal(len(self) - 1, error) from error
            start = end
        self._starts.append(size)

    def _append(self, start: int, message: int) -> None:
        self._starts.append(start)
        self._ids.append(message)


def _mapped(path: Path) -> mmap.mmap | bytes:
    try:
        with path.open("rb") as file:
            if not path.is_file():
                raise CommandError(ExitCode.USAGE, f"{path} is no regular file: write the outcomes to one first")
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""
    except OSError as error:
        raise CommandError(ExitCode.USAGE, f"{path} cannot be read: {error.strerror}") from error


Joined = tuple[Sequence[int], Sequence[int]]
"""Positions of one message's outcomes, control's and candidate's; both sides' of several where hashes collide."""


def join(control: OutcomeFile, candidate: OutcomeFile) -> Iterator[Joined]:
    """Every message of both files, in no particular order unless both tell of the same messages in the same order."""
    if control.ids == candidate.ids and len(set(control.ids)) == len(control):
        for position in range(len(control)):
            yield (position,), (position,)
        return
    theirs, ours = _by_id(control), _by_id(candidate)
    one, other = next(theirs, None), next(ours, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            assert one is not None  # noqa: S101  the loop's condition
            yield one[1], ()
            one = next(theirs, None)
        elif one is None or other[0] < one[0]:
            yield (), other[1]
            other = next(ours, None)
        else:
            yield one[1], other[1]
            one, other = next(theirs, None), next(ours, None)


def _by_id(file: OutcomeFile) -> Iterator[tuple[int, Sequence[int]]]:
    ids = file.ids
    order = sorted(range(len(file)), key=ids.__getitem__)
    for message, positions in groupby(order, key=ids.__getitem__):
        yield message, tuple(positions)
