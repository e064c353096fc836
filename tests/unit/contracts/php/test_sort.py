import pytest

from contracts.php import sort
from contracts.php.error import UnknownRuleError
from contracts.php.runtime import PHP_8_2, PHP_8_4, PhpRuntime


def test_numeric_texts_are_numbers_in_order() -> None:
    assert sort.sort([10, "9", 2, "1"], runtime=PHP_8_2) == ["1", 2, "9", 10]
    assert sort.rsort(["b", "a", "10", "9"], runtime=PHP_8_2) == ["b", "a", "10", "9"]


def test_where_there_is_no_order_php_s_way_decides() -> None:
    assert sort.sort(["10", "9a", "9", "x", "1e1"], runtime=PHP_8_2) == ["9", "10", "1e1", "9a", "x"]
    given = [f"{n % 7}a" if n % 3 else str(n % 11) for n in range(20)]
    expected = "0 0a 0a 1 1a 1a 2a 2a 3 3a 3a 4 4a 4a 5a 5a 6 6a 7 9"
    assert sort.sort(given, runtime=PHP_8_2) == expected.split()
    turned = [str(n * 7 % 13) + "ab"[n % 2] * (n % 3 > 0) for n in range(30)]
    expected = "0 0a 0b 1 10a 10b 11 11a 12 12b 1a 1a 2a 2b 3 3b 4 4a 5a 5b 6 6b 7 7a 7b 8 8a 8b 9 9b"
    assert sort.sort(turned, runtime=PHP_8_2) == expected.split()


def test_equal_values_stay_as_they_came_downwards_too() -> None:
    assert sort.arsort(["1", 1, "1.0", 2], runtime=PHP_8_2) == {3: 2, 0: "1", 1: 1, 2: "1.0"}
    assert sort.asort({"x": 1, "y": True, "z": "1"}, runtime=PHP_8_2) == {"x": 1, "y": True, "z": "1"}


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (sort.SORT_REGULAR, [9, "10", "B_", "img10", "img9"]),
        (sort.SORT_STRING, ["10", 9, "B_", "img10", "img9"]),
        (sort.SORT_NATURAL, [9, "10", "B_", "img9", "img10"]),
    ],
)
def test_flags_choose_the_comparison(flags: int, expected: list[object]) -> None:
    assert sort.sort(["img10", "B_", "10", 9, "img9"], flags, runtime=PHP_8_2) == expected


def test_case_counts_unless_it_is_ignored() -> None:
    assert sort.sort(["b", "A", "C", "_"], sort.SORT_STRING, runtime=PHP_8_2) == ["A", "C", "_", "b"]
    ignoring = sort.SORT_FLAG_CASE
    assert sort.sort(["b", "A", "C", "_"], sort.SORT_STRING | ignoring, runtime=PHP_8_2) == ["_", "A", "b", "C"]
    assert sort.sort(["b", "A", "C", "_"], sort.SORT_NATURAL | ignoring, runtime=PHP_8_2) == ["A", "b", "C", "_"]


def test_keys_are_ordered_as_values_since_8_2() -> None:
    given = {"b": 1, "a": 2, 10: 3, 9: 4, "": 5, "1e1": 6, "A": 7, 0: 8}
    assert list(sort.ksort(given, runtime=PHP_8_2)) == ["", 0, 9, 10, "1e1", "A", "a", "b"]
    assert list(sort.krsort(given, runtime=PHP_8_4)) == ["b", "a", "A", 10, "1e1", 9, 0, ""]
    assert list(sort.ksort({"b": 1, 1: 2, 0: 3}, runtime=PhpRuntime((8, 1)))) == ["b", 0, 1]
    assert sort.ksort({1: "b", 0: "a"}, runtime=PHP_8_2) == ["a", "b"]


def test_infinity_equals_itself_as_a_number_since_8_4() -> None:
    given = {"a": "1e999", "b": "2e999"}
    assert list(sort.asort(given, sort.SORT_NUMERIC, runtime=PHP_8_2)) == ["b", "a"]
    assert list(sort.asort(given, sort.SORT_NUMERIC, runtime=PHP_8_4)) == ["a", "b"]


def test_what_was_not_stable_is_not_known() -> None:
    with pytest.raises(UnknownRuleError):
        sort.sort([2, 1], runtime=PhpRuntime((7, 4)))
