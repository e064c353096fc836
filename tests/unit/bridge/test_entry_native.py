"""The maker of entries in C beside the one in Python: the same bytes of everything, or None.

That they say what they are to say is for test_entry, that nothing is kept for test_entry_leak.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import amqp_delivery, entry
from bridge.entry import write_batch, write_batch_in_python
from bridge.port import Entry
from contracts.entry_size import ENTRY_BYTES
from tests.entry_maker import Message, composed, entries_made_in_c_alone, need_native_entries
from tests.entry_space import MARKS, any_texts, entries, messages, plain_messages

URL = "https://sqs.eu-west-1.amazonaws.com/1/ship"
EDGES = (0, 1, 9, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x5B, 0x5C, 0x5D, 0x7E, 0x7F, 0x80, 0x81, 0xEE, 0xEF, 0xF0, 0xFF)
"""Octets beside which something else is done."""
MOST_NUMBERS, MOST_PARTS = 16, 96


@pytest.fixture(autouse=True, scope="module")
def native() -> None:
    need_native_entries()


def outcome(make: Callable[[], object]) -> object:
    """What is made, or that nothing is: of errors each has its own."""
    try:
        return make()
    except (TypeError, UnicodeEncodeError):
        return None


def made(message: Message) -> Entry:
    with entries_made_in_c_alone():
        return composed(message)


@given(messages | plain_messages)
def test_an_entry_is_the_same_whoever_makes_it(message: Message) -> None:
    assert composed(message) == composed(message, in_python=True)


@given(messages, any_texts, st.sampled_from(["body", "id", "key", "exchange", "routing_key", "type", "time"]))
def test_what_cannot_be_made_is_an_error_whoever_is_to_make_it(message: Message, text: str, field: str) -> None:
    value: Any = text.encode("utf-8", "surrogatepass") if field == "body" else text
    message = message._replace(**{field: value})
    assert outcome(lambda: composed(message)) == outcome(lambda: composed(message, in_python=True))


@given(any_texts, st.lists(entries, max_size=12), any_texts)
def test_a_call_is_the_same_whoever_writes_it(url: str, batch: list[Entry], body: str) -> None:
    batch = [*batch, Entry(body, "", "w1", "t")]
    assert outcome(lambda: write_batch(url, batch)) == outcome(lambda: write_batch_in_python(url, batch))


@given(plain_messages)
def test_what_is_plain_is_made_in_c(message: Message) -> None:
    assert made(message) == composed(message, in_python=True)


def test_all_that_amqp_has_is_made_in_c() -> None:
    properties = dict.fromkeys(amqp_delivery.PROPERTY_NAMES, "x") | {"delivery_mode": 2, "timestamp": -(2**63)}
    headers: dict[str, list[Any]] = {"traceparent": ["S", "t"], "x-death": ["A", [["F", {"count": ["l", 1]}]]]}
    message = Message(b"\n{}\xc3\xa9", "i", "k", properties=properties, headers=headers, group="g", deduplication="d")
    assert made(message) == composed(message, in_python=True)


@pytest.mark.parametrize("field", ["exchange", "type", "routing_key", "id", "key", "time"])
@pytest.mark.parametrize("around", ["{}", "x{}y", "{0}{0}"])
def test_what_looks_like_a_place_for_a_value_is_none(field: str, around: str) -> None:
    for mark in MARKS:
        values: dict[str, Any] = {field: around.format(mark)}
        message = Message(**values)
        assert composed(message) == composed(message, in_python=True)


def random_octets(choose: Random) -> bytes:
    return bytes(choose.choices(EDGES if choose.random() < 0.5 else b"abc~", k=choose.randrange(28)))


def test_octets_beside_each_other_change_nothing() -> None:
    """Eight are looked at at once, of which each might be taken for what its neighbour is."""
    choose = Random(17)
    for _ in range(4_000):
        octets = random_octets(choose)
        text = random_octets(choose).decode("latin-1")
        for message in (Message(b"~" + octets), Message(id=text), Message(key=text), Message(properties={text: text})):
            assert composed(message) == composed(message, in_python=True)
        batch = [Entry(text, text, text, text, text, text)]
        assert write_batch(URL, batch) == write_batch_in_python(URL, batch)


@pytest.mark.parametrize("number", range(0x20, 0x80))
def test_a_text_of_ascii_is_made_in_c_but_for_what_json_escapes(number: int) -> None:
    for at in range(9):
        text = "~" * at + chr(number) + " " * (8 - at)
        if chr(number) in '"\\':
            with pytest.raises(pytest.fail.Exception):
                made(Message(id=text))
        else:
            assert made(Message(id=text)).id == text


@pytest.mark.parametrize("octet", range(256))
def test_a_body_that_sqs_takes_is_made_in_c(octet: int) -> None:
    for at in range(9):
        body = b"~" * at + chr(octet).encode() + b"~" * (8 - at)
        if octet < 0x20 and octet not in b"\t\n\r":
            with pytest.raises(pytest.fail.Exception):
                made(Message(body))
        else:
            assert made(Message(body)).body.encode() == body


def test_an_entry_as_large_as_sqs_takes_is_made_in_c_and_none_that_is_larger() -> None:
    size = ENTRY_BYTES - made(Message(b"x")).size_bytes + 1
    assert made(Message(b"x" * size)).size_bytes == ENTRY_BYTES
    with pytest.raises(pytest.fail.Exception):
        made(Message(b"x" * (size + 1)))


@pytest.mark.parametrize("value", ["x", 7])
@pytest.mark.parametrize("most", [MOST_NUMBERS, MOST_PARTS])
def test_more_parts_than_there_is_room_for_are_left_to_python(value: Any, most: int) -> None:
    for count in range(2 * most):
        message = Message(properties={f"n{number}": value for number in range(count)}, headers={"a": ["I", 1]})
        assert composed(message) == composed(message, in_python=True)


_LAYOUT = (b"{", b"", b"", b"", b"", b"", "t", 10)
_GIVEN: tuple[Any, ...] = (_LAYOUT, b"b", "k", {}, b"null", "i", None, None, None, "at", None, None)


def with_another(position: int, value: object) -> tuple[Any, ...]:
    return *_GIVEN[:position], value, *_GIVEN[position + 1 :]


def native_compose(*arguments: Any) -> Entry | None:
    assert entry._compose is not None
    return entry._compose(*arguments)


def test_pieces_and_values_are_joined_in_their_order() -> None:
    layout = (b"{1", b"2", b"3", b"4", b"5", b"6", "t", 10)
    table = {"p": 9, "q": "r"}
    one = native_compose(layout, b"b", "K", table, b"H", "I", "S", "C", "R", "T", "g", "d")
    envelope = '{1I2T3K4{"p":9,"q":"r"}5H6,"subject":"S","datacontenttype":"C","traceparent":"R"}'
    assert one == Entry("b", envelope, "I", "t", "g", "d", 10 + len("b") + len("I") + len(envelope))


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        _GIVEN[:-1],
        (*_GIVEN, None),
        with_another(0, None),
        with_another(0, list(_LAYOUT)),
        with_another(0, _LAYOUT[:-1]),
        with_another(0, (*_LAYOUT[:-1], "10")),
        with_another(0, (*_LAYOUT[:-1], None)),
    ],
)
def test_what_the_maker_in_c_is_not_for_is_an_error(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        native_compose(*arguments)


@pytest.mark.parametrize("around", [-1, 2**64])
def test_a_size_that_is_none_is_an_error(around: int) -> None:
    with pytest.raises(OverflowError):
        native_compose(*with_another(0, (*_LAYOUT[:-1], around)))


class Text(str):
    """Who knows what it says of itself."""

    __slots__ = ()


class Octets(bytes):
    """Likewise."""


class Mapped(dict[str, Any]):
    """Likewise."""


NO_PROPERTIES: tuple[Any, ...] = (None, [], Mapped(), {1: ""}, {"a": None}, {"a": True}, {"a": Text()})


@pytest.mark.parametrize(
    "arguments",
    [
        with_another(0, (*_LAYOUT[:-2], Text("t"), 10)),
        with_another(0, (*_LAYOUT[:-1], 2**63)),
        *(
            with_another(0, (*_LAYOUT[:at], value, *_LAYOUT[at + 1 :]))
            for at in range(6)
            for value in ("", None, b"\xe9")
        ),
        *(with_another(1, value) for value in (b"", None, "b", bytearray(b"b"), Octets(b"b"))),
        *(with_another(3, value) for value in NO_PROPERTIES),
        *(with_another(at, value) for at in (2, 5, 9) for value in (None, 1, b"", Text("x"), "é", '"', "\x1f")),
        *(with_another(at, value) for at in (6, 7, 8) for value in (1, b"", Text("x"), "\\", "\n")),
        *(with_another(4, value) for value in (None, "null", b"\xc3\xa9", Octets(b""), bytearray())),
    ],
)
def test_what_is_not_plain_is_left_to_python(arguments: tuple[Any, ...]) -> None:
    assert native_compose(*_GIVEN) is not None
    assert native_compose(*arguments) is None


@pytest.mark.parametrize("arguments", [(), (b"",), ("", []), (bytearray(), []), (b"", [], None), (b"", 5)])
def test_what_the_writer_in_c_is_not_for_is_an_error(arguments: tuple[Any, ...]) -> None:
    writer: Any = entry._write_batch
    with pytest.raises(TypeError):
        writer(*arguments)
    assert writer(b"", []) == b"]}"


_FILLS_BUFFERS = """
from bridge import entry
from bridge.port import Entry
for size in range(4_200):
    assert len(entry._write_batch(b"x" * size, [])) == size + 2
    batch = [Entry("\\0" * size, "x" * (size % 70), "i", "t")]
    assert entry.write_batch("q", batch) == entry.write_batch_in_python("q", batch)
