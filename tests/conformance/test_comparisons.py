"""`workers.expiry.Comparisons`: those in memory, and DynamoDB's with entries as the functions' stores write them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from botocore.exceptions import EndpointConnectionError

from contracts.amendment import Amendment, Standing
from contracts.effect import Attempt
from contracts.judge import Judgement
from contracts.registry import family_of, type_named
from contracts.verdict import Verdict
from tests.fakes.comparisons import MemoryComparisons
from tests.fakes.key import static_sealer
from tests.fakes.outcome import AT, attempt
from tests.fakes.table import CONTROL, LEDGER, RECORDS, create_tables, tables
from workers.expiry import Awaited, Comparisons
from workers.fate import UnavailableError
from workers.port import Aggregate, Carried, Commit, Stale
from workers.store import awaited as awaited_module
from workers.store.awaited import AwaitedEntries
from workers.store.control import ControlStore
from workers.store.dynamo import DynamoStore
from workers.store.verdicts import VerdictStore, standing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAYIN, CARD = "payin.create", "cardtransaction.create"
LATER = AT + timedelta(hours=1)
PAGE = 2


class Harness(Protocol):
    """Comparisons, and what happens to their entries behind a test's back."""

    @property
    def comparisons(self) -> Comparisons:
        """What is held to the promises."""

    def control(self, one: Attempt, now: datetime) -> None:
        """The monolith tells of an attempt."""

    def candidate(self, one: Attempt, now: datetime, *, new_alone: bool = False) -> None:
        """The new side tells."""

    def stale(self, one: Attempt) -> None:
        """A copy came too late."""

    def conflict(self, one: Attempt) -> None:
        """The id came with other bytes."""

    def forget(self, message_id: str) -> None:
        """The entry is removed."""

    def judge(self, message_id: str, verdict: Verdict, now: datetime) -> None:
        """The judge gives a verdict."""

    def standing(self, message_id: str) -> Standing | None:
        """The verdict that stands, and those before it."""

    def refuse_next_call(self) -> None:
        """The next call meets an outage."""


def overdue(harness: Harness, until: datetime = LATER, type_name: str = PAYIN) -> list[str]:
    """All pages of it."""
    page = harness.comparisons.overdue(type_name, until, None)
    found = list(page.message_ids)
    while page.rest is not None:
        page = harness.comparisons.overdue(type_name, until, page.rest)
        found += page.message_ids
    return found


def read(harness: Harness, message_id: str = "w1") -> Awaited:
    found = harness.comparisons.read(message_id)
    assert found is not None
    return found


