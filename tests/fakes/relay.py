"""A line between a client and a server on this machine that a test can cut."""

import contextlib
import socket
import struct
import threading
from types import TracebackType
from typing import Self

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER without patience: closing sends a reset, as a broken line does, and no goodbye."""


class Relay:
    """Listens on a port of its own and passes everything on to 127.0.0.1:`port`."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Break every connection at once; new ones may come."""
        while self._sockets:
            broken = self._sockets.pop()
            with contextlib.suppress(OSError):  # closed by its peer already
                broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                broken.shutdown(socket.SHUT_RDWR)
            broken.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # the test is over
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            self._sockets += (client, server)
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return  # cut
