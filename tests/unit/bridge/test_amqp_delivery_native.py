"""The reader of deliveries in C beside the one in Python: the same of whatever is broken, and nothing is kept.

That both read as pika does is for test_amqp_delivery.
"""

import gc
import itertools
import struct
import sys
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pika import spec

from bridge import amqp_delivery
from bridge.amqp_delivery import Consumer, Headers
from contracts.envelope import AmqpFacts
from tests.amqp_space import written
from tests.amqp_stream import body_of, deliver, encoded_properties, header, raw, raw_header, streams
from tests.delivery_reader import Take, alone, native_reader, typed

EXAMPLES = 100
HEADER = header(5, message_id="m", headers={"x": 1})
METHOD, CONTENT = deliver(), body_of(b"hello")
PLAIN = METHOD + HEADER + CONTENT
WITHOUT_BODY = deliver(number=8) + header(0)


@pytest.fixture(scope="module")
def native() -> Take:
    return native_reader()


class OfTheConsumerError(Exception):
    """Whatever may go wrong there."""


def outcome(take: Take, data: bytes) -> tuple[object, ...]:
    came: list[tuple[object, ...]] = []

    def arrive(tag: int, facts: AmqpFacts, headers: Headers, body: bytes) -> None:
        came.append((tag, *typed(facts), written(headers), body))

    return take(data, 0, len(data), alone(arrive)), came


def mangled(data: bytes, choose: Random) -> bytes:
    """With several octets, and several of what may be lengths, that are others."""
    mangling = bytearray(data)
    for _ in range(choose.choice([1, 1, 2, 3, 8])):
        at, size = choose.randrange(len(data)), choose.choice([1, 1, 2, 4, 8])
        old = int.from_bytes(mangling[at : at + size])
        new = choose.choice([0, 2 ** (8 * size) - 1, 2 ** (8 * size - 1), old - 1, old + 1, old + 8, len(data)])
        mangling[at : at + size] = (new % 2 ** (8 * size)).to_bytes(size)
    return bytes(mangling[: choose.choice([None, None, choose.randrange(len(mangling))])])


