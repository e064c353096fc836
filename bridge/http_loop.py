"""Kept-alive HTTP/1.1 connections that a loop writes and reads itself: nothing here ever waits.

Connecting does wait, so this takes over connections of `bridge.http_line` that stand idle there. What holds of those
holds here: a request is written to one connection, once, and an answer is read by the same reader, as strictly.
"""

import selectors
import socket
import ssl
import time
import weakref
from collections import deque
from collections.abc import Callable

from bridge.http_answer import BadAnswerError, HttpAnswer, read_answer
from bridge.http_line import IDLE_S, PIECE_BYTES, Lines, as_botocore, is_disturbed, polling

WRITTEN_S = 10.0
"""What could not be written for so long is not written any more: the process was stopped meanwhile, or nobody reads."""
_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Reply:
    """What comes of one request."""

    __slots__ = ("_answer", "_error", "line")

    def __init__(self, line: "_Line") -> None:
        self.line: _Line | None = line
        """Over which it is to come; None once it has ended."""
        self._answer: HttpAnswer | None = None
        self._error: Exception | None = None

    @property
    def ended(self) -> bool:
        """Whether there is an answer, or will never be one."""
        return self.line is None

    def take(self) -> HttpAnswer:
        """The answer. Raises what `bridge.http_line.Lines.ask` raises."""
        if self._error is not None:
            raise self._error
        if self._answer is None:
            raise RuntimeError("not ended")
        return self._answer

    def end(self, answer: HttpAnswer | None, error: Exception | None = None) -> None:
        """It has come to its end."""
        self.line, self._answer, self._error = None, answer, error


class LoopLines:
    """The connections. One thread only."""

    def __init__(
        self, lines: Lines, url: str, answer_s: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Build it.

        Args:
            lines: where connections are made.
            url: of their peer, for what is told of errors.
            answer_s: how long after its request an answer may still come in.
        """
        self._lines = lines
        self._url = url
        self._answer_s = answer_s
        self._monotonic = monotonic
        self._selector = selectors.DefaultSelector()
        self._idle: deque[_Line] = deque()
        self._asked: dict[_Line, Reply] = {}
        """In the order in which they were."""
        weakref.finalize(self, _close, self._selector)

    def fileno(self) -> int:
        """What is readable while there is something to look at."""
        return int(self._selector.fileno())

    def stands(self) -> bool:
        """Whether a request could be written now."""
        now = self._monotonic()
        while self._idle:
            line = self._idle[-1]
            if now - line.idle_since < IDLE_S and not line.disturbed:
                return True
            self._drop(self._idle.pop())
        if (found := self._lines.give_away()) is None:
            return False
        line = _Line(found, now)
        self._selector.register(line.socket, selectors.EVENT_READ, line)
        self._idle.append(line)
        return True

    def ask(self, request: bytes) -> Reply:
        """Write a request, or as much as goes; only where a connection stands."""
        line = self._idle.pop()
        reply = self._asked[line] = Reply(line)
        line.begin(request, self._monotonic())
        self._carry_on(line, reply, line.write)
        return reply

    def abandon(self, reply: Reply) -> None:
        """Nobody wants it any more; what was not written yet is not written."""
        if reply.line is not None:
            self._end(reply.line, reply, None)

    def look(self) -> None:
        """Read what has come, write what could not be written, and end what takes too long."""
        for key, _ in self._selector.select(0):
            line: _Line = key.data
            reply = self._asked.get(line)
            if reply is not None:
                self._carry_on(line, reply, line.carry_on)
            elif line in self._idle:  # it has ended, or tells what nobody has asked
                self._idle.remove(line)
                self._drop(line)
        now = self._monotonic()
        for line, reply in list(self._asked.items()):
            if now - line.begun_at < self._answer_s:
                break
            self._fail(line, reply, TimeoutError("the answer takes too long"))

    def _carry_on(self, line: "_Line", reply: Reply, step: Callable[[float], HttpAnswer | None]) -> None:
        try:
            answer = step(self._monotonic())
        except OSError as error:
            self._fail(line, reply, error)
            return
        except BadAnswerError as error:
            self._end(line, reply, None, error)
            return
        if answer is not None:
            self._end(line, reply, answer)
        else:
            self._listen(line)

    def _fail(self, line: "_Line", reply: Reply, error: OSError) -> None:
        told = as_botocore(error, self._url)
        told.__cause__ = error
        self._end(line, reply, None, told)

    def _end(self, line: "_Line", reply: Reply, answer: HttpAnswer | None, error: Exception | None = None) -> None:
        reply.end(answer, error)
        del self._asked[line]
        if answer is not None and answer.kept and line.lasts:
            self._listen(line)
            line.idle_since = self._monotonic()
            self._idle.append(line)
        else:
            self._drop(line)

    def _listen(self, line: "_Line") -> None:
        """Be told also when it can be written to, while there is something to write."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if line.unwritten else 0)
        if events != line.events:
            line.events = events
            self._selector.modify(line.socket, events, line)

    def _drop(self, line: "_Line") -> None:
        self._selector.unregister(line.socket)
        line.socket.close()


def _close(selector: selectors.BaseSelector) -> None:
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    selector.close()


class _Line:
    """One connection."""

    def __init__(self, line: socket.socket, now: float) -> None:
        line.settimeout(0)
        self.socket = line
        self._poll = polling(line)
        self.idle_since = self.begun_at = now
        self.events = selectors.EVENT_READ
        self.unwritten = memoryview(b"")
        self._came = b""
        self._ended = self._broken = False

    @property
    def disturbed(self) -> bool:
        """See `bridge.http_line.is_disturbed`."""
        return is_disturbed(self.socket, self._poll)

    @property
    def lasts(self) -> bool:
        """Whether another request may follow."""
        return not (self.unwritten or self._broken)

    def begin(self, request: bytes, now: float) -> None:
        self.begun_at = now
        self.unwritten = memoryview(request)
        self._came = b""

    def carry_on(self, now: float) -> HttpAnswer | None:
        """Write and read as far as it goes without waiting; the answer, once it is whole."""
        if self.unwritten:
            self.write(now)
        return self._read()

    def write(self, now: float) -> None:
        """Write as far as it goes without waiting."""
        if now - self.begun_at >= WRITTEN_S:
            raise TimeoutError("the request could not be written")
        try:
            while self.unwritten:
                self.unwritten = self.unwritten[self.socket.send(self.unwritten) :]
        except _NOT_YET:
            pass
        except BrokenPipeError:  # it may have answered before it had read all
            self.unwritten, self._broken = memoryview(b""), True

    def _read(self) -> HttpAnswer | None:
        try:
            while not self._ended:
                piece = self.socket.recv(PIECE_BYTES)
                self._ended = not piece
                self._came += piece
                if (answer := self._parse()) is not None:
                    return answer
        except _NOT_YET:
            pass
        return None

    def _parse(self) -> HttpAnswer | None:
        pieces = [self._came] if self._came else []

        def receive() -> bytes:
            if pieces:
                return pieces.pop()
            if self._ended:
                return b""
            raise _TornError

        try:
            return read_answer(receive)
        except _TornError:
            return None


class _TornError(Exception):
    """There is more to come."""
