from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.effect import Effect, canonical
from contracts.judge import Judgement, judge
from contracts.rule import Rule
from contracts.terms import Terms
from contracts.verdict import AGREED, Verdict
from tests.fakes.outcome import attempt

TODAY = date(2026, 11, 21)
RULES = (
    Rule("row:t.at", "time within", "clock", "payments", date(2026, 12, 31), tolerance_s=2),
    Rule("message:e/k.body.at", "time within", "clock", "payments", date(2026, 12, 31), tolerance_s=2),
)

names = st.sampled_from(["a", "b", "at"])
times = st.integers(0, 6).map(lambda second: f"2026-11-21 10:00:0{second}")
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.decimals(-2, 2, places=1),
    st.sampled_from(["", "1", "1.0", "é", "{", '{"a":1}']),
    times,
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=6
)
objects = st.dictionaries(names, values, max_size=3)
rows = st.builds(Effect, st.just("row"), st.just("t"), st.sampled_from(["", "1"]), objects)
bodies = objects.map(lambda value: {"body": _json(value)})
messages = st.builds(Effect, st.just("message"), st.just("e/k"), st.just(""), bodies)
effects = st.lists(rows | messages, max_size=5)


def _json(value: Any) -> str:
    """JSON text whose decimals keep their fraction."""
    if isinstance(value, dict):
        return "{" + ",".join(f'"{name}":{_json(item)}' for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    return str(value) if isinstance(value, Decimal) else canonical(value).decode()


def judged(control: list[Effect], candidate: list[Effect]) -> Judgement:
    return judge([attempt(*control)], [attempt(*candidate)], Terms(RULES), today=TODAY)


def places(judgement: Judgement) -> list[tuple[str, str, str, str]]:
    return sorted((one.path, one.kind, repr(one.control), repr(one.candidate)) for one in judgement.differences)


@given(effects)
def test_a_side_always_matches_itself(one: list[Effect]) -> None:
    assert judged(one, list(one)).verdict is Verdict.MATCH


@given(effects, effects)
def test_agreement_does_not_hang_on_which_side_is_which(one: list[Effect], other: list[Effect]) -> None:
    there, back = judged(one, other), judged(other, one)
    assert there.verdict is back.verdict
    assert len(there.differences) == len(back.differences)
    assert there.rules == back.rules


@given(st.data(), effects, effects)
def test_the_order_of_effects_never_matters(
    data: st.DataObject, control: list[Effect], candidate: list[Effect]
) -> None:
    shuffled = judged(data.draw(st.permutations(control)), data.draw(st.permutations(candidate)))
    straight = judged(control, candidate)
    assert shuffled.verdict is straight.verdict
    assert places(shuffled) == places(straight)


@given(st.data(), effects.filter(bool))
def test_doubling_any_effect_is_always_seen(data: st.DataObject, one: list[Effect]) -> None:
    doubled = [*one, data.draw(st.sampled_from(one))]
    assert judged(one, doubled).verdict is Verdict.DUPLICATE
    assert judged(doubled, one).verdict is Verdict.DUPLICATE


@given(st.data(), effects.filter(bool))
def test_losing_any_effect_is_always_seen(data: st.DataObject, one: list[Effect]) -> None:
    left = list(one)
    left.remove(data.draw(st.sampled_from(one)))
    assert judged(one, left).verdict not in AGREED
    assert judged(left, one).verdict not in AGREED


@given(st.data(), effects.filter(lambda some: any(effect.value for effect in some)), leaves)
def test_changing_any_leaf_is_always_seen(data: st.DataObject, one: list[Effect], leaf: Any) -> None:
    position = data.draw(st.sampled_from([index for index, effect in enumerate(one) if effect.value]))
    effect = one[position]
    changed = Effect(effect.kind, effect.name, effect.key, _change(data, effect.value, leaf))
    assume(changed.canonical() != effect.canonical())
    judgement = judge([attempt(*one)], [attempt(*one[:position], changed, *one[position + 1 :])], today=TODAY)
    assert judgement.verdict not in AGREED
    assert judgement.differences


def _change(data: st.DataObject, value: Any, leaf: Any) -> Any:
    """The value with one of its leaves replaced."""
    if isinstance(value, dict) and value:
        name = data.draw(st.sampled_from(sorted(value)))
        return {**value, name: _change(data, value[name], leaf)}
    if isinstance(value, list) and value:
        position = data.draw(st.integers(0, len(value) - 1))
        return [*value[:position], _change(data, value[position], leaf), *value[position + 1 :]]
    return leaf
