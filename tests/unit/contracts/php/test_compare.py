import pytest

from contracts.php.compare import empty, loose_equals, spaceship, strict_equals, truthy
from contracts.php.error import PhpError
from contracts.php.runtime import PHP_8_2, PhpRuntime
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
    assert loose_equals(left, right, runtime=PHP_8_2)
    assert loose_equals(right, left, runtime=PHP_8_2)


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
    assert not loose_equals(left, right, runtime=PHP_8_2)
    assert not loose_equals(right, left, runtime=PHP_8_2)


@pytest.mark.parametrize(("left", "right"), [(0, "abc"), (0, ""), (1, "1x"), ("1.5 apples", 1.5)])
def test_numbers_and_texts_were_compared_as_numbers_before_8(left: object, right: object) -> None:
    assert loose_equals(left, right, runtime=PhpRuntime((7, 4)))
    assert not loose_equals(left, right, runtime=PHP_8_2)


def test_blanks_behind_a_number_count_before_8() -> None:
    assert loose_equals("1 ", "1", runtime=PHP_8_2)
    assert not loose_equals("1 ", "1", runtime=PhpRuntime((7, 4)))


def test_a_float_is_compared_with_a_text_as_it_is_printed() -> None:
    text = "0.3x"
    assert spaceship(0.1 + 0.2, text, runtime=PHP_8_2) == -1
    assert spaceship(0.1 + 0.2, text, runtime=PhpRuntime(precision=17)) == -1
    assert spaceship(0.1 + 0.2, "0.30000000000000003x", runtime=PHP_8_2) == -1
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
    assert spaceship(left, right, runtime=PHP_8_2) == expected


def test_objects_of_one_class_are_equal_by_their_properties() -> None:
    assert loose_equals(PhpObject("A", {"x": 1}), PhpObject("A", {"x": "1"}), runtime=PHP_8_2)
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


def nested(levels: int, value: object) -> object:
    for _ in range(levels):
        value = [value]
    return value


def test_values_may_be_nested_as_deeply_as_they_like() -> None:
    one, same, alike = nested(3000, 1), nested(3000, 1), nested(3000, "1")
    assert strict_equals(one, same)
    assert not strict_equals(one, alike)
    assert loose_equals(one, alike, runtime=PHP_8_2)
    assert spaceship(one, nested(3000, 2), runtime=PHP_8_2) == -1
    assert spaceship([one, 1], [alike, 2], runtime=PHP_8_2) == -1


def test_values_inside_of_themselves_are_not_compared() -> None:
    one, other = PhpObject("A", {}), PhpObject("A", {})
    one.properties["x"], other.properties["x"] = one, other
    with pytest.raises(PhpError, match="Nesting level too deep"):
        loose_equals(one, other, runtime=PHP_8_2)
    assert loose_equals(one, one, runtime=PHP_8_2)
    twice = [1]
    assert loose_equals([twice, twice], [["1"], ["1"]], runtime=PHP_8_2)
