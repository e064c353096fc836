"""Writes a corpus: segment by segment, each on the disk before anybody is told that it is."""

import fcntl
import hashlib
import os
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Self

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ops.corpus import CorpusReader
from ops.corpus_format import (
    END,
    HEAD,
    NONCE_BYTES,
    SEGMENT,
    SEGMENT_BYTES,
    SEGMENT_RECORDS,
    TAG_BYTES,
    CorpusError,
    Header,
    Tally,
    unwritable,
    write_header,
)
from ops.corpus_key import KEY_BYTES, CorpusKey
from ops.exit_code import ExitCode
from ops.private_file import owner_only


class CorpusWriter:
    """Writes a corpus, alone. What was appended is on the disk once `flush` has returned, and only then.

    Every method raises CorpusError where the file cannot be written.
    """

    def __init__(self, path: Path, file: BinaryIO, header: Header, secret: bytes, digest: bytes) -> None:
        """Use `create` or `resume`."""
        self._file = file
        self._digest = digest
        self._cipher = AESGCM(secret)
        self.path = path
        self.header = header
        self.tally = Tally()
        """What is on the disk."""
        self._segments = 0
        self._lines: list[bytes] = []
        self._size_bytes = 0
        self._types: Counter[str] = Counter()
        self._times: list[str] = []

    @classmethod
    def create(
        cls, path: Path, key: CorpusKey, *, now: datetime, types: Sequence[str] | None, pseudonymised: bool = False
    ) -> Self:
        """A new corpus. Raises CorpusError where there is such a file, KeyUnavailableError where KMS does not wrap.

        Args:
            path: of the file, which only its owner may read.
            key: wraps the corpus' own key.
            now: when it begins.
            types: what is to be recorded; None for whatever comes.
            pseudonymised: whether personal values are replaced before they are appended.
        """
        corpus = str(uuid.uuid4())
        secret = os.urandom(KEY_BYTES)
        header = Header(
            corpus,
            now.isoformat(timespec="seconds"),
            key.kind,
            key.name,
            None if types is None else tuple(types),
            pseudonymised,
            key.wrap(corpus, secret),
        )
        line = write_header(header)
        try:
            descriptor = owner_only(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            raise CorpusError(
                ExitCode.CANNOT_WRITE,
                f"{path} is there already: name another, or go on by `strangler record --continue`",
            ) from None
        except OSError as error:
            raise unwritable(path, error) from error
        file = os.fdopen(descriptor, "r+b", buffering=0)
        with _closing_if_failed(file):
            _lock(path, file)
            writer = cls(path, file, header, secret, hashlib.sha256(line).digest())
            writer._put(line)
            writer._keep_name()
        return writer

    @classmethod
    def resume(cls, path: Path, key: CorpusKey) -> Self:
        """Go on with a corpus behind its last whole segment; what is behind that, and an end marker, goes.

        A last segment that does not open was never on the disk as a whole, so nobody counts on it. Raises CorpusError,
        WrongKeyError.
        """
        try:
            file = path.open("r+b", buffering=0)
        except OSError as error:
            raise CorpusError(ExitCode.SETTINGS, f"corpus {path} cannot be opened: {error.strerror}") from error
        with _closing_if_failed(file):
            _lock(path, file)
            with CorpusReader(path, key, unfinished=True) as reader:
                writer = cls(path, file, reader.header, reader.secret, reader.digest)
                end = reader.begin
                for segment in reader.torn_segments():
                    writer.tally += segment.tally
                    writer._segments += 1
                    end = segment.end
            try:
                file.truncate(end)
                file.seek(end)
                os.fsync(file.fileno())
            except OSError as error:
                raise unwritable(path, error) from error
        return writer

    @property
    def segments(self) -> int:
        """Segments on the disk."""
        return self._segments

    @property
    def waiting(self) -> int:
        """Records appended and not on the disk."""
        return len(self._lines)

    @property
    def full(self) -> bool:
        """Whether it is time to `flush`."""
        return len(self._lines) >= SEGMENT_RECORDS or self._size_bytes >= SEGMENT_BYTES

    def append(self, line: bytes, type_name: str, at: str | None) -> None:
        """Take a record; nothing is written yet.

        Args:
            line: JSON, without a line feed.
            type_name: of the message.
            at: when it was captured, RFC 3339 in UTC.
        """
        if b"\n" in line:
            raise ValueError("a record is one line")
        self._lines.append(line)
        self._size_bytes += len(line) + 1
        self._types[type_name] += 1
        if at is not None:
            self._times.append(at)

    def flush(self) -> None:
        """Seal what was appended as a segment, and return once it is on the disk."""
        if not self._lines:
            return
        tally = Tally(dict(self._types), min(self._times, default=None), max(self._times, default=None))
        plain = b"\n".join([orjson.dumps(asdict(tally)), *self._lines])
        self._put(self._seal(SEGMENT, tally.records, plain))
        self._segments += 1
        self.tally += tally
        self.forget()

    def forget(self) -> None:
        """Forget what was appended and not flushed: it will come again."""
        self._lines, self._size_bytes = [], 0
        self._types, self._times = Counter(), []

    def finish(self) -> None:
        """Write what is left and the end marker, and close."""
        self.flush()
        self._put(self._seal(END, self.tally.records, orjson.dumps(asdict(self.tally))))
        self.close()

    def close(self) -> None:
        """Close without an end marker; what was appended and not flushed is not there."""
        self._file.close()

    def seal(self, data: bytes, purpose: bytes) -> bytes:
        """Seal something that lies beside the corpus, for this corpus and purpose alone."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, self._digest + purpose)

    def open(self, sealed: bytes, purpose: bytes) -> bytes:
        """What `seal` was given. Raises InvalidTag."""
        return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._digest + purpose)

    def _seal(self, kind: bytes, records: int, plain: bytes) -> bytes:
        # At random and not counted: a segment whose writing was cut off is written anew under its ordinal.
        nonce = os.urandom(NONCE_BYTES)
        head = HEAD.pack(kind, self._segments, records, nonce, len(plain) + TAG_BYTES)
        return head + self._cipher.encrypt(nonce, plain, self._digest + head)

    def _put(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            raise unwritable(self.path, error) from error

    def _keep_name(self) -> None:
        """A new file is there after a power cut only once its folder is on the disk, too."""
        with suppress(OSError):  # a file system that cannot do that has its own way
            folder = os.open(self.path.absolute().parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


@contextmanager
def _closing_if_failed(file: BinaryIO) -> Iterator[None]:
    try:
        yield
    except BaseException:
        file.close()
        raise


def _lock(path: Path, file: BinaryIO) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CorpusError(ExitCode.OBJECTED, f"somebody is writing {path}") from None
