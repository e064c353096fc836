"""Judges what both sides did for one message. Decides only: shows nothing, stores nothing.

Compared are multisets of effects over all attempts, so that a row written by a failed attempt, or twice by a repeated
delivery, is a difference. Equal effects cancel out by their bytes or their canonical texts; only what is left is paired
and walked.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from contracts.difference import Difference, extra_effect, missing_effect
from contracts.effect import Attempt, Effect, Ending
from contracts.outcome_line import EffectLine, OutcomeLine, Outline, outline_of_both, same_effect
from contracts.pairing import Identity, Remainder, by_identity, cancel, pairs, without
from contracts.rule import Rule
from contracts.terms import Terms
from contracts.tolerance import Pair, Tolerance
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
_GRAVITY: Mapping[Ending, int] = {"duplicate": 0, "retried": 1, "done": 2, "rejected": 3}
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


def match_of_lines(control: bytes, candidate: bytes) -> Outline | None:
    """What both sides did, where each has this line alone and it can be told from the bytes that both did the same.

    None says nothing: `judge_lines` may still find a match.
    """
    outline = outline_of_both(control, candidate)
    return outline if outline is not None and outline.ending in ("done", "rejected") else None


class _Ended(Protocol):
    @property
    def ending(self) -> Ending: ...
    @property
    def attempt(self) -> int: ...


def final_ending(attempts: Sequence[_Ended]) -> Ending | None:
    """How a side's last attempt ended, repeated deliveries aside; None while another attempt is to follow.

    A side of which only a recognised repetition is known has not told yet what it did. Of attempts with one number the
    gravest ending counts, whatever their order.
    """
    own = [attempt for attempt in attempts if attempt.ending != "duplicate"]
    if not own:
        return None
    last = max(own, key=lambda attempt: (attempt.attempt, _GRAVITY[attempt.ending]))
    return None if last.ending == "retried" else last.ending


def _named(effects: Iterable[Effect | EffectLine]) -> "Counter[Identity]":
    return Counter((one.kind, one.name, one.key) for one in effects)


def _effects(lines: Iterable[EffectLine]) -> list[Effect]:
    return [line.effect() for line in lines]


def _left(control: Sequence[EffectLine], candidate: Sequence[EffectLine]) -> tuple[list[EffectLine], list[EffectLine]]:
    """Both without what is the same in the same place, and then without what is the same in its bytes."""
    theirs, ours = list(control), list(candidate)
    if len(theirs) == len(ours):
        unlike = [(one, other) for one, other in zip(theirs, ours, strict=True) if not same_effect(one, other)]
        if not unlike:
            return [], []
        theirs, ours = [one for one, _ in unlike], [other for _, other in unlike]
    bytes_of_theirs, bytes_of_ours = [_bytes(one) for one in theirs], [_bytes(one) for one in ours]
    common = Counter(bytes_of_theirs) & Counter(bytes_of_ours)
    return (
        without(zip(bytes_of_theirs, theirs, strict=True), common),
        without(zip(bytes_of_ours, ours, strict=True), common),
    )


def _bytes(one: EffectLine) -> tuple[str, str, str, bytes]:
    return one.kind, one.name, one.key, bytes(one.value)


@dataclass(frozen=True, slots=True)
class _Sides:
    """What both sides did, as far as it was not found to be the same."""

    theirs_ended: Ending | None
    ours_ended: Ending | None
    theirs: Sequence[Effect]
    ours: Sequence[Effect]
    whole: Callable[[], tuple[Sequence[Effect], Sequence[Effect]]]
    """All effects of both, control's first."""
    named: Callable[[], tuple["Counter[Identity]", "Counter[Identity]"]]
    """How many of each identity there are in all, control's first."""


def _judge(sides: _Sides, terms: Terms, today: date) -> Judgement:
    theirs_ended, ours_ended = sides.theirs_ended, sides.ours_ended
    if theirs_ended is None or ours_ended is None:
        return Judgement(Verdict.PENDING)
    if not sides.theirs and not sides.ours and theirs_ended == ours_ended:
        return _MATCH
    tolerance = Tolerance(terms, today)
    missing, extra = cancel(sides.theirs, sides.ours)
    paired = tuple(pairs(missing, extra, tolerance))
    found = [tolerance.compare(pair) for pair in paired]
    if not found and theirs_ended == ours_ended:
        return _MATCH
    kept = tuple(one for some in found for one in tolerance.kept(some))
    used = tolerance.used(one for some in found for one in some)
    if theirs_ended != ours_ended:
        ended = Difference(ENDING, "value", theirs_ended, ours_ended, theirs_ended, ours_ended)
        return Judgement(Verdict.ERROR_ONE_SIDE, (ended, *kept), used)
    if not kept:
        return Judgement(Verdict.MATCH_BY_RULE, rules=used)
    if not _only_doubled(missing, extra, sides, tolerance):
        return Judgement(Verdict.MISMATCH, kept, used)
    # Nothing became another: of one effect there are too few, of another of its name too many.
    return Judgement(
        Verdict.DUPLICATE,
        tuple(one for pair, some in zip(paired, found, strict=True) if tolerance.kept(some) for one in _unpaired(pair)),
        used,
    )


def _unpaired(pair: Pair) -> Iterator[Difference]:
    control, candidate = pair
    if control is not None:
        yield missing_effect(control)
    if candidate is not None:
        yield extra_effect(candidate)


def _only_doubled(
    missing: Remainder,
    extra: Remainder,
    sides: _Sides,
    tolerance: Tolerance,
) -> bool:
    """Whether nothing differs but how often an effect was produced: each has its like on the other side."""
    their_number, our_number = sides.named()
    if any(
        their_number[one] == our_number[one] == 1 or 0 in (their_number[one], our_number[one])
        for one in (*missing, *extra)
    ):
        return False  # one here, one there, and they differ; or none there at all
    theirs, ours = (by_identity(side) for side in sides.whole())

    def alike(one: Effect, other: Effect) -> bool:
        return not tolerance.kept(tolerance.compare((one, other)))

    return all(
        any(alike(one, other) for other in ours.get(identity, ())) for identity, left in missing.items() for one in left
    ) and all(
        any(alike(other, one) for other in theirs.get(identity, ())) for identity, left in extra.items() for one in left
    )