"""


def test_nothing_is_written_past_the_end_of_what_there_is_room_for() -> None:
    """Of which only an allocator would know that looks for it, and that is chosen when a process starts."""
    subprocess.run(
        [sys.executable, "-c", _FILLS_BUFFERS], env={**os.environ, "PYTHONMALLOC": "debug"}, check=True, timeout=60
    )


@pytest.mark.parametrize("arguments", [(), (Entry,), (Entry, "1"), (Entry, 1, 2)])
def test_the_maker_in_c_is_not_bound_to_what_does_not_fit(arguments: tuple[Any, ...]) -> None:
    from bridge._entry import bind  # noqa: PLC0415  there are machines without it

    with pytest.raises(TypeError):
        bind(*arguments)


@pytest.mark.parametrize("field", ["body", "envelope", "id", "type", "group", "deduplication"])
@pytest.mark.parametrize("value", [None, 5, b"x"])
def test_a_field_that_is_no_text_is_an_error(field: str, value: Any) -> None:
    values: dict[str, Any] = {"body": "b", "envelope": "e", "id": "i", "type": "t", field: value}
    batch = [Entry(**values)]
    if value is None and field in ("group", "deduplication"):
        assert write_batch(URL, batch) == write_batch_in_python(URL, batch)
    else:
        with pytest.raises(TypeError):
            write_batch(URL, batch)


def test_a_list_that_is_emptied_while_it_is_written_ends_there() -> None:
    """An entry of ours does nothing when it is read; somebody else's may."""
    batch: list[Any] = []

    class Emptying:
        body = envelope = id = group = deduplication = "x"

        @property
        def type(self) -> str:
            batch.clear()
            return "t"

    batch += [Emptying(), Emptying(), Emptying()]
    expected = write_batch_in_python(URL, [Entry("x", "x", "x", "t", "x", "x")])
    assert write_batch(URL, batch) == expected
