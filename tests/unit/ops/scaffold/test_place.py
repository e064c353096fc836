from decimal import Decimal
from typing import Any

import pytest

from contracts.php.value import PhpEnum, PhpObject, PhpReference
from ops.scaffold.place import Place


def place(*values: Any) -> Place:
    seen = Place()
    for value in values:
        seen.take(value)
    return seen


def test_kinds_nulls_and_what_is_always_there_are_counted() -> None:
    seen = place(*[{"a": 1, "b": None}] * 19, {"a": "x"})
    assert seen.fields["a"].kinds == {"int": 19, "str": 1}
    assert (seen.fields["b"].nulls, seen.fields["b"].filled) == (19, 0)
    assert seen.always(seen.fields["a"])
    assert not seen.always(seen.fields["b"])


def test_of_a_few_records_nothing_is_always_there() -> None:
    seen = place(*[{"a": 1}] * 19)
    assert not seen.always(seen.fields["a"])


@pytest.mark.parametrize(
    "record",
    [
        {"FR7612345678": 1},
        {"account1234": 1},
        {"Émile": 1},
        {"with space": 1},
        {"x" * 41: 1},
        {"anna": {"n": 1}, "berta": {"n": 2}},
        {7: 1, "a": 2},
    ],
)
def test_keys_that_may_be_data_are_no_fields(record: dict[Any, Any]) -> None:
    assert dict(place(*[record] * 30).fields) == {}


def test_a_capital_makes_a_name_only_where_many_records_have_it() -> None:
    many = place(*[{"DbtrIBAN": 1, "x": 1}] * 10, *[{"x": 1}] * 10)
    assert list(many.fields) == ["DbtrIBAN", "x"]
    few = place(*[{"Dupont": 1, "x": 1}] * 2, *[{"x": 1}] * 30)
    assert list(few.fields) == ["x"]


def test_a_key_of_one_record_in_many_is_no_field() -> None:
    assert list(place({"dupont": 1}, *[{"x": 1}] * 30).fields) == ["x"]


def test_properties_of_a_class_are_fields_whatever_their_case() -> None:
    seen = place(*[PhpObject("App\\Money", {"Amount": "1"}, {"Amount": "\0*\0Amount"})] * 2)
    assert list(seen.fields) == ["Amount"]
    assert seen.classes == {"App\\Money": 2}
    assert seen.written == {"Amount": "\0*\0Amount"}


def test_many_values_and_long_ones_are_not_kept() -> None:
    assert not place("a", "b").open
    many = place(*map(str, range(25)))
    assert (many.open, dict(many.values)) == (True, {})
    assert place("x" * 101).open


def test_references_cases_and_decimals_are_what_they_hold() -> None:
    seen = place(PhpReference(PhpReference(Decimal("1.5"))), PhpEnum("App\\Kind", "Late"), b"")
    assert seen.kinds == {"float": 1, "enum": 1, "other": 1}
    assert seen.values == {"Late": 1}


def test_what_is_nested_without_end_is_not_followed() -> None:
    value: dict[str, Any] = {}
    value["a"] = value
    seen = place(value)
    depth = 0
    while seen.fields:
        seen = seen.fields["a"]
        depth += 1
    assert depth == 12
