from datetime import date

import pytest

from contracts.rule import Rule

TODAY = date(2026, 11, 21)
UUID = "c63a6a2b-2cd3-40f1-b3d8-fe37e1a4ab54"


def time_rule(tolerance_s: float = 2) -> Rule:
    return Rule("row:payins.recorded_at", "time within", "clock", "payments", date(2026, 12, 31), tolerance_s)


def uuid_rule() -> Rule:
    return Rule("row:payins.reference", "uuid", "random", "payments", date(2026, 12, 31))


@pytest.mark.parametrize(
    ("control", "candidate", "tolerated"),
    [
        ("2026-11-21 10:00:00", "2026-11-21 10:00:02", True),
        ("2026-11-21 10:00:02", "2026-11-21 10:00:00", True),
        ("2026-11-21 10:00:00", "2026-11-21 10:00:03", False),
        ("2026-11-21T11:00:00+01:00", "2026-11-21 10:00:00", True),
        ("2026-11-21 10:00:00", "2026-11-21 11:00:00", False),
        ("2026-11-21 10:00:00", "soon", False),
        ("0000-00-00 00:00:00", "0000-00-00 00:00:00", False),
        ("2026-11-21 10:00:00", "", False),
        ("2026-11-21 10:00:00", None, False),
        (1_795_255_200, 1_795_255_201, False),
    ],
)
def test_two_times_are_tolerated_within_so_many_seconds(control: object, candidate: object, *, tolerated: bool) -> None:
    assert time_rule().tolerates(control, candidate, TODAY) is tolerated


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
    assert uuid_rule().tolerates(UUID, candidate, TODAY) is tolerated
    assert uuid_rule().tolerates(candidate, UUID, TODAY) is tolerated


def test_a_rule_holds_until_the_end_of_its_day() -> None:
    assert uuid_rule().tolerates(UUID, UUID, date(2026, 12, 31))
    assert not uuid_rule().tolerates(UUID, UUID, date(2027, 1, 1))
