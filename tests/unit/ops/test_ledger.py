from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from contracts.amendment import Amendment, write_amendments
from contracts.difference import Difference
from contracts.rule import Rule
from contracts.verdict import Verdict
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.ledger import DIFFERING, Ledger, LedgerVerdict
from tests.unit.ops.conftest import JUDGED_AT, STACK, Judge

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def ledger(dynamodb: "DynamoDBClient") -> Ledger:
    return Ledger(dynamodb, STACK)


def test_every_known_type_is_counted_even_if_nothing_of_it_was_seen(ledger: Ledger) -> None:
    assert ledger.counts() == {
        "payin.create": {},
        "payin.update": {},
        "payout.update": {},
        "cardtransaction.create": {},
        "balance.update": {},
    }


def test_messages_are_counted_by_type_and_verdict(ledger: Ledger, judged: Judge, fee: Difference) -> None:
    judged("m1", Verdict.MATCH)
    judged("m2", Verdict.MATCH)
    judged("m3", Verdict.MISMATCH, [fee])
    judged("m4", Verdict.DUPLICATE, type_name="balance.update")
    counts = ledger.counts()
    assert counts["payin.create"] == {Verdict.MATCH: 2, Verdict.MISMATCH: 1}
    assert counts["balance.update"] == {Verdict.DUPLICATE: 1}


def test_a_message_without_verdict_is_pending(ledger: Ledger, judged: Judge) -> None:
    judged("m1", Verdict.MATCH)
    judged("m2", None)
    judged("m3", None, type_name="payout.update")
    assert ledger.pending() == {"payin.create": 1, "payout.update": 1}


def test_what_differs_comes_with_its_signatures_and_masked_differences(
    ledger: Ledger, judged: Judge, fee: Difference, name: Difference
) -> None:
    judged("m1", Verdict.MATCH)
    judged("m2", Verdict.MISMATCH, [fee, name])
    (found,) = ledger.differing()
    assert (found.message_id, found.type, found.verdict) == ("m2", "payin.create", Verdict.MISMATCH)
    assert found.groups == tuple(sorted((fee.signature("payin.create"), name.signature("payin.create"))))
    assert [(one.control, one.candidate) for one in found.differences] == [("0.13", "0.12"), ("***", "***")]


def test_one_type_can_be_asked_for(ledger: Ledger, judged: Judge, fee: Difference) -> None:
    judged("m1", Verdict.MISMATCH, [fee])
    judged("m2", Verdict.MISMATCH, [fee], type_name="payin.update")
    assert [one.message_id for one in ledger.differing("payin.update")] == ["m2"]


def test_agreed_and_undecided_verdicts_do_not_differ() -> None:
    agreed_or_undecided = {Verdict.MATCH, Verdict.MATCH_BY_RULE, Verdict.SINGLE, Verdict.PENDING}
    assert set(DIFFERING) == set(Verdict) - agreed_or_undecided


def test_more_messages_than_one_batch_read_takes_all_come_with_their_differences(
    ledger: Ledger, judged: Judge, fee: Difference
) -> None:
    for number in range(101):
        judged(f"m{number}", Verdict.MISMATCH, [fee])
    found = list(ledger.differing("payin.create"))
    assert len(found) == 101
    assert all(one.differences for one in found)


def test_an_entry_that_is_gone_has_no_details(ledger: Ledger) -> None:
    gone = LedgerVerdict("gone", "payin.create", Verdict.MISMATCH, ())
    assert list(ledger.detailed([gone])) == []


def test_times_are_known_as_far_as_the_message_has_come(ledger: Ledger, judged: Judge) -> None:
    judged("m1", Verdict.MATCH)
    judged("m2", None)
    timings = {timing.message_id: timing for timing in ledger.timings()}
    received_at = datetime(2026, 11, 21, 10, 0, 0, 500_000, tzinfo=UTC)
    assert (timings["m1"].verdict, timings["m1"].judged_at, timings["m1"].due) == (Verdict.MATCH, JUDGED_AT, False)
    assert (timings["m2"].verdict, timings["m2"].judged_at, timings["m2"].due) == (None, None, True)
    assert timings["m1"].received_at == timings["m2"].received_at == received_at


def test_an_entry_is_read_without_what_is_sealed_in_it(
    ledger: Ledger, judged: Judge, fee: Difference, rule: Rule
) -> None:
    judged("m1", Verdict.MISMATCH, [fee], rules=[rule], control_attempt_2={"B": b"sealed too"})
    entry = ledger.entry("m1")
    assert entry is not None
    assert (entry.type, entry.business_key, entry.epoch, entry.candidate_ending) == (
        "payin.create",
        "8513424",
        3,
        "done",
    )
    assert entry.control_attempts == (1, 2)
    assert entry.rules == (rule.path,)
    assert entry.differences[0].path == fee.path
    assert "sealed too" not in repr(entry)


def test_an_entry_of_which_only_the_monolith_has_told_is_read_as_such(
    ledger: Ledger, dynamodb: "DynamoDBClient"
) -> None:
    dynamodb.put_item(
        TableName=f"{STACK}-ledger",
        Item={"pk": {"S": "m1"}, "type": {"S": "payin.create"}, "control_attempt_1": {"B": b"x"}},
    )
    entry = ledger.entry("m1")
    assert entry is not None
    assert (entry.received_at, entry.candidate_ending, entry.verdict, entry.epoch) == (None, None, None, None)
    assert entry.control_attempts == (1,)


def test_an_unknown_message_has_no_entry(ledger: Ledger) -> None:
    assert ledger.entry("nobody") is None


def test_a_missing_table_is_a_missing_deployment(dynamodb: "DynamoDBClient") -> None:
    elsewhere = Ledger(dynamodb, "elsewhere")
    for read in (elsewhere.counts, lambda: list(elsewhere.timings()), lambda: elsewhere.entry("m1")):
        with pytest.raises(CommandError, match="no deployment 'elsewhere'") as raised:
            read()
        assert raised.value.code is ExitCode.NO_DEPLOYMENT


def test_the_trace_of_a_verdict_is_read_with_its_entry(ledger: Ledger, judged: Judge) -> None:
    gone = Amendment(Verdict.CANDIDATE_ONLY, JUDGED_AT, JUDGED_AT, "late outcome")
    judged(
        "m1",
        Verdict.MATCH,
        control_ending_1={"S": "retried"},
        control_attempt_2={"B": b"sealed too"},
        amendments={"S": write_amendments((gone,))},
        amended={"N": "3"},
    )
    judged("m2", None, awaited_of={"S": "payin.create"}, awaited_since={"S": "2026-11-21T10:00:01.000Z"})
    entry, waiting = ledger.entry("m1"), ledger.entry("m2")
    assert entry is not None
    assert waiting is not None
    assert (entry.amendments, entry.amended, entry.awaited_since) == ((gone,), 3, None)
    assert entry.control_endings == ("retried", None)
    assert (waiting.amendments, waiting.amended, waiting.awaited_since) == ((), 0, "2026-11-21T10:00:01.000Z")
