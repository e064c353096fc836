import pytest

from contracts.php.compare import empty, loose_equals, truthy
from contracts.php.value import PhpObject


@pytest.mark.parametrize("value", [None, False, 0, 0.0, -0.0, "", "0", [], {}])
def test_what_php_takes_for_false(value: object) -> None:
    assert not truthy(value)
    assert empty(value)


@pytest.mark.parametrize(
    "value", [True, 1, -1, 0.1, float("nan"), "0.0", "00", " ", "false", [0], {"a": 0}, PhpObject("A", {})]
)
def test_what_php_takes_for_true(value: object) -> None:
    assert truthy(value)
    assert not empty(value)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("17.010", "17.01"),
        ("10", "1e1"),
        ("0e46", "0e83"),
        ("1 ", 1),
        (1.5, "1.5"),
        (978, "978"),
        (None, 0),
        (None, ""),
        (None, []),
        (False, "0"),
        (True, "false"),
        (2**53 + 1, float(2**53)),  # compared as doubles
        ("9223372036854775807", 9223372036854775807),
        ([1, "2"], ["1", 2.0]),
        ({"a": 1, "b": 2}, {"b": "2", "a": "1"}),
        ({0: "x"}, ["x"]),
    ],
)
def test_what_is_loosely_equal(left: object, right: object) -> None:
    assert loose_equals(left, right)
    assert loose_equals(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (0, "abc"),  # was true before PHP 8
        (0, ""),
        (None, "0"),
        ("abc", "ABC"),
        ("1", "1x"),
        ("12345678901234567890", "12345678901234567891"),  # equal as floats, so PHP compares the texts
        ("1e1000", "1e1001"),
        (float("nan"), float("nan")),
        ([1], "1"),
        ([1, 2], [2, 1]),
        ([], 0),
    ],
)
def test_what_is_not_loosely_equal(left: object, right: object) -> None:
    assert not loose_equals(left, right)
    assert not loose_equals(right, left)
