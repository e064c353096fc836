import json
import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pika.compat import long

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
    entry,
    pairs_of,
    table_of,
    tag,
    tag_table,
    untag,
    untag_table,
)

TYPED = (Int8, UInt8, Int16, UInt16, UInt32, Int64L, Timestamp)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    texts,
    st.binary(max_size=20),
    st.decimals(allow_nan=False, allow_infinity=False),
    *(st.integers(kind.holds[0], kind.holds[-1]).map(kind) for kind in TYPED),
    st.floats(allow_nan=False, width=32).map(Float32),
    st.binary(max_size=20).map(RawText),
    st.binary(max_size=20).map(Unread),
)
names = texts | st.just(b"\xff")
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.lists(st.tuples(names, inner), max_size=4).map(table_of),
    max_leaves=6,
)


@given(st.lists(st.tuples(names, values), max_size=5).map(table_of))
@example(Table([("a", 1), ("a", 1)]))
def test_any_table_comes_back_through_json_with_its_types(table: dict[Any, Any]) -> None:
    back = untag_table(json.loads(json.dumps(tag_table(table))))
    assert back == table
    assert types(back) == types(table)
    assert list(pairs_of(back)) == list(pairs_of(table))


@pytest.mark.parametrize(
    ("value", "tagged"),
    [
        (None, ["V"]),
        (True, ["t", True]),
        (0, ["I", 0]),
        (2**31 - 1, ["I", 2147483647]),
        (2**31, ["l", 2147483648]),
        (-(2**31) - 1, ["l", -2147483649]),
        (long(5), ["l", 5]),
        (Int8(5), ["b", 5]),
        (UInt8(5), ["B", 5]),
        (Int16(5), ["s", 5]),
        (UInt16(5), ["u", 5]),
        (UInt32(5), ["i", 5]),
        (Int64(5), ["l", 5]),
        (Int64L(5), ["L", 5]),
        (Timestamp(2**64 - 1), ["T", 2**64 - 1]),
        (Float32(1.5), ["f", "0x1.8000000000000p+0"]),
        (RawText(b"\xff"), ["S", {"base64": "/w=="}]),
        (Unread(b"Z"), ["", "Wg=="]),
        ({b"\xff": 1}, ["F", [[{"base64": "/w=="}, ["I", 1]]]]),
        (1.5, ["d", "0x1.8000000000000p+0"]),
        ("é", ["S", "é"]),
        (b"\xff", ["x", "/w=="]),
        (bytearray(b"a"), ["x", "YQ=="]),
        (Decimal("1.50"), ["D", "1.50"]),
        (datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), ["T", 1_700_000_000]),
        (datetime(2023, 11, 14, 23, 13, 20, tzinfo=timezone(timedelta(hours=1))), ["T", 1_700_000_000]),
        (datetime(2023, 11, 14, 22, 13, 20), ["T", 1_700_000_000]),  # noqa: DTZ001  as some AMQP libraries hand it out
        ([1, "a"], ["A", [["I", 1], ["S", "a"]]]),
        ((1,), ["A", [["I", 1]]]),
        ({"a": {"b": []}}, ["F", {"a": ["F", {"b": ["A", []]}]}]),
    ],
)
def test_each_type_has_its_letter(value: object, tagged: list[Any]) -> None:
    assert tag(value) == tagged


def test_a_float_keeps_every_bit() -> None:
    assert untag(tag(0.1 + 0.2)) == 0.1 + 0.2
    assert math.isnan(untag(tag(math.nan)))
    assert untag(tag(-math.inf)) == -math.inf


@pytest.mark.parametrize("value", [object(), {1, 2}, 1j, {"a": [object()]}, {5: "a"}, {"t": {5: 1, b"\xff": 1}}])
def test_a_value_without_an_amqp_type_is_refused_without_being_quoted(value: object) -> None:
    with pytest.raises(UnknownAmqpTypeError):
        tag(value)


@pytest.mark.parametrize(
    "tagged",
    [
        *(["Z", 1], ["t", 1], ["t"], ["I", 2**31], ["I", "1"], ["I", True], ["l", 2**63], ["b", 128], ["B", -1]),
        *(
            ["T", -1],
            ["d", 1.5],
            ["d", "x"],
            ["f", None],
            ["D", "x"],
            ["D", 1],
            ["S", 5],
            ["S", {}],
            ["S", {"base64": 1}],
        ),
        *(
            ["S", {"base64": "x", "y": ""}],
            ["x", "é"],
            ["x", "AA"],
            ["x"],
            ["A", {}],
            ["A", [5]],
            ["A", [[]]],
            ["F", 5],
        ),
        *(["F", [["a"]]], ["F", [[5, ["V"]]]], ["F", {"a": 5}], ["V", 1], [], [5], {}, "S", None),
    ],
)
def test_what_tagging_never_writes_is_refused(tagged: Any) -> None:
    with pytest.raises(UnknownAmqpTypeError):
        untag(tagged)


def test_what_was_written_before_widths_were_kept_is_read() -> None:
    old: dict[str, Any] = {
        "t": ["T", 1_700_000_000],
        "i": ["I", 5],
        "l": ["l", 2**40],
        "s": ["S", "x"],
        "f": ["F", {"a": ["V"]}],
    }
    assert untag_table(old) == {"t": Timestamp(1_700_000_000), "i": 5, "l": 2**40, "s": "x", "f": {"a": None}}


def test_the_first_of_a_name_is_found() -> None:
    assert entry(None, "a") is None
    assert entry({"a": ["V"]}, "a") == ["V"]
    tagged = tag_table(Table([(b"\xff", 1), ("a", 1), ("a", 2)]))
    assert tagged == [[{"base64": "/w=="}, ["I", 1]], ["a", ["I", 1]], ["a", ["I", 2]]]
    assert entry(tagged, "a") == ["I", 1]
    assert entry(tagged, "b") is None


def test_a_table_with_a_name_twice_equals_no_plain_one() -> None:
    twice = Table([("a", 1), ("a", 1)])
    assert twice == Table([("a", 1), ("a", 1)])
    assert twice != Table([("a", 1), ("a", 2)])
    assert twice != {"a": 1}
    plain = {"a": 1}
    assert plain != twice


def types(value: Any) -> Any:
    """The types within a value, so that 1, 1.0 and True are three things."""
    if isinstance(value, dict):
        return [(name, types(item)) for name, item in pairs_of(value)]
    return [types(item) for item in value] if isinstance(value, list) else type(value)
