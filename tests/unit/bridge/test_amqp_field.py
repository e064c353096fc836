"""Header values as pika reads and writes them once it is mended."""

import math
import struct
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pika import data

from bridge import amqp_field


@pytest.fixture(autouse=True)
def mended() -> None:
    amqp_field.mend()


def round_trip(table: dict[str, Any]) -> Any:
    pieces: list[bytes] = []
    data.encode_table(pieces, table)
    encoded = b"".join(pieces)
    decoded, end = data.decode_table(encoded, 0)
    assert end == len(encoded)
    return decoded


def one_field(kind: bytes, value: bytes) -> bytes:
    field = b"\x01k" + kind + value
    return struct.pack(">I", len(field)) + field


@pytest.mark.parametrize("value", [0.1, -0.0, 1e300, 5e-324, float("inf")])
def test_a_double_keeps_its_value(value: float) -> None:
    read = round_trip({"k": value})["k"]

    assert type(read) is float
    assert read.hex() == value.hex()


def test_no_number_is_a_double_too() -> None:
    assert math.isnan(round_trip({"k": float("nan")})["k"])


def test_a_float_is_read_as_the_double_nearest_to_it() -> None:
    decoded, _ = data.decode_table(one_field(b"f", struct.pack(">f", 0.5)), 0)

    assert decoded == {"k": 0.5}


def test_doubles_within_lists_and_tables_are_mended_too() -> None:
    table = {"list": [0.5, {"deep": 1.5}], "table": {"deeper": {"k": [2.5]}}}

    assert round_trip(table) == table


def test_a_time_that_no_calendar_holds_is_kept_as_a_number() -> None:
    decoded, _ = data.decode_table(one_field(b"T", struct.pack(">Q", 1_730_000_000_000_000)), 0)

    assert decoded == {"k": 1_730_000_000_000_000}


def test_other_values_are_read_and_written_as_before() -> None:
    table = {
        "text": "é",
        "bytes": b"\xff",
        "int": -1,
        "long": 2**40,
        "bool": True,
        "decimal": Decimal("1.5"),
        "time": datetime(2024, 10, 27, tzinfo=UTC),
        "none": None,
    }

    assert round_trip(table) == table


def test_mending_twice_is_mending_once() -> None:
    before = data.decode_value
    amqp_field.mend()

    assert data.decode_value is before
