"""One family's way from tap to intercept, to live and back, on real parts, under traffic; and what must not happen."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from contracts.effect_id import EVENT, read_effect_id
from contracts.verdict import AGREED
from ops.exit_code import ExitCode
from tests.integration import mending, movement, takeover
from tests.integration.journey import FAMILY, Journey
from tests.stage import once

pytestmark = pytest.mark.timeout(300)
ORDERED_BY_BROKER = ("payin", "cardtransaction", "balance")
"""Families whose consumers subscribe; Symfony's, of payouts, asks again and again instead."""


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory, php: Sequence[str]) -> Iterator[Journey]:
    with Journey(tmp_path_factory.mktemp("journey"), php).ready() as ready:
        yield ready


@pytest.fixture(scope="module")
def interception(journey: Journey) -> takeover.Interception:
    return takeover.intercept(journey)


@pytest.fixture(scope="module")
def refusal(journey: Journey, interception: takeover.Interception) -> takeover.Refusal:
    return takeover.be_refused(journey)


@pytest.fixture(scope="module")
def succession(journey: Journey, refusal: takeover.Refusal) -> takeover.Succession:
    return takeover.kill_router(journey)


@pytest.fixture(scope="module")
def outage(journey: Journey, succession: takeover.Succession) -> takeover.Outage:
    return takeover.lose_control_table(journey)


@pytest.fixture(scope="module")
def life(journey: Journey, outage: takeover.Outage) -> movement.Life:
    return movement.go_live(journey)


@pytest.fixture(scope="module")
def repaired(journey: Journey, life: movement.Life) -> mending.Repair:
    return mending.repair(journey, life)


@pytest.fixture(scope="module")
def returned(journey: Journey, life: movement.Life, repaired: mending.Repair) -> movement.Return:
    return movement.go_back(journey, life, repaired.left)


@pytest.fixture(scope="module")
def rehomed(journey: Journey, returned: movement.Return, repaired: mending.Repair) -> movement.Rehoming:
    return movement.rehome(journey, repaired.left)


@pytest.fixture(scope="module")
def record(journey: Journey, rehomed: movement.Rehoming) -> movement.Record:
    return movement.falsify(journey)


# From tap to intercept


def test_nothing_is_lost_or_done_twice_while_the_router_comes_between(interception: takeover.Interception) -> None:
    ensure_clean(interception.audit)
    assert interception.audit["published"] == sum(len(one.types()) for one in interception.stretches)


def test_the_monolith_processes_each_key_in_the_order_of_publishing_while_the_router_comes_between(
    interception: takeover.Interception,
) -> None:
    for stretch, journalled in zip(interception.stretches, interception.journalled, strict=True):
        assert stretch.by_key(journalled) == stretch.by_key(stretch.keys)


def test_the_plan_names_the_tap_for_as_long_as_it_is_there(interception: takeover.Interception) -> None:
    assert "tap" in {one["against"] for one in interception.planned["objections"]}


def test_behind_the_router_the_monolith_consumes_its_new_queue_and_the_router_alone_the_old_one(
    interception: takeover.Interception,
) -> None:
    assert interception.consumers_left == 0
    assert {name: interception.consumers[name] for name in ORDERED_BY_BROKER} == dict.fromkeys(
        ORDERED_BY_BROKER, (1, 1)
    )
    assert interception.consumers["payout"] == (1, 0)


# Refusals


def test_a_family_on_which_both_sides_differ_does_not_go_live(refusal: takeover.Refusal) -> None:
    told = json.loads(refusal.differing.stdout)
    objections = {one["against"]: one for one in told["objections"]}

    assert refusal.differing.returncode == ExitCode.OBJECTED
    assert told["result"] == "refused"
    assert objections.keys() == {"differing", "state"}
    assert f"{len(refusal.differing_ids)} messages on which both sides differ" in objections["differing"]["text"]
    assert refusal.differing_ids.issuperset(objections["differing"]["ids"])
    assert {row.partition("/")[0] for row in objections["state"]["ids"]} == {"journal"}


def test_without_execute_nothing_is_moved(refusal: takeover.Refusal) -> None:
    assert refusal.asked.returncode == ExitCode.OK
    assert "nothing was changed" in refusal.asked.stderr


def test_nobody_moves_authority_without_a_reason(refusal: takeover.Refusal) -> None:
    assert refusal.unreasoned.returncode == ExitCode.USAGE
    assert "--reason" in refusal.unreasoned.stderr


def test_what_is_refused_leaves_no_trace_in_record_or_chain(refusal: takeover.Refusal) -> None:
    assert refusal.after == refusal.before
    assert refusal.entries == 0


# A router is killed


def test_the_router_that_stands_by_takes_over_from_one_that_is_killed(succession: takeover.Succession) -> None:
    before, after = succession.before, succession.after

    assert (before[succession.killed].state, before[succession.heir].state) == ("active", "standby")
    assert after[succession.heir].state == "active"


