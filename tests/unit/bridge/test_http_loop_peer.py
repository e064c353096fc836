"""A loop's connections from where they come, over TCP and TLS, to their end; byte by byte it is in test_http_loop."""

import contextlib
import select
import socket
from collections.abc import Callable

import pytest

from bridge.http_line import Lines
from bridge.http_loop import LoopLines
from tests.certificate import Authority
from tests.fakes.far_end import ANSWER_S, LARGE, WITHIN_S, Scene, wait_for, what_is_there
from tests.rig.peer import REQUEST, WHOLE, Peer, closing, serving, trusting, whole, whole_and_gone, whole_and_more

pytest_plugins = ("tests.fixtures_peer",)


def test_connections_are_closed_with_the_lines_whatever_they_are_at() -> None:
    scene = Scene()
    fars = [scene.asked()[1], scene.asked(LARGE)[1], scene.connect()]
    assert scene.lines.stands()
    fileno = scene.lines.fileno()
    scene.close()
    assert len(fars) == 3
    with pytest.raises(OSError, match="Bad file descriptor"):
        select.select([fileno], [], [], 0)


def test_a_connection_whose_last_octets_were_written_with_the_answer_there_is_at_rest() -> None:
    with contextlib.closing(Scene()) as scene:
        scene.asked(LARGE)
        (line,) = scene.lines._asked
        reply, far = scene.asked(LARGE[: len(LARGE) - len(line.unwritten) + 100])  # all but so much goes at once
        while what_is_there(far):
            pass
        far.sendall(WHOLE)
        assert not reply.ended
        scene.lines.look()
        assert reply.take().kept
        assert not scene.stirs
        assert scene.lines.stands()


def loop_over(lines: Lines) -> LoopLines:
    return LoopLines(lines, "http://peer", ANSWER_S)


def test_connections_that_stand_idle_elsewhere_are_taken_over(peers: Callable[..., Peer]) -> None:
    peer = peers(whole, whole, whole)
    lines = Lines(peer.place(), 5, 5)
    loop = loop_over(lines)
    assert not loop.stands()
    lines.ask(REQUEST)
    for _ in range(2):
        assert loop.stands()
        assert wait_for(loop, loop.ask(REQUEST)).take().body == b"ok"
    assert (peer.connections, peer.requests) == (1, 3)


@pytest.mark.parametrize("act", [closing, whole_and_gone, whole_and_more])
def test_a_connection_that_ends_is_not_asked_again(peers: Callable[..., Peer], act: Callable[..., None]) -> None:
    peer = peers(whole, act)
    lines = Lines(peer.place(), 5, 5)
    loop = loop_over(lines)
    lines.ask(REQUEST)
    assert loop.stands()
    assert wait_for(loop, loop.ask(REQUEST)).take().body == b"ok"
    if loop._idle:  # its end, or the second answer, comes apart from the first
        assert select.select([loop.fileno()], [], [], WITHIN_S)[0]
    assert not loop.stands()


LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000
"""More than a record of TLS, and more than is read at once."""


def long(line: socket.socket) -> None:
    line.sendall(LONG)


def all_of_it(line: socket.socket) -> None:
    while not line.recv(1024).endswith(LARGE[-1:]):
        pass
    line.sendall(WHOLE)


def test_over_tls_answers_longer_than_a_record_come_over_one_connection(
    peers: Callable[..., Peer], ours: Authority
) -> None:
    peer = peers(whole, long, whole, long, tls=serving(ours.issue("peer", ["127.0.0.1"])))
    lines = Lines(peer.place(tls=trusting(ours.file)), 5, 5)
    lines.ask(REQUEST)
    loop = loop_over(lines)
    found = []
    for _ in range(3):
        assert loop.stands()
        found.append(len(wait_for(loop, loop.ask(REQUEST)).take().body))
    assert found == [100_000, 2, 100_000]
    assert (peer.connections, peer.requests) == (1, 4)


def test_over_tls_a_large_request_is_written_as_its_peer_reads_it(peers: Callable[..., Peer], ours: Authority) -> None:
    peer = peers(whole, all_of_it, tls=serving(ours.issue("peer", ["127.0.0.1"])))
    lines = Lines(peer.place(tls=trusting(ours.file)), 5, 5)
    lines.ask(REQUEST)
    lines._idle[0].socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    loop = loop_over(lines)
    assert loop.stands()
    reply = loop.ask(LARGE)
    assert next(iter(loop._asked)).unwritten
    assert wait_for(loop, reply).take().body == b"ok"


def test_over_tls_a_connection_that_ends_is_let_go_of(peers: Callable[..., Peer], ours: Authority) -> None:
    peer = peers(whole, whole_and_gone, tls=serving(ours.issue("peer", ["127.0.0.1"])))
    lines = Lines(peer.place(tls=trusting(ours.file)), 5, 5)
    lines.ask(REQUEST)
    loop = loop_over(lines)
    assert loop.stands()
    assert wait_for(loop, loop.ask(REQUEST)).take().body == b"ok"
    assert select.select([loop.fileno()], [], [], WITHIN_S)[0]
    loop.look()
    assert not loop.stands()
