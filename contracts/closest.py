"""Pairs things of two sides with what they are nearest to, whatever their order."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, TypeVar

_Thing = TypeVar("_Thing")
_Lacking = TypeVar("_Lacking")


def closest(
    theirs: Sequence[_Thing], ours: Sequence[_Thing], distance: Callable[[_Thing, _Thing], Any], lacking: _Lacking
) -> Iterator[tuple[_Thing | _Lacking, _Thing | _Lacking]]:
    """The nearest pair first, then the nearest of those that are left; at the end those that have no counterpart.

    Args:
        theirs: the control's.
        ours: the candidate's.
        distance: of two; what sorts first is nearest. Looks at every pair: it goes with the product of both.
        lacking: what stands in a counterpart's place.
    """
    left_theirs, left_ours = dict(enumerate(theirs)), dict(enumerate(ours))

    def apart(pair: tuple[int, int]) -> Any:
        return distance(theirs[pair[0]], ours[pair[1]])

    every = list(product(left_theirs, left_ours))
    for one, other in sorted(every, key=apart) if len(every) > 1 else every:
        if one in left_theirs and other in left_ours:
            yield left_theirs.pop(one), left_ours.pop(other)
    yield from ((one, lacking) for one in left_theirs.values())
    yield from ((lacking, other) for other in left_ours.values())
