"""Requests and answers that a loop carries on, against a far end in the test's own hands: nothing ever waits."""

import selectors
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from bridge.http_answer import BadAnswerError
from bridge.http_line import IDLE_S
from bridge.http_loop import WRITTEN_S
from tests.fakes.far_end import ANSWER_S, LARGE, Scene, is_at_its_end, wait_for, what_is_there
from tests.rig.peer import REQUEST, WHOLE

CHUNKED = (
    b"HTTP/1.1 100 Continue\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nchu\r\n4\r\nnked\r\n0\r\nTrailer: x\r\n\r\n"
)
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\nto the end"
TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def scene() -> Iterator[Scene]:
    one = Scene()
    yield one
    one.close()


def test_an_answer_that_comes_in_one_piece_is_read(scene: Scene) -> None:
    reply, far = scene.asked()
    assert not reply.ended
    far.sendall(WHOLE)
    assert scene.stirs
    scene.lines.look()
    answer = reply.take()
    assert (reply.ended, answer.status, answer.body, answer.kept) == (True, 200, b"ok", True)


@pytest.mark.parametrize(
    ("encoded", "body"), [(WHOLE, b"ok"), (CHUNKED, b"chunked")], ids=["with its length", "chunked"]
)
def test_an_answer_that_comes_byte_by_byte_is_read_once_it_is_whole(scene: Scene, encoded: bytes, body: bytes) -> None:
    reply, far = scene.asked()
    for octet in encoded:
        assert not reply.ended
        far.sendall(bytes([octet]))
        scene.lines.look()
    assert reply.take().body == body
    assert scene.ask() is not reply, "the connection stands again"


def test_an_answer_that_ends_with_its_connection_is_read(scene: Scene) -> None:
    reply, far = scene.asked()
    far.sendall(UNTIL_CLOSE)
    scene.lines.look()
    assert not reply.ended
    far.close()
    scene.lines.look()
    assert reply.take().body == b"to the end"
    assert scene.open == 0


@given(
    st.sampled_from([WHOLE, CHUNKED, WHOLE + WHOLE, b"HTTP/1.0 500 x\r\n\r\ny"]),
    st.lists(st.integers(1, 60), max_size=9),
)
def test_in_whatever_pieces_an_answer_comes_it_is_the_same(encoded: bytes, cuts: list[int]) -> None:
    scene = Scene()
    reply, far = scene.asked()
    for cut in [*cuts, len(encoded)]:
        if encoded and not reply.ended:
            far.sendall(encoded[:cut])
            encoded = encoded[cut:]
            scene.lines.look()
    far.close()
    scene.lines.look()
    answer = reply.take()
    assert (answer.status, answer.body) in [(200, b"ok"), (200, b"chunked"), (500, b"y")]
    scene.close()


def test_several_requests_are_under_way_at_once_and_may_be_answered_in_any_order(scene: Scene) -> None:
    under_way = [scene.asked() for _ in range(4)]
    for ended, number in enumerate((2, 0, 3, 1), 1):
        reply, far = under_way[number]
        far.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number)
        scene.lines.look()
        assert reply.take().body == b"%d" % number
        assert [one.ended for one, _ in under_way].count(True) == ended


def test_a_connection_is_used_again_and_the_one_that_was_used_last_first(scene: Scene) -> None:
    first, second = scene.asked(), scene.asked()
    for reply, far in (second, first):
        far.sendall(WHOLE)
        scene.lines.look()
        assert reply.ended
    for _, far in (first, second):
        again = scene.ask(REQUEST)
        assert far.recv(1024) == REQUEST
        assert not again.ended
    assert not scene.lines.stands()


@pytest.mark.parametrize(
    "encoded",
    [WHOLE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), WHOLE.replace(b"1.1", b"1.0"), WHOLE + b"H"],
    ids=["it will be closed", "an old peer", "more than the answer"],
)
def test_a_connection_that_may_not_be_used_again_is_not_kept(scene: Scene, encoded: bytes) -> None:
    reply, far = scene.asked()
    far.sendall(encoded)
    scene.lines.look()
    assert reply.take().body == b"ok"
    assert is_at_its_end(far)
    assert not scene.lines.stands()


@pytest.mark.parametrize("act", [socket.socket.close, lambda far: far.sendall(WHOLE)], ids=["its end", "unasked"])
def test_an_idle_connection_over_which_anything_comes_is_let_go_of(
    scene: Scene, act: Callable[[socket.socket], None]
) -> None:
    assert not scene.lines.stands()
    far = scene.connect()
    assert scene.lines.stands()
    act(far)
    assert scene.stirs
    scene.lines.look()
    assert (scene.open, scene.stirs, scene.lines.stands()) == (0, False, False)


def test_a_connection_that_its_peer_has_closed_is_not_asked_though_nobody_has_looked(scene: Scene) -> None:
    (first, older), (second, newer) = scene.asked(), scene.asked()
    for far in (newer, older):
        far.sendall(WHOLE)
        scene.lines.look()
    assert (first.ended, second.ended) == (True, True)
    older.close()
    assert not scene.ask().ended
    assert newer.recv(1024) == REQUEST
    assert not scene.lines.stands()


@pytest.mark.parametrize(("idle_s", "stands"), [(IDLE_S - 1, True), (IDLE_S, False)])
def test_a_connection_that_was_idle_for_long_is_let_go_of(scene: Scene, idle_s: float, *, stands: bool) -> None:
    reply, far = scene.asked()
    scene.clock.advance(5)
    far.sendall(WHOLE)
    scene.lines.look()
    assert reply.ended
    scene.clock.advance(idle_s)
    assert scene.lines.stands() is stands
    assert is_at_its_end(far) is not stands