def test_a_killed_router_comes_back_to_stand_by_and_settles_what_its_journal_holds(
    succession: takeover.Succession,
) -> None:
    row = succession.after[succession.killed]

    assert succession.before[succession.killed].unsettled > 0
    assert (row.state, row.unsettled) == ("standby", 0)
    assert row.since > succession.before[succession.killed].since


def test_nothing_is_lost_twice_or_out_of_order_when_the_active_router_is_killed(
    succession: takeover.Succession,
) -> None:
    assert succession.books == once(succession.books.new)
    assert succession.stretch.by_key(succession.journalled) == succession.stretch.by_key(succession.stretch.keys)


# The control table is away


def test_a_router_that_has_ended_in_good_order_leaves_no_row(
    succession: takeover.Succession, outage: takeover.Outage
) -> None:
    assert outage.left == {succession.heir}


def test_a_router_goes_on_with_what_was_decided_last_while_the_control_table_is_away(outage: takeover.Outage) -> None:
    assert outage.routed_meanwhile > 0


def test_a_router_that_starts_while_the_control_table_is_away_holds_what_arrives(outage: takeover.Outage) -> None:
    assert outage.held is not None
    assert outage.held > 0
    assert outage.passed == 0


def test_what_was_held_for_want_of_the_control_table_is_released_once_and_in_order_of_each_key(
    outage: takeover.Outage,
) -> None:
    assert outage.books == once(outage.books.new)
    assert outage.stretch.by_key(outage.journalled) == outage.stretch.by_key(outage.stretch.keys)


# Live


def test_going_live_under_traffic_ends_with_the_new_side_in_authority(life: movement.Life) -> None:
    assert life.moved["result"] == "done"
    assert (life.moved["record"]["authority"], life.moved["record"]["phase"]) == ("new", "steady")


def test_going_live_the_monolith_acts_up_to_one_message_and_the_new_side_from_the_next_one_on(
    life: movement.Life,
) -> None:
    before, behind = life.acted

    assert list(before) == sorted(before)
    assert list(behind) == sorted(behind)
    assert (before[0], behind[-1]) == ("legacy", "new")
    assert {*before, *behind} == {"legacy", "new"}


def test_in_live_the_monolith_neither_journals_a_message_nor_has_a_webhook_for_it(life: movement.Life) -> None:
    assert life.after.of()
    assert life.legacy == 0


def test_in_live_the_new_side_processes_every_message_that_its_bug_does_not_refuse(life: movement.Life) -> None:
    assert Counter(life.ended.values()).keys() == {"done", "rejected"}
    assert life.journalled == {one for one, ending in life.ended.items() if ending == "done"}


def test_every_message_that_the_new_side_has_processed_makes_one_event(life: movement.Life) -> None:
    assert effects_by_message(life.events) == dict.fromkeys(life.journalled, 1)
    assert {read_effect_id(one)[1] for one in life.events} == {EVENT}


def test_the_partner_gets_one_webhook_of_every_message_that_was_not_stale(life: movement.Life) -> None:
    assert life.due
    assert effects_by_message(life.webhooks) == dict.fromkeys(life.due, 1)


def test_accounting_gets_one_follow_up_of_every_message_with_the_effect_for_its_id(life: movement.Life) -> None:
    assert effects_by_message(life.follow_ups) == dict.fromkeys(life.journalled, 1)


# Dead letters


def test_what_is_stamped_new_and_reaches_the_monolith_is_handed_back_and_a_letter(
    life: movement.Life, repaired: mending.Repair
) -> None:
    [strayed] = [one for one in json.loads(repaired.listed.stdout) if one["cause"] == "stamped-new"]

    assert (strayed["message_id"], strayed["source"]) == (life.strayed, "invalid")
    assert strayed["stamp"]["authority"] == "new"


def test_a_letter_that_the_monolith_handed_back_is_replayed_to_the_new_side_alone(
    life: movement.Life, repaired: mending.Repair
) -> None:
    assert repaired.stray["answers"]["processed"] == 1
    assert (repaired.stray_books.legacy[life.strayed], repaired.stray_books.new[life.strayed]) == (0, 1)


def test_what_a_bug_has_refused_is_listed_and_grouped_by_its_cause(repaired: mending.Repair) -> None:
    listed = [one for one in json.loads(repaired.listed.stdout) if one["cause"].startswith("rejected")]
    groups = [one for one in json.loads(repaired.grouped.stdout) if one["cause"].startswith("rejected")]

    assert repaired.listed.returncode == repaired.grouped.returncode == ExitCode.ATTENTION
    assert {one["message_id"] for one in listed} == repaired.rejected
    assert sum(one["letters"] for one in groups) == len(repaired.rejected)


def test_a_letter_is_shown_with_what_is_personal_masked(repaired: mending.Repair) -> None:
    assert repaired.shown.returncode == ExitCode.OK
    assert mending.REVEALED in repaired.shown.stdout
    assert repaired.masked
    assert not [value for value in repaired.masked if value in repaired.shown.stdout]


