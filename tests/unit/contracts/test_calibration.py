from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from contracts.calibration import Noise
from contracts.difference import Difference, DifferenceKind
from contracts.rule import Rule
from tests.fakes.message import NAME, PLANTED

PATH = "row:payins.noisy"
UUIDS = ("c63a6a2b-2cd3-40f1-b3d8-fe37e1a4ab54", "3c58b862-b364-439d-b9e5-5c19f12584c1")
TIMES = ("2026-11-21 10:00:00", "2026-11-21 10:00:10")
END = date(2027, 5, 1)
TODAY = date(2026, 11, 21)


def one(control: Any, candidate: Any, kind: DifferenceKind = "value", path: str = PATH) -> Difference:
    return Difference(path, kind, "", "", control, candidate)


def noise(*messages: Difference | tuple[Difference, ...], path: str = PATH) -> Noise:
    found = Noise(path)
    for message in messages:
        found.add((message,) if isinstance(message, Difference) else message)
    return found


def proposed(found: Noise, lag_s: float = 0.0) -> Rule | str:
    return found.proposal(["row:payins"], frozenset({"amount"}), owner="payments", expires=END, lag_s=lag_s)


@pytest.mark.parametrize(
    ("pair", "kind", "shape"),
    [
        (UUIDS, "value", "uuid"),
        (TIMES, "value", "time within"),
        ((7, 9), "value", "counter within"),
        (("7", "9"), "value", "counter within"),
        (([1, 2], [2, 1]), "order", "permutation"),
    ],
)
def test_noise_of_a_known_shape_has_a_rule_that_tolerates_it(pair: Any, kind: DifferenceKind, shape: str) -> None:
    found = noise(one(pair[0], pair[1], kind), one(pair[1], pair[0], kind))
    rule = proposed(found)
    assert isinstance(rule, Rule)
    assert (rule.path, rule.kind, rule.owner, rule.expires, found.kind) == (PATH, shape, "payments", END, shape)
    assert "2 messages" in rule.reason
    assert rule.tolerates(one(pair[0], pair[1], kind), TODAY)
    assert not rule.tolerates(one("left", "right", kind) if kind == "value" else one([1], [2]), TODAY)


def test_an_envelope_is_wider_than_what_was_seen_and_never_narrower_than_the_lag() -> None:
    def tolerance_s(lag_s: float, *seconds: int) -> float:
        rule = proposed(noise(*(one("2026-11-21 10:00:00", f"2026-11-21 10:00:{s:02}") for s in seconds)), lag_s)
        assert isinstance(rule, Rule)
        return rule.tolerance_s

    assert tolerance_s(0, 2, 10, 4) == 15
    assert tolerance_s(3600, 10) == 3600
    assert tolerance_s(0, 59) == 89


@pytest.mark.parametrize(("distance", "tolerance"), [(1, 2), (3, 5), (100, 150), (1001, 1600), (10**5, 15 * 10**4)])
def test_a_counters_envelope_is_rounded_up_to_two_digits(distance: int, tolerance: int) -> None:
    rule = proposed(noise(one(0, distance)))
    assert isinstance(rule, Rule)
    assert rule.tolerance == tolerance
    assert rule.tolerates(one(5, 5 + distance), TODAY)


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([one(*UUIDS), one("left", "right")], "no shape"),
        ([one(*UUIDS), one(*TIMES)], "no shape"),
        ([one(Decimal("1.5"), Decimal("1.6"))], "no shape"),
        ([one(NAME, NAME.upper())], "no shape"),
        ([one(10**400, 5)], "no shape"),
        ([one(1, 10**18)], "no shape"),
        ([one(*(True, False))], "no shape"),
        ([one(1, "1", "type")], "different types"),
        ([one(None, 1, "extra")], "another number of items"),
        ([one(1, 1, "repetition")], "another number of items"),
        ([one([1, 2], [2, 1], "order"), one(1, 2)], "no shape"),
        ([one('{"a":1}', '{"a": 1}', "encoding")], "no shape"),
        ([(one(*UUIDS), one("left", "right"))], "no shape"),
        ([(one(NAME, "x"), one(*UUIDS))], "no shape"),
    ],
)
def test_noise_without_one_shape_has_no_rule_and_is_told_why(messages: Any, why: str) -> None:
    refused = proposed(noise(*messages))
    assert isinstance(refused, str)
    assert why in refused
    assert not any(mark in refused for mark in PLANTED)


def test_several_places_of_one_message_count_once_and_all_have_to_have_the_shape() -> None:
    found = noise((one(*UUIDS), one(*UUIDS[::-1])))
    assert (found.messages, found.kind) == (1, "uuid")
    far = noise((one(1, 9), one(1, 2)))
    assert (far.messages, far.furthest) == (1, 8)


@pytest.mark.parametrize(
    ("path", "kind", "why"),
    [
        ("row:payins.amount", "value", "money, identity and state"),
        ("row:payins.amount[].x", "value", "money, identity and state"),
        ("row:payins.tags.*", "value", "too broad"),
        ("row:payins", "extra effect", "whole effect"),
        ("row:journal.at", "value", "no such effect"),
    ],
)
def test_what_may_never_be_tolerated_is_never_proposed(path: str, kind: DifferenceKind, why: str) -> None:
    refused = proposed(noise(one(UUIDS[0], UUIDS[1], kind, path), path=path))
    assert isinstance(refused, str)
    assert why in refused
