from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from contracts.difference import Difference
from contracts.effect import Attempt, Effect, Ending, parse_json
from contracts.judge import Judgement, final_ending, judge
from contracts.registry import type_named
from contracts.rule import Rule
from contracts.terms import Terms
from contracts.trap import recognise
from contracts.verdict import AGREED, Verdict
from tests.fakes.outcome import attempt, message, row, webhook

TODAY = date(2026, 11, 21)
CLOCK = Rule("row:payins.recorded_at", "time within", "clock", "payments", date(2026, 12, 31), tolerance_s=10)
REFERENCE = Rule("message:accounting/payin.booked.body.reference", "uuid", "random", "payments", date(2026, 12, 31))
UUID = "c63a6a2b-2cd3-40f1-b3d8-fe37e1a4ab54"
OTHER_UUID = "3c58b862-b364-439d-b9e5-5c19f12584c1"
DERIVED = {
    "webhook:payin.booked.headers.X-Signature": "webhook:payin.booked.body.object_payload",
    "webhook:payin.booked.body.object_payload_signature": "webhook:payin.booked.body.object_payload",
}


def judged(
    control: Iterable[Effect],
    candidate: Iterable[Effect],
    rules: Iterable[Rule] = (),
    derived: Mapping[str, str] | None = None,
    today: date = TODAY,
) -> Judgement:
    return judge([attempt(*control)], [attempt(*candidate)], Terms(tuple(rules), derived or {}), today=today)


def places(judgement: Judgement) -> list[tuple[str, str]]:
    return [(one.path, one.kind) for one in judgement.differences]


def differ(control: Any, candidate: Any) -> tuple[Difference, ...]:
    return judged([row(x=control)], [row(x=candidate)]).differences


def test_equal_effects_match() -> None:
    effects = [row(amount="1.00", cents=100), message('{"a":1}'), webhook("{}", "s")]
    assert judged(effects, effects) == Judgement(Verdict.MATCH)


def test_two_sides_that_did_nothing_match() -> None:
    assert judged([], []).verdict is Verdict.MATCH


def test_effects_are_a_multiset_and_their_order_is_nothing() -> None:
    effects = [row(key="1", a=1), row(key="2", a=2), message("x"), message("y")]
    assert judged(effects, effects[::-1]).verdict is Verdict.MATCH


def test_a_value_within_a_rule_is_a_match_by_rule_that_names_the_rule() -> None:
    judgement = judged(
        [row(recorded_at="2026-11-21 10:00:00")], [row(recorded_at="2026-11-21 10:00:10")], rules=[CLOCK, REFERENCE]
    )
    assert judgement == Judgement(Verdict.MATCH_BY_RULE, rules=(CLOCK,))


def test_a_value_past_a_rule_is_a_mismatch() -> None:
    judgement = judged([row(recorded_at="2026-11-21 10:00:00")], [row(recorded_at="2026-11-21 10:00:11")], [CLOCK])
    assert judgement.verdict is Verdict.MISMATCH
    assert places(judgement) == [("row:payins.recorded_at", "value")]


def test_a_rule_tolerates_within_a_json_body() -> None:
    judgement = judged(
        [message(f'{{"reference":"{UUID}"}}')], [message(f'{{"reference":"{OTHER_UUID}"}}')], rules=[REFERENCE]
    )
    assert judgement.verdict is Verdict.MATCH_BY_RULE


def test_an_expired_rule_does_not_tolerate() -> None:
    effects = [row(recorded_at="2026-11-21 10:00:00")], [row(recorded_at="2026-11-21 10:00:01")]
    assert judged(*effects, [CLOCK], today=date(2026, 12, 31)).verdict is Verdict.MATCH_BY_RULE
    assert judged(*effects, [CLOCK], today=date(2027, 1, 1)).verdict is Verdict.MISMATCH


@pytest.mark.parametrize("missing", [{}, {"recorded_at": None}, {"recorded_at": ""}, {"recorded_at": 1}])
def test_a_rule_never_masks_a_missing_value(missing: dict[str, Any]) -> None:
    there = row(recorded_at="2026-11-21 10:00:00")
    assert judged([there], [row(**missing)], [CLOCK]).verdict is Verdict.MISMATCH
    assert judged([row(**missing)], [there], [CLOCK]).verdict is Verdict.MISMATCH


