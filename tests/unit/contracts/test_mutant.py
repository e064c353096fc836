"""Every kind of mutant is made where an outcome has a place for it, and is wrong in that place alone."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.difference import compare_effects
from contracts.effect import Effect, canonical, parse_effect, parse_json, write_json
from contracts.judge import judge
from contracts.judged_type import JudgedType, Uncontracted, judged_type
from contracts.liveness import KINDS
from contracts.mutant import MutantKind, Place, mutate, places
from contracts.registry import type_named
from contracts.rule import Rule
from contracts.shape import seconds_apart
from contracts.terms import Terms
from contracts.verdict import AGREED, Verdict
from ops.parity.candidate import Candidate
from tests.fakes.message import balance, card_transaction, payin, payout
from tests.fakes.notification import notification
from tests.fakes.outcome import attempt, message, row, webhook

BODIES = {
    "payin.create": payin(payinDate=...),
    "payin.update": payin(type_name="payin.update"),
    "payout.update": payout(),
    "cardtransaction.create": card_transaction(),
    "balance.update": balance(),
}
LACKING: Mapping[str, frozenset[MutantKind]] = {
    "payout.update": frozenset({"null to empty"}),
    "cardtransaction.create": frozenset({"null to empty"}),
    "balance.update": frozenset({"swapped parties"}),
}
"""Kinds that a usual outcome of the type has no place for."""
TOLERABLE: frozenset[MutantKind] = frozenset({"one hour", "other notation", "altered value"})
STRANGE = Uncontracted("refund.create")
TODAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Sequence[Effect]]:
    """What our own side makes of one message of each type."""
    made: dict[str, Sequence[Effect]] = {}
    for name, body in BODIES.items():
        answer = Candidate(b"secret").process(notification(name, body, properties={"message_id": "m1"}))
        assert answer.outcome is not None
        document = parse_json(answer.outcome)
        assert isinstance(document, dict)
        assert document["ending"] == "done"
        made[name] = [Effect(**one) for one in document["effects"]]  # type: ignore[arg-type,union-attr]
    return made


def of_kind(effects: Sequence[Effect], kind: MutantKind, known: JudgedType = STRANGE) -> list[Place]:
    return [one for one in places(effects, known) if one.kind == kind]


def altered(effect: Effect, kind: MutantKind, known: JudgedType = STRANGE) -> list[Any]:
    """What the effect's values become, one mutant after the other."""
    return [mutate([effect], one)[0].value for one in of_kind([effect], kind, known)]


@pytest.mark.parametrize("name", BODIES)
def test_every_kind_has_a_place_in_the_outcomes_of_every_reference_type(
    outcomes: dict[str, Sequence[Effect]], name: str
) -> None:
    made = {one.kind for one in places(outcomes[name], judged_type(name))}
    assert made == set(KINDS) - {"reordered pair"} - LACKING.get(name, frozenset())


@pytest.mark.parametrize("name", BODIES)
def test_a_mutant_differs_from_its_origin_in_exactly_one_place(
    outcomes: dict[str, Sequence[Effect]], name: str
) -> None:
    origin, known = outcomes[name], judged_type(name)
    found = list(places(origin, known))
    assert len(found) > 10
    for place in found:
        mutant = mutate(origin, place)
        if place.kind in ("lost row", "dropped event"):
            assert mutant == tuple(one for position, one in enumerate(origin) if position != place.position)
        elif place.kind == "doubled row":
            assert mutant == (*origin, origin[place.position])
        else:
            assert [position for position, one in enumerate(origin) if mutant[position] != one] == [place.position]
            changed = list(leaves_apart(origin[place.position].value, mutant[place.position].value))
            assert len(changed) == {"swapped parties": 2, "other writing": 0}.get(place.kind, 1), place
            paths = {one.path for one in compare_effects(origin[place.position], mutant[place.position])}
            assert place.path in paths or place.kind == "swapped parties"


def leaves_apart(one: Any, other: Any) -> Iterator[tuple[Any, Any]]:
    """Leaves that are not the same; texts of JSON are looked into."""
    if isinstance(one, dict) and isinstance(other, dict):
        assert list(one) == list(other)
        for name in one:
            yield from leaves_apart(one[name], other[name])
    elif isinstance(one, list) and isinstance(other, list):
        for pair in zip(one, other, strict=True):
            yield from leaves_apart(*pair)
    elif isinstance(one, str) and isinstance(other, str) and one != other and holds_json(one):
        yield from leaves_apart(parse_json(one), parse_json(other))
    elif canonical(one) != canonical(other):
        yield one, other


def holds_json(text: str) -> bool:
    try:
        return isinstance(parse_json(text), dict | list)
    except ValueError:
        return False


