from dataclasses import replace
from datetime import UTC, datetime

import pytest

from contracts.authority import (
    WAIVED_AT_MOST,
    AuthorityRecord,
    IllegalMoveError,
    Stage,
    Waiver,
    abandon,
    authority_of,
    begin,
    complete,
    observe,
    settle,
    waive,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
UNTOUCHED = AuthorityRecord("payin")
SHADOW = observe(UNTOUCHED, copies=True)
FENCED = begin(SHADOW, "live", "run-1")
SWITCHED = complete(FENCED, "run-1", NOW)
LIVE = settle(SWITCHED, "run-1")


def test_a_family_that_was_never_decided_about_is_the_monoliths() -> None:
    assert (UNTOUCHED.stage, UNTOUCHED.authority, UNTOUCHED.epoch, UNTOUCHED.phase) == ("legacy", "legacy", 0, "steady")


@pytest.mark.parametrize(("stage", "side"), [("legacy", "legacy"), ("shadow", "legacy"), ("live", "new")])
def test_a_stage_has_one_acting_side(stage: Stage, side: str) -> None:
    assert authority_of(stage) == side


def test_copying_moves_no_authority_and_leaves_stamps_valid() -> None:
    assert (SHADOW.stage, SHADOW.epoch, SHADOW.stamp_epoch, SHADOW.phase) == ("shadow", 1, 0, "steady")


def test_copying_twice_is_copying_once() -> None:
    assert observe(SHADOW, copies=True) == SHADOW


def test_copying_ends_as_it_began() -> None:
    assert observe(SHADOW, copies=False) == replace(UNTOUCHED, epoch=2)


@pytest.mark.parametrize("record", [FENCED, SWITCHED, LIVE], ids=["fenced", "releasing", "live"])
def test_copying_is_not_changed_during_a_move_or_while_the_new_side_acts(record: AuthorityRecord) -> None:
    with pytest.raises(IllegalMoveError):
        observe(record, copies=False)


def test_a_fence_has_an_epoch_of_its_own_and_moves_nothing_yet() -> None:
    assert (FENCED.epoch, FENCED.stamp_epoch, FENCED.authority) == (2, 0, "legacy")
    assert (FENCED.target, FENCED.run) == ("live", "run-1")


def test_a_switch_makes_every_earlier_stamp_stale() -> None:
    assert (SWITCHED.authority, SWITCHED.stamp_epoch, SWITCHED.phase) == ("new", FENCED.epoch, "releasing")
    assert (SWITCHED.target, SWITCHED.moved_at) == (None, NOW)


def test_an_undone_move_leaves_stage_and_stamps_as_they_were() -> None:
    undone = abandon(FENCED, "run-1")
    assert (undone.stage, undone.stamp_epoch, undone.moved_at) == ("shadow", 0, None)
    assert settle(undone, "run-1") == replace(SHADOW, epoch=2)


def test_a_move_after_an_undone_one_needs_new_confirmations() -> None:
    assert begin(settle(abandon(FENCED, "run-1"), "run-1"), "live", "run-2").epoch == FENCED.epoch + 1


@pytest.mark.parametrize("target", ["shadow", "legacy"])
def test_the_way_back_is_the_same_protocol(target: Stage) -> None:
    back = settle(complete(begin(LIVE, target, "run-2"), "run-2", NOW), "run-2")
    assert (back.stage, back.authority, back.phase, back.run) == (target, "legacy", "steady", None)
    assert back.stamp_epoch == back.epoch > LIVE.epoch


@pytest.mark.parametrize(
    ("record", "target"),
    [
        (UNTOUCHED, "live"),
        (SHADOW, "legacy"),
        (SHADOW, "shadow"),
        (LIVE, "live"),
        (FENCED, "live"),
        (SWITCHED, "legacy"),
    ],
    ids=["live without shadow", "no move", "the same", "live already", "under way", "being released"],
)
def test_a_move_is_refused_from_where_it_makes_no_sense(record: AuthorityRecord, target: Stage) -> None:
    with pytest.raises(IllegalMoveError):
        begin(record, target, "run-9")


@pytest.mark.parametrize("record", [SHADOW, SWITCHED, LIVE], ids=["steady", "releasing", "live"])
def test_a_move_is_switched_or_undone_only_behind_its_fence(record: AuthorityRecord) -> None:
    with pytest.raises(IllegalMoveError):
        complete(record, "run-1", NOW)
    with pytest.raises(IllegalMoveError):
        abandon(record, "run-1")


def test_a_step_of_another_move_is_refused() -> None:
    with pytest.raises(IllegalMoveError):
        complete(FENCED, "run-2", NOW)
    with pytest.raises(IllegalMoveError):
        abandon(FENCED, "run-2")
    with pytest.raises(IllegalMoveError):
        settle(SWITCHED, "run-2")


def test_a_move_that_leads_nowhere_is_not_switched() -> None:
    with pytest.raises(IllegalMoveError, match="nowhere"):
        complete(replace(FENCED, target=None), "run-1", NOW)


@pytest.mark.parametrize("record", [SHADOW, FENCED], ids=["steady", "fenced"])
def test_only_what_is_being_released_is_settled(record: AuthorityRecord) -> None:
    with pytest.raises(IllegalMoveError):
        settle(record, "run-1")


def test_a_refusal_names_the_move_that_is_under_way() -> None:
    with pytest.raises(IllegalMoveError, match="run-1 to live"):
        begin(FENCED, "live", "run-2")


@pytest.mark.parametrize("record", [UNTOUCHED, SHADOW, FENCED, SWITCHED, LIVE])
def test_a_waiver_changes_nothing_but_what_is_waited_for_in_any_phase(record: AuthorityRecord) -> None:
    assert waive(record, ["w1"], NOW) == replace(record, waived=frozenset({Waiver("w1", NOW)}))


def test_a_waiver_adds_to_those_before_it_and_tells_the_time_of_a_repeated_one_anew() -> None:
    later = NOW.replace(year=2027)
    twice = waive(waive(FENCED, ["w1", "w2"], NOW), ["w2", "w3"], later)
    assert twice.waived == {Waiver("w1", NOW), Waiver("w2", later), Waiver("w3", later)}


def test_waivers_last_until_a_move_is_settled() -> None:
    waived = waive(SHADOW, ["w1"], NOW)
    fenced = begin(waived, "live", "run-1")
    assert fenced.waived == complete(fenced, "run-1", NOW).waived == abandon(fenced, "run-1").waived == waived.waived
    assert settle(abandon(fenced, "run-1"), "run-1").waived == frozenset()
    assert settle(complete(fenced, "run-1", NOW), "run-1") == LIVE


def test_no_more_is_waived_than_can_be_looked_at() -> None:
    most = waive(SHADOW, [f"w{n}" for n in range(WAIVED_AT_MOST)], NOW)
    assert waive(most, ["w0"], NOW) == most
    with pytest.raises(IllegalMoveError, match="201 messages would be waived, 200 may be"):
        waive(most, ["one more"], NOW)
