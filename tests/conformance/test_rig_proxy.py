"""The proxy of `tests.rig`: a line that passes, is cut, frozen and refused."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.patience import eventually
from tests.rig.proxy import Proxy, reachable

WITHIN_S = 5.0


class Echo:
    """A server that sends back what comes."""

    def __init__(self) -> None:
        self.came = bytearray()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):  # closed before
            self._listener.shutdown(socket.SHUT_RDWR)  # else the thread that waits would still take one
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._echo, args=(line,), daemon=True).start()

    def _echo(self, line: socket.socket) -> None:
        with line:
            try:
                while data := line.recv(65_536):
                    self.came += data
                    line.sendall(data)
            except OSError:
                return


@pytest.fixture
def echo() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    echo.close()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    with Proxy(echo.port) as proxy:
        yield proxy


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=WITHIN_S)


def ask(line: socket.socket, data: bytes) -> bytes:
    line.sendall(data)
    came = b""
    while len(came) < len(data):
        piece = line.recv(65_536)
        assert piece, "closed"
        came += piece
    return came


def stays_silent(line: socket.socket) -> bool:
    line.settimeout(0.1)
    try:
        return not line.recv(1) and False
    except TimeoutError:
        return True
    finally:
        line.settimeout(WITHIN_S)


def test_what_comes_passes_both_ways(proxy: Proxy) -> None:
    with connect(proxy) as line:
        assert ask(line, b"x" * 300_000) == b"x" * 300_000
    assert proxy.hits == {"connected": 1}


def test_an_end_of_one_side_passes(proxy: Proxy) -> None:
    with connect(proxy) as line:
        line.sendall(b"last")
        line.shutdown(socket.SHUT_WR)
        assert line.recv(10) == b"last"
        assert line.recv(10) == b""


def test_a_cut_resets_what_there_is_and_lets_new_ones_come(proxy: Proxy) -> None:
    with connect(proxy) as line:
        ask(line, b"1")
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            line.recv(1)
    with connect(proxy) as line:
        assert ask(line, b"2") == b"2"
    assert proxy.hits["cut"] == 1


def test_what_is_frozen_is_held_back_until_it_thaws(proxy: Proxy, echo: Echo) -> None:
    with connect(proxy) as line:
        ask(line, b"1")
        proxy.freeze()
        line.sendall(b"2")
        assert stays_silent(line)
        assert echo.came == b"1"
        with connect(proxy) as late:
            late.sendall(b"3")
            assert stays_silent(late)
            proxy.thaw()
            assert (line.recv(1), late.recv(1)) == (b"2", b"3")


def test_one_direction_can_be_frozen(proxy: Proxy, echo: Echo) -> None:
    with connect(proxy) as line:
        ask(line, b"1")
        proxy.freeze("down")
        line.sendall(b"2")
        eventually(lambda: echo.came == b"12", WITHIN_S, "it came through")
        assert stays_silent(line)
        proxy.thaw()
        assert line.recv(1) == b"2"


def test_what_is_swallowed_keeps_nobody_waiting_and_never_comes(proxy: Proxy, echo: Echo) -> None:
    with connect(proxy) as line:
        ask(line, b"1")
        proxy.freeze(swallow=True)
        line.sendall(b"2" * 20_000_000)
        assert stays_silent(line)
        proxy.thaw()
        with pytest.raises(ConnectionResetError):
            line.recv(1)
    assert echo.came == b"1"


def test_an_abandoned_line_is_dead_until_its_client_lets_go_and_new_ones_pass(proxy: Proxy, echo: Echo) -> None:
    with connect(proxy) as line:
        ask(line, b"1")
        proxy.abandon()
        line.sendall(b"2" * 1_000_000)
        assert stays_silent(line)
        with connect(proxy) as late:
            assert ask(late, b"3") == b"3"
        assert proxy.dead == 1
    eventually(lambda: proxy.dead == 0, WITHIN_S, "it was let go")
    assert echo.came == b"13"


def test_the_end_of_the_server_is_not_told_to_who_holds_an_abandoned_line() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        Proxy(server.getsockname()[1]) as proxy,
        connect(proxy) as line,
        server.accept()[0] as there,
    ):
        line.sendall(b"1")
        assert there.recv(1) == b"1"
        proxy.abandon()
        there.close()
        assert stays_silent(line)
        assert proxy.dead == 1


def test_new_connections_are_refused_and_old_ones_go_on(proxy: Proxy) -> None:
    with connect(proxy) as line:
        ask(line, b"1")
        proxy.refuse()
        assert not reachable(proxy.port)
        assert ask(line, b"2") == b"2"
        proxy.accept()
        assert reachable(proxy.port)


def test_a_server_that_is_away_is_a_broken_line(proxy: Proxy, echo: Echo) -> None:
    echo.close()
    with pytest.raises(ConnectionResetError), connect(proxy) as line:  # maybe while it connects
        line.recv(1)


def test_it_can_be_stopped_twice(proxy: Proxy) -> None:
    with connect(proxy) as line:
        ask(line, b"1")
        proxy.stop()
        proxy.stop()
        with pytest.raises(ConnectionResetError):
            line.recv(1)


def test_a_url_is_led_through(proxy: Proxy) -> None:
    assert proxy.through("amqp://u:p%40@127.0.0.1:5672/%2F") == f"amqp://u:p%40@127.0.0.1:{proxy.port}/%2F"