@pytest.mark.parametrize("came", [b"", WHOLE[:-1], CHUNKED[:-3]], ids=["nothing", "not all", "no last chunk"])
def test_an_answer_that_is_cut_off_is_an_outage(scene: Scene, came: bytes) -> None:
    reply, far = scene.asked()
    far.sendall(came)
    far.close()
    scene.lines.look()
    with pytest.raises(ConnectionClosedError):
        reply.take()
    assert (scene.open, scene.lines.stands()) == (0, False)


def test_what_is_no_answer_is_refused_and_not_quoted(scene: Scene) -> None:
    reply, far = scene.asked()
    far.sendall(b"pl4nted\r\n\r\n")
    scene.lines.look()
    with pytest.raises(BadAnswerError) as told:
        reply.take()
    assert "pl4nted" not in str(told.value)
    assert is_at_its_end(far)


def test_a_peer_that_says_nothing_holds_nobody_up(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float | None] = []
    select_for = selectors.DefaultSelector.select

    def watched(self: Any, timeout: float | None = None) -> Any:
        waits.append(timeout)
        return select_for(self, timeout)

    monkeypatch.setattr(selectors.DefaultSelector, "select", watched)
    reply, _ = scene.asked()
    scene.lines.look()
    assert (waits, reply.ended, scene.stirs) == ([0], False, False)
    with pytest.raises(RuntimeError):
        reply.take()


def test_a_large_request_is_written_as_its_peer_reads_it(scene: Scene) -> None:
    reply, far = scene.asked(LARGE)
    came = far.recv(64)
    assert not reply.ended
    while len(came) < len(LARGE):
        if (piece := what_is_there(far)) is None:
            assert scene.stirs, "there is room, and more to write"
            scene.lines.look()
        came += piece or b""
    assert came == LARGE
    scene.lines.look()
    assert not scene.stirs, "there is nothing to write any more"
    far.sendall(WHOLE)
    assert wait_for(scene.lines, reply).take().body == b"ok"
    assert scene.ask(REQUEST) is not reply
    assert far.recv(1024) == REQUEST


def test_an_answer_that_comes_before_its_request_was_read_counts_and_ends_the_connection(scene: Scene) -> None:
    reply, far = scene.asked(LARGE)
    far.sendall(TOO_LARGE)
    scene.lines.look()
    assert reply.take().status == 413
    assert (scene.open, scene.lines.stands()) == (0, False)


def test_an_answer_of_a_peer_that_has_read_no_more_and_closed_counts(scene: Scene) -> None:
    reply, far = scene.asked(LARGE)
    far.sendall(TOO_LARGE)
    far.shutdown(socket.SHUT_RD)  # whoever writes is told that nobody reads
    scene.lines.look()
    assert reply.take().status == 413
    assert scene.open == 0


def test_a_request_that_nobody_reads_is_not_written_any_more_in_the_end(scene: Scene) -> None:
    reply, far = scene.asked(LARGE)
    scene.clock.advance(WRITTEN_S - 1)
    assert what_is_there(far)
    scene.lines.look()
    assert not reply.ended
    scene.clock.advance(1)
    while what_is_there(far):
        pass
    scene.lines.look()
    with pytest.raises(ReadTimeoutError):
        reply.take()
    assert is_at_its_end(far)


@pytest.mark.parametrize("came", [b"", WHOLE[:-1]], ids=["nothing", "not all"])
def test_an_answer_that_takes_too_long_is_an_outage_and_is_never_taken_for_anothers(scene: Scene, came: bytes) -> None:
    reply, far = scene.asked()
    scene.clock.advance(1)
    later, _ = scene.asked()
    far.sendall(came)
    scene.clock.advance(ANSWER_S - 2)
    scene.lines.look()
    assert not reply.ended
    scene.clock.advance(1)
    scene.lines.look()
    with pytest.raises(ReadTimeoutError):
        reply.take()
    assert is_at_its_end(far)
    assert not later.ended, "it was asked later"


def test_over_a_connection_that_is_used_again_an_answer_may_take_as_long(scene: Scene) -> None:
    reply, far = scene.asked()
    far.sendall(WHOLE)
    scene.lines.look()
    assert reply.ended
    scene.clock.advance(IDLE_S - 1)
    again = scene.ask()
    scene.clock.advance(ANSWER_S - 1)
    scene.lines.look()
    assert not again.ended


def test_an_answer_that_is_here_counts_however_late_we_look(scene: Scene) -> None:
    """A process that was stopped must not ask again for what was taken long ago."""
    reply, far = scene.asked()
    far.sendall(WHOLE)
    scene.clock.advance(1_000)
    scene.lines.look()
    assert reply.take().body == b"ok"


def test_what_is_abandoned_is_written_no_further_and_others_go_on(scene: Scene) -> None:
    reply, far = scene.asked(LARGE)
    other, others_far = scene.asked()
    scene.lines.abandon(reply)
    assert reply.ended
    came = b""
    while piece := far.recv(16 * 1024):
        came += piece
    assert 0 < len(came) < len(LARGE)
    scene.lines.abandon(reply)
    others_far.sendall(WHOLE)
    scene.lines.look()
    assert other.take().body == b"ok"
    scene.lines.abandon(other)
    assert scene.lines.stands(), "what has its answer is not touched any more"
