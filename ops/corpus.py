"""A corpus: a recording of messages, sealed at rest, that reads as a stream. Here it is read; written elsewhere.

Nothing of a segment is handed out before all of it has been authenticated, and nothing of a corpus before it is known
to be whole (or one is told to be content with less).
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ops.corpus_format import (
    END,
    CorpusError,
    Frame,
    Header,
    Tally,
    UnfinishedCorpusError,
    broken,
    open_corpus,
    read_bytes,
    read_frames,
    read_header,
    read_tally,
)
from ops.corpus_key import CorpusKey, WrongKeyError
from ops.wording import printable


@dataclass(frozen=True, slots=True)
class Recorded:
    """One message of a corpus."""

    position: int
    """From 0 on."""
    line: bytes = field(repr=False)
    """JSON without its line feed, as the oracle takes it."""


@dataclass(frozen=True, slots=True)
class Segment:
    """An opened segment."""

    tally: Tally
    lines: Sequence[bytes] = field(repr=False)
    end: int
    """Offset behind it in the file."""


class CorpusReader:
    """Reads a corpus as a stream, one segment in memory at a time."""

    def __init__(self, path: Path, key: CorpusKey, *, unfinished: bool = False) -> None:
        """Open it, and see that it is whole: nothing has to be undone because of an end that was cut off.

        Raises CorpusError, UnfinishedCorpusError, WrongKeyError.

        Args:
            path: of the file.
            key: that it was sealed with.
            unfinished: whether to be content with its whole segments where the end marker is missing.
        """
        self._path = path
        self._file = open_corpus(path)
        try:
            self.header, line = read_header(path, self._file)
            self.begin = len(line)
            self.digest = hashlib.sha256(line).digest()
            self.secret = _secret(path, self.header, key)
            self._cipher = AESGCM(self.secret)
            self._frames, end = read_frames(path, self._file, self.begin)
            self.tally = None if end is None else self._summed(end)
            """Of the whole corpus; None where it has no end marker."""
            if not self.finished and not unfinished:
                raise UnfinishedCorpusError(path, len(self._frames), self.records_total)  # noqa: TRY301  # closes the file
        except BaseException:
            self._file.close()
            raise

    @property
    def finished(self) -> bool:
        """Whether it has its end marker."""
        return self.tally is not None

    @property
    def records_total(self) -> int:
        """Records in all whole segments."""
        return sum(one.records for one in self._frames)

    @property
    def segments_total(self) -> int:
        """Whole segments."""
        return len(self._frames)

    def records(self) -> Iterator[Recorded]:
        """Every message, in order. Raises CorpusError at a segment that was altered, before anything of it."""
        position = 0
        for segment in self.segments():
            for line in segment.lines:
                yield Recorded(position, line)
                position += 1

    def segments(self) -> Iterator[Segment]:
        """Every segment, in order. Raises CorpusError at one that was altered."""
        for frame in self._frames:
            plain = self._opened(frame)
            summary, *lines = plain.split(b"\n")
            tally = read_tally(summary)
            if len(lines) != frame.records:
                raise broken(self._path, f"segment {frame.ordinal} has other records than its head says")
            yield Segment(tally, lines, frame.end)

    def torn_segments(self) -> Iterator[Segment]:
        """As `segments`, but ends before a last one that does not open, where there is no end marker."""
        segments = self.segments()
        for left in range(len(self._frames), 0, -1):
            try:
                yield next(segments)
            except CorpusError:
                if self.finished or left > 1:
                    raise
                return

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _summed(self, end: Frame) -> Tally:
        tally = read_tally(self._opened(end))
        if (len(self._frames), self.records_total) != (end.ordinal, tally.records):
            raise broken(self._path, "its end marker counts other segments")
        return tally

    def _opened(self, frame: Frame) -> bytes:
        self._file.seek(frame.end - frame.size_bytes)
        sealed = read_bytes(self._path, self._file, frame.size_bytes)
        try:
            return self._cipher.decrypt(frame.nonce, sealed, self.digest + frame.head)
        except InvalidTag as error:
            what = "its end marker" if frame.kind == END else f"segment {frame.ordinal}"
            raise broken(self._path, f"{what} was altered, or the header was") from error


@dataclass(frozen=True, slots=True)
class Outline:
    """What everybody can tell of a corpus who may read the file. Nobody has vouched for it: that takes the key."""

    header: Header
    segments: int
    records: int
    finished: bool


def outline(path: Path) -> Outline:
    """What stands in clear. Raises CorpusError."""
    with open_corpus(path) as file:
        header, line = read_header(path, file)
        frames, end = read_frames(path, file, len(line))
    return Outline(header, len(frames), sum(one.records for one in frames), end is not None)


def _secret(path: Path, header: Header, key: CorpusKey) -> bytes:
    if (key.kind, key.name) != (header.key_kind, header.key_name):
        raise WrongKeyError(
            f"corpus {path} was sealed with the key {printable(header.key_name)} ({printable(header.key_kind)}), "
            f"this is {key.name} ({key.kind})"
        )
    return key.unwrap(header.corpus, header.wrapped)