@pytest.mark.parametrize("name", BODIES)
def test_no_mutant_of_our_own_outcomes_is_called_equal_but_by_a_rule(
    outcomes: dict[str, Sequence[Effect]], name: str
) -> None:
    origin, known = outcomes[name], judged_type(name)
    ruled = {rule.path for rule in known.terms.rules}
    for place in places(origin, known):
        found = judge([attempt(*origin)], [attempt(*mutate(origin, place))], known.terms, today=TODAY)
        assert found.verdict not in AGREED or (place.kind in TOLERABLE and place.path in ruled), place


@pytest.mark.parametrize(
    ("value", "dearer"),
    [
        (Decimal("12.50"), Decimal("12.51")),
        (Decimal("-0.01"), Decimal("0.00")),
        (Decimal("0.5"), Decimal("0.51")),
        (1250, 1251),
        (-1, 0),
        (2**70, 2**70 + 1),
        ("12.50", "12.51"),
        ("12.5", "12.51"),
        ("-12.00", "-11.99"),
        ("1250", "1251"),
        ("0.000000001", "0.010000001"),
        ("-0.0100000000", "0.0000000000"),
        ("123456789012345678.123456789012345678", "123456789012345678.133456789012345678"),
        (Decimal("1" * 30 + ".5"), Decimal("1" * 30 + ".51")),
        (parse_json("1e30"), Decimal("1" + "0" * 30 + ".01")),
    ],
)
def test_an_amount_becomes_a_cent_dearer_of_the_same_type_and_notation(value: Any, dearer: Any) -> None:
    (found,) = altered(row(amount=value), "one cent")
    assert repr(found["amount"]) == repr(dearer)


@pytest.mark.parametrize(
    "value", [parse_json("1e300"), parse_json("1e-300"), parse_json("-1E+41"), Decimal("0." + "1" * 50)]
)
def test_a_number_that_no_cent_can_be_told_of_makes_no_mutant(value: Any) -> None:
    assert altered(row(amount=value), "one cent") == []


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_cent_more_is_still_a_cent_more_once_it_was_written_and_read_again(number: float) -> None:
    origin = row(amount=parse_json(repr(number)))
    for place in of_kind([origin], "one cent"):
        (mutant,) = mutate([origin], place)
        assert canonical(parse_json(write_json(mutant.value))) != origin.canonical()
        assert canonical(parse_json(write_json(mutant.value))) != canonical(origin.value)


@pytest.mark.parametrize("value", [True, False, "12,50", "1e5", "", "EUR", "1234567890123456789", None, [], {}])
def test_what_is_no_amount_becomes_no_dearer(value: Any) -> None:
    assert altered(row(amount=value), "one cent") == []


def test_only_guarded_fields_become_dearer() -> None:
    known = type_named("payin.create")
    assert [one.path for one in of_kind([row(amount="1.00", code_status="140001")], "one cent", known)] == [
        "row:payins.amount"
    ]


@pytest.mark.parametrize(
    ("time", "later"),
    [
        ("2026-11-21 10:00:00", "2026-11-21 11:00:00"),
        ("2026-12-31T23:59:59.123456+01:00", "2027-01-01T00:59:59.123456+01:00"),
        ("2026-11-21T10:00:00Z", "2026-11-21T11:00:00Z"),
    ],
)
def test_a_time_becomes_an_hour_later_in_its_own_notation(time: str, later: str) -> None:
    assert altered(row(at=time), "one hour") == [{"at": later}]


@pytest.mark.parametrize("text", ["0000-00-00 00:00:00", "9999-12-31 23:30:00", "2026-11-21", "10:00:00", ""])
def test_what_is_no_time_becomes_no_later(text: str) -> None:
    assert altered(row(at=text), "one hour") == []


@pytest.mark.parametrize(
    ("time", "otherwise"),
    [
        ("2026-11-21 10:00:00", "2026-11-21T10:00:00"),
        ("2026-11-21T10:00:00.5", "2026-11-21 10:00:00.5"),
        ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00+00:00"),
        ("2026-11-21 10:00:00.120+00:00", "2026-11-21 10:00:00.120Z"),
        ("2026-11-21T10:00:00-00:00", "2026-11-21T10:00:00+00:00"),
        ("2027-01-01T00:30:00.123456789+01:00", "2026-12-31T23:30:00.123456789+00:00"),
        ("2026-12-31 23:30:00-03:30", "2027-01-01 03:00:00+00:00"),
        ("9999-12-31 23:30:00", "9999-12-31T23:30:00"),
    ],
)
def test_a_time_is_written_in_another_notation_and_is_the_same_instant(time: str, otherwise: str) -> None:
    assert altered(row(at=time), "other notation") == [{"at": otherwise}]
    assert seconds_apart(re.sub(r"\.(\d{6})\d+", r".\1", time), re.sub(r"\.(\d{6})\d+", r".\1", otherwise)) == 0.0


