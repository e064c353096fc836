import hashlib
import math
from typing import Any

import pytest

from contracts.php.error import UnknownRuleError, UnknownValueError
from contracts.php.export import var_export
from contracts.php.number import INT_MIN
from contracts.php.runtime import PHP_8_2, PHP_8_4, PhpRuntime
from contracts.php.value import PhpEnum, PhpObject, PhpOpaque, std_class

NESTED: dict[int | str, Any] = {
    0: 1,
    "a": [2, [{"x": None}]],
    "q'\\\0z": 1.0,
    -5: True,
    "o": std_class({"x": 1, "5": std_class()}),
    "e": PhpEnum("Suit", "Hearts"),
    "f": PhpObject("App\\Foo", {"a": 1, "c": []}),
}
EXPORTED = r"""array (
  0 => 1,
  'a' => 
  array (
    0 => 2,
    1 => 
    array (
      0 => 
      array (
        'x' => NULL,
      ),
    ),
  ),
  'q\'\\' . "\0" . 'z' => 1.0,
  -5 => true,
  'o' => 
  (object) array(
     'x' => 1,
     '5' => 
    (object) array(
    ),
  ),
  'e' => 
  \Suit::Hearts,
  'f' => 
  \App\Foo::__set_state(array(
     'a' => 1,
     'c' => 
    array (
    ),
  )),
)"""  # noqa: W291


@pytest.mark.parametrize("runtime", [PHP_8_2, PHP_8_4])
def test_arrays_and_objects_are_indented_as_php_does(runtime: PhpRuntime) -> None:
    assert var_export(NESTED, runtime=runtime) == EXPORTED


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "NULL"),
        (False, "false"),
        (INT_MIN, "-9223372036854775807-1"),
        (-0.0, "-0.0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e100, "1.0E+100"),
        (-math.inf, "-INF"),
        (math.nan, "NAN"),
        ("a\nb", "'a\nb'"),
        ("\0", "'' . \"\\0\" . ''"),
        ([], "array (\n)"),
        (std_class(), "(object) array(\n)"),
        (std_class({"a'b\0c": 1}), "(object) array(\n   'a\\'b\0c' => 1,\n)"),
        (PhpEnum("Suit", "Hearts"), "\\Suit::Hearts"),
    ],
)
def test_values_are_source_code(value: Any, expected: str) -> None:
    assert var_export(value, runtime=PHP_8_2) == expected


def test_what_is_within_itself_is_null_there() -> None:
    value = std_class({"a": 1})
    value.properties |= {"self": value, "l": [value, [1]]}
    assert var_export(value, runtime=PHP_8_2) == (
        "(object) array(\n   'a' => 1,\n   'self' => NULL,\n   'l' => \n  array (\n"
        "    0 => NULL,\n    1 => \n    array (\n      0 => 1,\n    ),\n  ),\n)"
    )


def test_any_number_of_levels_is_written() -> None:
    value: list[Any] = []
    for _ in range(3000):
        value = [value]
    text = var_export(value, runtime=PHP_8_2)
    assert (len(text), hashlib.md5(text.encode()).hexdigest()) == (27_060_009, "336f5c7511f95e7c854ccbc52df688b9")


def test_classes_begin_with_a_backslash_since_8_2() -> None:
    value = [PhpObject("App\\Foo", {}), PhpEnum("App\\Suit", "Hearts")]
    old = "array (\n  0 => \n  App\\Foo::__set_state(array(\n  )),\n  1 => \n  App\\Suit::Hearts,\n)"
    assert var_export(value, runtime=PhpRuntime((8, 1))) == old
    assert var_export(value, runtime=PHP_8_2) == old.replace("App", "\\App")


def test_floats_have_the_digits_of_the_setting() -> None:
    assert var_export([0.1, 1e25, 2.0], runtime=PhpRuntime(serialize_precision=17)) == (
        "array (\n  0 => 0.10000000000000001,\n  1 => 1.0000000000000001E+25,\n  2 => 2.0,\n)"
    )


def test_what_is_not_known_is_said() -> None:
    with pytest.raises(UnknownValueError):
        var_export([PhpOpaque("Old", b"")], runtime=PHP_8_2)
    with pytest.raises(UnknownRuleError):
        var_export(1, runtime=PhpRuntime((7, 2)))
