"""PHP's arrays on `list` and `dict`: the few functions whose keys surprise."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.php.compare import truthy

PhpArray = Sequence[Any] | Mapping[int | str, Any]


def array_merge(*arrays: PhpArray) -> dict[int | str, Any]:
    """`array_merge`: int keys are numbered anew; a later string key's value takes the place of the first."""
    merged: dict[int | str, Any] = {}
    position = 0
    for array in arrays:
        for key, value in _items(array):
            if isinstance(key, int):
                merged[position] = value
                position += 1
            else:
                merged[key] = value
    return merged


def array_filter(array: PhpArray) -> dict[int | str, Any]:
    """`array_filter` without a callback: drops what PHP takes for false (`"0"` too), keeps keys: a list gets holes."""
    return {key: value for key, value in _items(array) if truthy(value)}


def _items(array: PhpArray) -> Sequence[tuple[int | str, Any]]:
    return tuple(array.items()) if isinstance(array, Mapping) else tuple(enumerate(array))
