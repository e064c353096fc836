import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.effect import (
    DEEPEST,
    Effect,
    MalformedOutcomeError,
    body_digest,
    canonical,
    exact,
    parse_attempt,
    parse_effect,
    parse_json,
    write_attempt,
)
from tests.fakes.message import NAME
from tests.fakes.outcome import attempt, message, row

DOCUMENT: dict[str, Any] = {
    "format": 1,
    "message_id": "w1",
    "type": "payin.create",
    "attempt": 1,
    "ending": "done",
    "cause": None,
    "at": "2026-11-21T10:00:00.123456Z",
    "effects": [{"kind": "row", "name": "payins", "key": "p1", "value": {"debtor_name": NAME}}],
}
EFFECT: dict[str, Any] = DOCUMENT["effects"][0]

texts = st.text(st.characters(codec="utf-8"), max_size=10)
decimals = st.floats(allow_nan=False, allow_infinity=False).map(lambda number: exact(repr(number))) | st.decimals(
    -(10**20), 10**20, places=4
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | decimals | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def test_a_document_of_the_recorder_is_read() -> None:
    read = parse_attempt(json.dumps(DOCUMENT))
    assert (read.message_id, read.type, read.attempt, read.ending, read.cause) == (
        "w1",
        "payin.create",
        1,
        "done",
        None,
    )
    assert read.at == datetime(2026, 11, 21, 10, 0, 0, 123456, tzinfo=UTC)
    assert read.effects == (Effect("row", "payins", "p1", {"debtor_name": NAME}),)


@given(st.lists(st.dictionaries(texts, values, max_size=3), max_size=3))
def test_an_outcome_comes_back_as_it_was_written(columns: list[dict[str, Any]]) -> None:
    written = attempt(*(Effect("row", "t", str(n), value) for n, value in enumerate(columns)), cause="Error", number=3)
    read = parse_attempt(write_attempt(written))
    assert read == written
    assert [one.canonical() for one in read.effects] == [one.canonical() for one in written.effects]


@pytest.mark.parametrize("muted", [True, False])
def test_an_attempt_is_muted_only_where_its_document_says_so(*, muted: bool) -> None:
    written = write_attempt(attempt(muted=muted))
    assert json.loads(written).get("muted", "not told") == (True if muted else "not told")
    assert parse_attempt(written).muted is muted
    assert parse_attempt(json.dumps({**DOCUMENT, "muted": muted})).muted is muted


@pytest.mark.parametrize("lexeme", ["10.0", "0.30000000000000004", "1.50", "-0.0", "1E+400", "100.0"])
def test_a_number_keeps_its_digits_and_stays_a_number_with_a_fraction(lexeme: str) -> None:
    written = write_attempt(attempt(row(x=Decimal(lexeme))))
    read = parse_attempt(written).effects[0].value["x"]
    assert isinstance(read, Decimal)
    assert read.as_tuple() == Decimal(lexeme).as_tuple()
    assert isinstance(json.loads(written)["effects"][0]["value"]["x"], float)


@pytest.mark.parametrize(
    ("lexeme", "read"), [("1e1", "10.0"), ("0E-10", "0.0"), ("12E-1", "1.2"), ("-0e0", "-0.0"), ("0.00000010", "1E-7")]
)
def test_an_exponent_counts_by_its_value(lexeme: str, read: str) -> None:
    assert exact(lexeme).as_tuple() == Decimal(read).as_tuple()


def test_a_time_keeps_its_moment_in_any_zone() -> None:
    document = {**DOCUMENT, "at": "2026-11-21T11:00:00+01:00"}
    at = parse_attempt(json.dumps(document)).at
    assert at == datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    assert at.tzinfo == timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (b"\xff", "not JSON"),
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"format":1,"x":NaN}', "not JSON"),
        ('{"format":1,"x":-Infinity}', "not JSON"),
        ('{"format":1,"x":1e99999999999999999999}', "not JSON"),
        (f'"{NAME}"', "format 1"),
        ([NAME], "format 1"),
        ({**DOCUMENT, "format": 2}, "format 1"),
        ({**DOCUMENT, "format": None}, "format 1"),
        ({**DOCUMENT, "message_id": None}, "message_id"),
        ({**DOCUMENT, "message_id": 5}, "message_id"),
        ({**DOCUMENT, "type": [NAME]}, "type"),
        ({**DOCUMENT, "attempt": 0}, "attempt"),
        ({**DOCUMENT, "attempt": True}, "attempt"),
        ({**DOCUMENT, "attempt": "1"}, "attempt"),
        ({**DOCUMENT, "ending": NAME}, "ending"),
        ({**DOCUMENT, "cause": {"text": NAME}}, "cause"),
        ({**DOCUMENT, "at": NAME}, "at"),
        ({**DOCUMENT, "at": "2026-11-21T10:00:00"}, "at"),
        ({**DOCUMENT, "muted": NAME}, "muted"),
        ({**DOCUMENT, "muted": None}, "muted"),
        ({**DOCUMENT, "effects": {NAME: 1}}, "effects"),
        ({**DOCUMENT, "effects": [NAME]}, "effects[0]"),
        ({**DOCUMENT, "effects": [EFFECT, {**EFFECT, "kind": NAME}]}, "effects[1].kind"),
        ({**DOCUMENT, "effects": [{**EFFECT, "name": None}]}, "effects[0].name"),
        ({**DOCUMENT, "effects": [{**EFFECT, "key": 8513424}]}, "effects[0].key"),
        ({**DOCUMENT, "effects": [{**EFFECT, "value": [NAME]}]}, "effects[0].value"),
    ],
)
def test_a_malformed_document_is_refused_with_its_place_and_without_its_values(document: Any, place: str) -> None:
    text = document if isinstance(document, str | bytes) else json.dumps(document, ensure_ascii=False)
    with pytest.raises(MalformedOutcomeError) as refused:
        parse_attempt(text)
    assert place in str(refused.value)
    assert NAME not in str(refused.value)


