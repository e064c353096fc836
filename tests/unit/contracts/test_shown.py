from decimal import Decimal

import pytest

from contracts.difference import Difference
from contracts.shape import shapes
from contracts.shown import MASKED, ShownDifference, restore, show


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
        ([], {}),
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
