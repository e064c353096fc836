"""A peer that does as it is told, byte by byte, with each request that comes over its connections."""

import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

from bridge.http_line import Lines, Place
from tests.certificate import Issued

REQUEST = b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HURRY_S = 0.2

Act = Callable[[socket.socket], None]
"""What a peer does once it has read a request."""


class Peer:
    """Takes connections one after the other, and does with each request what comes next in the script."""

    def __init__(self, *script: Act, tls: ssl.SSLContext | None = None) -> None:
        self.requests = 0
        self.connections = 0
        self._script = list(script)
        self._tls = tls
        self._done = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def place(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Place:
        return Place("http://peer", host, self.port, tls)

    def lines(self, monotonic: Callable[[], float] | None = None) -> Lines:
        clock = {} if monotonic is None else {"monotonic": monotonic}
        return Lines(self.place(), HURRY_S, HURRY_S, **clock)

    def stop(self) -> None:
        self._done.set()
        with socket.socket() as knock:
            knock.connect(("127.0.0.1", self.port))
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            line, _ = self._listener.accept()
            with line:
                if self._done.is_set():
                    return
                self.connections += 1
                try:
                    self._talk(line if self._tls is None else self._tls.wrap_socket(line, server_side=True))
                except OSError:
                    continue

    def _talk(self, line: socket.socket) -> None:
        with line:
            line.settimeout(5)
            while self._script:
                came = b""
                while len(came) < len(REQUEST):
                    piece = line.recv(1024)
                    if not piece:
                        return
                    came += piece
                self.requests += 1
                act = self._script.pop(0)
                act(line)
                if act in _LAST:
                    return


def whole(line: socket.socket) -> None:
    line.sendall(WHOLE)


def whole_and_more(line: socket.socket) -> None:
    line.sendall(WHOLE + WHOLE)


def whole_and_gone(line: socket.socket) -> None:
    line.sendall(WHOLE)
    line.close()


def closing(line: socket.socket) -> None:
    line.sendall(WHOLE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))


def gone(line: socket.socket) -> None:
    line.close()


def half_and_gone(line: socket.socket) -> None:
    line.sendall(WHOLE[:-1])
    line.close()


def garbled(line: socket.socket) -> None:
    line.sendall(b"pl4nted\r\n\r\n")


def silent(line: socket.socket) -> None:
    line.recv(1)  # until the other side gives up


_LAST = (whole_and_gone, gone, half_and_gone, silent)


def serving(issued: Issued) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate_file, issued.key_file)
    return context


def trusting(file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(file)
    return context
