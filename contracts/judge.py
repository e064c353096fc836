"""Judges what both sides did for one message. Decides only: shows nothing, stores nothing.

Compared are multisets of effects over all attempts, so that a row written by a failed attempt, or twice by a repeated
delivery, is a difference. Equal effects cancel out by their bytes or their canonical texts; only what is left is paired
and walked.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product, zip_longest
from typing import Any, Protocol, TypeVar

from contracts.difference import Difference, child, compare_effects, effect_path, extra_effect, missing_effect
from contracts.effect import Attempt, Effect, Ending, canonical, parse_json
from contracts.outcome_line import EffectLine, OutcomeLine, same_effects
from contracts.rule import Rule
from contracts.terms import Terms
from contracts.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its evidence."""

    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    rules: tuple[Rule, ...] = ()
    """The rules that tolerated something."""


ENDING = "ending"
"""Path of the difference between two endings."""
_Key = TypeVar("_Key")
_Item = TypeVar("_Item")
_Identity = tuple[str, str, str]
"""Kind, name and key of an effect."""
_Pair = tuple[Effect | None, Effect | None]
"""Control's and candidate's effect; None where one side has no counterpart."""
_PAIRS_MOST = 2_500
"""More possible pairs of one identity are not looked at, each beside each."""
_MATCH = Judgement(Verdict.MATCH)
_NO_TERMS = Terms()


def judge(
    control: Sequence[Attempt], candidate: Sequence[Attempt], terms: Terms = _NO_TERMS, *, today: date
) -> Judgement:
    """Judge one message.

    Args:
        control: the monolith's attempts, in any order.
        candidate: ours.
        terms: of the message's type.
        today: the day by which rules expire.
    """
    theirs, ours = ([effect for one in side for effect in one.effects] for side in (control, candidate))
    sides = _Sides(
        final_ending(control),
        final_ending(candidate),
        theirs,
        ours,
        lambda: (theirs, ours),
        lambda: (_named(theirs), _named(ours)),
    )
    return _judge(sides, terms, today)


def judge_lines(
    control: Sequence[OutcomeLine], candidate: Sequence[OutcomeLine], terms: Terms = _NO_TERMS, *, today: date
) -> Judgement:
    """The same of outcomes that were read as lines: values are looked at only where the bytes of two effects differ.

    Raises MalformedOutcomeError.
    """
    if len(control) == len(candidate) == 1:
        one, other = control[0], candidate[0]
        if one.ending == other.ending and one.ending in ("done", "rejected") and same_effects(one, other):
            return _MATCH
    theirs, ours = ([effect for line in side for effect in line.effect_lines()] for side in (control, candidate))
    missing, extra = _left(theirs, ours)
    return _judge(
        _Sides(
            final_ending(control),
            final_ending(candidate),
            _effects(missing),
            _effects(extra),
            lambda: (_effects(theirs), _effects(ours)),
            lambda: (_named(theirs), _named(ours)),
        ),
        terms,
        today,
    )


class _Ended(Protocol):
    @property
    def ending(self) -> Ending: ...
    @property
    def attempt(self) -> int: ...


def final_ending(attempts: Sequence[_Ended]) -> Ending | None:
    """How a side's last attempt ended, repeated deliveries aside; None while another attempt is to follow.

    A side of which only a recognised repetition is known has not told yet what it did.
    """
    own = [attempt for attempt in attempts if attempt.ending != "duplicate"]
    if not own:
        return None
    last = max(own, key=lambda attempt: attempt.attempt)
    return None if last.ending == "retried" else last.ending


def _named(effects: Iterable[Effect | EffectLine]) -> "Counter[_Identity]":
    return Counter((one.kind, one.name, one.key) for one in effects)


def _effects(lines: Iterable[EffectLine]) -> list[Effect]:
    return [line.effect() for line in lines]


def _left(control: Sequence[EffectLine], candidate: Sequence[EffectLine]) -> tuple[list[EffectLine], list[EffectLine]]:
    """Both without what is the same in its bytes."""

    def bytes_of(one: EffectLine) -> tuple[str, str, str, bytes]:
        return one.kind, one.name, one.key, bytes(one.value)

    theirs, ours = [bytes_of(one) for one in control], [bytes_of(one) for one in candidate]
    common = Counter(theirs) & Counter(ours)
    if not common:
        return list(control), list(candidate)
    return _without(zip(theirs, control, strict=True), common), _without(zip(ours, candidate, strict=True), common)