@pytest.mark.parametrize("field", ["message_id", "type", "attempt", "ending", "at", "effects"])
def test_a_document_without_a_field_is_refused(field: str) -> None:
    with pytest.raises(MalformedOutcomeError, match=rf"outcome\.{field}"):
        parse_attempt(json.dumps({name: value for name, value in DOCUMENT.items() if name != field}))


@given(values)
def test_the_canonical_text_of_a_value_survives_being_written(value: Any) -> None:
    assert canonical(parse_json(json_text(value))) == canonical(value)


@given(values, values)
def test_two_values_have_one_canonical_text_only_if_they_are_one_value(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) == (typed(one) == typed(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (row("a", "b:c"), row("a:b", "c")),
        (row("a", "1"), Effect("message", "a", "1", {})),
        (row("a", "", b=1), row("a", "", b="1")),
        (message("x"), message("x", name="accounting/other")),
    ],
)
def test_different_effects_have_different_canonical_texts(one: Effect, other: Effect) -> None:
    assert one.canonical() != other.canonical()


def test_equal_bytes_have_one_digest_and_others_another() -> None:
    assert body_digest(b"a") == body_digest(b"a") != body_digest(b"b")


def json_text(value: Any) -> str:
    """What `value` is as JSON: the outcome's own writer."""
    return write_attempt(attempt(row(x=value))).split('"value":{"x":', 1)[1].removesuffix("}}]}")


def typed(value: Any) -> Any:
    """The value in a form in which Python's equality tells types apart, and numbers by their digits."""
    if isinstance(value, dict):
        return {name: typed(item) for name, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    return type(value), value.as_tuple() if isinstance(value, Decimal) else value


def test_one_effect_is_read_as_an_outcome_lists_it() -> None:
    read = parse_effect('{"kind":"row","name":"payins","key":"p1","value":{"fee":0.10,"net":null}}')
    assert read == Effect("row", "payins", "p1", {"fee": Decimal("0.10"), "net": None})


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"kind":"row","name":"t","key":1,"value":{}}', '{"kind":"x"}', "NaN"]
)
def test_what_is_no_effect_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(MalformedOutcomeError):
        parse_effect(text)


@pytest.mark.parametrize(
    ("one", "other"), [("0.000000", "0.0"), ("0.000000", "0.00"), ("-0.000000", "-0.0"), ("0.000001", "0.0000010")]
)
def test_amounts_of_six_decimals_count_by_their_digits(one: str, other: str) -> None:
    assert canonical(parse_json(one)) != canonical(parse_json(other))


@pytest.mark.parametrize(
    ("one", "other"), [("0.0000001", "1e-7"), ("1.0e+15", "1000000000000000.0"), ("0.00000010", "1e-7")]
)
def test_what_has_an_exponent_to_somebody_counts_by_its_value(one: str, other: str) -> None:
    assert canonical(parse_json(one)) == canonical(parse_json(other))


def test_what_is_nested_too_deep_is_no_json_and_brackets_in_texts_are_none() -> None:
    with pytest.raises(ValueError, match="nested too deep"):
        parse_json("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1))
    assert parse_json(json.dumps(["[" * 10_000, '"{' * 999])) == ["[" * 10_000, '"{' * 999]
    assert parse_json(b"[" + b"[],{}," * 999 + b"1]") is not None
