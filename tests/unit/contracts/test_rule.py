from dataclasses import replace
from datetime import date, timedelta

import pytest

from contracts.difference import Difference, DifferenceKind
from contracts.rule import Rule, refusal

TODAY = date(2026, 11, 21)
UUID = "c63a6a2b-2cd3-40f1-b3d8-fe37e1a4ab54"


def time_rule(tolerance_s: float = 2) -> Rule:
    return Rule("row:payins.recorded_at", "time within", "clock", "payments", date(2026, 12, 31), tolerance_s)


def uuid_rule() -> Rule:
    return Rule("row:payins.reference", "uuid", "random", "payments", date(2026, 12, 31))


def tolerates(
    rule: Rule, control: object, candidate: object, kind: DifferenceKind = "value", today: date = TODAY
) -> bool:
    return rule.tolerates(Difference(rule.path, kind, "", "", control, candidate), today)


@pytest.mark.parametrize(
    ("control", "candidate", "tolerated"),
    [
        ("2026-11-21 10:00:00", "2026-11-21 10:00:02", True),
        ("2026-11-21 10:00:02", "2026-11-21 10:00:00", True),
        ("2026-11-21 10:00:00", "2026-11-21 10:00:03", False),
        ("2026-11-21T11:00:00+01:00", "2026-11-21T10:00:00-00:00", True),
        ("2026-11-21T11:00:00+01:00", "2026-11-21 10:00:00", False),
        ("2026-11-21 10:00:00", "2026-11-21T10:00:00", False),
        ("2026-11-21 10:00:00", "2026-11-21 10:00", False),
        ("2026-11-21 10:00:00", "2026-11-21 10:00:00.000", False),
        ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00+00:00", False),
        ("2026-11-21 10:00:00", "2026-11-21 11:00:00", False),
        ("2026-11-21 10:00:00", "soon", False),
        ("0000-00-00 00:00:00", "0000-00-00 00:00:00", False),
        ("2026-11-21 10:00:00", "", False),
        ("2026-11-21 10:00:00", None, False),
        (1_795_255_200, 1_795_255_201, False),
    ],
)
def test_two_times_are_tolerated_within_so_many_seconds(control: object, candidate: object, *, tolerated: bool) -> None:
    assert tolerates(time_rule(), control, candidate) is tolerated


@pytest.mark.parametrize(
    ("candidate", "tolerated"),
    [
        ("3c58b862-b364-439d-b9e5-5c19f12584c1", True),
        ("3C58B862-B364-439D-B9E5-5C19F12584C1", False),
        ("3c58b862b364439db9e55c19f12584c1", False),
        (f"{UUID}\n", False),
        ("", False),
        (None, False),
        (5, False),
    ],
)
def test_two_uuids_are_tolerated_and_nothing_else(candidate: object, *, tolerated: bool) -> None:
    assert tolerates(uuid_rule(), UUID, candidate) is tolerated
    assert tolerates(uuid_rule(), candidate, UUID) is tolerated


def test_a_rule_holds_until_the_end_of_its_day() -> None:
    assert tolerates(uuid_rule(), UUID, UUID, today=date(2026, 12, 31))
    assert not tolerates(uuid_rule(), UUID, UUID, today=date(2027, 1, 1))


@pytest.mark.parametrize(
    ("today", "in_force"),
    [
        (date(2025, 12, 29), False),
        (date(2025, 12, 30), True),
        (date(2026, 12, 31), True),
        (date(2027, 1, 1), False),
    ],
)
def test_a_rule_is_in_force_within_366_days_of_its_end(today: date, *, in_force: bool) -> None:
    rule = uuid_rule()
    assert rule.in_force(today) is in_force
    assert tolerates(rule, UUID, UUID, today=today) is in_force
    assert rule.expired(today) or rule.ends_too_late(today) or in_force


def test_a_rule_that_never_ends_tolerates_nothing() -> None:
    rule = replace(uuid_rule(), expires=date.max)
    assert not tolerates(rule, UUID, UUID)
    assert rule.ends_too_late(TODAY)
    assert not rule.ends_too_late(date.max - timedelta(days=366))
    assert rule.ends_too_late(date.max - timedelta(days=367))


def test_a_rule_tolerates_nothing_in_another_place() -> None:
    elsewhere = Difference("row:payins.other", "value", "", "", UUID, UUID[::-1])
    assert not uuid_rule().tolerates(elsewhere, TODAY)


def test_a_permutation_tolerates_another_order_and_no_other_item() -> None:
    rule = Rule("row:payins.tags", "permutation", "a hash", "payments", date(2026, 12, 31))
    assert tolerates(rule, [1, 2], [2, 1], "order")
    assert not tolerates(rule, [1, 2], [2, 3], "value")
    assert not tolerates(rule, [1, 2], None, "type")


@pytest.mark.parametrize(
    ("control", "candidate", "tolerated"),
    [
        (10, 13, True),
        ("10", "13", True),
        (10, 14, False),
        (10, "13", True),
        (True, 1, False),
        (None, 1, False),
        ("x", 1, False),
    ],
)
def test_counters_are_tolerated_where_they_are_near(control: object, candidate: object, *, tolerated: bool) -> None:
    rule = Rule("row:payins.serial", "counter within", "a sequence", "payments", date(2026, 12, 31), tolerance=3)
    assert tolerates(rule, control, candidate) is tolerated


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("row:payins", "whole effect"),
        ("row:unknown.at", "no such effect"),
        ("row:payins.amount", "never tolerated"),
        ("row:payins.amount.currency", "never tolerated"),
        ("row:payins.items[].amount", "never tolerated"),
        ("row:payins.amount[]", "never tolerated"),
        ("row:payins.tags.*", "too broad"),
    ],
)
def test_a_rule_on_money_identity_state_or_a_whole_effect_is_refused(path: str, reason: str) -> None:
    rule = Rule(path, "uuid", "random", "payments", date(2026, 12, 31))
    assert reason in (refusal(rule, ["row:payins"], frozenset({"amount"})) or "")


def test_a_rule_without_reason_owner_or_distance_is_refused() -> None:
    for rule, reason in (
        (Rule("row:payins.at", "uuid", " ", "payments", TODAY), "reason"),
        (Rule("row:payins.at", "uuid", "random", "", TODAY), "owner"),
        (Rule("row:payins.at", "time within", "clock", "payments", TODAY), "how far"),
        (Rule("row:payins.at", "time within", "clock", "payments", TODAY, float("inf")), "how far"),
        (Rule("row:payins.at", "time within", "clock", "payments", TODAY, -5), "how far"),
        (Rule("row:payins.at", "counter within", "serial", "payments", TODAY, tolerance=10**18), "how far"),
    ):
        assert reason in (refusal(rule, ["row:payins"], frozenset()) or "")
    assert refusal(uuid_rule(), ["row:payins"], frozenset({"amount"})) is None
