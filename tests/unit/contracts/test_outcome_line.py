import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.effect import Attempt, Effect, MalformedOutcomeError, parse_attempt, write_attempt
from contracts.outcome_line import EffectLine, OutcomeLine, Outline, outline_of_both, read_line, same_effect
from tests.fakes.message import NAME, PLANTED
from tests.fakes.outcome import attempt, message, row


def outcome(value: str, **fields: Any) -> OutcomeLine:
    """An outcome with one row, whose value is this text of JSON."""
    head = json.dumps({"message_id": "w1", "type": "payin.create", **fields})
    return read_line(f'{head[:-1]},"effects":[{{"kind":"row","name":"t","key":"1","value":{value}}}]}}'.encode())


def alike(control: str, candidate: str) -> bool:
    (one,), (other,) = outcome(control).effect_lines(), outcome(candidate).effect_lines()
    return same_effect(one, other)


def test_a_line_holds_what_the_full_document_does() -> None:
    whole = attempt(row(a=1), message('{"a":1}'), ending="retried", number=3, message_id="w7", muted=True)
    line = read_line(write_attempt(whole).encode())
    assert (line.message_id, line.type, line.ending, line.attempt, line.muted) == (
        ("w7", "payin.create", "retried", 3, True)
    )
    assert tuple(one.effect() for one in line.effect_lines()) == whole.effects


def test_what_does_not_bear_on_a_judgement_may_be_missing() -> None:
    line = read_line(
        b'{"message_id":"w1","type":"t","effects":[{"kind":"row","name":"t","value":{}}],"cause":5,"more":[]}'
    )
    assert (line.ending, line.attempt, line.muted) == ("done", 1, False)
    assert [one.effect() for one in line.effect_lines()] == [Effect("row", "t", "", {})]


@pytest.mark.parametrize(
    ("control", "candidate"),
    [
        ('{"a":1,"b":2}', '{"b":2,"a":1}'),
        ('{"a":"é/"}', '{"a":"\\u00e9\\/"}'),
        ('{"a":[1,2]}', '{ "a" : [ 1 , 2 ] }'),
        ('{"a":1e2}', '{"a":100.0}'),
        ('{"a":1.0e+25}', '{"a":1E25}'),
        ('{"a":{"b":null}}', '{"a":{"b":null}}'),
        ('{"a":true}', '{ "a":true}'),
        ('{"a":123456789012345678901234567890}', '{"a": 123456789012345678901234567890}'),
    ],
)
def test_what_says_the_same_is_the_same_however_it_is_written(control: str, candidate: str) -> None:
    assert alike(control, candidate)
    assert alike(candidate, control)


@pytest.mark.parametrize(
    ("control", "candidate"),
    [
        ('{"a":1}', '{"a":1.0}'),
        ('{"a":1}', '{"a":true}'),
        ('{"a":0}', '{"a":false}'),
        ('{"a":1.0}', '{"a":true}'),
        ('{"a":1.50}', '{"a":1.5}'),
        ('{"a":0.0}', '{"a":-0.0}'),
        ('{"a":1e2}', '{"a":100.00}'),
        ('{"a":9007199254740993.0}', '{"a":9007199254740992.0}'),
        ('{"a":9007199254740993}', '{"a":9007199254740992}'),
        ('{"a":123456789012345678901234567891}', '{"a":123456789012345678901234567890}'),
        ('{"a":null}', '{"a":""}'),
        ('{"a":null}', "{}"),
        ('{"a":[]}', '{"a":{}}'),
        ('{"a":[1,2]}', '{"a":[2,1]}'),
        ('{"a":["1.5"]}', '{"a":[1.5]}'),
        ('{"a":1.5}', '{"a":["1.5"]}'),
    ],
)
def test_what_says_something_else_is_never_the_same(control: str, candidate: str) -> None:
    assert not alike(control, candidate)
    assert not alike(candidate, control)


