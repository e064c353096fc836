import pytest

from contracts.php.functions import call
from contracts.php.runtime import PHP_8_2


@pytest.mark.parametrize(
    ("column", "expected"),
    [(1.5, [2, 2]), ("1", [2, 2]), ("1.5", []), (float("nan"), []), (1e30, []), (True, [2, 2])],
)
def test_a_key_that_may_be_a_text_is_cut_to_an_int_first(column: object, expected: list[int]) -> None:
    assert call(PHP_8_2, "array_column", [[[1, 2], [1, 2]], column]) == expected
