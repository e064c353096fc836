"""Judges what both sides did for one message. Decides only: shows nothing, stores nothing.

Compared are multisets of effects over all attempts, so that a row written by a failed attempt, or twice by a repeated
delivery, is a difference. Equal multisets are found by their canonical texts; only where those differ are effects
paired and walked.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product

from contracts.difference import Difference, compare_effects, extra_effect, missing_effect
from contracts.effect import Attempt, Effect, Ending
from contracts.rule import Rule
from contracts.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its evidence."""

    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    rules: tuple[Rule, ...] = ()
    """The rules that tolerated something."""


def judge(
    control: Sequence[Attempt],
    candidate: Sequence[Attempt],
    *,
    rules: Iterable[Rule] = (),
    derived: Mapping[str, str] | None = None,
    today: date,
) -> Judgement:
    """Judge one message.

    Args:
        control: the monolith's attempts, in any order.
        candidate: ours.
        rules: tolerated differences of the message's type.
        derived: path to the path that it is computed from (a signature from its body): a difference there is left out
            where its origin differs too, so that one bug is one difference.
        today: the day by which rules expire.
    """
    ours, theirs = final_ending(candidate), final_ending(control)
    if theirs is None or ours is None:
        return Judgement(Verdict.PENDING)
    tolerance = _Tolerance(tuple(rules), derived or {}, today)
    pairs = tuple(_pairs(_effects(control), _effects(candidate), tolerance))
    differences = [_compare(pair) for pair in pairs]
    if ours != theirs:
        bare = _Tolerance((), tolerance.derived, today)
        return Judgement(Verdict.ERROR_ONE_SIDE, tuple(one for found in differences for one in bare.kept(found)))
    if not pairs:
        return Judgement(Verdict.MATCH)
    kept = tuple(one for found in differences for one in tolerance.kept(found))
    if not kept:
        return Judgement(Verdict.MATCH_BY_RULE, rules=tolerance.used(one for found in differences for one in found))
    doubled = _only_doubled(_effects(control), _effects(candidate), tolerance)
    return Judgement(Verdict.DUPLICATE if doubled else Verdict.MISMATCH, kept)


def final_ending(attempts: Sequence[Attempt]) -> Ending | None:
    """How a side's last attempt ended, repeated deliveries aside; None while another attempt is to follow.

    A side of which only a recognised repetition is known has not told yet what it did.
    """
    own = [attempt for attempt in attempts if attempt.ending != "duplicate"]
    if not own:
        return None
    last = max(own, key=lambda attempt: attempt.attempt)
    return None if last.ending == "retried" else last.ending


def _effects(attempts: Sequence[Attempt]) -> list[Effect]:
    return [effect for attempt in attempts for effect in attempt.effects]


@dataclass(frozen=True, slots=True)
class _Tolerance:
    """What is no difference between two effects."""

    rules: tuple[Rule, ...]
    derived: Mapping[str, str]
    today: date

    def kept(self, differences: Sequence[Difference]) -> tuple[Difference, ...]:
        """Differences of two effects that no rule tolerates and that do not follow from another one of theirs."""
        places = [one.path for one in differences]

        def follows(one: Difference) -> bool:
            # Be the other one tolerated or not: a signature over a tolerated UUID differs as well.
            origin = self.derived.get(one.path)
            return origin is not None and any(path == origin or path.startswith(f"{origin}.") for path in places)

        return tuple(one for one in differences if self._rule(one) is None and not follows(one))

    def used(self, differences: Iterable[Difference]) -> tuple[Rule, ...]:
        """The rules that tolerate something among them, in their own order."""
        used = {self._rule(one) for one in differences}
        return tuple(rule for rule in self.rules if rule in used)

    def _rule(self, one: Difference) -> Rule | None:
        if one.kind != "value":
            return None
        for rule in self.rules:
            if rule.path == one.path and rule.tolerates(one.control, one.candidate, self.today):
                return rule
        return None


_Pair = tuple[Effect | None, Effect | None]
"""Control's and candidate's effect; None where one side has no counterpart."""


def _compare(pair: _Pair) -> tuple[Difference, ...]:
    match pair:
        case Effect() as control, Effect() as candidate:
            return compare_effects(control, candidate)
        case Effect() as control, None:
            return (missing_effect(control),)
        case None, Effect() as candidate:
            return (extra_effect(candidate),)
        case _:
            return ()


def _pairs(control: Sequence[Effect], candidate: Sequence[Effect], tolerance: _Tolerance) -> Iterator[_Pair]:
    """What two multisets do not have in common: equal effects cancel out, the rest is paired by kind, name and key."""
    missing, extra = _cancel(control, candidate)
    for identity in dict.fromkeys([*missing, *extra]):
        yield from _pair_closest(missing.get(identity, []), extra.get(identity, []), tolerance)


def _pair_closest(theirs: Sequence[Effect], ours: Sequence[Effect], tolerance: _Tolerance) -> Iterator[_Pair]:
    """Pair what differs least, so that neither the order of effects nor noise in them makes a difference."""
    left_theirs, left_ours = dict(enumerate(theirs)), dict(enumerate(ours))

    def distance(pair: tuple[int, int]) -> tuple[bool, int, Sequence[str]]:
        control, candidate = theirs[pair[0]], ours[pair[1]]
        found = compare_effects(control, candidate)
        # The texts decide between equals, whichever side they are on: a verdict must not hang on the order.
        return bool(tolerance.kept(found)), len(found), sorted((control.canonical(), candidate.canonical()))

    every = list(product(left_theirs, left_ours))
    for one, other in sorted(every, key=distance) if len(every) > 1 else every:
        if one in left_theirs and other in left_ours:
            yield left_theirs.pop(one), left_ours.pop(other)
    yield from ((effect, None) for effect in left_theirs.values())
    yield from ((None, effect) for effect in left_ours.values())


_Remainder = dict[tuple[str, str, str], list[Effect]]


def _cancel(control: Sequence[Effect], candidate: Sequence[Effect]) -> tuple[_Remainder, _Remainder]:
    theirs = [(effect.canonical(), effect) for effect in control]
    ours = [(effect.canonical(), effect) for effect in candidate]
    common = Counter(text for text, _ in theirs) & Counter(text for text, _ in ours)
    return _remainder(theirs, common), _remainder(ours, common)


def _remainder(effects: Iterable[tuple[str, Effect]], common: Counter[str]) -> _Remainder:
    left = common.copy()
    remainder: _Remainder = {}
    for text, effect in effects:
        if left[text] > 0:
            left[text] -= 1
        else:
            remainder.setdefault((effect.kind, effect.name, effect.key), []).append(effect)
    return remainder


def _only_doubled(control: Sequence[Effect], candidate: Sequence[Effect], tolerance: _Tolerance) -> bool:
    """Whether nothing differs but how often an effect was produced: each has its like on the other side."""

    def alike(one: Effect, other: Effect) -> bool:
        same = (one.kind, one.name, one.key) == (other.kind, other.name, other.key)
        return same and not tolerance.kept(compare_effects(one, other))

    return all(any(alike(one, other) for other in candidate) for one in control) and all(
        any(alike(other, one) for other in control) for one in candidate
    )