@pytest.mark.parametrize(
    "text",
    [
        *("0000-00-00 00:00:00", "0001-01-01T00:30:00+01:00", "9999-12-31T23:30:00-01:00", "2026-11-21T25:00:00Z"),
        *("2026-11-21T10:00:00+25:00", "2026-11-21", "10:00:00", "2026-11-21T10:00:00z", ""),
    ],
)
def test_what_is_no_time_has_no_other_notation(text: str) -> None:
    assert altered(row(at=text), "other notation") == []


@pytest.mark.parametrize(
    ("time", "tolerated"),
    [
        ("2026-11-21 10:00:00", False),
        ("2026-11-21T10:00:00Z", False),
        ("2026-11-21T10:00:00+00:00", False),
        ("2026-11-21T10:00:00+01:00", True),
    ],
)
def test_an_envelope_of_time_covers_another_offset_and_no_other_layout(time: str, tolerated: bool) -> None:  # noqa: FBT001
    rule = Rule("row:payins.it", "time within", "clock", "payments", TODAY, tolerance_s=60)
    (mutant,) = altered(row(it=time), "other notation")
    for terms, agreed in ((Terms((rule,)), tolerated), (Terms(), False)):
        found = judge([attempt(row(it=time))], [attempt(row(**mutant))], terms, today=TODAY)
        assert found.verdict is (Verdict.MATCH_BY_RULE if agreed else Verdict.MISMATCH)


def test_null_becomes_an_empty_text_wherever_it_is() -> None:
    effect = row(a=None, b=[None, {"c": None}])
    assert altered(effect, "null to empty") == [
        {"a": "", "b": [None, {"c": None}]},
        {"a": None, "b": ["", {"c": None}]},
        {"a": None, "b": [None, {"c": ""}]},
    ]


def test_texts_that_hold_json_are_altered_inside() -> None:
    effect = message('{"net":{"fee":1.5},"list":[null],"inner":"{\\"at\\":\\"2026-11-21 10:00:00\\"}"}')
    body = "message:accounting/payin.booked.body"
    assert [(one.kind, one.path) for one in places([effect], STRANGE) if None in one.steps] == [
        ("one cent", f"{body}.net.fee"),
        ("altered value", f"{body}.net.fee"),
        ("null to empty", f"{body}.list[]"),
        ("other writing", f"{body}.inner"),
        ("one hour", f"{body}.inner.at"),
        ("other notation", f"{body}.inner.at"),
        ("altered value", f"{body}.inner.at"),
    ]
    (dearer,) = altered(effect, "one cent")
    assert json.loads(dearer["body"])["net"] == {"fee": 1.51}
    (later,) = altered(effect, "one hour")
    assert json.loads(json.loads(later["body"])["inner"]) == {"at": "2026-11-21 11:00:00"}
    (otherwise,) = altered(effect, "other notation")
    assert json.loads(json.loads(otherwise["body"])["inner"]) == {"at": "2026-11-21T10:00:00"}


@pytest.mark.parametrize("text", ["{", "[1", '{"a":NaN}', "{" * 50_000])
def test_a_text_that_only_begins_as_json_does_is_a_text(text: str) -> None:
    body = "message:accounting/payin.booked.body"
    found = [(one.kind, one.path) for one in places([message(text)], type_named("payin.create"))]
    assert found == [
        ("dropped event", "message:accounting/payin.booked"),
        ("altered value", body),
        ("altered value", "message:accounting/payin.booked.content_type"),
    ]
    assert altered(message(text), "altered value")[0]["body"] != text


def test_two_parties_change_places_where_they_are_personal_and_not_the_same() -> None:
    effect = row(debtor="Zoé", creditor="Jean", amount="1.00", other="Jean", empty="")
    known = type_named("payin.create")
    assert altered(effect, "swapped parties", known) == [
        {"debtor": "Jean", "creditor": "Zoé", "amount": "1.00", "other": "Jean", "empty": ""}
    ]
    assert altered(row(a="x", b="x"), "swapped parties") == []
    assert altered(row(a="x", b=5, c=None), "swapped parties") == []


def test_what_a_rule_is_about_is_no_party_for_it_may_well_change_places() -> None:
    def tolerated(name: str) -> Rule:
        return Rule(f"row:payins.{name}", "uuid", "random", "payments", date(2026, 12, 31))

    known = replace(STRANGE, terms=Terms((tolerated("one"), tolerated("other"))))
    pair = row(one="c63a6a2b-2cd3-40f1-b3d8-fe37e1a4ab54", other="3c58b862-b364-439d-b9e5-5c19f12584c1")
    assert len(of_kind([pair], "swapped parties")) == 1
    assert of_kind([pair], "swapped parties", known) == []


