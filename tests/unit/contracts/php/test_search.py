import math

import pytest

from contracts.php.error import PhpTypeError, PhpValueError
from contracts.php.runtime import PHP_8_2, PHP_8_4, PhpRuntime
from contracts.php.search import array_search, in_array, php_max, php_min


def test_a_needle_is_found_loosely() -> None:
    assert in_array("1e1", ["10"], runtime=PHP_8_2)
    assert in_array(None, [0], runtime=PHP_8_2)
    assert in_array("abc", [True], runtime=PHP_8_2)
    assert not in_array("abc", [0], runtime=PHP_8_2)
    assert in_array("abc", [0], runtime=PhpRuntime((7, 4)))
    assert not in_array(math.nan, [math.nan], runtime=PHP_8_2)


def test_a_needle_is_found_strictly() -> None:
    assert not in_array(1, [1.0, "1", True], strict=True, runtime=PHP_8_2)
    assert array_search("1", {"a": 1, "b": "1"}, strict=True, runtime=PHP_8_2) == "b"


def test_the_first_key_is_told() -> None:
    assert array_search("1", [1, "1"], runtime=PHP_8_2) == 0
    assert array_search("x", {"a": 1}, runtime=PHP_8_2) is False


def test_the_first_of_equal_values_is_the_greatest() -> None:
    assert php_max("10", 10, runtime=PHP_8_2) == "10"
    assert php_max([1, 2], [1, 3], 99, runtime=PHP_8_2) == [1, 3]
    assert php_max("abc", 0, runtime=PHP_8_2) == "abc"
    assert php_max("abc", 0, runtime=PhpRuntime((7, 4))) == "abc"
    assert php_max({"a": 1, "b": "2"}, runtime=PHP_8_2) == "2"
    assert php_min("9a", "10", 9, runtime=PHP_8_2) == 9


def test_nan_is_not_greater_since_8_3() -> None:
    # as called by name, $f = 'max'
    assert math.isnan(php_max(1, math.nan, runtime=PHP_8_2))
    assert php_max(1, math.nan, runtime=PHP_8_4) == 1
    assert php_max(math.nan, 1, runtime=PHP_8_2) == 1
    assert math.isnan(php_max(math.nan, 1, runtime=PHP_8_4))


@pytest.mark.parametrize(("value", "error"), [(1, PhpTypeError), ([], PhpValueError)])
def test_one_argument_is_an_array_with_something_in_it(value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        php_max(value, runtime=PHP_8_2)
    with pytest.raises(error):
        php_min(value, runtime=PHP_8_2)
