"""PHP's array functions on `list` and `dict`: those whose keys, comparison or sums surprise.

An array that is returned is a list if its keys are 0, 1, 2 … in order (so if it is empty), else a dict; a list from
which something is missing is no list any more, and json_encode makes an object of it. Writing by key: `OrderedMap`.
"""

from functools import partial
from typing import Any

from contracts.php.compare import loose_equals, strict_equals, truthy
from contracts.php.error import PhpTypeError, PhpValueError
from contracts.php.number import INT_MAX, INT_MIN, leading_number, to_text
from contracts.php.ordered_map import PhpArray, PhpArrayValue, as_value, items, normal_key, text_key, values
from contracts.php.runtime import PhpRuntime
from contracts.php.sort import SORT_STRING, comparison, in_order
from contracts.php.text import rejoin
from contracts.php.value import PhpObject, type_name

_MISSING: Any = object()


def array_merge(*arrays: PhpArray) -> PhpArrayValue:
    """`array_merge`: int keys are numbered anew; a later text key's value takes the place of the first.

    Python's `|` would let int keys overwrite each other, as if "0" were a name.
    """
    merged: dict[int | str, Any] = {}
    position = 0
    for array in arrays:
        for key, value in items(array):
            if isinstance(key, int):
                merged[position] = value
                position += 1
            else:
                merged[key] = value
    return as_value(merged)


def array_union(left: PhpArray, right: PhpArray) -> PhpArrayValue:
    """`$left + $right`: what the left one has stays, int keys too; Python's `+` would append, its `|` overwrite."""
    union = dict(items(left))
    for key, value in items(right):
        union.setdefault(key, value)
    return as_value(union)


def array_filter(array: PhpArray) -> PhpArrayValue:
    """`array_filter` without a callback: drops what PHP takes for false (`"0"` too), keeps keys: a list gets holes."""
    return as_value({key: value for key, value in items(array) if truthy(value)})


def array_keys(array: PhpArray) -> list[int | str]:
    """`array_keys($array)`."""
    return [key for key, _ in items(array)]


def array_keys_of(array: PhpArray, value: object, *, strict: bool = False, runtime: PhpRuntime) -> list[int | str]:
    """`array_keys($array, $value, $strict)`: the keys of all equal values, by `==` unless `strict`.

    `runtime` matters before PHP 8, see `loose_equals`.
    """
    equals = strict_equals if strict else partial(loose_equals, runtime=runtime)
    return [key for key, one in items(array) if equals(value, one)]


def array_values(array: PhpArray) -> list[Any]:
    """`array_values`: always a list."""
    return list(values(array))


def array_combine(keys: PhpArray, array: PhpArray, *, precision: int = 14) -> PhpArrayValue:
    """`array_combine`: keys become text first, so that 1.7 is the key "1.7" and not 1; a later value takes the place.

    The rule of 8.0 and later: raises PhpValueError if there are not as many keys as values (before, it was false).
    Raises PhpError for an object as a key.
    """
    if len(keys) != len(array):
        raise PhpValueError(
            "array_combine(): Argument #1 ($keys) and argument #2 ($values) must have the same number of elements"
        )
    pairs = zip(values(keys), values(array), strict=True)
    return as_value({text_key(to_text(key, precision)): value for key, value in pairs})


def array_column(array: PhpArray, column: int | str | None, index: int | str | None = None) -> PhpArrayValue:
    """`array_column`: one column of rows that are arrays or objects; rows that lack it are left out.

    Args:
        array: rows; anything else in it is left out.
        column: its key or property; None for the whole row.
        index: the column whose value becomes the key (null as "", 1.7 as 1); a row that lacks it gets the next index.

    Raises:
        PhpTypeError: the value that would be the key is an array or an object.
    """
    found: dict[int | str, Any] = {}
    following = INT_MIN  # so that -4 follows -5 here, in every version; 0 comes first
    for row in values(array):
        value = row if column is None else _cell(row, column)
        if value is _MISSING or not (column is None or isinstance(row, list | tuple | dict | PhpObject)):
            continue
        key = _MISSING if index is None else _cell(row, index)
        key = (0 if following == INT_MIN else following) if key is _MISSING else normal_key(key)
        if key == INT_MAX + 1:  # there is no next index: PHP says nothing
            continue
        found[key] = value
        if isinstance(key, int):
            following = max(following, key + 1)
    return as_value(found)


def array_sum(array: PhpArray) -> int | float:
    """`array_sum`: numbers at the beginning of texts count, arrays and objects do not; past 64 bits it is a float.

    Python's `sum` refuses texts and null, and never overflows.
    """
    total: int | float = 0
    for value in values(array):
        if isinstance(value, bool | int | float | str):
            total = _add(total, leading_number(value) if isinstance(value, str) else value)
    return total


def array_unique(array: PhpArray, flags: int = SORT_STRING, *, runtime: PhpRuntime) -> PhpArrayValue:
    """`array_unique`: the first of equal values stays, with its key. Values are equal if they are so as text.

    Python's `set` tells 1 from "1", and 1.0 not from True.

    Args:
        array: any.
        flags: SORT_REGULAR compares by `==`, but neighbours only once they are sorted; so do SORT_NUMERIC, SORT_NATURAL
            and SORT_STRING with SORT_FLAG_CASE.
        runtime: for its precision and, before PHP 8, its comparison.

    Raises:
        PhpError: values are compared as text, and there is an object among them.
    """
    pairs = list(items(array))
    if flags == SORT_STRING:
        first: dict[str, tuple[int | str, Any]] = {}
        for key, value in pairs:
            first.setdefault(rejoin(to_text(value, runtime.precision)), (key, value))
        return as_value(dict(first.values()))
    compare = comparison(flags, runtime)
    dropped: set[int] = set()
    ordered = in_order(list(enumerate(pairs)), lambda one, other: compare(one[1][1], other[1][1]))
    kept = ordered[:1]
    for position, pair in ordered[1:]:
        last, (_, value) = kept[-1]
        if compare(value, pair[1]):
            kept.append((position, pair))
            continue
        dropped.add(max(last, position))
        kept[-1] = min(kept[-1], (position, pair), key=lambda one: one[0])
    return as_value({key: value for position, (key, value) in enumerate(pairs) if position not in dropped})


def count(value: Any, *, recursive: bool = False) -> int:
    """`count`; with `recursive` (COUNT_RECURSIVE) arrays inside count, and so do their values, however deep.

    The rule of 8.0 and later: raises PhpTypeError for what is no array (before, it was 1, or 0 for null).
    """
    if not isinstance(value, list | tuple | dict):
        raise PhpTypeError(f"count(): Argument #1 ($value) must be of type Countable|array, {type_name(value)} given")
    total, layer = len(value), [value]
    while recursive and layer:  # layer by layer: arrays are nested deeper than Python may call
        layer = [one for array in layer for one in values(array) if isinstance(one, list | tuple | dict)]
        total += sum(map(len, layer))
    return total


def _cell(row: Any, name: int | str) -> Any:
    key = normal_key(name)
    if isinstance(row, PhpObject):
        name = key if key in row.properties else str(name)
        return row.properties.get(name, _MISSING) if row.visibility(name) == "public" else _MISSING
    return dict(items(row)).get(key, _MISSING) if isinstance(row, list | tuple | dict) else _MISSING


def _add(left: int | float, right: int | float) -> int | float:
    total = left + right
    if isinstance(total, int) and not INT_MIN <= total <= INT_MAX:
        return float(left) + float(right)
    return total
