"""A loopback HTTP/1.1 server that can misbehave: answer late, close instead of answering, or be away altogether."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast
from urllib.parse import parse_qs, unquote, urlsplit

from tests.rig.loop import Loop, settle

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER without patience: closing sends a reset, as a broken line does, and no goodbye."""
_HEAD_ENDS = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """One request, its body whole."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back, and how."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    silent: bool = False
    """The connection is closed instead."""


Serve = Callable[[Request], Answer]
"""Runs on the server's thread; must not block."""


def reset(transport: asyncio.BaseTransport) -> None:
    """Break a connection at once, as a cut line does."""
    line = transport.get_extra_info("socket")
    with contextlib.suppress(OSError):  # closed by its peer already
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    cast(asyncio.Transport, transport).abort()


class Site:
    """A server on 127.0.0.1, on a port of its own that it keeps for as long as it lives."""

    def __init__(self, serve: Serve, name: str) -> None:
        self._serve = serve
        self._loop = Loop(name)
        self._lines: set[asyncio.BaseTransport] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.open()

    def open(self) -> None:
        """Listen (again)."""
        self._loop.run(self._open())

    def shut(self) -> None:
        """Refuse connections from now on, and break those that there are."""
        self._loop.run(self._shut())

    def stop(self) -> None:
        """Listen no more, for good; may be called twice."""
        if not self._loop.stopped:
            self.shut()
            self._loop.stop()

    async def _open(self) -> None:
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(
                lambda: _Line(self._serve, self._lines), "127.0.0.1", self.port, backlog=512
            )
            self.port = self._server.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        await settle()
        if self._server is not None:
            self._server.close()
            self._server = None
        await settle()
        for line in list(self._lines):
            reset(line)
        await settle()


class _Line(asyncio.Protocol):
    """One connection: requests one after the other."""

    def __init__(self, serve: Serve, lines: set[asyncio.BaseTransport]) -> None:
        self._serve = serve
        self._lines = lines
        self._came = bytearray()
        self._head: tuple[str, Mapping[str, str]] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._lines.add(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._transport is not None:
            self._lines.discard(self._transport)
            self._transport = None

    def data_received(self, data: bytes) -> None:
        self._came += data
        while (request := self._next()) is not None:
            answer = self._serve(request)
            if answer.delay_s > 0:
                asyncio.get_running_loop().call_later(answer.delay_s, self._reply, request, answer)
            else:
                self._reply(request, answer)

    def _next(self) -> Request | None:
        if self._head is None:
            end = self._came.find(_HEAD_ENDS)
            if end < 0:
                return None
            first, *rest = bytes(self._came[:end]).decode("latin-1").split("\r\n")
            del self._came[: end + len(_HEAD_ENDS)]
            pairs = (line.partition(":") for line in rest)
            self._head = first, {name.strip().lower(): value.strip() for name, _, value in pairs}
            if "100-continue" in self._head[1].get("expect", "").lower() and self._transport is not None:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        first, headers = self._head
        body = self._body(headers)
        if body is None:
            return None
        self._head = None
        method, target, _ = first.split(" ", 2)
        parts = urlsplit(target)
        return Request(method, unquote(parts.path), parse_qs(parts.query, keep_blank_values=True), headers, body)

    def _body(self, headers: Mapping[str, str]) -> bytes | None:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            taken = take_chunks(self._came)
            if taken is None:
                return None
            body, end = taken
        else:
            end = int(headers.get("content-length", "0"))
            if len(self._came) < end:
                return None
            body = bytes(self._came[:end])
        del self._came[:end]
        return body

    def _reply(self, request: Request, answer: Answer) -> None:
        if self._transport is None:
            return  # nobody waits any more
        if answer.silent:
            self._transport.close()
            return
        headers = {"Content-Length": str(len(answer.body)), **answer.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        status = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
        body = b"" if request.method == "HEAD" else answer.body
        self._transport.write(f"{status}{head}\r\n".encode("latin-1") + body)


def take_chunks(came: bytes | bytearray) -> tuple[bytes, int] | None:
    """A chunked body (RFC 9112, 7.1; `aws-chunked` alike) and where it ends, trailers taken; None if not all has come.

    What follows the size of a chunk after a semicolon, and trailers, are not looked at.
    """
    pieces: list[bytes] = []
    at = 0
    while True:
        line_ends = came.find(b"\r\n", at)
        if line_ends < 0:
            return None
        size = int(bytes(came[at:line_ends]).split(b";")[0], 16)
        at = line_ends + 2
        if size == 0:
            break
        if len(came) < at + size + 2:
            return None
        pieces.append(bytes(came[at : at + size]))
        at += size + 2
    while True:  # trailers, then an empty line
        line_ends = came.find(b"\r\n", at)
        if line_ends < 0:
            return None
        empty, at = line_ends == at, line_ends + 2
        if empty:
            return b"".join(pieces), at
