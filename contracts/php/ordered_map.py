"""PHP's array as it is written to: its keys, their order, and which index comes next.

Python's dict has the order, and `"7"` beside `7`, `True` for `1`; PHP has one key for each of these pairs.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from operator import eq
from typing import Any

from contracts.php.error import PhpError, PhpTypeError
from contracts.php.number import INT_MAX, INT_MIN, to_int
from contracts.php.runtime import PhpRuntime
from contracts.php.text import rejoin

PhpArray = Sequence[Any] | Mapping[Any, Any]
"""An array that is read."""
PhpArrayValue = list[Any] | dict[int | str, Any]
"""An array that is returned: a list if its keys are 0, 1, 2 … in order."""
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII)


def normal_key(key: object) -> int | str:
    """The key that PHP has for it: 7 for "7" (not for "07", "7.0", " 7", "-0"), 1 for true and 1.7, "" for null.

    Raises PhpTypeError for an array or an object.
    """
    if isinstance(key, str):
        return text_key(key)
    if key is None:
        return ""
    if isinstance(key, bool | int | float):
        return to_int(key)
    raise PhpTypeError("Illegal offset type")


def text_key(key: str) -> int | str:
    """The key that PHP has for a text: an int if it is written exactly as PHP would write one."""
    if _INTEGER.fullmatch(key) and INT_MIN <= (number := int(key)) <= INT_MAX:
        return number
    return rejoin(key)


def items(array: PhpArray) -> Iterable[tuple[int | str, Any]]:
    """Keys and values, in order."""
    return array.items() if isinstance(array, Mapping) else enumerate(array)


def values(array: PhpArray) -> Iterable[Any]:
    """Values, in order."""
    return array.values() if isinstance(array, Mapping) else array


def as_value(array: dict[int | str, Any]) -> PhpArrayValue:
    """A list if the keys are 0, 1, 2 … in order (so if there are none), else the dict itself."""
    if not array or (0 in array and all(map(eq, array, range(len(array))))):
        return list(array.values())
    return array


class OrderedMap:
    """An array that is written to: `$a[$key] = $value`, `$a[] = $value`, `unset($a[$key])`."""

    __slots__ = ("_items", "_next")

    def __init__(self, array: PhpArray = (), *, runtime: PhpRuntime) -> None:
        """Args: runtime: since 8.3 what follows -5 is -4, before it is 0."""
        self._items: dict[int | str, Any] = {}
        self._next = INT_MIN if runtime.since(8, 3) else 0
        for key, value in items(array):
            self[key] = value

    def __setitem__(self, key: object, value: object) -> None:
        """`$a[$key] = $value`: a key that is there keeps its place. Raises PhpTypeError."""
        known = normal_key(key)
        self._items[known] = value
        if isinstance(known, int):
            self._next = max(self._next, known + 1)

    def __getitem__(self, key: object) -> Any:
        """`$a[$key]`. Raises KeyError, where PHP warns and gives null; PhpTypeError."""
        return self._items[normal_key(key)]

    def __delitem__(self, key: object) -> None:
        """`unset($a[$key])`, which may be missing. Its index is not given again."""
        self._items.pop(normal_key(key), None)

    def append(self, value: object) -> None:
        """`$a[] = $value`: after the greatest index that there ever was. Raises PhpError where there is none left."""
        index = 0 if self._next == INT_MIN else self._next
        if index > INT_MAX:
            raise PhpError("Cannot add element to the array as the next element is already occupied")
        self[index] = value

    def value(self) -> PhpArrayValue:
        """The array as all other functions have it."""
        return as_value(dict(self._items))