@pytest.mark.parametrize("changed", [{"kind": "event"}, {"name": "u"}, {"key": "2"}])
def test_an_equal_value_of_another_effect_is_another_effect(changed: dict[str, str]) -> None:
    effect = {"kind": "row", "name": "t", "key": "1", "value": {}}

    def read(one: dict[str, Any]) -> EffectLine:
        (line,) = read_line(json.dumps({"message_id": "w", "type": "t", "effects": [one]}).encode()).effect_lines()
        return line

    assert same_effect(read(effect), read(dict(reversed(effect.items()))))
    assert not same_effect(read(effect), read(effect | changed))


GOOD = {"message_id": "w1", "type": "t", "effects": []}
EFFECT = {"kind": "row", "name": "t", "key": "", "value": {}}


def read_all(line: bytes) -> None:
    for one in read_line(line).effect_lines():
        one.effect()


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (GOOD | {"message_id": ""}, "outcome.message_id: unfit"),
        (GOOD | {"message_id": [NAME]}, "outcome.message_id: unfit"),
        ({"message_id": NAME, "type": "t"}, "outcome.effects: missing"),
        ({"message_id": NAME, "effects": []}, "outcome.type: missing"),
        (GOOD | {"ending": f"{NAME} - at `$.{NAME}"}, "outcome.ending: unfit"),
        (GOOD | {"attempt": 0}, "outcome.attempt: unfit"),
        (GOOD | {"attempt": True}, "outcome.attempt: unfit"),
        (GOOD | {"format": 2}, "outcome.format: unfit"),
        (GOOD | {"muted": NAME}, "outcome.muted: unfit"),
        (GOOD | {"effects": NAME}, "outcome.effects: unfit"),
        (GOOD | {"effects": [NAME]}, "outcome.effects[0]: unfit"),
        (GOOD | {"effects": [EFFECT, EFFECT | {"kind": NAME}]}, "outcome.effects[1].kind: unfit"),
        (GOOD | {"effects": [{"kind": "row", "name": NAME}]}, "outcome.effects[0].value: missing"),
        (GOOD | {"effects": [EFFECT, EFFECT | {"value": [NAME]}]}, "outcome.effects[1].value: expected an object"),
        (GOOD | {"effects": [EFFECT | {"value": NAME}]}, "outcome.effects[0].value: expected an object"),
        ([NAME], "outcome: unfit"),
        (NAME, "outcome: unfit"),
    ],
)
def test_what_is_no_outcome_is_told_by_its_place_and_never_quoted(document: Any, told: str) -> None:
    for text in (json.dumps(document), json.dumps(document, ensure_ascii=False)):
        with pytest.raises(MalformedOutcomeError) as refused:
            read_all(text.encode())
        assert str(refused.value) == told
        assert not any(mark in str(refused.value) for mark in PLANTED)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b'{"message_id":"w1"',
        b'{"message_id":"\xff","type":"t","effects":[]}',
        b'{"message_id":"\\ud800","type":"t","effects":[]}',
        b'{"message_id":"w1","type":"t","effects":[{"kind":"row","name":"\xff","value":{}}]}',
        b'{"message_id":"w1","type":"t","effects":[{"kind":"row","name":"t","value":{"a":"\xff"}}]}',
        b'{"message_id":"w1","type":"t","effects":[{"kind":"row","name":"t","value":{"a":1e99999999999999999999}}]}',
        b'{"message_id":"w1","type":"t","effects":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"message_id":"w1","type":"t","effects":[]}{}',
    ],
)
def test_what_is_no_json_is_no_outcome(line: bytes) -> None:
    with pytest.raises(MalformedOutcomeError, match=r"not JSON|unfit"):
        read_all(line)


def test_two_values_that_are_no_objects_are_refused_even_where_they_are_the_same() -> None:
    line = outcome("5")
    with pytest.raises(MalformedOutcomeError, match=r"effects\[0\]\.value: expected an object"):
        line.effect_lines()


WRITTEN = attempt(row(a=Decimal("1.50"), b="é"), message('{"a":1}'), message_id="w7")


def line_of(one: Attempt = WRITTEN, **changes: Any) -> bytes:
    return write_attempt(replace(one, **changes)).encode() + b"\n"


