"""PHP's `sort` and its kin: which order, and the way there, which shows where the order is none.

Since 8.0 equal values stay as they came, as in Python. But `"10" < "9a" < "9b"` and `"9" < "10"` are no order that a
list could be in, and what comes out depends on who was compared with whom; so values are compared here in the same
sequence as PHP does it: by insertion up to 16 of them, else divided at the middle of three (of five from 1024 on).
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from contracts.php.collation import natural_order
from contracts.php.compare import compare_bytes, spaceship
from contracts.php.number import to_float, to_text
from contracts.php.ordered_map import PhpArray, PhpArrayValue, as_value, items
from contracts.php.runtime import PhpRuntime
from contracts.php.text import strtolower, strtoupper, to_bytes

SORT_REGULAR, SORT_NUMERIC, SORT_STRING, SORT_LOCALE_STRING, SORT_NATURAL, SORT_FLAG_CASE = 0, 1, 2, 5, 6, 8

Compare = Callable[[Any, Any], int]
_T = TypeVar("_T")
_FEW = 16


def sort(array: PhpArray, flags: int = SORT_REGULAR, *, runtime: PhpRuntime) -> list[Any]:
    """`sort($array, $flags)`, as a new list. Raises UnknownRuleError before 8.0, where sorting was not stable."""
    return [value for _, value in _sorted(array, flags, runtime, by=1, sign=1)]


def rsort(array: PhpArray, flags: int = SORT_REGULAR, *, runtime: PhpRuntime) -> list[Any]:
    """`rsort`: downwards; equal values stay as they came, where Python's `reversed(sorted(…))` turns them round."""
    return [value for _, value in _sorted(array, flags, runtime, by=1, sign=-1)]


def asort(array: PhpArray, flags: int = SORT_REGULAR, *, runtime: PhpRuntime) -> PhpArrayValue:
    """`asort`: by value, with the keys: a list becomes a dict (and an object in JSON)."""
    return as_value(dict(_sorted(array, flags, runtime, by=1, sign=1)))


def arsort(array: PhpArray, flags: int = SORT_REGULAR, *, runtime: PhpRuntime) -> PhpArrayValue:
    """`arsort`: by value, downwards, with the keys."""
    return as_value(dict(_sorted(array, flags, runtime, by=1, sign=-1)))


def ksort(array: PhpArray, flags: int = SORT_REGULAR, *, runtime: PhpRuntime) -> PhpArrayValue:
    """`ksort`: by key, as `<=>` has it since 8.2: 9, 10, "A", "a"; before, an int and a text compared as numbers.

    Python's `sorted` cannot compare such keys, or puts "10" before "9": sorted keys that are signed differ.
    """
    return as_value(dict(_sorted(array, flags, runtime, by=0, sign=1)))


def krsort(array: PhpArray, flags: int = SORT_REGULAR, *, runtime: PhpRuntime) -> PhpArrayValue:
    """`krsort`: as `ksort`, downwards."""
    return as_value(dict(_sorted(array, flags, runtime, by=0, sign=-1)))


def comparison(flags: int, runtime: PhpRuntime) -> Compare:
    """How two values compare under SORT_* flags; what is not known is SORT_REGULAR. The locale is "C"."""
    kind = flags & ~SORT_FLAG_CASE
    ignores_case = bool(flags & SORT_FLAG_CASE) and kind != SORT_LOCALE_STRING
    fold = strtoupper if kind == SORT_NATURAL else strtolower  # which side of "_" the letters are on

    def text(value: Any) -> str:
        shown = to_text(value, runtime.precision)
        return fold(shown) if ignores_case else shown

    if kind == SORT_NUMERIC:
        return _numeric if runtime.since(8, 4) else _numeric_before_8_4
    if kind == SORT_LOCALE_STRING:
        return lambda left, right: compare_bytes(text(left).partition("\0")[0], text(right).partition("\0")[0])
    if kind == SORT_STRING:
        return lambda left, right: compare_bytes(text(left), text(right))
    if kind == SORT_NATURAL:
        return lambda left, right: natural_order(to_bytes(text(left)), to_bytes(text(right)))
    return lambda left, right: spaceship(left, right, runtime=runtime)


def in_order(values: Sequence[_T], compare: Callable[[_T, _T], int]) -> list[_T]:
    """Values in PHP's order, by PHP's way to it. Equal ones are not kept in order: `compare` has to see to that."""
    found = list(values)
    _divide(found, 0, len(found), compare)
    return found


