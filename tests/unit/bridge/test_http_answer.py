from collections.abc import Callable, Iterable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.http_answer import MOST_BODY_BYTES, MOST_HEAD_BYTES, BadAnswerError, CutOffError, HttpAnswer, read_answer

SECRET = b"pl4nted"
WHOLE = b"HTTP/1.1 200 OK\r\nX-Amzn-RequestId:  r \r\nContent-Length: 4\r\n\r\nbody"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nbod\r\n01\r\ny\r\n0\r\nTrailer: 1\r\n\r\n"


def coming(pieces: Iterable[bytes]) -> Callable[[], bytes]:
    """Pieces as a socket gives them; none once they are all there."""
    left = iter([piece for piece in pieces if piece])
    return lambda: next(left, b"")


def read(*pieces: bytes) -> HttpAnswer:
    return read_answer(coming(pieces))


def test_an_answer_is_read_to_its_length() -> None:
    assert read(WHOLE) == HttpAnswer(200, {"x-amzn-requestid": "r", "content-length": "4"}, b"body", kept=True)


def test_chunks_are_one_body() -> None:
    answer = read(CHUNKED)
    assert (answer.body, answer.kept) == (b"body", True)


@pytest.mark.parametrize("whole", [WHOLE, CHUNKED])
@given(data=st.data())
def test_however_it_comes_it_is_the_same(whole: bytes, data: st.DataObject) -> None:
    ends = sorted(data.draw(st.sets(st.integers(1, len(whole) - 1))))
    pieces = [whole[start:end] for start, end in zip([0, *ends], [*ends, len(whole)], strict=True)]
    assert read(*pieces) == read(whole)


@pytest.mark.parametrize("whole", [WHOLE, CHUNKED])
def test_what_does_not_come_whole_is_cut_off(whole: bytes) -> None:
    for end in range(len(whole)):
        with pytest.raises(CutOffError):
            read(whole[:end])


def test_answers_in_between_are_passed_over() -> None:
    assert read(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + WHOLE) == read(WHOLE)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.0 200 OK\r\nContent-Length: 4",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: Keep-Alive, Close",
        b"HTTP/1.1 200 OK",
    ],
)
def test_a_connection_whose_end_is_announced_is_not_used_again(head: bytes) -> None:
    answer = read(head + b"\r\n\r\nbody")
    assert (answer.body, answer.kept) == (b"body", False)


def test_a_connection_over_which_more_comes_than_was_asked_for_is_not_used_again() -> None:
    assert not read(WHOLE + b"H").kept


@pytest.mark.parametrize("status", [204, 304])
def test_some_answers_have_no_body(status: int) -> None:
    assert read(b"HTTP/1.1 %d x\r\n\r\n" % status) == HttpAnswer(status, {}, b"", kept=True)


def test_headers_that_come_twice_are_joined() -> None:
    answer = read(b"HTTP/1.1 204\r\nA: 1\r\na: 2\r\nB:\r\n\r\n")
    assert answer.headers == {"a": "1,2", "b": ""}


BAD = {
    "another protocol": b"SSH-2.0-x\r\n\r\n",
    "another version": b"HTTP/2.0 200 OK\r\n\r\n",
    "no number": b"HTTP/1.1 OK\r\n\r\n",
    "a number that is none": b"HTTP/1.1 099 OK\r\n\r\n",
    "other bytes before": b"\r\n" + WHOLE,
    "protocols switched": b"HTTP/1.1 101 x\r\n\r\n",
    "folded": b"HTTP/1.1 200 OK\r\nA: 1\r\n 2\r\nContent-Length: 0\r\n\r\n",
    "no colon": b"HTTP/1.1 200 OK\r\nA\r\nContent-Length: 0\r\n\r\n",
    "a space before the colon": b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
    "a bare line feed": b"HTTP/1.1 200 OK\r\nA: 1\nContent-Length: 0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody",
    "the same length twice": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nbody",
    "a length below zero": b"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nbody",
    "a length with a sign": b"HTTP/1.1 200 OK\r\nContent-Length: +4\r\n\r\nbody",
    "a length of nothing": b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nbody",
    "a length beyond all": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MOST_BODY_BYTES + 1),
    "a length in many digits": b"HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n" % (b"9" * 5000),
    "length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "another coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunks twice": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk of no size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n\r\n",
    "a chunk of a strange size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0_1\r\nx\r\n0\r\n\r\n",
    "a chunk below zero": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    "a chunk beyond all": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n",
    "a chunk that ends otherwise": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbodxx0\r\n\r\n",
    "a chunk that goes on": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbody\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_clearly_an_answer_is_none(name: str) -> None:
    with pytest.raises(BadAnswerError):
        read(BAD[name])


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"A: 1\r\n"),
        (b"", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"400\r\n" + b"x" * 1024 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"A: 1\r\n"),
    ],
    ids=["headers", "a status line", "a body", "chunks", "a size", "trailers"],
)
def test_what_never_ends_is_not_read_for_ever(start: bytes, more: bytes) -> None:
    came = 0

    def receive() -> bytes:
        nonlocal came
        came += 1
        assert came * len(more) < 2 * (MOST_BODY_BYTES + MOST_HEAD_BYTES)
        return start if came == 1 and start else more

    with pytest.raises(BadAnswerError):
        read_answer(receive)


def test_nothing_that_came_is_quoted() -> None:
    for bad in (SECRET + b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + SECRET + b"\r\n\r\n"):
        with pytest.raises(BadAnswerError) as told:
            read(bad)
        assert SECRET.decode() not in str(told.value)
    assert SECRET.decode() not in repr(HttpAnswer(200, {"a": SECRET.decode()}, SECRET, kept=True))


_TOKENS = st.sampled_from(
    [
        b"HTTP/1.1 200 OK",
        b"\r\n",
        b"\r\n\r\n",
        b"Content-Length: ",
        b"Transfer-Encoding: chunked",
        b"4",
        b"0",
        b":",
        b" ",
    ]
)


@given(st.lists(_TOKENS | st.binary(max_size=8), max_size=20))
def test_of_any_bytes_there_is_an_answer_or_one_of_two_errors(pieces: list[bytes]) -> None:
    with suppress(BadAnswerError, CutOffError):
        assert read(*pieces).status >= 200