def test_a_rule_on_one_field_leaves_the_others_to_be_judged() -> None:
    judgement = judged(
        [row(recorded_at="2026-11-21 10:00:00", amount="1.00")],
        [row(recorded_at="2026-11-21 10:00:01", amount="1.01")],
        [CLOCK],
    )
    assert judgement.verdict is Verdict.MISMATCH
    assert places(judgement) == [("row:payins.amount", "value")]
    assert judgement.rules == (CLOCK,), "it was needed here as well"


def test_rules_that_come_from_a_generator_serve_every_difference() -> None:
    two = [row(key=key, recorded_at="2026-11-21 10:00:00") for key in "ab"]
    later = [row(key=key, recorded_at="2026-11-21 10:00:01") for key in "ab"]
    assert judged(two, later, rules=iter([CLOCK])).verdict is Verdict.MATCH_BY_RULE


def test_an_effect_that_only_the_control_has_is_missing() -> None:
    judgement = judged([row(a=1), message("x")], [row(a=1)])
    assert judgement.verdict is Verdict.MISMATCH
    assert places(judgement) == [("message:accounting/payin.booked", "missing effect")]


def test_an_effect_that_only_the_candidate_has_is_extra() -> None:
    judgement = judged([row(a=1)], [row(a=1), message("x")])
    assert judgement.verdict is Verdict.MISMATCH
    assert places(judgement) == [("message:accounting/payin.booked", "extra effect")]


def test_the_same_row_under_another_key_is_another_row() -> None:
    judgement = judged([row(key="1", a=1)], [row(key="2", a=1)])
    assert sorted(places(judgement)) == [("row:payins", "extra effect"), ("row:payins", "missing effect")]


def test_an_effect_that_the_candidate_doubled_is_a_duplicate() -> None:
    judgement = judged([row(a=1)], [row(a=1), row(a=1)])
    assert judgement.verdict is Verdict.DUPLICATE
    assert places(judgement) == [("row:payins", "extra effect")]


def test_an_effect_that_the_control_doubled_is_a_duplicate() -> None:
    judgement = judged([message("x"), message("x")], [message("x")])
    assert judgement.verdict is Verdict.DUPLICATE
    assert places(judgement) == [("message:accounting/payin.booked", "missing effect")]


def test_an_effect_that_was_doubled_with_tolerated_noise_is_a_duplicate() -> None:
    early, late = row(recorded_at="2026-11-21 10:00:00"), row(recorded_at="2026-11-21 10:00:01")
    assert judged([early], [late, late], [CLOCK]).verdict is Verdict.DUPLICATE


def test_a_second_effect_with_another_value_is_no_duplicate() -> None:
    judgement = judged([message("x")], [message("x"), message("y")])
    assert judgement.verdict is Verdict.MISMATCH
    assert places(judgement) == [("message:accounting/payin.booked", "extra effect")]


def test_a_doubled_effect_beside_a_difference_is_a_mismatch() -> None:
    judgement = judged([row(a=1), message("x")], [row(a=2), message("x"), message("x")])
    assert judgement.verdict is Verdict.MISMATCH
    assert len(judgement.differences) == 2


def test_effects_of_a_failed_attempt_count() -> None:
    control = [attempt(row(a=1), ending="retried", number=1), attempt(row(a=1), number=2)]
    assert judge(control, [attempt(row(a=1))], today=TODAY).verdict is Verdict.DUPLICATE
    assert judge(control, [attempt(row(a=1), row(a=1))], today=TODAY).verdict is Verdict.MATCH


def test_attempts_count_by_their_number_and_not_by_their_order() -> None:
    control = [attempt(row(a=1), number=2), attempt(ending="retried", number=1)]
    assert final_ending(control) == "done"
    assert judge(control, [attempt(row(a=1))], today=TODAY).verdict is Verdict.MATCH


