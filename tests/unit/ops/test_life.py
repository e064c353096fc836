from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.amendment import Amendment
from contracts.verdict import Verdict
from ops.ledger import LedgerEntry
from ops.life import Step, tell

ENTRY = LedgerEntry(
    message_id="m1",
    type="payin.create",
    family="payin",
    business_key="8513424",
    received_at="2026-11-21T10:00:00.500+00:00",
    processed_at="2026-11-21T10:00:01.000+00:00",
    epoch=3,
    candidate_ending="done",
    candidate_cause=None,
    candidate_sealed=True,
    control_attempts=(1, 2),
    conflict=False,
    revision=3,
    due=False,
    verdict=Verdict.MATCH_BY_RULE,
    judged_at="2026-11-21T10:00:02.000+00:00",
    groups=(),
    differences=(),
    rules=("row:payins.recorded_at",),
)


def _steps(entry: LedgerEntry) -> dict[str, Step]:
    return {step.name: step for step in tell(entry, "unit")}


def test_a_life_is_told_in_the_order_of_its_way() -> None:
    steps = tell(ENTRY, "unit")
    assert [step.name for step in steps] == ["received", "decided", "control", "candidate", "judged"]
    assert [step.at for step in steps] == [ENTRY.received_at, None, None, ENTRY.processed_at, ENTRY.judged_at]


def test_what_is_sealed_is_said_to_be_so() -> None:
    steps = _steps(ENTRY)
    assert "attempts 1, 2 known; ending and effects are sealed" in steps["control"].text
    assert "its effects are sealed" in steps["candidate"].text


def test_what_a_rule_tolerated_is_named() -> None:
    assert _steps(ENTRY)["judged"].text == "match by rule, tolerated: row:payins.recorded_at"


def test_a_rejected_message_says_why_and_where_it_lies() -> None:
    steps = _steps(replace(ENTRY, candidate_ending="rejected", candidate_cause="model:amount"))
    assert "model:amount" in steps["candidate"].text
    assert "unit-payin-dead.fifo" in steps["dead letter"].text


def test_an_id_conflict_says_where_the_other_message_lies() -> None:
    steps = _steps(replace(ENTRY, conflict=True, verdict=Verdict.ID_CONFLICT))
    assert "other bytes lies in unit-payin-dead.fifo" in steps["dead letter"].text


def test_a_message_that_only_the_monolith_has_told_of_is_known_as_such() -> None:
    half = replace(ENTRY, received_at=None, epoch=None, candidate_ending=None, family=None, verdict=None)
    steps = _steps(half)
    assert "only the monolith" in steps["received"].text
    assert "has not finished" in steps["candidate"].text
    assert "decided" not in steps
    assert "not yet" in steps["judged"].text


def test_a_message_of_which_the_monolith_has_not_told_is_known_as_such() -> None:
    assert "has not told" in _steps(replace(ENTRY, control_attempts=()))["control"].text


def test_a_verdict_that_is_out_of_date_says_so() -> None:
    assert "will be judged" in _steps(replace(ENTRY, due=True))["judged"].text


@pytest.mark.parametrize(("family", "type_name"), [("gone", "gone.create"), (None, "gone.create"), (None, None)])
def test_a_rejected_message_of_a_type_that_has_left_the_registry_is_told_all_the_same(
    family: str | None, type_name: str | None
) -> None:
    entry = replace(ENTRY, family=family, type=type_name, candidate_ending="rejected", candidate_cause="unreadable")
    assert "its family's dead-letter queue" in _steps(entry)["dead letter"].text


def test_how_attempts_have_ended_is_told_where_it_is_known() -> None:
    both = _steps(replace(ENTRY, control_endings=("retried", "done")))["control"]
    assert both.text == "the monolith's attempts 1 (retried), 2 (done) known; effects are sealed"
    one = _steps(replace(ENTRY, control_endings=(None, "done")))["control"]
    assert one.text == "the monolith's attempts 1, 2 (done) known; ending and effects are sealed"


def test_what_waits_for_a_side_says_since_when() -> None:
    waiting = replace(ENTRY, verdict=None, awaited_since="2026-11-21T10:00:01.000Z")
    assert "waits since 2026-11-21T10:00:01.000Z" in _steps(waiting)["judged"].text


def test_what_the_clock_has_decided_is_told_as_that() -> None:
    steps = _steps(replace(ENTRY, verdict=Verdict.CANDIDATE_ONLY, control_attempts=(), rules=()))
    assert steps["judged"].text == "candidate only; by the clock, for a side has told nothing final in time"
    assert steps["judged"].tone == "bad"


def test_the_verdicts_that_stood_before_are_told_in_their_order() -> None:
    at = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    later, latest = at + timedelta(minutes=10), at + timedelta(minutes=20)
    amendments = (
        Amendment(Verdict.CANDIDATE_ONLY, at, later, "overdue"),
        Amendment(Verdict.EXPIRED, later, latest, "late outcome"),
    )
    steps = tell(replace(ENTRY, amendments=amendments, amended=2), "unit")
    assert [(step.at, step.text) for step in steps if step.name == "amended"] == [
        ("2026-11-21T09:00:00.000+00:00", "candidate only until 2026-11-21T09:10:00.000+00:00: overdue"),
        ("2026-11-21T09:10:00.000+00:00", "expired until 2026-11-21T09:20:00.000+00:00: late outcome"),
    ]
    more = tell(replace(ENTRY, amendments=amendments, amended=7), "unit")
    assert next(step for step in more if step.name == "amended").text == "5 verdicts before these are not kept"
