import pytest

from contracts.php.compare import empty, loose_equals, spaceship, strict_equals, truthy
from contracts.php.runtime import PhpRuntime
from contracts.php.value import PhpEnum, PhpObject


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


@pytest.mark.parametrize(("left", "right"), [(0, "abc"), (0, ""), (1, "1x"), ("1.5 apples", 1.5)])
def test_numbers_and_texts_were_compared_as_numbers_before_8(left: object, right: object) -> None:
    assert loose_equals(left, right, runtime=PhpRuntime((7, 4)))
    assert not loose_equals(left, right)


def test_blanks_behind_a_number_count_before_8() -> None:
    assert loose_equals("1 ", "1")
    assert not loose_equals("1 ", "1", runtime=PhpRuntime((7, 4)))


def test_a_float_is_compared_with_a_text_as_it_is_printed() -> None:
    text = "0.3x"
    assert spaceship(0.1 + 0.2, text) == -1
    assert spaceship(0.1 + 0.2, text, runtime=PhpRuntime(precision=17)) == -1
    assert spaceship(0.1 + 0.2, "0.30000000000000003x") == -1
    assert spaceship(0.1 + 0.2, "0.30000000000000003x", runtime=PhpRuntime(precision=17)) == 1


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 2.5, -1),
        ("10", "9", 1),
        ("10", "9a", -1),
        ("abc", 0, 1),
        (None, "a", -1),
        ("a", None, 1),
        (True, 0, 1),
        (None, False, 0),
        ([1, 2], [9], 1),
        ([1, 2], [1, 3], -1),
        ({"a": 1}, {"b": 1}, 1),
        ([], "z", 1),
        (10**9, [], -1),
        (PhpObject("A", {"x": 1}), PhpObject("A", {"x": "2"}), -1),
        (PhpObject("A", {}), PhpObject("B", {}), 1),
        (PhpObject("A", {}), [1], 1),
        (1, PhpObject("A", {}), 0),
        ("z", PhpObject("A", {}), -1),
        (True, PhpObject("A", {}), 0),
        (PhpEnum("E", "A"), PhpEnum("E", "B"), 1),
        (PhpEnum("E", "A"), PhpEnum("E", "A"), 0),
        (1, PhpEnum("E", "A"), 1),
        (PhpEnum("E", "A"), True, 0),
        (float("nan"), 1, 1),
        (1, float("nan"), 1),
        ("12345678901234567890.5", "12345678901234567890", 1),
        (-1, "9223372036854775808", -1),
        ("9223372036854775807", "9223372036854775808", -1),
    ],
)
def test_the_order_of_any_two_values(left: object, right: object, expected: int) -> None:
    assert spaceship(left, right) == expected


def test_objects_of_one_class_are_equal_by_their_properties() -> None:
    assert loose_equals(PhpObject("A", {"x": 1}), PhpObject("A", {"x": "1"}))
    assert not strict_equals(PhpObject("A", {}), PhpObject("A", {}))


def test_what_is_strictly_equal() -> None:
    assert strict_equals("\udcc3\udca9", "é")
    assert strict_equals({"a": [1]}, {"a": [1]})
    assert strict_equals(["x"], {0: "x"})
    assert strict_equals(PhpEnum("E", "A"), PhpEnum("E", "A"))
    assert strict_equals(-0.0, 0.0)


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, 1.0), (1, True), (None, False), ("1", 1), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ([1], ["1"])],
)
def test_what_is_not_strictly_equal(left: object, right: object) -> None:
    assert not strict_equals(left, right)