@pytest.mark.parametrize(
    "attempts",
    [
        [],
        [attempt(row(a=1), ending="retried")],
        [attempt(ending="duplicate", number=2)],
        [attempt(ending="retried"), attempt(ending="duplicate", number=2)],
        [attempt(number=1, ending="retried"), attempt(number=3, ending="retried")],
    ],
    ids=["nothing seen", "retried", "only a duplicate seen", "a duplicate after a retry", "retried again"],
)
def test_a_side_without_a_final_ending_leaves_the_verdict_pending(attempts: list[Attempt]) -> None:
    done = [attempt(row(a=1))]
    assert judge(attempts, done, today=TODAY).verdict is Verdict.PENDING
    assert judge(done, attempts, today=TODAY).verdict is Verdict.PENDING


def test_a_repeated_delivery_that_was_recognised_changes_nothing() -> None:
    control = [attempt(row(a=1)), attempt(ending="duplicate", number=2)]
    assert judge(control, [attempt(row(a=1))], today=TODAY).verdict is Verdict.MATCH


def test_an_effect_of_a_recognised_repetition_counts_all_the_same() -> None:
    control = [attempt(row(a=1)), attempt(row(a=1), ending="duplicate", number=2)]
    assert judge(control, [attempt(row(a=1))], today=TODAY).verdict is Verdict.DUPLICATE


def test_rejected_against_done_is_an_error_on_one_side() -> None:
    rejected, done = [attempt(ending="rejected")], [attempt(row(a=1))]
    judgement = judge(rejected, done, today=TODAY)
    assert judgement.verdict is Verdict.ERROR_ONE_SIDE
    assert places(judgement) == [("ending", "value"), ("row:payins", "extra effect")]
    assert judgement.differences[0].signature("t") == "t | ending | value | rejected -> done"
    assert judge(done, rejected, today=TODAY).verdict is Verdict.ERROR_ONE_SIDE


def test_an_error_on_one_side_is_told_without_what_rules_tolerate() -> None:
    done = attempt(row(recorded_at="2026-11-21 10:00:00"))
    rejected = attempt(row(recorded_at="2026-11-21 10:00:01"), ending="rejected")
    judgement = judge([done], [rejected], Terms((CLOCK,)), today=TODAY)
    assert (places(judgement), judgement.rules) == ([("ending", "value")], (CLOCK,))


def test_rejected_against_done_is_an_error_even_without_any_effect() -> None:
    judgement = judge([attempt(ending="rejected")], [attempt()], today=TODAY)
    assert (judgement.verdict, places(judgement)) == (Verdict.ERROR_ONE_SIDE, [("ending", "value")])


def test_both_rejected_is_a_match_whatever_the_cause() -> None:
    control = [attempt(ending="rejected", cause="RejectedNotification")]
    candidate = [attempt(ending="rejected", cause="model:amount")]
    assert judge(control, candidate, today=TODAY).verdict is Verdict.MATCH


def test_both_rejected_with_an_effect_on_one_side_is_a_mismatch() -> None:
    control, candidate = [attempt(row(a=1), ending="rejected")], [attempt(ending="rejected")]
    assert judge(control, candidate, today=TODAY).verdict is Verdict.MISMATCH


@pytest.mark.parametrize(
    ("control", "candidate"),
    [
        ("1", "1.0"),
        ("1.0", "1"),
        ("true", "1"),
        ("0", "false"),
        ('"1"', "1"),
        ("null", '""'),
        ("null", "0"),
        ("[]", "{}"),
        ('{"base64":"/w=="}', "null"),
        ('{"a":1}', "[1]"),
    ],
)
def test_values_of_another_type_differ_in_type(control: str, candidate: str) -> None:
    (difference,) = differ(parse_json(control), parse_json(candidate))
    assert difference.kind == "type"


