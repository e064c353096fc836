"""The cases of one value: its sign, what a text is made of, which of the values that a contract lists.

Each kind of value is a *reading*: it names the case of a value in well under a microsecond, for it looks at every field
of every message that is compared.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """How values of one kind are named, and all the names that there are."""

    read: Callable[[Any], Names]
    names: frozenset[str]


def sign(place: str, also: Names, *, allowed: Callable[[Any], bool]) -> Reading:
    """Of ints, floats and numeric texts. Not a number at all is none of the three.

    Args:
        place: what the names begin with.
        also: names that every value has besides.
        allowed: whether the contract takes a value; it is asked for typical ones of each case.
    """
    typical = {"negative": (-1, "-1", -1e6), "zero": (0, "0"), "positive": (1, "1", 1e6)}
    possible = {case: (*also, f"{place}: {case}") for case, values in typical.items() if any(map(allowed, values))}
    negative, zero, positive = (possible.get(case, ()) for case in typical)

    def read(value: Any) -> Names:
        number = float(value) if isinstance(value, str) else value
        if number > 0:
            return positive
        return negative if number < 0 else zero if number == 0 else ()

    return Reading(read, frozenset(name for names in possible.values() for name in names))


def text(place: str, also: Names, *, allowed: Callable[[Any], bool]) -> Reading:
    """Empty, ASCII, or with other characters, where bytes and characters are no longer the same. Args: as `sign`."""
    empty = (*also, f"{place}: empty") if allowed("") else ()
    ascii_only, other = (*also, f"{place}: ASCII"), (*also, f"{place}: other than ASCII")

    def read(value: str) -> Names:
        if not value:
            return empty
        return ascii_only if value.isascii() else other

    return Reading(read, frozenset((*empty, *ascii_only, *other)))


def one_of(values: Iterable[object], also: Names, name: Callable[[object], str]) -> Reading:
    """One of a few values of one type, each by its own name."""
    known = {value: (*also, name(value)) for value in values}
    return Reading(lambda value: known.get(value, ()), frozenset(one for names in known.values() for one in names))


def container(
    place: str, also: Names, kind: str, inside: Reading, *, allowed: Callable[[Any], bool], filled: bool
) -> Reading:
    """A list or map: empty, or what is in it, whose names every item has a part in. Other args: as `sign`.

    Args:
        place: what the names begin with.
        also: names that every value has besides.
        kind: how one is named that has something in it, if nothing can be said of that.
        inside: of an item, or of the whole.
        allowed: whether the contract takes a value.
        filled: whether it takes one that has something in it.
    """
    empty = (*also, f"{place}: empty") if allowed([] if kind == "list" else {}) else ()
    if not filled:
        return Reading(lambda value: () if value else empty, frozenset(empty))
    around = also if inside.names else (*also, f"{place}: {kind}")

    def read(value: Any) -> Names:
        if not value:
            return empty
        if not inside.names:
            return around
        names = [*around]
        for item in value:
            names += inside.read(item)
        return tuple(names)

    return Reading(read, frozenset((*empty, *around, *inside.names)))
