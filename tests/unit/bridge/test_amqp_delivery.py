"""Plain deliveries are read as pika reads them, and everything else is left to it: held byte for byte against pika.

All of it twice: by the reader in Python, and by the one in C.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pika import exceptions, frame, spec

from bridge import amqp_buffer, amqp_delivery, amqp_field
from bridge.amqp_buffer import take_in
from bridge.amqp_delivery import Arrive, Headers, consumer
from contracts.envelope import AmqpFacts
from tests.amqp_space import written
from tests.amqp_stream import (
    CONSUMERS,
    END,
    NOBODYS,
    body_of,
    cut,
    cuts,
    deliver,
    encoded_properties,
    header,
    marshal,
    raw,
    raw_header,
    streams,
)
from tests.delivery_reader import READ_HERE, Take, alone, native_reader, typed
from tests.fakes.line import Line

EXAMPLES = 100


@pytest.fixture(autouse=True, scope="module")
def mended() -> None:
    amqp_field.mend()


@pytest.fixture(autouse=True, scope="module", params=["in Python", "in C"])
def take(request: pytest.FixtureRequest) -> Iterator[Take]:
    """The reader that everything here is read by."""
    one = native_reader() if request.param == "in C" else amqp_delivery._take_deliveries
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(amqp_buffer, "take_deliveries", one)
        yield one


class Reading:
    """A connection that is read one way, and what has arrived of it."""

    def __init__(self, feed: Callable[["Reading", bytes], None]) -> None:
        self._feed = feed
        self.arrived: list[tuple[object, ...]] = []
        self.error: type[Exception] | None = None
        self.line = Line({number: {tag: self.arrival(tag) for tag in tags} for number, tags in CONSUMERS.items()})
        self.consumers = {
            number: consumer(tag, self.arrival(tag), self.line.channel_of(number)) for number, tag in READ_HERE.items()
        }

    def arrival(self, consumer_tag: str) -> Arrive:
        def arrive(tag: int, facts: AmqpFacts, headers: Headers, body: bytes) -> None:
            self.arrived.append((consumer_tag, tag, *typed(facts), written(headers), body))

        return arrive

    def feed(self, pieces: Sequence[bytes]) -> tuple[object, ...]:
        """What became of it, piece by piece until one cannot be read."""
        found: list[object] = []
        for piece in pieces:
            try:
                self._feed(self, piece)
            except Exception as error:  # noqa: BLE001  compared
                self.error = type(error)
                found.append((self.error, error.args))
                break
            finally:
                found.append((len(self.arrived), self.line.bytes_received, self.line.left))
        return found, self.arrived, self.line.emitted


def ours() -> Reading:
    return Reading(lambda reading, piece: take_in(reading.line, piece, reading.consumers))


def pikas() -> Reading:
    return Reading(lambda reading, piece: reading.line.feed(piece))


@settings(max_examples=EXAMPLES)
@given(streams(), cuts)
def test_what_arrives_is_what_arrives_by_pika(data: bytes, places: list[int]) -> None:
    pieces = cut(data, places)
    assert ours().feed(pieces) == pikas().feed(pieces)


@settings(max_examples=EXAMPLES)
@given(streams(), cuts, st.integers(0, 10_000), st.sampled_from(["change", "lose", "add"]), st.integers(0, 255))
def test_what_is_broken_on_the_way_is_refused_where_and_as_pika_refuses_it(
    data: bytes, places: list[int], at: int, how: str, octet: int
) -> None:
    at %= len(data)
    broken = data[:at] + (b"" if how == "lose" else bytes([octet])) + data[at if how == "add" else at + 1 :]
    pieces = cut(broken, places)
    assert ours().feed(pieces) == pikas().feed(pieces)


HEADER = header(5, message_id="m", headers={"x": 1})
GET_OK = spec.Basic.GetOk(7, redelivered=False, exchange="e", routing_key="k", message_count=1)
METHOD, CONTENT = deliver(), body_of(b"hello")
PLAIN = METHOD + HEADER + CONTENT
WITHOUT_BODY = deliver(number=8) + header(0)


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        WITHOUT_BODY,
        PLAIN + WITHOUT_BODY + deliver(2, "c2") + header(1, 2) + body_of(b"\xce", 2) + PLAIN,
        METHOD + raw_header(5, struct.pack(">H", 0xFFFC) + encoded_properties(0xFFFC, Random(7))[2:]) + CONTENT,
        METHOD + raw_header(5, b"\0\0and more") + CONTENT,
        METHOD[:22] + b"\xfe" + METHOD[23:] + HEADER + CONTENT,
    ],
    ids=[
        "plain",
        "without a body",
        "several",
        "every property",
        "octets after the properties",
        "bits beside redelivered",
    ],
)
def test_what_is_plain_never_comes_to_pika(data: bytes) -> None:
    here, there = ours(), pikas()
    assert here.feed([data]) == there.feed([data])
    assert here.arrived
    assert (here.line.frames_received, here.line.bytes_received, here.line.left) == (0, len(data), b"")


@pytest.mark.parametrize(
    "data", [PLAIN, WITHOUT_BODY, PLAIN + WITHOUT_BODY + PLAIN], ids=["plain", "without a body", "several"]
)
def test_it_may_come_in_two_pieces_wherever_it_is_cut(data: bytes) -> None:
    for at in range(1, len(data)):
        here, there = ours(), pikas()
        assert here.feed([data[:at], data[at:]]) == there.feed([data[:at], data[at:]])
        assert (here.error, here.line.left) == (None, b"")


def left(data: bytes) -> tuple[int, int]:
    """How many frames are left to pika, and how many deliveries arrive of what they are, as by pika alone."""
    here, there = ours(), pikas()
    assert here.feed([data]) == there.feed([data])
    assert here.line.frames_received == there.line.frames_received
    return here.line.frames_received, len(here.arrived)


@pytest.mark.parametrize(
    ("data", "frames", "arrive"),
    [
        (deliver(tag="c12") + HEADER + CONTENT, 3, 1),
        (deliver(tag="nobody") + HEADER + CONTENT, 3, 0),
        (deliver(3, "c3") + header(5, 3) + body_of(b"hello", 3), 3, 1),
        (deliver(NOBODYS) + header(5, NOBODYS) + body_of(b"hello", NOBODYS), 3, 0),
        (marshal(frame.Method(1, GET_OK)) + HEADER + CONTENT, 3, 0),
        (METHOD + HEADER + body_of(b"hel") + body_of(b"lo"), 4, 1),
        (METHOD + HEADER + body_of(b"") + CONTENT, 4, 1),
        (METHOD + HEADER + body_of(b"hel"), 3, 0),
        (METHOD + HEADER, 2, 0),
        (METHOD, 1, 0),
        (METHOD + deliver(2, "c2") + HEADER + CONTENT + header(0, 2), 5, 2),
        (METHOD + HEADER + body_of(b"hello", 3) + CONTENT, 3, 0),
        (METHOD + marshal(frame.Heartbeat()) + HEADER + CONTENT, 4, 1),
        (METHOD + raw_header(5, b"\x80\1\1a") + CONTENT, 3, 1),
        (METHOD + raw_header(5, b"\x80\2\1a") + CONTENT, 3, 1),
    ],
    ids=[
        "a tag that begins like ours", "nobody's tag", "a channel that is not read here", "nobody's channel",
        "no delivery", "several frames of body", "an empty frame of body", "a body that is not whole",
        "a body that is still to come", "a header that is still to come", "two channels at once",
        "the body on another channel", "a heartbeat within", "more flags", "an unknown flag",
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_pika(data: bytes, frames: int, arrive: int) -> None:
    assert left(data) == (frames, arrive)


@pytest.mark.parametrize(
    ("data", "error", "frames"),
    [
        (METHOD[:-1] + b"\xcd" + HEADER + CONTENT, exceptions.InvalidFrameError, 0),
        (METHOD + HEADER[:-1] + b"\xcd" + CONTENT, exceptions.InvalidFrameError, 1),
        (METHOD + HEADER + CONTENT[:-1] + b"\xcd", exceptions.InvalidFrameError, 2),
        (METHOD + header(0)[:-1] + b"\xcd", exceptions.InvalidFrameError, 1),
        (METHOD + raw_header(5, b"\0\0", class_id=61) + CONTENT, KeyError, 1),
        (METHOD + raw(spec.FRAME_BODY, HEADER[7:-1]) + CONTENT, AttributeError, 2),
        (METHOD + HEADER + raw(spec.FRAME_HEADER, b"hello"), struct.error, 2),
        (METHOD + header(5, 2) + CONTENT, AttributeError, 3),
        (METHOD + HEADER + body_of(b"hello!"), exceptions.BodyTooLongError, 3),
        (METHOD + HEADER + body_of(b"hel") + body_of(b"low"), exceptions.BodyTooLongError, 4),
        (METHOD + HEADER + body_of(b"hello" + END + b"lo"), exceptions.BodyTooLongError, 3),
        (METHOD + HEADER + body_of(b"hel") + PLAIN, exceptions.BodyTooLongError, 6),
        (METHOD + raw_header(5, b"\x20\0\0\0\0\x09\1kV") + CONTENT, amqp_field.TornTableError, 1),
        (METHOD + raw_header(5, b"\x20\0\0\0") + CONTENT, amqp_field.TornTableError, 1),
        (METHOD + raw_header(5, b"\x80\0") + CONTENT, struct.error, 1),
        (METHOD + raw_header(5, b"\x10\0") + CONTENT, struct.error, 1),
        (METHOD + raw_header(5, b"\0\x40\0") + CONTENT, struct.error, 1),
        (METHOD + raw_header(5, b"") + CONTENT, struct.error, 1),
        (METHOD + raw_header(5, b"\0") + CONTENT, struct.error, 1),
        (METHOD + raw_header(0, b"") + marshal(frame.Heartbeat()), struct.error, 1),
        (raw(spec.FRAME_METHOD, METHOD[7:21]) + HEADER + CONTENT, struct.error, 0),
        (raw(spec.FRAME_METHOD, METHOD[7:22]) + HEADER + CONTENT, struct.error, 0),
        (raw(spec.FRAME_METHOD, METHOD[7:23]) + HEADER + CONTENT, struct.error, 0),
        (raw(spec.FRAME_METHOD, METHOD[7:-5]) + HEADER + CONTENT, struct.error, 0),
    ],
    ids=[
        "end of the method", "end of the header", "end of the body", "end of the header without a body",
        "another class", "a body in the header's place", "a header in the body's place", "header on another channel",
        "a body too long", "frames of body too long",
        "a body too long that looks whole", "a message within another", "a table torn off", "a table's length torn off",
        "a text torn off", "an octet torn off", "a time torn off", "no flags", "half of the flags",
        "no flags but what follows", "half of the tag", "no octet after the tag", "no exchange", "no routing key",
    ],
)  # fmt: skip
def test_what_is_broken_is_refused_by_pika(data: bytes, error: type[Exception], frames: int) -> None:
    here, there = ours(), pikas()
    assert here.feed([PLAIN + data]) == there.feed([PLAIN + data])
    assert here.error is error
    assert (here.line.frames_received, len(here.arrived)) == (frames, 1)


def test_a_text_that_ends_after_its_frame_is_as_long_as_pika_takes_it() -> None:
    here, there = ours(), pikas()
    torn = raw(spec.FRAME_METHOD, METHOD[7:-3]) + raw_header(5, b"\x80\0\x09a/b") + CONTENT
    assert here.feed([torn + PLAIN]) == there.feed([torn + PLAIN])
    assert len(here.arrived) == 2


def test_a_body_that_nobody_has_announced_is_refused_by_pika() -> None:
    here, there = ours(), pikas()
    assert here.feed([WITHOUT_BODY + CONTENT]) == there.feed([WITHOUT_BODY + CONTENT])
    assert (here.error, len(here.arrived)) == (AttributeError, 1)


def test_no_more_origins_are_remembered_than_are_few() -> None:
    here, there = ours(), pikas()
    pieces = [deliver(key=f"k{number % 1_500}") + header(0) for number in range(3_000)]
    assert here.feed(pieces) == there.feed(pieces)
    assert 0 < len(here.consumers[1].origins) <= 1_024


def test_a_consumer_that_is_gone_is_read_by_pika_from_then_on() -> None:
    here, there = ours(), pikas()
    here.feed([PLAIN])
    there.feed([PLAIN])
    del here.consumers[1]
    assert here.feed([PLAIN]) == there.feed([PLAIN])
    assert (here.line.frames_received, len(here.arrived)) == (3, 2)


class OfTheConsumerError(Exception):
    """Whatever may go wrong there."""


@pytest.mark.parametrize("kind", [OfTheConsumerError, IndexError, struct.error])
def test_what_a_consumer_raises_comes_out(take: Take, kind: type[Exception]) -> None:
    came: list[int] = []

    def arrive(tag: int, *_: object) -> None:
        came.append(tag)
        if tag == 8:
            raise kind

    with pytest.raises(kind):
        take(PLAIN + WITHOUT_BODY + PLAIN, 0, len(PLAIN + WITHOUT_BODY + PLAIN), alone(arrive))
    assert came == [7, 8]


def test_a_table_that_nobody_can_read_but_that_is_whole_comes_out(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object) -> None:
        raise OfTheConsumerError

    monkeypatch.setattr(amqp_field, "_read_table", read)
    data = METHOD + header(0, headers={"of this test alone": "x" * 300})
    with pytest.raises(OfTheConsumerError):
        take(data, 0, len(data), alone(lambda *_: None))


def test_a_consumer_may_leave_while_its_deliveries_are_taken(take: Take) -> None:
    came: list[int] = []

    def arrive(tag: int, *_: object) -> None:
        came.append(tag)
        consumers.clear()

    consumers = alone(arrive)
    data = PLAIN + deliver(key="another") + header(0) + PLAIN
    assert take(data, 0, len(data), consumers) == len(PLAIN)
    assert came == [7]


def test_a_consumers_tag_is_its_channels_own(take: Take) -> None:
    came: list[tuple[str, int]] = []
    consumers = {
        **alone(lambda tag, *_: came.append(("one's", tag))),
        2: alone(lambda tag, *_: came.append(("another's", tag)))[1],
    }
    data = PLAIN + deliver(2, number=8) + header(0, 2) + PLAIN
    assert take(data, 0, len(data), consumers) == len(data)
    assert came == [("one's", 7), ("another's", 8), ("one's", 7)]


def test_what_was_begun_with_by_pika_meanwhile_is_left_to_it(take: Take) -> None:
    def arrive(*_: object) -> None:
        consumers[1].assembler._method_frame = object()

    consumers = alone(arrive)
    assert take(PLAIN + PLAIN, 0, 2 * len(PLAIN), consumers) == len(PLAIN)


def test_nothing_is_read_past_the_end_that_is_given(take: Take) -> None:
    came: list[bytes] = []
    for end in range(len(PLAIN), 2 * len(PLAIN)):
        assert take(PLAIN + PLAIN, 0, end, alone(lambda *args: came.append(args[3]))) == len(PLAIN)
    assert came == [b"hello"] * len(PLAIN)
