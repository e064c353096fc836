"""Judges what both sides did for one message. Decides only: shows nothing, stores nothing.

Compared are multisets of effects over all attempts, so that a row written by a failed attempt, or twice by a repeated
delivery, is a difference. Equal multisets are found by their canonical texts; only where those differ are effects
paired and walked.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.difference import Difference, compare_effects, effect_path, extra_effect, missing_effect
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
    differences = tuple(_differences(_effects(control), _effects(candidate)))
    if ours != theirs:
        return Judgement(Verdict.ERROR_ONE_SIDE, _without_derived(differences, derived or {}))
    if not differences:
        return Judgement(Verdict.MATCH)
    used = {difference: _tolerating(difference, rules, today) for difference in _unique(differences)}
    kept = _without_derived([one for one in differences if used[one] is None], derived or {}, differences)
    if not kept:
        return Judgement(Verdict.MATCH_BY_RULE, rules=tuple({rule for rule in used.values() if rule is not None}))
    return Judgement(_verdict_of(kept, control, candidate), kept)


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


def _differences(control: Sequence[Effect], candidate: Sequence[Effect]) -> Iterable[Difference]:
    """Differences of two multisets: equal effects cancel out, the rest is paired by kind, name and key."""
    missing, extra = _cancel(control, candidate)
    for identity in dict.fromkeys([*missing, *extra]):
        theirs, ours = missing.get(identity, []), extra.get(identity, [])
        for control_effect, candidate_effect in zip(theirs, ours, strict=False):
            yield from compare_effects(control_effect, candidate_effect)
        yield from map(missing_effect, theirs[len(ours) :])
        yield from map(extra_effect, ours[len(theirs) :])


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


def _unique(differences: Sequence[Difference]) -> Iterable[Difference]:
    return dict.fromkeys(differences)


def _tolerating(difference: Difference, rules: Iterable[Rule], today: date) -> Rule | None:
    if difference.kind != "value":
        return None
    for rule in rules:
        if rule.path == difference.path and rule.tolerates(difference.control, difference.candidate, today):
            return rule
    return None


def _without_derived(
    kept: Sequence[Difference], derived: Mapping[str, str], origins: Sequence[Difference] | None = None
) -> tuple[Difference, ...]:
    """Leave out what follows from another difference, be that one tolerated or not."""
    places = [one.path for one in (kept if origins is None else origins)]

    def follows(one: Difference) -> bool:
        origin = derived.get(one.path)
        return origin is not None and any(path == origin or path.startswith(f"{origin}.") for path in places)

    return tuple(one for one in kept if not follows(one))


def _verdict_of(differences: Sequence[Difference], control: Sequence[Attempt], candidate: Sequence[Attempt]) -> Verdict:
    """*Duplicate* where nothing differs but how often an effect was produced."""
    known = {(effect_path(effect), effect.key) for effect in _effects(control)}
    produced = {(effect_path(effect), effect.key) for effect in _effects(candidate)}

    def doubled(one: Difference) -> bool:
        if one.kind == "extra effect":
            return (one.path, one.candidate) in known
        return one.kind == "missing effect" and (one.path, one.control) in produced

    return Verdict.DUPLICATE if all(map(doubled, differences)) else Verdict.MISMATCH
