"""Outcome files: NDJSON, one outcome document a line, joined by message id whatever the order of their lines.

Of a file only an index is held, sixteen bytes a line, so that millions of outcomes are joined in little memory. A line
that cannot be read stops the comparison: what was not read was not compared.
"""

import os
import re
from array import array
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from zlib import adler32, crc32

from contracts.effect import MalformedOutcomeError
from contracts.outcome_line import OutcomeLine, read_line
from ops.exit_code import ExitCode
from ops.fault import CommandError

_BEGINNING = re.compile(rb'\s*\{\s*(?:"format"\s*:\s*1\s*,\s*)?"message_id"\s*:\s*"([^"\\]+)"')
"""How recorder and workers begin a line; of any other all is read, to find the id."""
_READ_BYTES = 1024 * 1024


class OutcomeFile:
    """One side's outcomes."""

    def __init__(self, path: Path) -> None:
        """Open and index a file. Raises CommandError where it cannot be read, or a line is no outcome."""
        self._path = path
        self._file = opened(path)
        self._ids = array("Q")
        self._starts = array("Q")
        try:
            self._index()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def ids(self) -> Sequence[int]:
        """A hash of each line's message id; different ids may share one."""
        return self._ids

    def read(self, position: int) -> tuple[OutcomeLine, int]:
        """An outcome, and the size of its line in bytes. Raises CommandError."""
        line = self._line(position)
        try:
            return read_line(line), len(line)
        except MalformedOutcomeError as error:
            raise self.refusal(position, error) from error

    def refusal(self, position: int, error: MalformedOutcomeError) -> CommandError:
        """What to tell of an outcome that cannot be read."""
        return CommandError(ExitCode.USAGE, f"{self._path}, outcome {position + 1}: {error}")

    def _line(self, position: int) -> bytes:
        start, end = self._starts[position], self._starts[position + 1]
        # Read, not mapped: pages that are mapped count as ours for as long as nobody else wants them.
        return os.pread(self._file.fileno(), end - start, start)

    def _index(self) -> None:
        start = 0
        for line in self._file:
            head = _BEGINNING.match(line)
            if head is not None:
                self._append(start, _hash(head[1]))
            elif line.strip():
                self._append(start, 0)
                try:
                    self._ids[-1] = _hash(read_line(line).message_id.encode())
                except MalformedOutcomeError as error:
                    raise self.refusal(len(self) - 1, error) from error
            start += len(line)
        self._starts.append(start)

    def _append(self, start: int, message: int) -> None:
        self._starts.append(start)
        self._ids.append(message)


def _hash(message_id: bytes) -> int:
    """The same in every process, as Python's own is not: two files have one order, and one report."""
    return adler32(message_id) << 32 | crc32(message_id)


def opened(path: Path) -> BinaryIO:
    """A file of outcomes, as bytes. Raises CommandError where it cannot be read."""
    try:
        if not path.is_file() and path.exists():
            raise CommandError(ExitCode.USAGE, f"{path} is no regular file: write the outcomes to one first")
        return path.open("rb", _READ_BYTES)
    except OSError as error:
        raise CommandError(ExitCode.USAGE, f"{path} cannot be read: {error.strerror}") from error


Joined = tuple[Sequence[int], Sequence[int]]
"""Positions of one message's outcomes, control's and candidate's; both sides' of several where hashes collide."""


def join(control: OutcomeFile, candidate: OutcomeFile) -> Iterator[Joined]:
    """Every message of both files, in an order of its own, which is the same whatever that of their lines."""
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
