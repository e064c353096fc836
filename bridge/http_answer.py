"""HTTP/1.1 answers as strictly as we can read them (RFC 9112): what is not clearly whole and clear is no answer."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from contracts.veiled import Veiled

MOST_HEAD_BYTES = 64 * 1024
MOST_BODY_BYTES = 1024 * 1024
"""An answer to ten entries has some 3 kB."""
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: [^\r\n\0]*)?", re.DOTALL)
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")
_LENGTH = re.compile(r"\d{1,10}", re.ASCII)
_BODILESS = frozenset({204, 304})


class BadAnswerError(ValueError):
    """What came is not HTTP as we take it."""


class CutOffError(ConnectionError):
    """The connection ended before the answer did."""


class HttpAnswer(Veiled, frozen=True, gc=False):
    """One answer, whole."""

    HIDDEN = ("headers", "body")

    status: int
    headers: Mapping[str, str]
    """Names in lower case; what comes more than once is joined with commas."""
    body: bytes
    kept: bool
    """Whether the connection may be used again."""


Receive = Callable[[], bytes]
"""Some bytes that have come; none at the end. May raise whatever a socket raises."""


def read_answer(receive: Receive) -> HttpAnswer:
    """The final answer to one request that was no HEAD. Raises BadAnswerError, CutOffError."""
    came = _Came(receive)
    minor, status, headers = _read_head(came)
    while status < 200:
        if status == 101:
            raise BadAnswerError("switches protocols")
        minor, status, headers = _read_head(came)
    body, framed = _read_body(came, status, headers)
    told = headers.get("connection")
    options = {one.strip().lower() for one in told.split(",")} if told else ()
    lasting = minor == b"1" and "close" not in options
    return HttpAnswer(status, headers, body, kept=lasting and framed and not came.rest)


class _Came:
    """Bytes that have come and are not read yet."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.rest = b""

    def until(self, mark: bytes, most: int) -> bytes:
        """What comes before a mark, which is dropped."""
        at = 0
        while (end := self.rest.find(mark, at)) < 0:
            at = max(0, len(self.rest) - len(mark) + 1)
            self._check(len(self.rest), most)
            self.more()
        self._check(end, most)
        found, self.rest = self.rest[:end], self.rest[end + len(mark) :]
        return found

    def exactly(self, size: int) -> bytes:
        """So many bytes."""
        if len(self.rest) < size:
            pieces, length = [self.rest], len(self.rest)
            while length < size:
                self.rest = b""
                self.more()
                pieces.append(self.rest)
                length += len(self.rest)
            self.rest = b"".join(pieces)
        found, self.rest = self.rest[:size], self.rest[size:]
        return found

    def all(self, most: int) -> bytes:
        """What comes until the connection ends."""
        pieces, length = [self.rest], len(self.rest)
        while piece := self._receive():
            pieces.append(piece)
            length += len(piece)
            self._check(length, most)
        self.rest = b""
        return b"".join(pieces)

    def more(self) -> None:
        """Wait for more."""
        piece = self._receive()
        if not piece:
            raise CutOffError("the connection was closed")
        self.rest = self.rest + piece if self.rest else piece

    def _check(self, size: int, most: int) -> None:
        if size > most:
            raise BadAnswerError("too large")


def _read_head(came: _Came) -> tuple[bytes, int, Mapping[str, str]]:
    first, *lines = came.until(b"\r\n\r\n", MOST_HEAD_BYTES).split(b"\r\n")
    told = _STATUS.fullmatch(first)
    if told is None:
        raise BadAnswerError("no status line")
    headers: dict[str, str] = {}
    for line in lines:
        raw_name, colon, raw_value = line.partition(b":")
        if not colon or b"\n" in raw_value or b"\r" in raw_value:
            raise BadAnswerError("a header that is none")
        name, value = _name(raw_name), raw_value.strip(b" \t").decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return told[1], int(told[2]), headers


@lru_cache(maxsize=256)  # the same ones come with each answer
def _name(raw: bytes) -> str:
    if _NAME.fullmatch(raw) is None:
        raise BadAnswerError("a header that is none")
    return raw.decode("ascii").lower()


def _read_body(came: _Came, status: int, headers: Mapping[str, str]) -> tuple[bytes, bool]:
    """The body, and whether the answer says where it ends."""
    if status in _BODILESS:
        return b"", True
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        if length is not None or coding.lower() != "chunked":
            raise BadAnswerError("a body whose end is in doubt")
        return _read_chunks(came), True
    if length is None:
        return came.all(MOST_BODY_BYTES), False
    if _LENGTH.fullmatch(length) is None or int(length) > MOST_BODY_BYTES:
        raise BadAnswerError("no length, or too large")
    return came.exactly(int(length)), True


def _read_chunks(came: _Came) -> bytes:
    pieces: list[bytes] = []
    left = MOST_BODY_BYTES
    while True:
        told = came.until(b"\r\n", MOST_HEAD_BYTES).partition(b";")[0].rstrip(b" \t")
        if _SIZE.fullmatch(told) is None:
            raise BadAnswerError("no size of a chunk")
        size = int(told, 16)
        left -= size
        if left < 0:
            raise BadAnswerError("too large")
        if size == 0:
            break
        pieces.append(came.exactly(size))
        if came.exactly(2) != b"\r\n":
            raise BadAnswerError("a chunk that does not end")
    trailers = 0
    while line := came.until(b"\r\n", MOST_HEAD_BYTES):
        trailers += len(line)
        if trailers > MOST_HEAD_BYTES:
            raise BadAnswerError("too large")
    return b"".join(pieces)
