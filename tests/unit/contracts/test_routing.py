from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.authority import AuthorityRecord, Stage
from contracts.routing import Decision, decide, direct

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TIMEOUT = timedelta(minutes=30)
SHADOW = AuthorityRecord("payin", "shadow", epoch=1)
LIVE = AuthorityRecord("payin", "live", epoch=2, stamp_epoch=2, moved_at=NOW - 2 * TIMEOUT)
FENCED = replace(LIVE, epoch=3, phase="fenced", target="shadow", run="run-2")
JUST_MOVED = replace(LIVE, moved_at=NOW - TIMEOUT / 2)
TO_LEGACY, TO_NEW, HELD = Decision("legacy", 0), Decision("new", 2), Decision("hold", 2)


def decided(
    record: AuthorityRecord | None, *, holding: bool = False, redelivered: bool = False, before: Decision | None = None
) -> Decision:
    return decide(record, holding=holding, redelivered=redelivered, before=before, now=NOW, delivery_timeout=TIMEOUT)


@pytest.mark.parametrize(("stage", "route"), [("legacy", "legacy"), ("shadow", "shadow"), ("live", "new")])
def test_a_message_goes_where_its_stage_says_under_the_stamp_of_the_last_switch(stage: Stage, route: str) -> None:
    record = AuthorityRecord("payin", stage, epoch=7, stamp_epoch=4)
    assert decided(record) == direct(record) == Decision(route, 4)  # type: ignore[arg-type]


def test_without_any_decision_everything_is_held() -> None:
    assert decided(None) == Decision("hold", 0)
    assert decided(None, redelivered=True) == Decision("hold", 0, doubtful=True)


def test_behind_a_fence_everything_is_held() -> None:
    assert decided(FENCED) == HELD


def test_arrivals_queue_behind_what_is_held() -> None:
    assert decided(LIVE, holding=True) == HELD


def test_once_nothing_is_held_arrivals_go_directly_though_the_move_is_not_settled() -> None:
    assert decided(replace(LIVE, phase="releasing"), holding=False) == TO_NEW


def test_a_redelivered_message_follows_the_journal_whatever_is_decided_now() -> None:
    assert decided(LIVE, redelivered=True, before=TO_LEGACY) == TO_LEGACY
    assert decided(replace(LIVE, moved_at=NOW), redelivered=True, before=TO_LEGACY) == TO_LEGACY


def test_the_journals_decision_does_not_overtake_what_is_held() -> None:
    assert decided(SHADOW, holding=True, redelivered=True, before=TO_LEGACY).route == "hold"


@pytest.mark.parametrize("before", [None, TO_LEGACY, TO_NEW, HELD])
def test_a_redelivered_message_that_is_held_is_doubtful_however_long_ago_authority_moved(
    before: Decision | None,
) -> None:
    # It may still lie there when authority moves next.
    assert decided(LIVE, holding=True, redelivered=True, before=before) == replace(HELD, doubtful=True)


@pytest.mark.parametrize("record", [FENCED, replace(LIVE, phase="releasing"), JUST_MOVED, None])
def test_held_about_a_move_what_the_journal_knows_is_doubtful(record: AuthorityRecord | None) -> None:
    decision = decided(record, holding=True, redelivered=True, before=TO_LEGACY)
    assert (decision.route, decision.doubtful) == ("hold", True)


@pytest.mark.parametrize("record", [None, SHADOW, FENCED, LIVE])
def test_what_was_held_is_held_again_and_may_have_been_released_since(record: AuthorityRecord | None) -> None:
    assert decided(record, redelivered=True, before=HELD) == replace(HELD, doubtful=True)


@pytest.mark.parametrize("record", [FENCED, replace(LIVE, phase="releasing"), JUST_MOVED])
def test_a_redelivered_message_that_nobody_remembers_is_doubtful_about_a_move(record: AuthorityRecord) -> None:
    assert decided(record, redelivered=True) == Decision("hold", 2, doubtful=True)


@pytest.mark.parametrize("record", [LIVE, SHADOW, replace(LIVE, moved_at=NOW - TIMEOUT)])
def test_a_redelivered_message_that_nobody_remembers_goes_by_the_record_long_after_a_move(
    record: AuthorityRecord,
) -> None:
    assert decided(record, redelivered=True) == direct(record)