def test_two_lines_that_our_writers_wrote_of_the_same_outcome_have_one_outline() -> None:
    later = line_of(at=WRITTEN.at + timedelta(days=1))
    outline = outline_of_both(line_of(), later)
    assert isinstance(outline, Outline)
    assert (outline.message_id, outline.type, outline.ending, len(outline.effects)) == ("w7", "payin.create", "done", 2)
    one, other = line_of(ending="rejected", cause="Refused"), line_of(ending="rejected", cause=None)
    assert outline_of_both(one, other) is not None, "why it failed is each side's own"


@pytest.mark.parametrize(
    "changes",
    [
        {"message_id": "w8"},
        {"type": "payout.update"},
        {"attempt": 2},
        {"ending": "rejected"},
        {"muted": True},
        {"effects": WRITTEN.effects[:1]},
        {"effects": WRITTEN.effects[::-1]},
        {"effects": (row(a=Decimal("1.5"), b="é"), WRITTEN.effects[1])},
    ],
)
def test_two_lines_that_tell_of_different_outcomes_have_no_common_outline(changes: dict[str, Any]) -> None:
    assert outline_of_both(line_of(), line_of(**changes)) is None
    assert outline_of_both(line_of(**changes), line_of()) is None
    assert outline_of_both(line_of(**changes), line_of(**changes)) is not None


@pytest.mark.parametrize(
    ("written", "other"),
    [
        (b'"effects":[{', b'"effects":[5,{'),
        (b'"kind":"row"', b'"kind":"line"'),
        (b'"value":{', b'"value":[{'),
        (b'"at":"', b'"at":"\xff'),
        (b'"at":"', b'"at":"\n'),
        (b'"cause":null', b'"cause":{"ending":"retried"}'),
        (b'{"format":1', b'{ "format":1'),
        (b"]}", b"]"),
    ],
)
def test_what_the_bytes_alone_cannot_tell_is_left_to_the_reader(written: bytes, other: bytes) -> None:
    assert written in line_of()
    changed = line_of().replace(written, other)
    outline = outline_of_both(changed, changed)
    assert outline is None or read_line(changed).ending == outline.ending
    assert outline_of_both(line_of(), changed) is None
    assert outline_of_both(changed, line_of()) is None


def test_of_a_field_that_is_there_twice_the_last_one_counts() -> None:
    twice = line_of().replace(b'"at":"', b'"at":"","ending":"retried","at":"')
    outline = outline_of_both(twice, twice)
    assert outline is not None
    assert outline.ending == read_line(twice).ending == "retried"


@given(
    st.lists(
        st.sampled_from(
            [b'"effects":[]', b'"effects":[{}]', b'"ending":"retried"', b'"at":"x"', b'"cause":null', b'"at":""']
        ),
        max_size=3,
    ),
    st.lists(st.sampled_from([b'"effects":[]', b'"ending":"retried"', b'"message_id":"w8"', b'"x":1']), max_size=2),
)
def test_an_outline_is_never_of_two_outcomes_that_the_reader_tells_apart(
    before: list[bytes], after: list[bytes]
) -> None:
    start = b'{"format":1,"message_id":"w1","type":"t","attempt":1,"ending":"done",'
    control = start + b",".join([b'"cause":null,"at":"a","effects":[]', *after]) + b"}"
    candidate = start + b",".join([*before, b'"cause":null,"at":"b","effects":[]', *after]) + b"}"
    outline = outline_of_both(control, candidate)
    if outline is not None:
        theirs, ours = read_line(control), read_line(candidate)
        assert theirs == ours
        assert (outline.message_id, outline.type, outline.ending) == (theirs.message_id, theirs.type, theirs.ending)


def test_the_strict_reader_takes_every_line_that_our_own_side_writes() -> None:
    text = write_attempt(attempt(row(a=None), ending="rejected", cause="X"))
    assert parse_attempt(text).effects == tuple(one.effect() for one in read_line(text.encode()).effect_lines())