@pytest.mark.parametrize(
    ("value", "other"),
    [
        (True, False),
        (1, 0),
        (0, 1),
        (-1, 0),
        (2**64 - 1, 2**64 - 2),
        (Decimal("12.50"), Decimal("12.59")),
        (Decimal("-0.0"), Decimal("-0.9")),
        (parse_json("1e300"), Decimal("8E+300")),
        (parse_json("1e-300"), Decimal("8E-300")),
        ("", "b"),
        ("EUR", "EUb"),
        ("Zoé", "Zob"),
        ("b", "a"),
        ("2026-11-21 10:00:00", "2026-11-21 10:00:01"),
        ("2026-11-21 10:00:09", "2026-11-21 10:00:00"),
        ("{", "b"),
        ("1 234,56", "1 234,50"),
    ],
)
def test_any_value_that_is_not_null_becomes_another_of_its_type(value: Any, other: Any) -> None:
    (found,) = altered(row(it=value), "altered value")
    assert repr(found["it"]) == repr(other)


@pytest.mark.parametrize("value", [None, [], {}, [None], "{}", '{"a":null}'])
def test_where_there_is_no_leaf_but_null_no_value_is_altered(value: Any) -> None:
    assert altered(row(it=value), "altered value") == []


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
_LEAVES = st.one_of(
    *(
        st.booleans(),
        st.integers(-(2**70), 2**70),
        _TEXTS,
        st.sampled_from(["{", "[1", "c63a6a2b-2cd3", "0", "٣", "²"]),
    ),
    *(st.floats(allow_nan=False, allow_infinity=False).map(lambda number: parse_json(repr(number))),),
    st.decimals(allow_nan=False, allow_infinity=False, places=2).map(lambda number: parse_json(f"{number:f}")),
)


@given(
    st.one_of(
        *(_LEAVES, st.lists(_LEAVES, max_size=3), st.dictionaries(_TEXTS, _LEAVES, max_size=3)),
        st.dictionaries(_TEXTS, st.lists(_LEAVES, max_size=2), max_size=2).map(write_json),
    )
)
def test_an_altered_value_is_another_to_the_judge_and_of_the_same_json_type(value: Any) -> None:
    origin = row(it=value)
    for place in of_kind([origin], "altered value"):
        (mutant,) = mutate([origin], place)
        written = parse_effect(write_json(asdict(mutant)))
        for one in (mutant, written):
            found = judge([attempt(origin)], [attempt(one)], Terms(lists={"row:payins.it": "multiset"}), today=TODAY)
            assert found.verdict is Verdict.MISMATCH, place
        for before, after in leaves_apart(parse_effect(write_json(asdict(origin))).value, written.value):
            assert type(before) is type(after)


def test_a_uuid_stays_one_and_so_is_tolerated_where_it_may_be() -> None:
    for number in range(200):
        text = str(UUID(int=number * 2**121 // 200 + number))
        rule = Rule("row:payins.it", "uuid", "random", "payments", TODAY)
        (mutant,) = altered(row(it=text), "altered value")
        found = judge([attempt(row(it=text))], [attempt(row(**mutant))], Terms((rule,)), today=TODAY)
        assert found.verdict is Verdict.MATCH_BY_RULE, mutant


@pytest.mark.parametrize(
    ("time", "tolerated"),
    [
        ("2026-11-21 10:00:00", True),
        ("2026-11-21 10:00:09", True),
        ("2026-11-21T10:00:00+01:00", True),
        ("2026-11-21T10:00:00Z", False),
        ("2026-11-21", False),
    ],
)
def test_an_altered_time_is_tolerated_while_it_is_one_and_within_reach(time: str, tolerated: bool) -> None:  # noqa: FBT001
    rule = Rule("row:payins.it", "time within", "clock", "payments", TODAY, tolerance_s=60)
    (mutant,) = altered(row(it=time), "altered value")
    found = judge([attempt(row(it=time))], [attempt(row(**mutant))], Terms((rule,)), today=TODAY)
    assert found.verdict is (Verdict.MATCH_BY_RULE if tolerated else Verdict.MISMATCH)


def test_a_signature_becomes_another_of_the_same_length() -> None:
    known = type_named("payin.create")
    assert [one["headers"] for one in altered(webhook("{}", "A" * 44), "wrong signature", known)] == [
        {"X-Signature": "B" + "A" * 43}
    ]
    assert altered(webhook("{}", "short"), "wrong signature", known) == []
