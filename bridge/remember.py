"""What was made of a value once, for as long as it is that very value: header tables come with many messages."""

from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")
_Made = TypeVar("_Made")
MOST = 1_024
SMALL_BYTES = 1_024


def by_identity(make: Callable[[_T], _Made], weigh: Callable[[_Made], bytes]) -> Callable[[_T], _Made]:
    """The function, which remembers what it has made of small values. Nobody may change one.

    Args:
        make: the function.
        weigh: as many bytes as what was made has; what is larger is not remembered.
    """
    known: dict[int, tuple[_T, _Made]] = {}

    def remembered(value: _T) -> _Made:
        found = known.get(id(value))
        if found is not None and found[0] is value:
            return found[1]
        made = make(value)
        if len(weigh(made)) <= SMALL_BYTES:
            if len(known) >= MOST:
                known.clear()
            known[id(value)] = value, made
        return made

    return remembered
