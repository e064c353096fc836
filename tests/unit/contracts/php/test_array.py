import pytest

from contracts.php import array
from contracts.php.error import PhpError, PhpTypeError, PhpValueError
from contracts.php.runtime import PHP_8_2, PhpRuntime
from contracts.php.search import in_array
from contracts.php.sort import SORT_FLAG_CASE, SORT_LOCALE_STRING, SORT_NUMERIC, SORT_REGULAR, SORT_STRING
from contracts.php.value import PhpObject


def test_merging_numbers_int_keys_anew() -> None:
    assert array.array_merge({5: "a", "k": 1}, ["b"], {"k": 2, 0: "c"}) == {0: "a", "k": 2, 1: "b", 2: "c"}
    assert array.array_merge({3: "a"}, {7: "b"}) == ["a", "b"]
    assert array.array_merge() == []


def test_adding_keeps_the_left_one() -> None:
    assert array.array_union(["a", "b"], ["c", "d", "e"]) == ["a", "b", "e"]
    assert array.array_union({"k": 1}, {0: 2, "k": 3}) == {"k": 1, 0: 2}


def test_filtering_leaves_holes() -> None:
    assert array.array_filter(["0", "0.0", "", "x"]) == {1: "0.0", 3: "x"}
    assert array.array_filter(["a", 0]) == ["a"]
    assert array.array_filter({"a": None}) == []


def test_keys_of_equal_values() -> None:
    given = {"a": 0, 3: "0", "c": None, "d": "x"}
    assert array.array_keys(given) == ["a", 3, "c", "d"]
    assert array.array_keys_of(given, 0, runtime=PHP_8_2) == ["a", 3, "c"]
    assert array.array_keys_of(given, 0, strict=True, runtime=PHP_8_2) == ["a"]
    assert array.array_keys_of(given, 0, runtime=PhpRuntime((7, 4))) == ["a", 3, "c", "d"]
    assert array.array_values(given) == [0, "0", None, "x"]


def test_combined_keys_are_texts_first() -> None:
    assert array.array_combine([1.7, True, None, "5"], [1, 2, 3, 4]) == {"1.7": 1, 1: 2, "": 3, 5: 4}
    assert array.array_combine(["0", 1], ["a", "b"]) == ["a", "b"]
    with pytest.raises(PhpValueError):
        array.array_combine(["a"], [])


def test_a_column_of_rows_and_objects() -> None:
    rows = [{"id": "7", "n": "a"}, {"n": "b"}, PhpObject("A", {"id": None, "n": "c"}), 5, {"id": 1.7}]
    assert array.array_column(rows, "n") == ["a", "b", "c"]
    assert array.array_column(rows, "n", "id") == {7: "a", 8: "b", "": "c"}
    assert array.array_column(rows[:2], None, "id") == {7: rows[0], 8: rows[1]}
    assert array.array_column([["x"], ["y"]], "0") == ["x", "y"]
    assert array.array_column([PhpObject("A", {"n": 1}, {"n": "\0A\0n"})], "n") == []


def test_what_a_column_s_keys_may_be() -> None:
    assert array.array_column([{"n": 1, "k": -5}, {"n": 2}], "n", "k") == {-5: 1, -4: 2}
    assert array.array_column([{"n": 1, "k": 2**63 - 1}, {"n": 2}], "n", "k") == {2**63 - 1: 1}
    with pytest.raises(PhpTypeError):
        array.array_column([{"n": 1, "k": []}], "n", "k")


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ([], 0),
        ([1, "2abc", "x", None, True, [5], PhpObject("A", {})], 4),
        ([1, "1.5"], 2.5),
        ([-0.0], 0.0),
        ([2**63 - 1, 1], 2.0**63),
        (["9223372036854775808"], 2.0**63),
    ],
)
def test_sums(values: list[object], total: float) -> None:
    found = array.array_sum(values)
    assert (found, type(found)) == (total, type(total))


def test_values_are_unique_as_texts() -> None:
    assert array.array_unique([1, "1", 1.0, True, "01"], runtime=PHP_8_2) == {0: 1, 4: "01"}
    assert array.array_unique({"a": "x", "b": "x"}, runtime=PHP_8_2) == {"a": "x"}
    with pytest.raises(PhpError):
        array.array_unique([PhpObject("A", {}), 1], runtime=PHP_8_2)


def test_values_are_unique_by_other_comparisons() -> None:
    assert array.array_unique(["1", "01", 2, "1.0"], SORT_REGULAR, runtime=PHP_8_2) == {0: "1", 2: 2}
    assert array.array_unique(["1a", "1b", 2], SORT_NUMERIC, runtime=PHP_8_2) == {0: "1a", 2: 2}
    assert array.array_unique([[1], ["1"], [2]], SORT_REGULAR, runtime=PHP_8_2) == {0: [1], 2: [2]}


def test_arrays_inside_count_themselves_and_their_values() -> None:
    assert array.count([1, [2, [3, 4]], {}], recursive=True) == 7
    assert array.count([1, [2]]) == 2
    with pytest.raises(PhpTypeError, match="Countable"):
        array.count("abc")


def test_arrays_are_counted_and_searched_however_deep() -> None:
    deep: list[object] = []
    alike: list[object] = []
    for _ in range(3000):
        deep, alike = [deep], [alike]
    assert array.count(deep, recursive=True) == 3000
    assert array.array_keys_of([1, deep], alike, runtime=PHP_8_2) == [1]
    assert in_array(deep, [alike], runtime=PHP_8_2)
    assert in_array(deep, [alike], strict=True, runtime=PHP_8_2)


def test_a_case_is_not_ignored_in_the_locale_s_order() -> None:
    given = ["a", "A", "b", "a"]
    assert array.array_unique(given, SORT_LOCALE_STRING | SORT_FLAG_CASE, runtime=PHP_8_2) == ["a", "A", "b"]
    assert array.array_unique(given, SORT_STRING | SORT_FLAG_CASE, runtime=PHP_8_2) == {0: "a", 2: "b"}