def test_a_field_that_is_revealed_is_audited(repaired: mending.Repair) -> None:
    assert repaired.revealed.returncode == ExitCode.OK
    assert repaired.revealed.stdout.strip() in repaired.masked
    [entry] = repaired.audited
    assert (entry.act.action, entry.act.reason) == ("dlq: reveal", "who is it")
    assert entry.act.detail["field"] == mending.REVEALED


def test_a_plan_whose_file_was_edited_is_refused(repaired: mending.Repair) -> None:
    assert repaired.edited.returncode == ExitCode.OBJECTED
    assert "is not run" in repaired.edited.stderr
    assert repaired.unsent == repaired.rejected


def test_a_plan_is_not_run_without_execute(repaired: mending.Repair) -> None:
    assert repaired.asked.returncode == ExitCode.OK
    assert "nothing was sent" in repaired.asked.stderr
    assert repaired.unsent == repaired.rejected


def test_a_replay_processes_every_message_of_its_plan_once_and_their_webhooks_leave(repaired: mending.Repair) -> None:
    replayed = repaired.rejected - {repaired.left}

    assert repaired.ran["answers"]["processed"] == len(replayed)
    assert repaired.books.new == dict.fromkeys(replayed, 1)
    assert repaired.books.legacy == dict.fromkeys(replayed, 0)
    assert repaired.still == {repaired.left}
    assert effects_by_message(repaired.webhooks) == dict.fromkeys(repaired.due, 1)


# Back


def test_before_authority_goes_back_the_monolith_catches_up_once_and_sends_nothing(returned: movement.Return) -> None:
    assert set(returned.before.legacy.values()) == {0}
    assert returned.caught_up == once(returned.live)
    assert returned.muted == 0


def test_going_back_under_traffic_ends_with_the_monolith_in_authority_and_the_same_rows_on_both_sides(
    returned: movement.Return,
) -> None:
    assert (returned.moved["result"], returned.moved["record"]["stage"]) == ("done", "shadow")
    assert returned.state.returncode == ExitCode.OK, returned.state.stdout


def test_going_back_the_new_side_acts_up_to_one_message_and_the_monolith_from_the_next_one_on(
    returned: movement.Return,
) -> None:
    before, behind = returned.acted

    assert list(before) == sorted(before, reverse=True)
    assert list(behind) == sorted(behind, reverse=True)
    assert (before[0], behind[-1]) == ("new", "legacy")
    assert {*before, *behind} == {"legacy", "new"}


def test_after_going_back_the_monolith_alone_acts(returned: movement.Return) -> None:
    assert returned.after_books == once(returned.after.of())
    assert returned.due
    assert returned.acting == returned.due
    assert returned.stray == 0


# A letter from live


def test_a_letter_that_is_stamped_new_is_not_replayed_once_authority_has_moved(rehomed: movement.Rehoming) -> None:
    assert rehomed.refused.returncode == ExitCode.OBJECTED
    assert "moved" in rehomed.refused.stdout
    assert "--rehome" in rehomed.refused.stdout


def test_a_rehomed_letter_is_stamped_anew_and_processed_once_on_both_sides(rehomed: movement.Rehoming) -> None:
    assert rehomed.ran["answers"]["handed to hold"] == 1
    assert rehomed.books == once([rehomed.message_id])
    assert rehomed.verdict in AGREED


def test_after_all_of_it_nothing_is_lost_or_done_twice(rehomed: movement.Rehoming) -> None:
    ensure_clean(rehomed.audit)


# The audit chain


def test_the_history_of_all_of_it_holds(record: movement.Record) -> None:
    assert record.whole.returncode == ExitCode.OK
    done = {one.act.action for one in record.entries if one.act.family == FAMILY}
    assert done >= {"shadow: observe", "live: fence", "live: switch", "back: fence", "back: switch", "settle"}
    assert {one.act.ticket for one in record.entries if one.act.action == "live: switch"} == {"CHG-17"}


def test_an_entry_that_somebody_has_changed_is_found_and_named(record: movement.Record) -> None:
    assert record.broken.returncode == ExitCode.ATTENTION
    assert f"entry {record.changed} was altered" in record.broken.stdout
    assert record.restored.returncode == ExitCode.OK


def effects_by_message(effects: Mapping[str, int]) -> Mapping[str, int]:
    """Number of different effects of each message; one that has left twice is one, for its receiver knows its id."""
    return Counter(read_effect_id(one)[0] for one in effects)


def ensure_clean(finding: Mapping[str, Any]) -> None:
    """Nothing is lost, twice or from nowhere, but for the journal lines that balances have forgotten."""
    assert finding["lost"] == finding["forgotten"] > 0, finding
    wrong = ("processed_twice", "unexpected", "webhooks_lost", "webhooks_twice")
    assert {name: finding[name] for name in wrong} == dict.fromkeys(wrong, 0), finding
