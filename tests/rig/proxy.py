"""A line to a server on this machine that a test can cut, freeze and refuse, many times over.

with Proxy(node.port) as proxy:
    program = Child(..., environment={"AMQP_URL": proxy.through(node.amqp_url)})
    proxy.cut()                 # every connection is reset; new ones may come
    proxy.freeze()              # half-open: nothing passes, nobody is told
    proxy.thaw()                # what was held back passes
    proxy.abandon()             # dead for good, as behind a router that has forgotten them; new ones pass
    proxy.refuse(); proxy.accept()
"""

import asyncio
import socket
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit, urlunsplit

from tests.rig.loop import Loop, settle
from tests.rig.web import reset

Direction = Literal["up", "down", "both"]
"""`up`: from the client to the server."""
_PIECE_BYTES = 65_536


@dataclass(eq=False, slots=True)
class _Way:
    """One connection from the client's side to the server's."""

    dead: bool = False
    held: bool = True
    """Whether the client still has it open."""


class Proxy:
    """Listens on a port of its own and passes everything on to 127.0.0.1:`port`."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._loop = Loop("proxy")
        self._hits: Counter[str] = Counter()
        self._lines: set[asyncio.BaseTransport] = set()
        self._flow = {"up": asyncio.Event(), "down": asyncio.Event()}
        self._swallow = {"up": False, "down": False}
        self._server: asyncio.Server | None = None
        self._pumps: set[asyncio.Task[None]] = set()
        self._ways: set[_Way] = set()
        for flow in self._flow.values():
            flow.set()
        self.port = 0
        self.accept()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def hits(self) -> Counter[str]:
        """How often it was cut, frozen, refused; and how many connections came."""
        return Counter(self._hits)

    def through(self, url: str) -> str:
        """The URL of the server, led through here."""
        parts = urlsplit(url)
        user, at, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{user}{at}127.0.0.1:{self.port}"))

    def cut(self) -> None:
        """Reset every connection, on both sides; new ones may come."""
        self._hits["cut"] += 1
        self._loop.run(self._cut())

    def freeze(self, direction: Direction = "both", *, swallow: bool = False) -> None:
        """Let nothing pass any more, tell nobody. New connections are taken, and get no further.

        With `swallow`, what comes is taken and dropped, so that the sender never has to wait; such connections can
        only be cut afterwards.
        """
        self._hits["frozen"] += 1
        self._loop.run(self._set_flow(_ways(direction), flows=False, swallows=swallow))

    def thaw(self) -> None:
        """Let everything pass again; connections of which something was swallowed are cut."""
        if any(self._swallow.values()):
            self.cut()  # before anything passes: no line ever has a gap and goes on
        self._loop.run(self._set_flow(("up", "down"), flows=True, swallows=False))

    def abandon(self) -> None:
        """Let every connection that there is be dead for good: what comes is dropped, and the end of one side is not
        told to the other. New ones pass. Only who watches a connection finds out.
        """
        self._hits["abandoned"] += 1
        self._loop.run(self._abandon())

    @property
    def dead(self) -> int:
        """Dead connections that their client still holds."""
        return sum(way.dead and way.held for way in tuple(self._ways))

    def refuse(self) -> None:
        """Refuse new connections; those that there are go on."""
        self._hits["refused"] += 1
        self._loop.run(self._refuse())

    def accept(self) -> None:
        """Take connections (again)."""
        self._loop.run(self._accept())

    def stop(self) -> None:
        """End it; may be called twice."""
        if not self._loop.stopped:
            self._loop.run(self._refuse())
            self._loop.run(self._cut())
            self._loop.stop()

    async def _accept(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._come, "127.0.0.1", self.port, backlog=512)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        await settle()
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _cut(self) -> None:
        for line in list(self._lines):
            reset(line)
        for pump in list(self._pumps):
            pump.cancel()

    async def _abandon(self) -> None:
        for way in self._ways:
            way.dead = True

    async def _set_flow(self, ways: tuple[str, ...], *, flows: bool, swallows: bool) -> None:
        for way in ways:
            self._swallow[way] = swallows
            if flows or swallows:
                self._flow[way].set()
            else:
                self._flow[way].clear()

    def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Know of a connection before anything can be done with it, or nobody would break it."""
        self._hits["connected"] += 1
        self._lines.add(writer.transport)
        self._pumps.add(asyncio.get_running_loop().create_task(self._connected(reader, writer)))

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            reset(writer.transport)
            self._lines.discard(writer.transport)
            self._pumps.discard(task)
            return
        self._lines.add(back.transport)
        way = _Way()
        self._ways.add(way)
        try:
            await asyncio.gather(self._pass("up", reader, back, way), self._pass("down", there, writer, way))
        except (asyncio.CancelledError, OSError):
            pass  # cut, by us or by one of them: neither side keeps half a line
        finally:
            self._pumps.discard(task)
            self._ways.discard(way)
            for line in (writer.transport, back.transport):
                self._lines.discard(line)
                reset(line)

    async def _pass(
        self, direction: str, source: asyncio.StreamReader, target: asyncio.StreamWriter, way: _Way
    ) -> None:
        """Pump; of a dead connection no side's end, good or bad, is told to the other."""
        try:
            await self._pump(direction, source, target, way)
        except OSError:
            if not way.dead:
                raise
        finally:
            if direction == "up":
                way.held = False

    async def _pump(
        self, direction: str, source: asyncio.StreamReader, target: asyncio.StreamWriter, way: _Way
    ) -> None:
        flow = self._flow[direction]
        while True:
            await flow.wait()
            data = await source.read(_PIECE_BYTES)
            await flow.wait()  # what was on its way when it froze is held back, too
            if not data:
                break
            if not self._swallow[direction] and not way.dead:
                target.write(data)
                await target.drain()
        if way.dead:
            return
        if target.transport.get_extra_info("socket") is not None and target.can_write_eof():
            target.write_eof()


def _ways(direction: Direction) -> tuple[str, ...]:
    return ("up", "down") if direction == "both" else (direction,)


def reachable(port: int) -> bool:
    """Whether somebody takes connections on a port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True