@pytest.mark.parametrize(
    ("control", "candidate"),
    [
        ("0.30000000000000004", "0.3"),
        ("10000000000000001.1", "10000000000000001.9"),
        ("0.1", "-0.1"),
        ("1e2", "100.01"),
        ('"1.50"', '"1.5"'),
        ("9007199254740993", "9007199254740992"),
        ("0.0", "-0.0"),
        ("1.50", "1.5"),
        ("0.00", "0.0"),
    ],
)
def test_money_is_compared_by_every_digit(control: str, candidate: str) -> None:
    (difference,) = differ(parse_json(control), parse_json(candidate))
    assert difference.kind == "value"


@pytest.mark.parametrize(
    ("control", "candidate"),
    [("1e2", "100.0"), ("12E-1", "1.2"), ("10.0", "1e1"), ("1.0e+25", "1E25"), ("1.0e-7", "1e-07"), ("0e5", "0.0")],
)
def test_floats_that_are_equal_match_however_their_exponent_is_written(control: str, candidate: str) -> None:
    assert differ(parse_json(control), parse_json(candidate)) == ()


def test_the_sum_of_a_tenth_and_two_tenths_is_not_three_tenths() -> None:
    (difference,) = differ(Decimal(repr(0.1 + 0.2)), Decimal("0.3"))
    assert difference.kind == "value"


def test_lists_are_compared_with_their_repetitions() -> None:
    (difference,) = differ([1, 1, 2], [1, 2, 2])
    assert (difference.path, difference.kind) == ("row:payins.x[]", "value")
    (difference,) = differ([1, 1], [1])
    assert (difference.path, difference.kind) == ("row:payins.x[]", "missing")


def test_a_difference_in_a_json_body_names_the_field() -> None:
    judgement = judged(
        [message('{"payin":"1","net":{"fee":1.5,"tags":["a","b"]}}')],
        [message('{"payin":"1","net":{"fee":1.51,"tags":["a"]}}')],
    )
    assert places(judgement) == [
        ("message:accounting/payin.booked.body.net.fee", "value"),
        ("message:accounting/payin.booked.body.net.tags[]", "missing"),
    ]


@pytest.mark.parametrize("candidate", ['{"b":2,"a":1}', '{"a": 1, "b": 2}', '{"a":1,"b":2 }', '{"\\u0061":1,"b":2}'])
def test_bodies_that_are_the_same_json_differ_in_encoding(candidate: str) -> None:
    judgement = judged([message('{"a":1,"b":2}')], [message(candidate)])
    assert judgement.verdict is Verdict.MISMATCH
    assert [(one.path, one.kind, one.control_shape) for one in judgement.differences] == [
        ("message:accounting/payin.booked.body", "encoding", "json")
    ]


@pytest.mark.parametrize(
    "candidate", ['{"a":NaN}', '{"a":Infinity}', '{"a":1e99999999999999999999}', "{" * 50_000, '{"a":1', "[1]"]
)
def test_a_body_that_is_no_json_differs_as_a_text(candidate: str) -> None:
    judgement = judged([message('{"a":1}')], [message(candidate)])
    assert places(judgement) == [("message:accounting/payin.booked.body", "value")]


def test_a_list_or_an_object_that_only_one_side_has_is_told_as_missing() -> None:
    judgement = judged([row(a={"b": [1]}, c=1)], [row(c=1, d=[])])
    assert places(judgement) == [("row:payins.a", "missing"), ("row:payins.d", "extra")]


def signed(amount: str, signature: str, tag: str = "t") -> Effect:
    payload = f'{{"payins":[{{"amount":"{amount}","tag":"{tag}"}}]}}'
    return webhook(f'{{"object_payload":{payload},"object_payload_signature":"{signature}"}}', signature)


def test_a_derived_signature_is_left_out_when_what_it_signs_differs() -> None:
    judgement = judged([signed("1.00", "s1")], [signed("1.01", "s2")], derived=DERIVED)
    assert places(judgement) == [("webhook:payin.booked.body.object_payload.payins[].amount", "value")]


def test_a_derived_signature_is_left_out_when_what_it_signs_is_not_there() -> None:
    judgement = judged([signed("1.00", "s1")], [webhook('{"object_payload_signature":"s2"}', "s2")], derived=DERIVED)
    assert places(judgement) == [("webhook:payin.booked.body.object_payload", "missing")]