@settings(max_examples=EXAMPLES)
@given(streams(), st.integers(0, 2**32))
def test_of_what_is_mangled_the_reader_in_c_takes_what_the_one_in_python_takes(
    native: Take, data: bytes, seed: int
) -> None:
    choose = Random(seed)
    for _ in range(50):
        one = mangled(data, choose)
        assert outcome(native, one) == outcome(amqp_delivery._take_deliveries, one)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((bytearray(PLAIN), 0, 1, {}), TypeError),
        ((PLAIN, 0, 1, None), TypeError),
        ((PLAIN, 0, 1), TypeError),
        ((PLAIN, "0", 1, {}), TypeError),
        ((PLAIN, 0, None, {}), TypeError),
        ((PLAIN, 2**64, 1, {}), OverflowError),
        ((PLAIN, -1, 1, {}), ValueError),
        ((PLAIN, 2, 1, {}), ValueError),
        ((PLAIN, 0, len(PLAIN) + 1, {}), ValueError),
        ((PLAIN, 0, len(PLAIN), {1: None}), AttributeError),
        ((PLAIN, 0, len(PLAIN), {1: Consumer(None, print, None)}), TypeError),  # type: ignore[arg-type]
        ((PLAIN, 0, len(PLAIN), {1: Consumer(b"", print, None, [])}), TypeError),  # type: ignore[arg-type]
        ((PLAIN, 0, len(PLAIN), {1: Consumer(b"", print, None)}), AttributeError),
    ],
)
def test_the_reader_in_c_takes_what_it_is_for_and_no_other(
    native: Any, arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        native(*arguments)


def bound(**parts: Any) -> Take:
    """A reader in C that is given other parts than the bridge's."""
    from bridge._amqp_delivery import bind  # noqa: PLC0415  there are machines without it

    names, kinds = zip(*amqp_delivery._PROPERTIES, strict=True)
    all_parts: dict[str, Any] = {
        "facts": AmqpFacts,
        "origin": amqp_delivery._origin,
        "common_table": amqp_delivery._common_table,
        "large_table": amqp_delivery._large_table,
        "common_bytes": 256,
        "leave": (IndexError,),
        "names": names,
        "kinds": bytes(kinds),
    }
    return bind(*(all_parts | parts).values())


def _fails(*_: object) -> Any:
    raise OfTheConsumerError


@pytest.mark.parametrize("part", ["facts", "origin", "common_table"])
@pytest.mark.usefixtures("native")
def test_what_the_parts_of_the_reader_in_c_raise_comes_out_but_what_means_that_it_is_left(part: str) -> None:
    with pytest.raises(OfTheConsumerError):
        bound(**{part: _fails})(PLAIN, 0, len(PLAIN), alone(_fails))
    if part != "facts":
        assert bound(**{part: _fails}, leave=(OfTheConsumerError,))(PLAIN, 0, len(PLAIN), alone(_fails)) == 0


@pytest.mark.parametrize("parts", [{"names": ("a",)}, {"kinds": b"\0"}, {"common_bytes": "256"}, {"leave": IndexError}])
@pytest.mark.usefixtures("native")
def test_the_reader_in_c_is_not_bound_to_parts_that_do_not_fit(parts: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        bound(**parts)


@pytest.mark.parametrize("parts", [{"origin": lambda *_: None}, {"origin": lambda *_: ("e",)}, {"common_bytes": -1}])
@pytest.mark.usefixtures("native")
def test_a_part_of_the_reader_in_c_that_answers_what_it_must_not_is_an_error(parts: dict[str, Any]) -> None:
    with pytest.raises((TypeError, OverflowError)):
        bound(**parts)(PLAIN, 0, len(PLAIN), alone(lambda *_: None))


LEAK_ROUNDS = 3_000
"""Of forty deliveries, on every path."""


def _answers(*_: object) -> Any:
    """With what nobody else has, so that it would be missed."""
    return object()


def test_the_reader_in_c_keeps_nothing_of_what_it_has_read(native: Take) -> None:
    every = raw_header(5, struct.pack(">H", 0xFFFC) + encoded_properties(0xFFFC, Random(7))[2:])
    large = header(5, headers={"large": "x" * 300})
    unreadable = raw_header(5, b"\x90\0\1\xff\2") + CONTENT
    good = [PLAIN, WITHOUT_BODY, METHOD + every + CONTENT, METHOD + large + CONTENT, METHOD + unreadable]
    torn = [
        PLAIN[:-1],
        METHOD + raw_header(5, b"\x90\0\1a") + CONTENT,
        METHOD + raw_header(5, b"\x80\0") + CONTENT,
        METHOD + raw_header(5, b"\xa0\0\1a\0\0\0\7") + CONTENT,
        METHOD + raw_header(5, b"\x20\0" + struct.pack(">I", 0)[:3]) + CONTENT,
        raw(spec.FRAME_METHOD, METHOD[7:-5]) + HEADER + CONTENT,
        deliver(3, "c3") + header(0, 3),
    ]
    streams_ = [b"".join(good) + one for one in torn]
    taking, failing = alone(_answers), alone(_fails)
    strange = bound(origin=lambda *_: None), bound(common_table=_fails), bound(facts=_fails)
    origins = taking[1].origins

    def read() -> None:
        for data in streams_:
            assert native(data, 0, len(data), taking) >= sum(map(len, good))
        for one in (native, *strange):
            with pytest.raises((OfTheConsumerError, TypeError)):
                one(PLAIN, 0, len(PLAIN), failing)

    def counted() -> tuple[int, list[int]]:
        gc.collect()
        consumers = [part for one in (taking[1], failing[1]) for part in (one, one.arrive, one.mark, one.origins)]
        known = [*amqp_delivery.PROPERTY_NAMES, *consumers, *origins, *itertools.chain(*origins.values())]
        return sys.getallocatedblocks(), list(map(sys.getrefcount, known))

    for _ in range(20):
        read()
    before = counted()
    for _ in range(LEAK_ROUNDS):
        read()
    after = counted()
    assert after[1:] == before[1:]
    assert after[0] - before[0] < LEAK_ROUNDS // 10
