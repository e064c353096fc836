"""Kept-alive HTTP/1.1 connections to one host, for requests that must not be made twice unasked.

A request is written to one connection, once. A connection that its peer has closed is replaced before a request is
written; after the first byte nobody knows what was done, and whoever asked is told so. Errors are botocore's, so that
an outage has one name whoever finds it.
"""

import contextlib
import select
import socket
import ssl
import time
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)

from bridge.http_answer import CutOffError, HttpAnswer, read_answer

PIECE_BYTES = 16 * 1024
IDLE_S = 20.0
"""A connection that has been idle for longer is replaced: a peer, or a gateway between, may have forgotten it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to connect."""

    url: str
    """For what is told of errors."""
    host: str
    port: int
    tls: ssl.SSLContext | None
    """Checks the host's name."""


class Lines:
    """The connections. Any thread may ask; each request has a connection to itself."""

    def __init__(
        self, place: Place, connect_s: float, answer_s: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Build it.

        Args:
            connect_s: how long connecting to one address may take.
            answer_s: how long nothing may move, and how long after its request an answer may still come in.
        """
        self._place = place
        self._answer_s = answer_s
        self._monotonic = monotonic
        self._connect_s = connect_s
        self._idle: deque[_Line] = deque()
        weakref.finalize(self, _close, self._idle)

    def ask(self, request: bytes) -> HttpAnswer:
        """Write a request and read its answer. Raises what botocore raises of an outage, and BadAnswerError."""
        line = self._idle_line() or self._connect()
        kept = False
        try:
            answer = line.ask(request)
            kept = answer.kept
        except OSError as error:
            raise as_botocore(error, self._place.url) from error
        finally:
            if kept:
                line.idle_since = self._monotonic()
                self._idle.append(line)
            else:
                line.close()
        return answer

    def give_away(self) -> socket.socket | None:
        """An idle connection, which is not ours any more; None where there is none."""
        line = self._idle_line()
        return None if line is None else line.socket

    def _idle_line(self) -> "_Line | None":
        """The one that was used last, if nothing has come over it since."""
        while True:
            try:
                line = self._idle.pop()
            except IndexError:
                return None
            if self._monotonic() - line.idle_since < IDLE_S and not line.disturbed():
                return line
            line.close()

    def _connect(self) -> "_Line":
        place = self._place
        try:
            plain = socket.create_connection((place.host, place.port), self._connect_s)
        except TimeoutError as error:
            raise ConnectTimeoutError(endpoint_url=place.url, error=error) from error
        except OSError as error:
            raise EndpointConnectionError(endpoint_url=place.url, error=error) from error
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if place.tls is None:
                return _Line(plain, self._answer_s, self._monotonic)
            return _Line(place.tls.wrap_socket(plain, server_hostname=place.host), self._answer_s, self._monotonic)
        except TimeoutError as error:
            plain.close()
            raise ConnectTimeoutError(endpoint_url=place.url, error=error) from error
        except OSError as error:
            plain.close()
            if isinstance(error, ssl.SSLError):
                raise SSLError(endpoint_url=place.url, error=error) from error
            raise EndpointConnectionError(endpoint_url=place.url, error=error) from error


def polling(line: socket.socket) -> select.poll:
    """Tells whether there is something to read."""
    poll = select.poll()
    poll.register(line, select.POLLIN)
    return poll


def is_disturbed(line: socket.socket, poll: select.poll) -> bool:
    """Whether anything has come over an idle connection that was not asked for: its end, above all."""
    return (isinstance(line, ssl.SSLSocket) and line.pending() > 0) or bool(poll.poll(0))


def as_botocore(error: OSError, url: str) -> BotoCoreError:
    """An outage by botocore's names."""
    if isinstance(error, CutOffError):
        return ConnectionClosedError(endpoint_url=url)
    if isinstance(error, TimeoutError):
        return ReadTimeoutError(endpoint_url=url, error=error)
    if isinstance(error, ssl.SSLError):
        return SSLError(endpoint_url=url, error=error)
    return ConnectionClosedError(endpoint_url=url, error=error)


def _close(lines: "deque[_Line]") -> None:
    while lines:
        lines.pop().close()


class _Line:
    """One connection."""

    def __init__(self, line: socket.socket, answer_s: float, monotonic: Callable[[], float]) -> None:
        line.settimeout(answer_s)
        self.socket = line
        self._answer_s = answer_s
        self._monotonic = monotonic
        self._poll = polling(line)
        self.idle_since = 0.0

    def ask(self, request: bytes) -> HttpAnswer:
        end = self._monotonic() + self._answer_s
        with contextlib.suppress(BrokenPipeError):  # it may have answered before it had read all
            self.socket.sendall(request)
        return read_answer(lambda: self._receive(end))

    def disturbed(self) -> bool:
        return is_disturbed(self.socket, self._poll)

    def close(self) -> None:
        self.socket.close()

    def _receive(self, end: float) -> bytes:
        """What comes next; late, only what is here already: this process may have been stopped meanwhile.

        Else a peer that sends a byte now and then would hold us for ever.
        """
        if self._monotonic() >= end and not self.disturbed():
            raise TimeoutError("the answer takes too long")
        return self.socket.recv(PIECE_BYTES)