class ComparisonPromises:
    """What all comparisons keep to."""

    def test_nothing_waits_where_nobody_has_told(self, harness: Harness) -> None:
        assert overdue(harness) == []
        assert harness.comparisons.oldest(PAYIN) is None
        assert harness.comparisons.read("w1") is None

    def test_what_has_waited_since_before_a_time_is_found_the_oldest_first(self, harness: Harness) -> None:
        for minute, message_id in ((3, "w3"), (1, "w1"), (2, "w2"), (0, "w0"), (4, "w4")):
            harness.control(attempt(message_id=message_id), AT + timedelta(minutes=minute))
        assert overdue(harness) == ["w0", "w1", "w2", "w3", "w4"]
        assert overdue(harness, AT + timedelta(minutes=2)) == ["w0", "w1"]
        assert harness.comparisons.oldest(PAYIN) == AT

    def test_each_type_is_asked_for_by_itself(self, harness: Harness) -> None:
        harness.control(attempt(message_id="w1"), AT)
        harness.control(attempt(message_id="c1", type_name=CARD), AT + timedelta(minutes=1))
        assert (overdue(harness), overdue(harness, type_name=CARD)) == (["w1"], ["c1"])
        assert harness.comparisons.oldest(CARD) == AT + timedelta(minutes=1)

    def test_either_side_begins_the_time_and_the_other_does_not_begin_it_anew(self, harness: Harness) -> None:
        harness.control(attempt(ending="retried"), AT)
        harness.candidate(attempt(), LATER)
        harness.candidate(attempt(message_id="w2"), AT)
        harness.control(attempt(message_id="w2", ending="retried"), LATER)
        assert overdue(harness) == ["w1", "w2"]

    def test_an_entry_tells_which_sides_have_told_and_how_attempts_ended(self, harness: Harness) -> None:
        harness.control(attempt(ending="retried"), AT)
        harness.control(attempt(number=2, ending="duplicate"), AT)
        found = read(harness)
        assert (found.type, found.candidate_ended, found.new_alone, found.decided) == (PAYIN, False, False, False)
        assert {one.attempt: one.ending for one in found.control} == {1: "retried", 2: "duplicate"}
        assert found.standing is None
        harness.candidate(attempt(), AT)
        assert read(harness).candidate_ended
        assert read(harness).revision == found.revision + 1

    def test_an_attempt_that_is_told_again_has_ended_as_it_says_last(self, harness: Harness) -> None:
        harness.control(attempt(ending="retried"), AT)
        harness.control(attempt(ending="done"), AT)
        assert [one.ending for one in read(harness).control] == ["done"]

    def test_what_new_has_authority_over_waits_for_nobody_until_the_monolith_begins_to_tell(
        self, harness: Harness
    ) -> None:
        harness.candidate(attempt(), AT, new_alone=True)
        assert overdue(harness) == []
        harness.control(attempt(ending="retried"), AT)
        assert read(harness).new_alone

    def test_a_stale_copy_and_a_conflict_of_ids_need_no_other_side(self, harness: Harness) -> None:
        harness.stale(attempt())
        harness.candidate(attempt(message_id="w2"), AT)
        harness.conflict(attempt(message_id="w2"))
        assert overdue(harness) == ["w2"], "it has waited before"
        assert read(harness, "w2").decided
        harness.control(attempt(ending="retried"), AT)
        assert read(harness).decided

    def test_what_is_decided_waits_no_more(self, harness: Harness) -> None:
        harness.candidate(attempt(), AT)
        assert harness.comparisons.decide(read(harness), Verdict.CANDIDATE_ONLY, LATER)
        assert overdue(harness) == []
        assert harness.comparisons.read("w1") is None
        assert harness.standing("w1") == Standing(Verdict.CANDIDATE_ONLY, LATER)

    def test_what_the_judge_has_decided_waits_no_more(self, harness: Harness) -> None:
        harness.candidate(attempt(), AT)
        harness.control(attempt(), AT)
        harness.judge("w1", Verdict.MATCH, AT)
        assert overdue(harness) == []
        assert harness.comparisons.read("w1") is None

    def test_an_outcome_that_comes_between_reading_and_deciding_wins(self, harness: Harness) -> None:
        harness.candidate(attempt(), AT)
        seen = read(harness)
        harness.control(attempt(), AT)
        assert not harness.comparisons.decide(seen, Verdict.CANDIDATE_ONLY, LATER)
        assert harness.standing("w1") is None
        assert read(harness).control

    def test_a_verdict_that_comes_between_wins(self, harness: Harness) -> None:
        harness.candidate(attempt(), AT)
        harness.control(attempt(), AT)
        seen = read(harness)
        harness.judge("w1", Verdict.MATCH, AT)
        assert not harness.comparisons.decide(seen, Verdict.EXPIRED, LATER)
        assert harness.standing("w1") == Standing(Verdict.MATCH, AT)

    def test_an_entry_that_is_gone_is_not_made_anew(self, harness: Harness) -> None:
        harness.candidate(attempt(), AT)
        seen = read(harness)
        harness.forget("w1")
        assert not harness.comparisons.decide(seen, Verdict.CANDIDATE_ONLY, LATER)
        harness.control(attempt(), LATER)
        assert read(harness).revision == 1, "what comes later begins anew"

    def test_who_comes_late_waits_anew_and_amends_what_was_said(self, harness: Harness) -> None:
        harness.candidate(attempt(), AT)
        assert harness.comparisons.decide(read(harness), Verdict.CANDIDATE_ONLY, LATER)
        harness.control(attempt(ending="retried"), LATER)
        assert harness.comparisons.oldest(PAYIN) == LATER
        latest = LATER + timedelta(hours=2)
        assert harness.comparisons.decide(read(harness), Verdict.EXPIRED, latest)
        gone = Amendment(Verdict.CANDIDATE_ONLY, LATER, latest, "overdue")
        assert harness.standing("w1") == Standing(Verdict.EXPIRED, latest, (gone,), 1)

    def test_an_outage_is_told_and_changes_nothing(self, harness: Harness) -> None:
        harness.candidate(attempt(), AT)
        seen = read(harness)
        for call in (
            lambda: harness.comparisons.overdue(PAYIN, LATER, None),
            lambda: harness.comparisons.oldest(PAYIN),
            lambda: harness.comparisons.read("w1"),
            lambda: harness.comparisons.decide(seen, Verdict.CANDIDATE_ONLY, LATER),
        ):
            harness.refuse_next_call()
            with pytest.raises(UnavailableError):
                call()
        assert read(harness) == seen