def test_a_derived_signature_is_kept_when_it_differs_alone() -> None:
    judgement = judged([signed("1.00", "s1")], [signed("1.00", "s2")], derived=DERIVED)
    assert sorted(places(judgement)) == [
        ("webhook:payin.booked.body.object_payload_signature", "value"),
        ("webhook:payin.booked.headers.X-Signature", "value"),
    ]


def test_a_derived_signature_is_kept_when_another_webhook_differs() -> None:
    judgement = judged(
        [signed("1.00", "s1"), signed("7.00", "s7")], [signed("1.00", "s2"), signed("7.01", "s8")], derived=DERIVED
    )
    assert sorted(places(judgement)) == [
        ("webhook:payin.booked.body.object_payload.payins[].amount", "value"),
        ("webhook:payin.booked.body.object_payload_signature", "value"),
        ("webhook:payin.booked.headers.X-Signature", "value"),
    ]


def test_a_signature_over_a_tolerated_value_is_tolerated_too() -> None:
    rule = Rule(
        "webhook:payin.booked.body.object_payload.payins[].tag", "uuid", "random", "payments", date(2026, 12, 31)
    )
    judgement = judged([signed("1", "s1", UUID)], [signed("1", "s2", OTHER_UUID)], [rule], DERIVED)
    assert judgement == Judgement(Verdict.MATCH_BY_RULE, rules=(rule,))


def test_an_error_on_one_side_leaves_out_derived_differences_too() -> None:
    control = [attempt(signed("1.00", "s1"), ending="rejected")]
    judgement = judge(control, [attempt(signed("1.01", "s2"))], Terms(derived=DERIVED), today=TODAY)
    assert judgement.verdict is Verdict.ERROR_ONE_SIDE
    assert places(judgement) == [
        ("ending", "value"),
        ("webhook:payin.booked.body.object_payload.payins[].amount", "value"),
    ]


def test_effects_of_one_name_are_paired_with_those_that_they_differ_least_from() -> None:
    control = [message(f'{{"reference":"{UUID}","n":{n}}}') for n in (1, 2, 3)]
    candidate = [message(f'{{"reference":"{OTHER_UUID}","n":{n}}}') for n in (3, 1, 2)]
    assert judged(control, candidate, [REFERENCE]).verdict is Verdict.MATCH_BY_RULE
    candidate[2] = message(f'{{"reference":"{OTHER_UUID}","n":4}}')
    assert places(judged(control, candidate, [REFERENCE])) == [("message:accounting/payin.booked.body.n", "value")]


def test_what_a_rule_tolerates_counts_less_in_pairing_than_what_differs() -> None:
    clock = Rule("message:accounting/payin.booked.body.at", "time within", "clock", "payments", date(2026, 12, 31), 9)

    def booked(reference: str, second: int, n: int) -> Effect:
        return message(f'{{"reference":"{reference}","at":"2026-11-21 10:00:0{second}","n":{n}}}')

    judgement = judged(
        [booked(UUID, 1, 1), booked(UUID, 1, 2)], [booked(UUID, 1, 5), booked(OTHER_UUID, 2, 1)], [REFERENCE, clock]
    )
    assert [(one.path, one.control, one.candidate) for one in judgement.differences] == [
        ("message:accounting/payin.booked.body.n", 2, 5)
    ]


def test_the_rules_of_the_registry_tolerate_what_they_are_for() -> None:
    payin = type_named("payin.create")
    judgement = judge(
        [attempt(row(recorded_at="2026-11-21 10:00:00"))],
        [attempt(row(recorded_at="2026-11-21 10:59:59"))],
        payin.terms,
        today=TODAY,
    )
    assert judgement.verdict is Verdict.MATCH_BY_RULE


def test_very_many_effects_of_one_name_are_judged_in_time_that_does_not_grow_with_their_square() -> None:
    control = [message(f'{{"n":{n},"fee":1}}') for n in range(3_000)]
    candidate = [message(f'{{"n":{n},"fee":2}}') for n in reversed(range(3_000))]
    judgement = judged(control, candidate)
    assert judgement.verdict is Verdict.MISMATCH
    assert {one[0] for one in places(judgement)} == {"message:accounting/payin.booked.body.fee"}