def _without(items: Iterable[tuple[_Key, _Item]], common: Counter[_Key]) -> list[_Item]:
    cancelled, left = common.copy(), []
    for key, item in items:
        if cancelled[key] > 0:
            cancelled[key] -= 1
        else:
            left.append(item)
    return left


@dataclass(frozen=True, slots=True)
class _Sides:
    """What both sides did, as far as it was not found to be the same."""

    theirs_ended: Ending | None
    ours_ended: Ending | None
    theirs: Sequence[Effect]
    ours: Sequence[Effect]
    whole: Callable[[], tuple[Sequence[Effect], Sequence[Effect]]]
    """All effects of both, control's first."""
    named: Callable[[], tuple["Counter[_Identity]", "Counter[_Identity]"]]
    """How many of each identity there are in all, control's first."""


def _judge(sides: _Sides, terms: Terms, today: date) -> Judgement:
    if sides.theirs_ended is None or sides.ours_ended is None:
        return Judgement(Verdict.PENDING)
    tolerance = _Tolerance(terms, today)
    missing, extra = _cancel(sides.theirs, sides.ours)
    pairs = tuple(_pairs(missing, extra, tolerance))
    found = [tolerance.compare(pair) for pair in pairs]
    if sides.ours_ended != sides.theirs_ended:
        ended = Difference(ENDING, "value", sides.theirs_ended, sides.ours_ended, sides.theirs_ended, sides.ours_ended)
        kept = tuple(one for some in found for one in tolerance.kept(some))
        return Judgement(Verdict.ERROR_ONE_SIDE, (ended, *kept), tolerance.used(one for some in found for one in some))
    if not found:
        return _MATCH
    kept = tuple(one for some in found for one in tolerance.kept(some))
    used = tolerance.used(one for some in found for one in some)
    if not kept:
        return Judgement(Verdict.MATCH_BY_RULE, rules=used)
    if not _only_doubled(missing, extra, sides, tolerance):
        return Judgement(Verdict.MISMATCH, kept, used)
    # Nothing became another: of one effect there are too few, of another of its name too many.
    return Judgement(
        Verdict.DUPLICATE,
        tuple(one for pair, some in zip(pairs, found, strict=True) if tolerance.kept(some) for one in _unpaired(pair)),
        used,
    )


def _unpaired(pair: _Pair) -> Iterator[Difference]:
    control, candidate = pair
    if control is not None:
        yield missing_effect(control)
    if candidate is not None:
        yield extra_effect(candidate)


class _Tolerance:
    """What is no difference between two effects."""

    def __init__(self, terms: Terms, today: date) -> None:
        self._terms = terms
        self._today = today

    def compare(self, pair: _Pair) -> tuple[Difference, ...]:
        """All differences of a pair, tolerated or not."""
        match pair:
            case Effect() as control, Effect() as candidate:
                return compare_effects(control, candidate, self._terms.lists, self._terms.maps)
            case Effect() as control, None:
                return (missing_effect(control),)
            case None, Effect() as candidate:
                return (extra_effect(candidate),)
            case _:
                return ()

    def kept(self, differences: Sequence[Difference]) -> tuple[Difference, ...]:
        """Differences of two effects that no rule tolerates and that do not follow from another one of theirs."""
        return tuple(one for one in differences if self._rule(one) is None and not self._follows(one, differences))

    def used(self, differences: Iterable[Difference]) -> tuple[Rule, ...]:
        """The rules that tolerate something among them, in their own order."""
        used = {self._rule(one) for one in differences}
        return tuple(rule for rule in self._terms.rules if rule in used)

    def blank(self, effect: Effect) -> bytes:
        """Canonical text of an effect without what stands in places of rules, or follows from another place."""
        places = {rule.path for rule in self._terms.rules} | self._terms.derived.keys()
        return canonical(_blanked(effect_path(effect), effect.value, places, self._terms.maps))

    def _follows(self, one: Difference, others: Sequence[Difference]) -> bool:
        # Be the other one tolerated or not: a signature over a tolerated UUID differs as well.
        origin = self._terms.derived.get(one.path)
        return origin is not None and any(
            other.path == origin or other.path.startswith(f"{origin}.") for other in others
        )

    def _rule(self, one: Difference) -> Rule | None:
        return next((rule for rule in self._terms.rules if rule.tolerates(one, self._today)), None)


