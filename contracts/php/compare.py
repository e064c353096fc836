"""PHP's loose comparison and truth: `==`, `if ($x)`, `empty`, as PHP 8 decides them.

`"0"` is false and `"0.0"` is true, `"17.010" == "17.01"`, `null == 0`; and since PHP 8 `0 == "abc"` is false. Python's
own `==` and `if` differ in each of these. Arrays are `list` and `dict`, see `contracts.php.json`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from contracts.php.number import numeric_value, to_text


def truthy(value: object) -> bool:
    """`(bool) $value`: false are null, false, 0, 0.0, "", "0" and empty arrays; every object is true."""
    if isinstance(value, str):
        return value not in ("", "0")
    if value is None or isinstance(value, bool | int | float | Sequence | Mapping):
        return bool(value)
    return True


def empty(value: object) -> bool:
    """`empty($value)`; take a missing key as None."""
    return not truthy(value)


def loose_equals(left: object, right: object) -> bool:
    """`$left == $right` for scalars, null and arrays (arrays: same keys, loosely equal values, in any order)."""
    if isinstance(left, str) and isinstance(right, str):
        return _equal_strings(left, right)
    if left is None and isinstance(right, str):
        return not right  # null counts as "" here, so that "0" differs from it
    if left is None or isinstance(left, bool):
        return truthy(left) == truthy(right)
    if right is None or isinstance(right, bool):
        return loose_equals(right, left)
    if isinstance(left, int | float) or isinstance(right, int | float):
        return _equals_number(right, left) if isinstance(left, int | float) else _equals_number(left, right)
    return _equal_arrays(left, right) if _is_array(left) and _is_array(right) else left is right


def _equal_numbers(left: float, right: float) -> bool:
    if isinstance(left, int) and isinstance(right, int):
        return left == right
    return float(left) == float(right)  # PHP compares as doubles; Python would compare exactly


def _equals_number(value: object, number: Any) -> bool:
    if isinstance(value, str):
        numeric = numeric_value(value)
        return to_text(number) == value if numeric is None else _equal_numbers(number, numeric)
    return isinstance(value, int | float) and _equal_numbers(number, value)


def _equal_strings(left: str, right: str) -> bool:
    if left == right:
        return True
    left_value, right_value = numeric_value(left), numeric_value(right)
    if left_value is None or right_value is None:
        return False
    left_overflow, right_overflow = _overflow(left, left_value), _overflow(right, right_value)
    if left_overflow and left_overflow == right_overflow and left_value == right_value:
        return False  # two long integers past 64 bits: as floats they might only seem equal, so the texts decide
    if (isinstance(left_value, int) and right_overflow) or (isinstance(right_value, int) and left_overflow):
        return False
    if left_value == right_value and math.isinf(left_value):  # both too large for a double: nothing is known
        return False
    return _equal_numbers(left_value, right_value)


def _overflow(text: str, value: float) -> int:
    """Sign of an integer text that does not fit into 64 bits; 0 if it fits or is no integer text."""
    if isinstance(value, int) or not text.strip(" \t\n\r\v\f").lstrip("+-").isdigit():
        return 0
    return 1 if value > 0 else -1


def _is_array(value: object) -> bool:
    return isinstance(value, list | tuple | Mapping)


def _equal_arrays(left: Any, right: Any) -> bool:
    left_map, right_map = _as_map(left), _as_map(right)
    return left_map.keys() == right_map.keys() and all(
        loose_equals(value, right_map[key]) for key, value in left_map.items()
    )


def _as_map(array: Any) -> Mapping[Any, Any]:
    return array if isinstance(array, Mapping) else dict(enumerate(array))
