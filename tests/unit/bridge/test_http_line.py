"""Connections that end when they like, against a peer that does as it is told, byte by byte."""

import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)

from bridge.http_answer import BadAnswerError
from bridge.http_line import IDLE_S, Lines, Place, _Line
from tests.certificate import Authority, Issued

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


@pytest.fixture
def peers() -> Iterator[Callable[..., Peer]]:
    made: list[Peer] = []

    def make(*script: Act, tls: ssl.SSLContext | None = None) -> Peer:
        made.append(Peer(*script, tls=tls))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def test_a_connection_is_used_again(peers: Callable[..., Peer]) -> None:
    peer = peers(whole, whole, whole)
    lines = peer.lines()
    assert [lines.ask(REQUEST).body for _ in range(3)] == [b"ok"] * 3
    assert (peer.connections, peer.requests) == (1, 3)


def test_a_connection_that_its_peer_has_closed_meanwhile_is_replaced(peers: Callable[..., Peer]) -> None:
    peer = peers(whole_and_gone, whole)
    lines = peer.lines()
    lines.ask(REQUEST)
    _wait_for_end(lines)
    assert lines.ask(REQUEST).body == b"ok"
    assert (peer.connections, peer.requests) == (2, 2)


def _wait_for_end(lines: Lines) -> None:
    """Until the end of the one idle connection has come to this side."""
    (line,) = lines._idle
    line.socket.recv(1, socket.MSG_PEEK)


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (gone, ConnectionClosedError),
        (half_and_gone, ConnectionClosedError),
        (garbled, BadAnswerError),
        (silent, ReadTimeoutError),
    ],
)
@pytest.mark.parametrize("before", [(), (whole,)], ids=["fresh", "used"])
def test_a_request_whose_answer_does_not_come_is_not_made_again(
    peers: Callable[..., Peer], act: Act, error: type[Exception], before: tuple[Act, ...]
) -> None:
    peer = peers(*before, act, whole)
    lines = peer.lines()
    for _ in before:
        lines.ask(REQUEST)
    with pytest.raises(error) as told:
        lines.ask(REQUEST)
    assert "pl4nted" not in str(told.value)
    assert peer.requests == len(before) + 1
    assert not lines._idle  # an answer that comes late must not be taken for the next one's
    assert lines.ask(REQUEST).body == b"ok"
    assert peer.connections == 2


def test_what_comes_unasked_ends_a_connection(peers: Callable[..., Peer]) -> None:
    peer = peers(whole_and_more, whole)
    lines = peer.lines()
    lines.ask(REQUEST)
    if lines._idle:  # the second answer came apart from the first
        _wait_for_end(lines)
    lines.ask(REQUEST)
    assert (peer.connections, peer.requests) == (2, 2)


def test_a_connection_that_its_peer_will_close_is_not_kept(peers: Callable[..., Peer]) -> None:
    peer = peers(closing, whole)
    lines = peer.lines()
    lines.ask(REQUEST)
    assert not lines._idle
    lines.ask(REQUEST)
    assert peer.connections == 2


def test_a_connection_that_was_idle_for_long_is_replaced(peers: Callable[..., Peer]) -> None:
    peer = peers(whole, whole, whole)
    now = [0.0]
    lines = peer.lines(lambda: now[0])
    for later in (0.0, IDLE_S - 1, IDLE_S):
        now[0] += later
        lines.ask(REQUEST)
    assert peer.connections == 2


@pytest.mark.parametrize("came", [WHOLE, WHOLE[:-1]])
def test_an_answer_that_is_here_counts_however_late_we_look(came: bytes) -> None:
    """A process that was stopped must not ask again for what was taken long ago."""
    clock = iter(range(0, 1000, 100))
    near, far = socket.socketpair()
    with near, far:
        far.sendall(came)
        line = _Line(near, HURRY_S, lambda: next(clock))
        if came == WHOLE:
            assert line.ask(REQUEST).body == b"ok"
        else:
            with pytest.raises(TimeoutError):
                line.ask(REQUEST)


def test_nobody_there_is_an_outage() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(EndpointConnectionError):
        Lines(Place("http://peer", "127.0.0.1", port, None), 1, 1).ask(REQUEST)


def test_a_name_that_is_none_is_an_outage() -> None:
    with pytest.raises(EndpointConnectionError):
        Lines(Place("http://peer", "nowhere.invalid", 80, None), 1, 1).ask(REQUEST)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.found(tmp_path_factory.mktemp("tls"), "ours")


def serving(issued: Issued) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate_file, issued.key_file)
    return context


def trusting(file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(file)
    return context


def test_over_tls_a_connection_is_used_again(peers: Callable[..., Peer], ours: Authority) -> None:
    peer = peers(whole, whole, whole, tls=serving(ours.issue("peer", ["127.0.0.1"])))
    lines = Lines(peer.place(tls=trusting(ours.file)), 5, 5)
    assert [lines.ask(REQUEST).body for _ in range(3)] == [b"ok"] * 3
    assert peer.connections == 1


def test_over_tls_a_connection_that_is_closed_is_replaced(peers: Callable[..., Peer], ours: Authority) -> None:
    peer = peers(whole_and_gone, whole, tls=serving(ours.issue("peer", ["127.0.0.1"])))
    lines = Lines(peer.place(tls=trusting(ours.file)), 5, 5)
    lines.ask(REQUEST)
    line = lines._idle[0]
    assert select.select([line.socket], [], [], 5)[0]
    assert lines.ask(REQUEST).body == b"ok"
    assert (peer.connections, peer.requests) == (2, 2)


@pytest.mark.parametrize("case", ["another host", "another authority", "expired"])
def test_whoever_is_not_known_is_told_nothing(
    peers: Callable[..., Peer], ours: Authority, tmp_path: Path, case: str
) -> None:
    issued = ours.issue("peer", ["127.0.0.2" if case == "another host" else "127.0.0.1"], expired=case == "expired")
    trusted = Authority.found(tmp_path, "theirs") if case == "another authority" else ours
    peer = peers(whole, tls=serving(issued))
    with pytest.raises(SSLError):
        Lines(peer.place(tls=trusting(trusted.file)), 5, 5).ask(REQUEST)
    assert peer.requests == 0


def test_who_says_nothing_to_our_greeting_is_an_outage(ours: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = Place("https://peer", "127.0.0.1", listener.getsockname()[1], trusting(ours.file))
        with pytest.raises(ConnectTimeoutError):
            Lines(place, HURRY_S, 5).ask(REQUEST)