def _blanked(path: str, value: Any, places: Collection[str], maps: Collection[str]) -> Any:
    if path in places:
        return None
    if isinstance(value, dict):
        return {key: _blanked(child(path, key, maps), item, places, maps) for key, item in value.items()}
    if isinstance(value, list):
        return [_blanked(f"{path}[]", item, places, maps) for item in value]
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return _blanked(path, parse_json(value), places, maps)
        except (ValueError, RecursionError):
            return value
    return value


_Remainder = dict[_Identity, list[Effect]]


def _cancel(control: Sequence[Effect], candidate: Sequence[Effect]) -> tuple[_Remainder, _Remainder]:
    """What two multisets do not have in common, by identity."""
    theirs, ours = [one.canonical() for one in control], [one.canonical() for one in candidate]
    common = Counter(theirs) & Counter(ours)
    return (
        _by_identity(_without(zip(theirs, control, strict=True), common)),
        _by_identity(_without(zip(ours, candidate, strict=True), common)),
    )


def _by_identity(effects: Iterable[Effect]) -> _Remainder:
    found: _Remainder = {}
    for one in effects:
        found.setdefault((one.kind, one.name, one.key), []).append(one)
    return found


def _pairs(missing: _Remainder, extra: _Remainder, tolerance: _Tolerance) -> Iterator[_Pair]:
    for identity in dict.fromkeys([*missing, *extra]):
        yield from _pair_closest(missing.get(identity, []), extra.get(identity, []), tolerance)


def _pair_closest(theirs: Sequence[Effect], ours: Sequence[Effect], tolerance: _Tolerance) -> Iterator[_Pair]:
    """Pair what differs least, so that neither the order of effects nor noise in them makes a difference."""
    if len(theirs) * len(ours) > _PAIRS_MOST:
        yield from _pair_many(theirs, ours, tolerance)
        return
    left_theirs, left_ours = dict(enumerate(theirs)), dict(enumerate(ours))

    def distance(pair: tuple[int, int]) -> tuple[bool, int, Sequence[bytes]]:
        control, candidate = theirs[pair[0]], ours[pair[1]]
        found = tolerance.compare((control, candidate))
        # The texts decide between equals, whichever side they are on: a verdict must not hang on the order.
        return bool(tolerance.kept(found)), len(found), sorted((control.canonical(), candidate.canonical()))

    every = list(product(left_theirs, left_ours))
    for one, other in sorted(every, key=distance) if len(every) > 1 else every:
        if one in left_theirs and other in left_ours:
            yield left_theirs.pop(one), left_ours.pop(other)
    yield from ((effect, None) for effect in left_theirs.values())
    yield from ((None, effect) for effect in left_ours.values())


def _pair_many(theirs: Sequence[Effect], ours: Sequence[Effect], tolerance: _Tolerance) -> Iterator[_Pair]:
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


def _only_doubled(
    missing: _Remainder,
    extra: _Remainder,
    sides: _Sides,
    tolerance: _Tolerance,
) -> bool:
    """Whether nothing differs but how often an effect was produced: each has its like on the other side."""
    their_number, our_number = sides.named()
    if any(
        their_number[one] == our_number[one] == 1 or 0 in (their_number[one], our_number[one])
        for one in (*missing, *extra)
    ):
        return False  # one here, one there, and they differ; or none there at all
    theirs, ours = (_by_identity(side) for side in sides.whole())

    def alike(one: Effect, other: Effect) -> bool:
        return not tolerance.kept(tolerance.compare((one, other)))

    return all(
        any(alike(one, other) for other in ours.get(identity, ())) for identity, left in missing.items() for one in left
    ) and all(
        any(alike(other, one) for other in theirs.get(identity, ())) for identity, left in extra.items() for one in left
    )
