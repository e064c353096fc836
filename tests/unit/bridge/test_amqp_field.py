"""Header tables as pika reads and writes them once it is mended."""

import math
import struct
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pika import data, exceptions, spec
from pika.compat import long as pika_long

from bridge import amqp_field
from bridge.amqp_field import NESTING, read_table, write_table
from contracts.amqp_value import (
    Float32,
    Int8,
    Int16,
    Int64,
    Int64L,
    RawText,
    Table,
    Timestamp,
    UInt8,
    UInt16,
    UInt32,
    UnknownAmqpTypeError,
    Unread,
)
from tests.amqp_space import long, octets, read, table_of, tables, value_of, written


@pytest.fixture(autouse=True, scope="module")
def mended() -> None:
    amqp_field.mend()


@given(tables)
@example(table_of([(b"a", b"V"), (b"a", b"t\1")]))
@example(table_of([(b"\xff", b"V"), (b"", b"V")]))
def test_any_table_is_written_as_it_was_read(content: bytes) -> None:
    assert written(read(content)) == content


@given(octets | tables)
@example(b"\x05ab")
@example(b"\x01k")
@example(b"\x01kZ???")
@example(b"\x01kS\0\0\0\xffab")
@example(table_of([(b"", b"V"), (b"\x01", b"U\0\0")]))
@example(table_of([(b"k", long(b"F", b"\x01kZ")), (b"l", long(b"A", b"I\0"))]))
def test_what_nobody_can_read_is_written_as_it_was_read_too(content: bytes) -> None:
    spoilt = content[:-1] + b"Z" if content else b"\x01kZ"
    for one in (content, spoilt, content[1:]):
        if not one.startswith(b"t") and written(read(one)) != one:
            assert b"t" in one  # any octet but 0 is true, and true is 1


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        (b"t\x01", True),
        (b"b\xff", Int8(-1)),
        (b"B\xff", UInt8(255)),
        (b"s\xff\xfe", Int16(-2)),
        (b"u\xff\xfe", UInt16(65534)),
        (b"I\xff\xff\xff\xff", -1),
        (b"i\xff\xff\xff\xff", UInt32(2**32 - 1)),
        (b"l" + b"\0" * 7 + b"\2", Int64(2)),
        (b"l" + b"\1" + b"\0" * 7, 2**56),
        (b"L" + b"\xff" * 8, Int64L(-1)),
        (b"f" + struct.pack(">f", 0.5), Float32(0.5)),
        (b"d" + struct.pack(">d", 0.1), 0.1),
        (b"D\x02" + struct.pack(">i", 150), Decimal("1.50")),
        (b"D\x00" + struct.pack(">i", -3), Decimal(-3)),
        (b"D\xff" + struct.pack(">i", 2**31 - 1), Decimal("2147483647E-255")),
        (b"T" + b"\xff" * 8, Timestamp(2**64 - 1)),
        (long(b"S", "é".encode()), "é"),
        (long(b"S", b"\xff"), RawText(b"\xff")),
        (long(b"x", b"a"), b"a"),
        (b"V", None),
        (long(b"A", b"Vt\0"), [None, False]),
        (long(b"F", b"\x01aV"), {"a": None}),
    ],
)
def test_each_type_has_its_value(encoded: bytes, value: Any) -> None:
    found = value_of(encoded)
    assert (found, type(found), str(found)) == (value, type(value), str(value))


def test_names_that_come_twice_are_all_there_and_the_first_is_looked_up() -> None:
    found = read(table_of([(b"a", b"t\1"), (b"b", b"V"), (b"a", b"t\0")]))
    assert isinstance(found, Table)
    assert found.pairs == (("a", True), ("b", None), ("a", False))
    assert (found["a"], len(found)) == (True, 2)


def test_any_octet_but_zero_is_true() -> None:
    assert value_of(b"t\x02") is True


def test_no_number_is_read_and_written_though_rabbitmq_takes_none() -> None:
    assert math.isnan(value_of(b"d" + struct.pack(">d", math.nan)))
    assert written({"k": math.inf}) == b"\x01kd" + struct.pack(">d", math.inf)


@pytest.mark.parametrize("letter", [b"A", b"F"])
def test_what_is_nested_too_deep_to_be_read_is_kept_as_bytes(letter: bytes) -> None:
    content = b"V"
    for _ in range(2000):
        content = long(letter, content if letter == b"A" else b"\x01k" + content)
    deep = table_of([(b"k", content)])
    assert written(read(deep)) == deep


def test_nesting_up_to_the_limit_is_read() -> None:
    content = b"V"
    for _ in range(NESTING - 1):  # the header table itself is one
        content = long(b"A", content)
    found = value_of(content)
    for _ in range(NESTING - 1):
        (found,) = found
    assert found is None
    deeper = value_of(long(b"A", content))
    for _ in range(NESTING - 1):
        (deeper,) = deeper
    assert deeper == [Unread(b"V")]


@pytest.mark.parametrize("encoded", [b"", b"\0\0\0", b"\0\0\0\x09\x01kV"])
def test_a_table_that_ends_after_its_frame_is_an_error_of_pikas_kind(encoded: bytes) -> None:
    with pytest.raises(exceptions.AMQPError):
        read_table(encoded, 0)


def test_what_is_written_by_hand_has_its_type_too() -> None:
    at = datetime(2024, 10, 27, tzinfo=UTC)
    table = {
        "long": pika_long(5),
        "time": at,
        "naive": at.replace(tzinfo=None),
        "tuple": (1,),
        "array": bytearray(b"a"),
    }
    assert read(written(table)) == {
        "long": Int64(5),
        "time": Timestamp(1_729_987_200),
        "naive": Timestamp(1_729_987_200),
        "tuple": [1],
        "array": b"a",
    }
    assert read(written({"k": Decimal("1E+3")})) == {"k": Decimal(1000)}


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        [1j],
        2**63,
        Int8(200),
        Float32(1e300),
        Decimal("1.23456789012"),
        Decimal(2**31),
        Decimal("1E-256"),
        Decimal("NaN"),
        {"x" * 256: 1},
        {5: 1},
    ],
)
def test_what_has_no_place_in_amqp_is_refused_in_words_that_publishing_knows(value: object) -> None:
    with pytest.raises((UnknownAmqpTypeError, struct.error, ArithmeticError, TypeError, ValueError)):
        write_table([], {"k": value})


def test_no_table_is_written_as_an_empty_one() -> None:
    pieces: list[bytes] = []
    assert write_table(pieces, None) == 4
    assert pieces == [b"\0\0\0\0"]


@given(st.sampled_from([0, 1, 2, 3]))
def test_flags_that_promise_more_flags_are_read_as_rabbitmq_reads_them(flags: int) -> None:
    found = spec.BasicProperties().decode(bytes([0x80, flags]) + b"\x03a/b")
    assert found.content_type == "a/b"


def test_mending_twice_is_mending_once() -> None:
    before = spec.BasicProperties.decode
    amqp_field.mend()
    assert data.decode_table is read_table
    assert spec.BasicProperties.decode is before
