"""Connections that end when they like, against a peer that does as it is told, byte by byte."""

import select
import socket
from collections.abc import Callable
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
from tests.certificate import Authority
from tests.rig.peer import (
    HURRY_S,
    REQUEST,
    WHOLE,
    Act,
    Peer,
    closing,
    garbled,
    gone,
    half_and_gone,
    serving,
    silent,
    trusting,
    whole,
    whole_and_gone,
    whole_and_more,
)

pytest_plugins = ("tests.fixtures_peer",)


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