def test_very_many_effects_with_noise_match_by_rule_and_a_lost_one_is_the_only_difference() -> None:
    control = [message(f'{{"reference":"{n:08x}{UUID[8:]}","n":{n}}}') for n in range(80)]
    candidate = [message(f'{{"reference":"{80 - n:08x}{OTHER_UUID[8:]}","n":{n}}}') for n in range(80)]
    assert judged(control, candidate, [REFERENCE]).verdict is Verdict.MATCH_BY_RULE
    assert places(judged(control, candidate[1:], [REFERENCE])) == [
        ("message:accounting/payin.booked", "missing effect")
    ]


def test_the_name_of_an_effect_that_holds_an_account_is_told_without_it() -> None:
    (one,) = judged([message("x", "acc/customer.FR7630006000011234567890189")], []).differences
    assert one.path == "message:acc/customer.*"


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (["done", "rejected"], ["rejected", "done"], Verdict.MATCH),
        (["retried", "done"], ["done"], Verdict.MATCH),
        (["done", "retried"], ["done"], Verdict.MATCH),
        (["done", "rejected"], ["done", "done"], Verdict.ERROR_ONE_SIDE),
        (["rejected", "done"], ["done", "done"], Verdict.ERROR_ONE_SIDE),
    ],
)
def test_of_two_attempts_with_one_number_the_gravest_ending_counts_whatever_their_order(
    one: list[Ending], other: list[Ending], verdict: Verdict
) -> None:
    control, candidate = ([attempt(ending=ending) for ending in side] for side in (one, other))
    assert judge(control, candidate, today=TODAY).verdict is verdict
    assert judge(candidate, control, today=TODAY).verdict is verdict


@pytest.mark.parametrize("copies", [3, 80])
def test_lists_without_order_are_so_among_many_effects_too(copies: int) -> None:
    terms = Terms(lists={"row:payins.l": "multiset"})
    theirs = [row(l=[1, 2, number]) for number in range(copies)]
    ours = [row(l=[number, 2, 1]) for number in range(copies)]
    found = judge([attempt(*theirs)], [attempt(*ours)], terms, today=TODAY)
    assert found.verdict in AGREED
    assert found.differences == ()


def test_a_tolerated_reference_in_a_body_hides_nothing_else_of_it() -> None:
    ruled = type_named("payout.update")
    ids = ("0b7c1f4e-0000-4000-8000-000000000001", "0b7c1f4e-0000-4000-8000-00000000000f")

    def side(text: str) -> list[Attempt]:
        return [attempt(message(text, "accounting/payout.settled"), type_name="payout.update")]

    control = side(f'{{"reference":"{ids[0]}","amount":"1.00"}}')
    same = side(f'{{"reference":"{ids[1]}","amount":"1.00"}}')
    assert judge(control, same, ruled.terms, today=TODAY).verdict is Verdict.MATCH_BY_RULE
    for text in ('{"reference":"%s", "amount":"1.00"}', '{"amount":"1.00","reference":"%s"}'):
        found = judge(control, side(text % ids[1]), ruled.terms, today=TODAY)
        assert (found.verdict, [one.kind for one in found.differences]) == (Verdict.MISMATCH, ["encoding"])


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("&#" + "1" * 4_301, "b"),
        (Decimal("1.50"), Decimal("1E+999999999")),
        (Decimal("1E-999999999"), Decimal("2E-999999999")),
        ("1e999999999", "1.50"),
        ("a" + "\u0301\u0316" * 100_000, "b" + "\u0301\u0316" * 100_000),
    ],
)
def test_hostile_values_differ_and_break_nothing(theirs: Any, ours: Any) -> None:
    for one, other in ((theirs, ours), (ours, theirs)):
        (difference,) = judge([attempt(row(x=one))], [attempt(row(x=other))], today=TODAY).differences
        assert difference.kind == "value"
        recognise(difference)
