"""PHP's comparison and truth: `==`, `===`, `<=>`, `if ($x)`, `empty`.

`"0"` is false and `"0.0"` is true, `"17.010" == "17.01"`, `null == 0`; and since PHP 8 `0 == "abc"` is false. Python's
own `==` and `if` differ in each of these, and its `<` raises where PHP compares any two values. PHP 7 answers
otherwise, and a `precision` decides on a float against a text, so whoever compares says which `runtime`.

Not every order is one: `"10" < "9a"`, `"9a" < "x"` and `"9" < "10"` hold together; see `contracts.php.sort`.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from contracts.php.error import PhpError
from contracts.php.number import numeric_value, to_float, to_text
from contracts.php.runtime import PhpRuntime
from contracts.php.text import to_bytes
from contracts.php.value import PhpEnum, PhpObject

UNCOMPARABLE = 1
"""What PHP answers where there is no order, whichever of the two comes first."""
_DIGITS = re.compile(r"[ \t\n\r\v\f]*([+-]?)0*([0-9]*)")
_SPACE = " \t\n\r\v\f"
_Pairs = Iterator[tuple[object, object]]
_APART: tuple[object, object] = (math.nan, math.nan)
"""Stands for what has no counterpart: equal to nothing, and in no order."""


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


def loose_equals(left: object, right: object, *, runtime: PhpRuntime) -> bool:
    """`$left == $right`. Arrays: same keys, loosely equal values, in any order. Objects: same class, equal properties.

    Before PHP 8 a number and a text were compared as numbers, so that `0 == "abc"`, `0 == ""` and `1 == "1x"` held,
    and blanks behind a number made it another text (`"1 " != "1"`).
    """
    if type(left) is type(right) and isinstance(left, int | str) and left == right:
        return True
    return spaceship(left, right, runtime=runtime) == 0


def strict_equals(left: object, right: object) -> bool:
    """`$left === $right`: of the same type, too, so that `1 !== 1.0` where Python has `1 == 1.0 == True`.

    Arrays: the same pairs in the same order. Objects: the very same one; enum cases: the same case.
    """
    return _walk(left, right, _difference) == 0


def spaceship(left: object, right: object, *, runtime: PhpRuntime) -> int:
    """`$left <=> $right`: -1, 0 or 1 for any two values; `$left < $right` is -1, `$left > $right` is `$right < $left`.

    Null and bools compare as truth, null and a text as texts, a number and a numeric text as numbers, any other text as
    text; longer arrays are greater; an array is greater than any scalar, an object than any array. Where there is no
    order (NAN, different classes, a key that the other array lacks) the answer is 1.

    Arrays and objects may be nested as deeply as they like. Raises PhpError for one that is inside of itself.
    """
    return _walk(left, right, lambda one, other: _order(one, other, runtime))


def _walk(left: object, right: object, compare: Callable[[object, object], int | _Pairs]) -> int:
    """The first answer that is not 0, from the outside in: `compare` gives one, or pairs that decide instead."""
    found = compare(left, right)
    if isinstance(found, int):
        return found
    walked = [(id(left), found)]  # no recursion: arrays are nested deeper than Python may call
    inside = {id(left)}
    while walked:
        known, pairs = walked[-1]
        for one, other in pairs:
            found = compare(one, other)
            if not isinstance(found, int):
                if id(one) in inside:
                    raise PhpError("Nesting level too deep - recursive dependency?")
                inside.add(id(one))
                walked.append((id(one), found))
                break
            if found:
                return found
        else:
            inside.remove(known)
            walked.pop()
    return 0


def _order(left: object, right: object, runtime: PhpRuntime) -> int | _Pairs:
    if isinstance(left, str) and isinstance(right, str):
        return _texts(left, right, runtime)
    if _is_number(left) and _is_number(right):
        return _numbers(left, right)
    if is_array(left) and is_array(right):
        return _maps(as_map(left), as_map(right))
    if _is_object(left) or _is_object(right):
        return _objects(left, right)
    if left is None and isinstance(right, str):  # null counts as "" here, so that "0" differs from it
        return -1 if right else 0
    if isinstance(left, str) and right is None:
        return 1 if left else 0
    if left is None or right is None or isinstance(left, bool) or isinstance(right, bool):
        return truthy(left) - truthy(right)
    if is_array(left) or is_array(right):
        return 1 if is_array(left) else -1
    if isinstance(left, str):
        return -_number_and_text(right, left, runtime) if right == right else UNCOMPARABLE  # noqa: PLR0124  # NAN
    return _number_and_text(left, str(right), runtime)


def same_text(left: str, right: str) -> bool:
    """Whether two texts have the same bytes: a character that was cut apart and joined again is the character."""
    return left == right or (not (left.isascii() or right.isascii()) and to_bytes(left) == to_bytes(right))


def compare_bytes(left: str, right: str) -> int:
    """Order of two texts byte by byte: -1, 0 or 1."""
    if left.isascii() and right.isascii():
        return (left > right) - (left < right)
    one, other = to_bytes(left), to_bytes(right)
    return (one > other) - (one < other)


def is_array(value: object) -> bool:
    """Whether it stands for an array of PHP."""
    return isinstance(value, list | tuple | Mapping)


def as_map(array: Any) -> Mapping[Any, Any]:
    """Any array by its keys."""
    return array if isinstance(array, Mapping) else dict(enumerate(array))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_object(value: object) -> bool:
    return not (value is None or isinstance(value, bool | int | float | str) or is_array(value))


def _sign(left: Any, right: Any) -> int:
    """NAN is in no order."""
    return 0 if left == right else -1 if left < right else UNCOMPARABLE


def _numbers(left: Any, right: Any) -> int:
    if isinstance(left, int) and isinstance(right, int):
        return _sign(left, right)
    return _sign(float(left), float(right))  # PHP compares as doubles; Python would compare exactly


def _number_and_text(number: Any, text: str, runtime: PhpRuntime) -> int:
    if not runtime.since(8, 0):
        numeric = _numeric(text, runtime)
        return _numbers(number, to_float(text) if numeric is None else numeric)
    if number != number:  # noqa: PLR0124  # NAN
        return UNCOMPARABLE
    numeric = numeric_value(text)
    return compare_bytes(to_text(number, runtime.precision), text) if numeric is None else _numbers(number, numeric)


def _numeric(text: str, runtime: PhpRuntime) -> int | float | None:
    if not runtime.since(8, 0) and text[-1:] in _SPACE:
        return None
    return numeric_value(text)


def _texts(left: str, right: str, runtime: PhpRuntime) -> int:
    one, other = _numeric(left, runtime), _numeric(right, runtime)
    if one is None or other is None:
        return compare_bytes(left, right)
    overflow, other_overflow = _overflow(left, one), _overflow(right, other)
    if overflow and overflow == other_overflow and one == other:
        return compare_bytes(left, right)  # integers past 64 bits that might only seem equal: the texts decide
    if isinstance(one, int) and other_overflow:
        return -other_overflow
    if isinstance(other, int) and overflow:
        return overflow
    if one == other and math.isinf(one):  # both too large for a double: nothing is known
        return compare_bytes(left, right)
    return _numbers(one, other)


def _overflow(text: str, value: float) -> int:
    """Sign of a numeric text whose integer digits do not fit into 64 bits, 0 for any other.

    One with a fraction or an exponent counts only where PHP gives up counting digits before it gets there: after 20.
    """
    match = _DIGITS.match(text)
    if isinstance(value, int) or match is None:
        return 0
    is_integer = not text[match.end() :].strip(_SPACE)
    if not is_integer and len(match[2]) < 20:
        return 0
    return -1 if match[1] == "-" else 1


def _maps(left: Mapping[Any, Any], right: Mapping[Any, Any]) -> int | _Pairs:
    if len(left) != len(right):
        return _sign(len(left), len(right))
    return ((value, right[key]) if key in right else _APART for key, value in left.items())


def _difference(left: object, right: object) -> int | _Pairs:
    """0 for the same; arrays are so if their pairs are."""
    if isinstance(left, str) and isinstance(right, str):
        return not same_text(left, right)
    if is_array(left) and is_array(right):
        one, other = as_map(left), as_map(right)
        if len(one) != len(other):
            return 1
        pairs = zip(one.items(), other.items(), strict=True)
        return ((value, facing) if key == other_key else _APART for (key, value), (other_key, facing) in pairs)
    if left is None or isinstance(left, bool | int | float | PhpEnum):
        return not (type(left) is type(right) and left == right)
    return left is not right


def _objects(left: object, right: object) -> int | _Pairs:
    if left is right:
        return 0
    if isinstance(left, PhpObject) and isinstance(right, PhpObject):
        is_same_class = left.class_name == right.class_name
        return _maps(left.properties, right.properties) if is_same_class else UNCOMPARABLE
    if any(one is None or isinstance(one, bool) for one in (left, right)):
        return truthy(left) - truthy(right)
    if isinstance(left, PhpObject):
        return _numbers(1, right) if _is_number(right) else 1  # 1 as a number, with a warning
    if isinstance(right, PhpObject):
        return _numbers(left, 1) if _is_number(left) else -1
    return 0 if left == right else UNCOMPARABLE
