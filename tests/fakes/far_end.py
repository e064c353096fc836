"""Connections of a loop whose far ends a test has in its own hands, so that nothing comes but what it sends."""

import select
import socket

from bridge.http_line import Lines, Place
from bridge.http_loop import LoopLines, Reply
from tests.fakes.clock import FakeClock
from tests.rig.peer import REQUEST

ANSWER_S = 30.0
WITHIN_S = 10.0
LARGE = REQUEST + bytes(512 * 1024) + b"."
"""More than goes into the buffers between two sockets of these tests."""


class Given(Lines):
    """Idle connections whose far ends a test has in its hands."""

    def __init__(self) -> None:
        super().__init__(Place("http://peer", "127.0.0.1", 0, None), 1, 1)
        self.given: list[socket.socket] = []

    def give_away(self) -> socket.socket | None:
        return self.given.pop() if self.given else None


class Scene:
    """Connections that a loop has, and their far ends."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.given = Given()
        self.lines = LoopLines(self.given, "http://peer", ANSWER_S, self.clock.monotonic)
        self.near: list[socket.socket] = []
        self.far: list[socket.socket] = []

    def connect(self) -> socket.socket:
        """One more connection that stands idle; its far end."""
        near, far = socket.socketpair()
        for one in (near, far):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)  # the least that there is
        far.settimeout(WITHIN_S)
        self.given.given.append(near)
        self.near.append(near)
        self.far.append(far)
        return far

    def ask(self, request: bytes = REQUEST) -> Reply:
        assert self.lines.stands()
        return self.lines.ask(request)

    def asked(self, request: bytes = REQUEST) -> tuple[Reply, socket.socket]:
        """A request that is under way over a connection of its own, and the other end of that."""
        far = self.connect()
        reply = self.ask(request)
        if len(request) == len(REQUEST):
            assert far.recv(1024) == request
        return reply, far

    @property
    def stirs(self) -> bool:
        """Whether it says that there is something to look at."""
        return bool(select.select([self.lines.fileno()], [], [], 0)[0])

    @property
    def open(self) -> int:
        return sum(one.fileno() >= 0 for one in self.near)

    def close(self) -> None:
        del self.lines
        left = self.open - len(self.given.given)
        for one in (*self.near, *self.far):
            one.close()
        assert left == 0, "a socket is left open"


def wait_for(lines: LoopLines, reply: Reply) -> Reply:
    """Look until it has ended, whenever there is something to look at."""
    while not reply.ended:
        assert select.select([lines.fileno()], [], [], WITHIN_S)[0], "nothing comes"
        lines.look()
    return reply


def what_is_there(far: socket.socket) -> bytes | None:
    """None where nothing is; b"" at the end."""
    if not select.select([far], [], [], 0)[0]:
        return None
    try:
        return far.recv(16 * 1024)
    except ConnectionResetError:  # closed, and something was not read
        return b""


def is_at_its_end(far: socket.socket) -> bool:
    return what_is_there(far) == b""
