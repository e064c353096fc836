"""Lines are judged as the documents in them are."""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.effect import Attempt, Effect, Ending, MalformedOutcomeError, parse_attempt, write_json
from contracts.judge import Judgement, judge, judge_lines
from contracts.outcome_line import read_line
from contracts.rule import Rule
from contracts.terms import Terms
from contracts.verdict import Verdict
from tests.fakes.outcome import attempt, row

TODAY = date(2026, 11, 21)
TERMS = Terms(
    (Rule("row:t.at", "time within", "clock", "payments", date(2026, 12, 31), tolerance_s=2),),
    {"webhook:w.signature": "webhook:w.body"},
    {"row:t.l": "multiset"},
)

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.sampled_from([Decimal("1.5"), Decimal("1.50"), Decimal("1.0"), Decimal("0.0"), Decimal("1E-7")]),
    st.sampled_from(["", "1", "é/", '{"a":1}', '{"a": 1}', "2026-11-21 10:00:01", "2026-11-21 10:00:02"]),
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip
objects = st.dictionaries(st.sampled_from(["a", "at", "l", "signature", "body"]), values, max_size=3)
effects = st.one_of(
    st.builds(Effect, st.just("row"), st.just("t"), st.sampled_from(["", "1"]), objects),
    st.builds(Effect, st.just("webhook"), st.just("w"), st.just(""), objects),
)
endings: st.SearchStrategy[Ending] = st.sampled_from(["done", "done", "done", "retried", "rejected", "duplicate"])


@st.composite
def sides(draw: st.DrawFn) -> tuple[list[Attempt], list[Attempt]]:
    """Two sides that have much in common, in one attempt or several."""
    common = draw(st.lists(effects, max_size=3))
    both = []
    for _ in range(2):
        side = []
        for number in range(1, draw(st.integers(0, 3)) + 1):
            own = draw(st.lists(effects, max_size=1))
            listed = draw(st.permutations([*common, *own])) if draw(st.booleans()) else common
            side.append(attempt(*listed, ending=draw(endings), number=number))
        both.append(draw(st.permutations(side)))
    return both[0], both[1]


def written(one: Attempt, *, turned: bool) -> bytes:
    """The outcome's line; turned, with fields in the other order, and spaces and escapes wherever they may be."""
    document = {
        "message_id": one.message_id,
        "type": one.type,
        "attempt": one.attempt,
        "ending": one.ending,
        "effects": [
            {"kind": effect.kind, "name": effect.name, "key": effect.key, "value": effect.value}
            for effect in one.effects
        ],
    }
    text = write_json(_turned(document) if turned else document)
    return (text.replace("é", "\\u00e9").replace("/", "\\/").replace(',"', ' , "') if turned else text).encode()


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _turned(item) for name, item in reversed(value.items())}
    return [_turned(item) for item in value] if isinstance(value, list) else value


def told(judgement: Judgement) -> tuple[Verdict, Sequence[Rule], list[tuple[str, str, str, str]]]:
    found = [(one.path, one.kind, repr(one.control), repr(one.candidate)) for one in judgement.differences]
    return judgement.verdict, judgement.rules, sorted(found)


@given(both=sides(), turned=st.booleans())
@example(both=([attempt(row(a=1))], [attempt(row(a=True))]), turned=False)
@example(both=([attempt(row(a=Decimal("1.0")))], [attempt(row(a=1))]), turned=True)
@example(both=([attempt(row(a="x"), row(a="x"))], [attempt(row(a="x"))]), turned=False)
def test_lines_are_judged_as_their_documents_are(both: tuple[list[Attempt], list[Attempt]], *, turned: bool) -> None:
    control = [read_line(written(one, turned=False)) for one in both[0]]
    candidate = [read_line(written(one, turned=turned)) for one in both[1]]
    read = [[_parsed(written(one, turned=turned and side == 1)) for one in both[side]] for side in (0, 1)]
    lines, documents = (
        judge_lines(control, candidate, TERMS, today=TODAY),
        judge(read[0], read[1], TERMS, today=TODAY),
    )
    assert told(lines) == told(documents)


def _parsed(line: bytes) -> Attempt:
    """Read by the strict reader, which wants a time and a cause as well."""
    head = b'{"format":1,"cause":null,"at":"2026-11-21T10:00:00Z",'
    return parse_attempt(head + line.lstrip()[1:])


def test_the_order_of_effects_is_nothing() -> None:
    control, candidate = attempt(row(key="1", a=1), row(key="2", a=2)), attempt(row(key="2", a=2), row(key="1", a=1))
    lines = [[read_line(written(one, turned=False))] for one in (control, candidate)]
    assert judge_lines(lines[0], lines[1], today=TODAY) == Judgement(Verdict.MATCH)


def test_an_effect_that_a_retried_attempt_left_behind_counts_as_a_duplicate() -> None:
    failed, done = attempt(row(a=1), ending="retried"), attempt(row(a=1), number=2)
    control = [read_line(written(one, turned=False)) for one in (done, failed)]
    candidate = [read_line(written(attempt(row(a=1)), turned=True))]
    assert judge_lines(control, candidate, today=TODAY).verdict is Verdict.DUPLICATE


def test_a_value_that_nobody_can_read_stops_the_judgement() -> None:
    good = read_line(written(attempt(row(a=1)), turned=False))
    broken = read_line(
        json.dumps({"message_id": "w1", "type": "t", "effects": [{"kind": "row", "name": "t", "value": []}]}).encode()
    )
    with pytest.raises(MalformedOutcomeError):
        judge_lines([good], [broken], today=TODAY)
    with pytest.raises(MalformedOutcomeError):
        judge_lines([broken, broken], [broken], today=TODAY)
