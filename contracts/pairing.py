"""Pairs the effects of two sides: equal ones cancel out, of what is left each goes with what it differs least from."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import TypeVar

from contracts.closest import closest
from contracts.effect import Effect
from contracts.tolerance import Pair, Tolerance

_Key = TypeVar("_Key")
_Item = TypeVar("_Item")
Identity = tuple[str, str, str]
"""Kind, name and key of an effect."""
_PAIRS_MOST = 2_500
"""More possible pairs of one identity are not looked at, each beside each."""
Remainder = dict[Identity, list[Effect]]
"""Effects of one side that have no equal on the other one, by identity."""


def cancel(control: Sequence[Effect], candidate: Sequence[Effect]) -> tuple[Remainder, Remainder]:
    """What two multisets do not have in common, by identity."""
    theirs, ours = [one.canonical() for one in control], [one.canonical() for one in candidate]
    common = Counter(theirs) & Counter(ours)
    return (
        by_identity(without(zip(theirs, control, strict=True), common)),
        by_identity(without(zip(ours, candidate, strict=True), common)),
    )


def by_identity(effects: Iterable[Effect]) -> Remainder:
    """Effects of each identity, in their order."""
    found: Remainder = {}
    for one in effects:
        found.setdefault((one.kind, one.name, one.key), []).append(one)
    return found


def pairs(missing: Remainder, extra: Remainder, tolerance: Tolerance) -> Iterator[Pair]:
    """Each effect with one of its own identity, or with none."""
    for identity in dict.fromkeys([*missing, *extra]):
        yield from _pair_closest(missing.get(identity, []), extra.get(identity, []), tolerance)


def _pair_closest(theirs: Sequence[Effect], ours: Sequence[Effect], tolerance: Tolerance) -> Iterator[Pair]:
    """Pair what differs least, so that neither the order of effects nor noise in them makes a difference."""
    if len(theirs) * len(ours) > _PAIRS_MOST:
        yield from _pair_many(theirs, ours, tolerance)
        return

    def distance(control: Effect, candidate: Effect) -> tuple[bool, int, Sequence[bytes]]:
        found = tolerance.compare((control, candidate))
        # The texts decide between equals, whichever side they are on: a verdict must not hang on the order.
        return bool(tolerance.kept(found)), len(found), sorted((control.canonical(), candidate.canonical()))

    yield from closest(theirs, ours, distance, None)


def _pair_many(theirs: Sequence[Effect], ours: Sequence[Effect], tolerance: Tolerance) -> Iterator[Pair]:
    """Pair those that are equal but for places of rules; what is left in the order of its texts."""
    by_text: dict[bytes, list[Effect]] = {}
    for effect in sorted(ours, key=Effect.canonical):
        by_text.setdefault(tolerance.blank(effect), []).append(effect)
    left = []
    for effect in sorted(theirs, key=Effect.canonical):
        like = by_text.get(tolerance.blank(effect))
        if like:
            yield effect, like.pop(0)
        else:
            left.append(effect)
    rest = sorted((effect for like in by_text.values() for effect in like), key=tolerance.blank)
    yield from zip_longest(sorted(left, key=tolerance.blank), rest)


def without(items: Iterable[tuple[_Key, _Item]], common: Counter[_Key]) -> list[_Item]:
    """The items of a multiset but for those, as often as they are in it."""
    cancelled, left = common.copy(), []
    for key, item in items:
        if cancelled[key] > 0:
            cancelled[key] -= 1
        else:
            left.append(item)
    return left