def _sorted(array: PhpArray, flags: int, runtime: PhpRuntime, *, by: int, sign: int) -> list[tuple[int | str, Any]]:
    runtime.must_know("sort", since=(8, 0))
    pairs = list(items(array))
    wanted = [pair[by] for pair in pairs]
    if flags == SORT_REGULAR and all(type(one) is int for one in wanted):
        return sorted(pairs, key=lambda pair: pair[by], reverse=sign < 0)
    if flags == SORT_STRING and all(type(one) is str for one in wanted):
        return sorted(pairs, key=lambda pair: to_bytes(str(pair[by])), reverse=sign < 0)
    compare = comparison(flags, runtime)
    if by == 0 and flags & ~SORT_FLAG_CASE == SORT_REGULAR and not runtime.since(8, 2):
        compare = _old_keys(compare)

    def stable(left: int, right: int) -> int:
        return sign * compare(wanted[left], wanted[right]) or left - right

    return [pairs[position] for position in in_order(range(len(pairs)), stable)]


def _old_keys(compare: Compare) -> Compare:
    """An int and a text as keys, before 8.2: as numbers, so that every name is 0."""

    def compare_keys(left: int | str, right: int | str) -> int:
        if isinstance(left, str) == isinstance(right, str):
            return compare(left, right)
        return _numeric(left, right)

    return compare_keys


def _numeric(left: Any, right: Any) -> int:
    one, other = to_float(left), to_float(right)
    return 0 if one == other else -1 if one < other else 1


def _numeric_before_8_4(left: Any, right: Any) -> int:
    distance = to_float(left) - to_float(right)
    return 0 if distance == 0 else -1 if distance < 0 else 1  # INF is not equal to itself here


def _divide(found: list[_T], start: int, end: int, compare: Callable[[_T, _T], int]) -> None:
    while end - start > _FEW:
        half = (end - start) >> 1
        pivot = start + half
        if (end - start) >> 10:
            quarter = half >> 1
            _settle(found, [start, start + quarter, pivot, pivot + quarter, end - 1], compare)
        else:
            _settle(found, [start, pivot, end - 1], compare)
        _swap(found, start + 1, pivot)
        middle = _partition(found, start + 1, end, compare)
        _swap(found, start + 1, middle)
        if middle - start < end - middle - 1:
            _divide(found, start, middle, compare)
            start = middle + 1
        else:
            _divide(found, middle + 1, end, compare)
            end = middle
    _insert(found, start, end, compare)


def _partition(found: list[_T], pivot: int, end: int, compare: Callable[[_T, _T], int]) -> int:
    """Move what is greater than the pivot behind what is not; where the pivot goes."""
    low, high = pivot + 1, end - 1
    while True:
        while compare(found[pivot], found[low]) > 0:
            low += 1
            if low == high:
                return low - 1
        high -= 1
        if high == low:
            return low - 1
        while compare(found[high], found[pivot]) > 0:
            high -= 1
            if high == low:
                return low - 1
        _swap(found, low, high)
        low += 1
        if low == high:
            return low - 1


def _insert(found: list[_T], start: int, end: int, compare: Callable[[_T, _T], int]) -> None:
    if end - start <= 5:
        _settle(found, list(range(start, end)), compare)
        return
    for position in range(start + 1, end):
        place = _place(found, start, position, compare)
        found.insert(place, found.pop(position))


def _place(found: list[_T], start: int, position: int, compare: Callable[[_T, _T], int]) -> int:
    """Where a value goes among the sorted ones before it: searched one by one at first, then by twos."""
    value, place = found[position], position - 1
    if compare(found[place], value) <= 0:
        return position
    if position < start + 6:
        while place > start and compare(found[place - 1], value) > 0:
            place -= 1
        return place
    while True:
        place -= 2
        if compare(found[place], value) <= 0:
            return place + 1 if compare(found[place + 1], value) > 0 else place + 2
        if place == start:
            return place
        if place == start + 1:
            return place if compare(value, found[start]) > 0 else start


def _settle(found: list[_T], at: list[int], compare: Callable[[_T, _T], int]) -> None:
    """Sort up to five places by a fixed series of comparisons."""
    if len(at) == 2 and compare(found[at[0]], found[at[1]]) > 0:
        _swap(found, at[0], at[1])
    if len(at) < 3:
        return
    _settle_three(found, at[0], at[1], at[2], compare)
    for last in range(3, len(at)):
        for place in range(last, 0, -1):
            if compare(found[at[place - 1]], found[at[place]]) <= 0:
                break
            _swap(found, at[place - 1], at[place])


def _settle_three(found: list[_T], one: int, two: int, three: int, compare: Callable[[_T, _T], int]) -> None:
    if compare(found[one], found[two]) <= 0:
        if compare(found[two], found[three]) > 0:
            _swap(found, two, three)
            if compare(found[one], found[two]) > 0:
                _swap(found, one, two)
    elif compare(found[three], found[two]) <= 0:
        _swap(found, one, three)
    else:
        _swap(found, one, two)
        if compare(found[two], found[three]) > 0:
            _swap(found, two, three)


def _swap(found: list[_T], one: int, other: int) -> None:
    found[one], found[other] = found[other], found[one]
