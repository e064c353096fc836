"""How a corpus lies in its file: a header in clear (one line of JSON), segments, an end marker.

A segment is its head in clear (kind, ordinal, records, nonce, bytes) and its content under AES-GCM, with the header's
digest and the head as associated data: so it can be neither altered, nor moved, nor left out. The end marker is sealed
likewise, and counts them. docs/adr/0011 says why not otherwise.
"""

import base64
import os
import struct
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal

import orjson

from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.wording import plural

FORMAT = "strangler-corpus"
VERSION = 1
SEGMENT_BYTES = 1_000_000
SEGMENT_RECORDS = 1_000
"""A segment is closed once it has either."""
_HEADER_LIMIT = 1 << 16
_SEGMENT_LIMIT = 1 << 30
HEAD = struct.Struct(">cIQ12sI")
NONCE_BYTES = 12
TAG_BYTES = 16
SEGMENT, END = b"S", b"E"


class CorpusError(CommandError):
    """A corpus cannot be read or written."""


class UnfinishedCorpusError(CorpusError):
    """It ends before its end marker: its recording was killed, or somebody has cut it off."""

    def __init__(self, path: Path, segments: int, records: int) -> None:
        super().__init__(
            ExitCode.UNFINISHED,
            f"corpus {path} has no end marker: its recording was cut short, or the file was. "
            f"{plural(segments, 'whole segment')} with {plural(records, 'record')} can be read with --unfinished; "
            "a recording goes on with --continue",
        )
        self.segments = segments
        self.records = records


@dataclass(frozen=True, slots=True)
class Header:
    """What stands in clear. Nothing personal."""

    corpus: str
    """Its id."""
    created: str
    """RFC 3339."""
    key_kind: str
    key_name: str
    types: tuple[str, ...] | None
    """What was to be recorded; None where that is whatever came."""
    pseudonymised: bool
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tally:
    """What is in a segment, or in a whole corpus."""

    types: Mapping[str, int] = field(default_factory=dict)
    """Records by message type."""
    first: str | None = None
    """When the earliest of them was captured, RFC 3339; None where nobody knows."""
    last: str | None = None

    @property
    def records(self) -> int:
        """All of them."""
        return sum(self.types.values())

    def __add__(self, other: "Tally") -> "Tally":
        times = [at for at in (self.first, self.last, other.first, other.last) if at is not None]
        types = Counter(self.types) + Counter(other.types)
        return Tally(dict(types), min(times, default=None), max(times, default=None))


@dataclass(frozen=True, slots=True)
class Frame:
    """A segment or the end marker, as it lies in the file."""

    kind: Literal[b"S", b"E"]
    ordinal: int
    records: int
    nonce: bytes
    size_bytes: int
    head: bytes
    end: int
    """Offset behind it."""


def read_frames(path: Path, file: BinaryIO, begin: int) -> tuple[list[Frame], Frame | None]:
    """Whole segments, and the end marker, if there is one: by their heads alone."""
    size = os.fstat(file.fileno()).st_size
    frames: list[Frame] = []
    offset = begin
    while offset + HEAD.size <= size:
        file.seek(offset)
        head = read_bytes(path, file, HEAD.size)
        kind, ordinal, records, nonce, length = HEAD.unpack(head)
        if kind not in (SEGMENT, END) or ordinal != len(frames) or not TAG_BYTES <= length <= _SEGMENT_LIMIT:
            if any(head):
                raise broken(path, f"there is no segment {len(frames)} where it should be")
            break  # space that was given to a file and never written: a power cut leaves that
        offset += HEAD.size + length
        frame = Frame(kind, ordinal, records, nonce, length, head, offset)
        if kind == END and offset != size:
            if offset < size:
                raise broken(path, "something stands behind its end marker")
            break
        if kind == END:
            return frames, frame
        if offset > size:
            break
        frames.append(frame)
    return frames, None


def write_header(header: Header) -> bytes:
    """The file's first line."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "corpus": header.corpus,
        "created": header.created,
        "types": header.types,
        "pseudonymised": header.pseudonymised,
        "key": {
            "kind": header.key_kind,
            "name": header.key_name,
            "wrapped": base64.b64encode(header.wrapped).decode(),
        },
    }
    return orjson.dumps(document) + b"\n"


def read_header(path: Path, file: BinaryIO) -> tuple[Header, bytes]:
    """The header, and the line that it stands in. Raises CorpusError."""
    line = _guarded(path, lambda: file.readline(_HEADER_LIMIT))
    document: Any = None
    with suppress(ValueError):
        document = orjson.loads(line)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise CorpusError(ExitCode.SETTINGS, f"{path} is no corpus")
    if document.get("version") != VERSION:
        raise CorpusError(
            ExitCode.SETTINGS, f"corpus {path} is of another version than {VERSION}, which is what we read"
        )
    try:
        key = document["key"]
        types = document["types"]
        header = Header(
            str(document["corpus"]),
            str(document["created"]),
            str(key["kind"]),
            str(key["name"]),
            None if types is None else tuple(map(str, types)),
            document["pseudonymised"] is True,
            base64.b64decode(key["wrapped"], validate=True),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise broken(path, "its header cannot be read") from error
    return header, line


def read_tally(text: bytes) -> Tally:
    """Of what was authenticated."""
    document = orjson.loads(text)
    return Tally(document["types"], document["first"], document["last"])


def open_corpus(path: Path) -> BinaryIO:
    """The file, for reading. Raises CorpusError."""
    try:
        return path.open("rb")
    except OSError as error:
        raise CorpusError(ExitCode.SETTINGS, f"corpus {path} cannot be read: {error.strerror or error}") from error


def read_bytes(path: Path, file: BinaryIO, size_bytes: int) -> bytes:
    """Exactly so many. Raises CorpusError."""
    data = _guarded(path, lambda: file.read(size_bytes))
    if len(data) != size_bytes:
        raise broken(path, "it was cut off while it was read")
    return data


def _guarded(path: Path, read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except OSError as error:
        raise CorpusError(ExitCode.FAILED, f"corpus {path} cannot be read: {error.strerror or error}") from error


def unwritable(path: Path, error: OSError) -> CorpusError:
    """What is said where the disk refuses."""
    return CorpusError(ExitCode.CANNOT_WRITE, f"corpus {path} cannot be written: {error.strerror or error}")


def broken(path: Path, what: str) -> CorpusError:
    """What is said of a file that is not as it was written."""
    return CorpusError(ExitCode.FAILED, f"corpus {path} is broken: {what}")
