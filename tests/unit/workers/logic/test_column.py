import math

import pytest

from contracts.php.number import Scalar
from workers.logic.column import real_column, text_column
from workers.logic.decision import RejectedMessageError


@pytest.mark.parametrize(
    ("value", "held"),
    [
        (0.1 + 0.2, 0.3),
        (123456789012.345, 123456789012.35),
        (" 12.50 ", 12.5),
        ("1e3", 1000.0),
        (True, 1.0),
        ("", ""),
        (False, ""),
        ("n/a", "n/a"),
        ("12 apples", "12 apples"),
        (math.inf, "INF"),
        ("-1e400", "-INF"),
    ],
)
def test_a_real_column_holds_a_number_where_the_bound_text_is_one(value: Scalar, held: float | str) -> None:
    assert real_column(value) == held
    assert type(real_column(value)) is type(held)


@pytest.mark.parametrize("value", [-0.0, "-0", "-0.00"])
def test_a_real_column_holds_no_negative_zero(value: Scalar) -> None:
    assert repr(real_column(value)) == "0.0"


@pytest.mark.parametrize(("value", "held"), [(None, None), (False, ""), (True, "1"), (12.0, "12"), ("", "")])
def test_a_text_column_holds_what_a_cast_makes_of_a_scalar(value: object, held: str | None) -> None:
    assert text_column(value) == held


def test_a_text_column_holds_no_array() -> None:
    with pytest.raises(RejectedMessageError, match="an array is no text"):
        text_column([])
