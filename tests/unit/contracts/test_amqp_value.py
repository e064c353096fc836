import json
import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pika.compat import long

from contracts.amqp_value import UnknownAmqpTypeError, tag, tag_table, untag, untag_table

texts = st.text(st.characters(codec="utf-8"), max_size=20)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    texts,
    st.binary(max_size=20),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001  zone is drawn
        lambda moment: moment.replace(microsecond=0)
    ),
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=6
)


@given(st.dictionaries(texts, values, max_size=5))
def test_any_table_comes_back_through_json_with_its_types(table: dict[str, Any]) -> None:
    back = untag_table(json.loads(json.dumps(tag_table(table))))
    assert back == table
    assert types(back) == types(table)


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


@pytest.mark.parametrize("value", [object(), {1, 2}, 1j, {"a": [object()]}, {5: "a"}, {"t": {b"\xff": 1}}])
def test_a_value_without_an_amqp_type_is_refused_without_being_quoted(value: object) -> None:
    with pytest.raises(UnknownAmqpTypeError):
        tag(value)


def test_a_letter_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownAmqpTypeError):
        untag(["Z", 1])


def types(value: Any) -> Any:
    """The types within a value, so that 1, 1.0 and True are three things."""
    if isinstance(value, dict):
        return {name: types(item) for name, item in value.items()}
    return [types(item) for item in value] if isinstance(value, list) else type(value)
