"""Values among values, by PHP's comparison: `in_array`, `array_search`, `max`, `min`.

Python's `in`, `max` and `min` compare otherwise, and refuse what PHP compares; see `contracts.php.compare`.
"""

from typing import Any

from contracts.php.compare import as_map, is_array, loose_equals, spaceship, strict_equals
from contracts.php.error import PhpTypeError, PhpValueError
from contracts.php.ordered_map import PhpArray
from contracts.php.runtime import PhpRuntime
from contracts.php.value import type_name


def in_array(needle: object, haystack: PhpArray, *, strict: bool = False, runtime: PhpRuntime) -> bool:
    """`in_array`: by `==` unless `strict`, so that "1e1" is in ["10"], and null in [0]; Python's `in` is neither.

    `runtime` matters before PHP 8, see `loose_equals`.
    """
    return array_search(needle, haystack, strict=strict, runtime=runtime) is not False


def array_search(needle: object, haystack: PhpArray, *, strict: bool = False, runtime: PhpRuntime) -> int | str | bool:
    """`array_search`: the first key whose value equals, or False (mind the key 0). By `==` unless `strict`.

    `runtime` matters before PHP 8, see `loose_equals`.
    """
    for key, value in as_map(haystack).items():
        if strict_equals(needle, value) if strict else loose_equals(needle, value, runtime=runtime):
            return key  # type: ignore[no-any-return]
    return False


def php_max(value: object, *values: object, runtime: PhpRuntime) -> Any:
    """`max` by `<=>`: the first greatest value, of one array or of several arguments.

    Raises PhpTypeError for one argument that is no array, PhpValueError for an empty one; before PHP 8 these were
    warnings. Since 8.3 NAN is not greater than a number. PHP 8.4 takes another way where two arguments are written out
    in a call, `max(1, NAN)`, `min(1, 1.0)`: which of two numbers without an order, or equal ones, is not told here.
    """
    if not values:
        return _of_array("max", value, runtime, sign=1)
    found, is_plain = value, runtime.since(8, 3)
    for one in values:
        is_plain = is_plain and _are_plain(found, one)
        if found < one if is_plain else spaceship(one, found, runtime=runtime) > 0:  # type: ignore[operator]
            found = one
    return found


def php_min(value: object, *values: object, runtime: PhpRuntime) -> Any:
    """`min` by `<=>`: the first smallest value. NAN and errors as in `php_max`."""
    if not values:
        return _of_array("min", value, runtime, sign=-1)
    found, is_plain = value, runtime.since(8, 3)
    for one in values:
        is_plain = is_plain and _are_plain(found, one)
        if found > one if is_plain else spaceship(one, found, runtime=runtime) < 0:  # type: ignore[operator]
            found = one
    return found


def _of_array(name: str, value: object, runtime: PhpRuntime, *, sign: int) -> Any:
    if not is_array(value):
        raise PhpTypeError(f"{name}(): Argument #1 ($value) must be of type array, {type_name(value)} given")
    values = list(as_map(value).values())
    if not values:
        raise PhpValueError(f"{name}(): Argument #1 ($value) must contain at least one element")
    found = values[0]
    for one in values[1:]:
        if spaceship(found, one, runtime=runtime) * sign < 0:
            found = one
    return found


def _are_plain(left: object, right: object) -> bool:
    """Whether both are numbers that PHP 8.3 and later compare by a way of their own."""
    if type(left) is int and type(right) is int:
        return True
    return all(type(one) is float or (type(one) is int and int(float(one)) == one) for one in (left, right))
