from decimal import Decimal
from typing import Any

import pytest

from contracts.difference import Difference
from contracts.shape import shapes
from contracts.shown import MASKED, Shown, ShownDifference, restore, show
from tests.fakes.message import NAME


def seen(value: Any, *, plain: bool, revealed: bool = False) -> Shown:
    one = show(Difference("row:t.a", "value", "x", "y", value, value), plain=plain, revealed=revealed)
    assert one.control == one.candidate
    assert (one.path, one.kind, one.control_shape, one.candidate_shape) == ("row:t.a", "value", "x", "y")
    return one.control


def test_null_and_truth_values_tell_nothing_of_a_person() -> None:
    for value in (None, True, False):
        assert seen(value, plain=False) is value
        assert seen(value, plain=True) is value


@pytest.mark.parametrize("value", [NAME, "", 5, 0, Decimal("1.50"), [NAME], [], {"name": NAME}, {}])
def test_every_other_value_is_masked_where_the_contract_does_not_name_it(value: Any) -> None:
    assert seen(value, plain=False) == MASKED


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("EUR", "EUR"),
        (5, "5"),
        (Decimal("1.50"), "1.50"),
        (["a", Decimal("1.50"), None, True], '["a",1.50,null,true]'),
        ({"base64": "w6k="}, '{"base64":"w6k="}'),
        ([], "[]"),
    ],
)
def test_a_plain_value_is_shown_as_json_has_it(value: Any, text: str) -> None:
    assert seen(value, plain=True) == text


@pytest.mark.parametrize("value", [{"name": NAME}, [[{"name": NAME}]], [1, {"base64": "w6k=", "name": NAME}], {}])
def test_an_object_in_a_plain_field_is_masked_for_nobody_called_its_fields_plain(value: Any) -> None:
    assert seen(value, plain=True) == MASKED


def test_what_is_revealed_is_shown_whatever_it_is() -> None:
    assert seen({"name": NAME}, plain=False, revealed=True) == f'{{"name":"{NAME}"}}'
    assert seen(NAME, plain=False, revealed=True) == NAME


@pytest.mark.parametrize(
    ("control", "candidate"),
    [
        ("0.13", "0.12"),
        (12, 13),
        (Decimal("8.99"), Decimal("8.98")),
        (Decimal("8.990"), Decimal("8.99")),
        (12, Decimal("12.0")),
        (7, "7"),
        (None, ""),
        (True, "1"),
        ("2026-11-21 10:00:00", "2026-11-21 11:00:00"),
    ],
)
def test_a_plain_difference_is_what_it_was(control: object, candidate: object) -> None:
    one = Difference("row:payins.fee", "value", *shapes(control, candidate), control, candidate)
    assert restore(show(one, plain=True)) == one


def test_masked_values_equal_nothing_not_even_each_other() -> None:
    found = restore(ShownDifference("row:payins.name", "value", '"a"', '"a"', MASKED, MASKED))
    assert MASKED not in (found.control, found.candidate)
    assert found.control != found.candidate


@pytest.mark.parametrize(("shape", "text"), [("object", "{'a': 1}"), ("int", "no number"), ("float", "none either")])
def test_a_value_that_is_lost_in_its_text_is_unknown(shape: str, text: str) -> None:
    found = restore(ShownDifference("row:payins.fee", "type", shape, "null", text, None))
    assert (type(found.control), found.candidate) == (object, None)
