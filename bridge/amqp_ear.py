"""Waits for the broker, for a file and for other threads at once: on pika's own poller, or beside it.

With too much in hand the broker is read only as often as its heartbeat wants it, some 100 kB at a time: what it was
granted before then waits in its own memory, and in the sockets' buffers.
"""

import select
import time
from collections.abc import Callable
from typing import Any

from bridge.alarm import Alarm

_END = -1
"""A channel's number that is none: what pika itself lets `process_data_events` return for."""


class Ear:
    """Of one connection. One thread only, but for `wake`."""

    def __init__(self, connection: Any, listen_s: float, too_much: Callable[[], bool]) -> None:
        """Begin.

        Args:
            connection: a `BlockingConnection` of pika's.
            listen_s: how often it is read at least.
            too_much: whether it is to be read no oftener.
        """
        self._connection = connection
        self._listen_s = listen_s
        self._too_much = too_much
        self._listened_at = 0.0
        self._alarm = Alarm()
        self._watched: tuple[int, Callable[[], None]] | None = None
        self._ioloop = connection._impl.ioloop
        self._ioloop.add_handler(self._alarm.fileno(), lambda *_: self._hear(), self._ioloop.READ)

    def wake(self) -> None:
        """Let `listen` return. Any thread may; never raises."""
        self._alarm.ring()

    def watch(self, fileno: int, stir: Callable[[], None]) -> None:
        """Call `stir` whenever there is something to read at a file, and let `listen` return then."""
        self._watched = fileno, stir
        self._ioloop.add_handler(fileno, lambda *_: self._stir(), self._ioloop.READ)

    def end(self) -> None:
        """Let `listen` return: something has come."""
        self._connection._request_channel_dispatch(_END)

    def listen(self, timeout_s: float) -> None:
        """Read and write what goes, for so long where nothing comes. Raises what pika raises."""
        too_much, told_all = self._too_much(), self._connection._impl._get_write_buffer_size() == 0
        if too_much and told_all and time.monotonic() - self._listened_at < self._listen_s:
            self._doze(timeout_s)
            return
        self._listened_at = time.monotonic()
        self._connection._channels_pending_dispatch.discard(_END)  # else it would return before it has read
        self._connection.process_data_events(time_limit=0 if too_much else timeout_s)

    def close(self) -> None:
        """Nobody waits any more."""
        self._alarm.close()

    def _doze(self, timeout_s: float) -> None:
        """Wait for anything but the broker."""
        poll = select.poll()
        poll.register(self._alarm, select.POLLIN)
        if self._watched is not None:
            poll.register(self._watched[0], select.POLLIN)
        for fileno, _ in poll.poll(timeout_s * 1000):
            if fileno == self._alarm.fileno():
                self._alarm.quiet()
            elif self._watched is not None:
                self._watched[1]()

    def _hear(self) -> None:
        self._alarm.quiet()
        self.end()

    def _stir(self) -> None:
        if self._watched is not None:
            self._watched[1]()
        self.end()