class MemoryHarness(MemoryComparisons):
    @property
    def comparisons(self) -> Comparisons:
        return self

    def refuse_next_call(self) -> None:
        self.refuse += 1


class TestMemoryComparisons(ComparisonPromises):
    @pytest.fixture
    def harness(self) -> Harness:
        return MemoryHarness(page=PAGE)


class DynamoHarness:
    def __init__(self, client: "DynamoDBClient") -> None:
        self.client = client
        self.comparisons = AwaitedEntries(client, LEDGER)
        self._sealer = static_sealer()

    def control(self, one: Attempt, now: datetime) -> None:
        ControlStore(self.client, self._sealer, LEDGER, lambda: now).note(one)

    def candidate(self, one: Attempt, now: datetime, *, new_alone: bool = False) -> None:
        told = Attempt(one.message_id, one.type, 1, one.ending, one.cause, now, one.effects)
        carried = Carried(b"{}", "{}") if new_alone else None
        authority: Any = "new" if new_alone else "legacy"
        self._store(one).commit(
            [Commit(self._aggregate(one), 0, 0, (), told, "digest", "x", authority=authority, carried=carried)]
        )

    def stale(self, one: Attempt) -> None:
        self._store(one).mark_stale(Stale(one.message_id, one.type, self._aggregate(one), 0, "x"))

    def conflict(self, one: Attempt) -> None:
        self._store(one).mark_conflict(one.message_id)

    def forget(self, message_id: str) -> None:
        self.client.delete_item(TableName=LEDGER, Key={"pk": {"S": message_id}})

    def judge(self, message_id: str, verdict: Verdict, now: datetime) -> None:
        entry = self._item(message_id)
        revision = int(entry["revision"]["N"])
        written = VerdictStore(self.client, LEDGER).write(
            message_id, revision, type_named(entry["type"]["S"]), Judgement(verdict), now, standing(entry)
        )
        assert written

    def standing(self, message_id: str) -> Standing | None:
        return standing(self._item(message_id))

    def refuse_next_call(self) -> None:
        def refuse(**_: object) -> Any:
            self.client.meta.events.unregister("before-call.dynamodb", unique_id="refuse")
            raise EndpointConnectionError(endpoint_url="x")

        self.client.meta.events.register("before-call.dynamodb", refuse, unique_id="refuse")

    def _item(self, message_id: str) -> Any:
        return self.client.get_item(TableName=LEDGER, Key={"pk": {"S": message_id}}, ConsistentRead=True)["Item"]

    def _store(self, one: Attempt) -> DynamoStore:
        return DynamoStore(
            self.client, family_of(one.type), self._sealer, records=RECORDS, ledger=LEDGER, control=CONTROL
        )

    def _aggregate(self, one: Attempt) -> Aggregate:
        return Aggregate("default", family_of(one.type).name, "p1")


@pytest.fixture(scope="module")
def dynamodb() -> Iterator["DynamoDBClient"]:
    with tables() as client:
        yield client


class TestAwaitedEntries(ComparisonPromises):
    @pytest.fixture
    def harness(self, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch) -> DynamoHarness:
        monkeypatch.setattr(awaited_module, "PAGE", PAGE)
        create_tables(dynamodb)
        return DynamoHarness(dynamodb)

    def test_what_a_judge_of_an_earlier_version_has_left_in_the_index_is_taken_out(
        self, harness: DynamoHarness
    ) -> None:
        harness.candidate(attempt(), AT)
        harness.client.update_item(
            TableName=LEDGER,
            Key={"pk": {"S": "w1"}},
            UpdateExpression="SET verdict = :match, comparison = :judged",
            ExpressionAttributeValues={":match": {"S": "match"}, ":judged": {"S": "judged"}},
        )
        assert overdue(harness) == ["w1"]
        assert harness.comparisons.read("w1") is None
        assert overdue(harness) == []

    def test_attempts_that_an_earlier_version_has_noted_are_known_as_final_or_not(self, harness: DynamoHarness) -> None:
        harness.control(attempt(ending="retried"), AT)
        harness.control(attempt(message_id="w2"), AT)
        for message_id in ("w1", "w2"):
            harness.client.update_item(
                TableName=LEDGER, Key={"pk": {"S": message_id}}, UpdateExpression="REMOVE control_ending_1"
            )
        endings = [one.ending for message_id in ("w1", "w2") for one in read(harness, message_id).control]
        assert endings == ["retried", "done"]
