"""`workers.port.Store`: the in-memory store of the unit tests, and DynamoDB's with its real sealing."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from contracts.registry import family_named
from tests.fakes.key import static_sealer
from tests.fakes.message import IBAN, NAME, PLANTED
from tests.fakes.outcome import attempt, row
from tests.fakes.store import MemoryStore
from tests.fakes.table import LEDGER, RECORDS, create_tables, tables
from workers.fate import ConflictError, UnavailableError
from workers.logic.decision import Column, Row, RowKey
from workers.port import Aggregate, Commit, LedgerGlance, Loaded, Store, Wanted
from workers.store.attribute import open_attempt
from workers.store.control import ControlStore
from workers.store.dynamo import DynamoStore
from workers.store.sealing import BrokenSealError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HOSTILE: dict[str, Any] = {
    "amount": "26677.97",
    "fee": 10.0,
    "amount_cents": 2**63 - 1,
    "net": 0.1 + 0.2,
    "label": None,
    "debtor_name": NAME,
    "debtor_iban": IBAN,
    "statement_text": "cut \udcc3",
    "status": "",
}


class Harness(Protocol):
    """A store, and what a test does behind its back."""

    @property
    def store(self) -> Store:
        """The store."""

    def note_control(self, message_id: str) -> None:
        """The monolith's outcome comes first."""

    def refuse_next_call(self) -> None:
        """The next call meets an outage."""


def aggregate(key: str = "p1", *, tenant: str = "default", family: str = "payin") -> Aggregate:
    return Aggregate(tenant, family, key)


def commit(message_id: str = "w1", key: str = "p1", version: int = 0, epoch: int = 0, **columns: Any) -> Commit:
    values: dict[str, Column] = {"status": "PENDING", **columns}
    written = attempt(row(key=key, status=str(values["status"])), message_id=message_id)
    rows = (Row("payins", key, values),)
    return Commit(aggregate(key), version, epoch, rows, written, f"digest-{message_id}", "2026-11-21T10:00:00Z")


def rejected(message_id: str = "w1", key: str = "p1") -> Commit:
    written = attempt(message_id=message_id, ending="rejected", cause="model:amount")
    return Commit(aggregate(key), 0, 0, (), written, f"digest-{message_id}", "2026-11-21T10:00:00Z")


def wanted(message_id: str = "w1", key: str = "p1", rows: Sequence[RowKey] | None = None) -> Wanted:
    return Wanted(message_id, aggregate(key), tuple(rows) if rows is not None else (("payins", key),))


def load(harness: Harness, message_id: str = "w1", key: str = "p1") -> Loaded:
    (loaded,) = harness.store.load([wanted(message_id, key)])
    return loaded


def status(harness: Harness, key: str = "p1") -> Column:
    return load(harness, key=key).rows["payins", key].columns["status"]


class StorePromises:
    """What every store keeps to."""

    def test_what_nobody_has_written_is_not_there(self, harness: Harness) -> None:
        assert load(harness) == Loaded(None, 0, {})

    def test_what_was_committed_is_read_with_its_version_and_its_digest(self, harness: Harness) -> None:
        harness.store.commit([commit(status="PENDING")])
        loaded = load(harness)
        assert loaded.glance == LedgerGlance(processed=True, body_digest="digest-w1")
        assert loaded.version == 1
        assert set(loaded.rows) == {("payins", "p1")}
        assert loaded.rows["payins", "p1"].columns == {"status": "PENDING"}

    def test_columns_keep_their_types_and_digits(self, harness: Harness) -> None:
        harness.store.commit([commit(**HOSTILE)])
        columns = load(harness).rows["payins", "p1"].columns
        assert {name: repr(value) for name, value in columns.items()} == {n: repr(v) for n, v in HOSTILE.items()}

    def test_a_row_is_replaced_whole(self, harness: Harness) -> None:
        harness.store.commit([commit("w1", label="a")])
        harness.store.commit([commit("w2", version=1, amount="1.00")])
        loaded = load(harness)
        assert loaded.version == 2
        assert loaded.rows["payins", "p1"].columns == {"status": "PENDING", "amount": "1.00"}

    def test_wishes_are_answered_in_their_order(self, harness: Harness) -> None:
        harness.store.commit([commit("w1", "p1", status="VALIDATED")])
        harness.store.commit([commit("w2", "p2", status="CANCELED")])
        answers = harness.store.load(
            [wanted("w2", "p1"), wanted("w9", "p9"), wanted("w1", "p2"), wanted("w1", "p1", [])]
        )
        assert [one.glance is not None for one in answers] == [True, False, True, True]
        assert [one.version for one in answers] == [1, 0, 1, 1]
        assert [[found.columns["status"] for found in one.rows.values()] for one in answers] == [
            ["VALIDATED"],
            [],
            ["CANCELED"],
            [],
        ]

    def test_more_wishes_than_one_read_takes_are_all_answered(self, harness: Harness) -> None:
        harness.store.commit([commit("w149", "p149")])
        answers = harness.store.load([wanted(f"w{n}", f"p{n}") for n in range(150)])
        assert [one.version for one in answers] == [0] * 149 + [1]

    def test_no_wish_is_no_answer(self, harness: Harness) -> None:
        assert list(harness.store.load([])) == []

    def test_messages_of_different_keys_are_written_together(self, harness: Harness) -> None:
        harness.store.commit([commit(f"w{n}", f"p{n}") for n in range(10)])
        assert [load(harness, f"w{n}", f"p{n}").version for n in range(10)] == [1] * 10

    def test_all_of_a_transaction_is_written_or_nothing(self, harness: Harness) -> None:
        harness.store.commit([commit("w1", "p1")])
        with pytest.raises(ConflictError):
            harness.store.commit([commit("w2", "p2"), commit("w3", "p1", version=0), commit("w4", "p4")])
        assert load(harness, "w2", "p2") == load(harness, "w4", "p4") == Loaded(None, 0, {})
        assert load(harness, "w3").glance is None
        assert load(harness).version == 1

    @pytest.mark.parametrize("version", [0, 1, 3])
    def test_a_version_that_is_not_the_stored_one_is_a_conflict(self, harness: Harness, version: int) -> None:
        harness.store.commit([commit("w1")])
        harness.store.commit([commit("w2", version=1, status="VALIDATED")])
        with pytest.raises(ConflictError):
            harness.store.commit([commit("w3", version=version, status="CANCELED")])
        assert status(harness) == "VALIDATED"

    def test_a_version_without_anything_stored_is_a_conflict(self, harness: Harness) -> None:
        with pytest.raises(ConflictError):
            harness.store.commit([commit(version=1)])

    def test_a_write_with_an_older_epoch_is_a_conflict(self, harness: Harness) -> None:
        harness.store.commit([commit("w1", epoch=2)])
        with pytest.raises(ConflictError):
            harness.store.commit([commit("w2", version=1, epoch=1, status="CANCELED")])
        assert status(harness) == "PENDING"
        harness.store.commit([commit("w3", version=1, epoch=2)])
        harness.store.commit([commit("w4", version=2, epoch=3)])
        with pytest.raises(ConflictError):
            harness.store.commit([commit("w5", version=3, epoch=2)])

    def test_a_message_is_written_once(self, harness: Harness) -> None:
        harness.store.commit([commit("w1")])
        for version in (0, 1):
            with pytest.raises(ConflictError):
                harness.store.commit([commit("w1", version=version, status="CANCELED")])
        assert (status(harness), load(harness).version) == ("PENDING", 1)

    def test_a_message_without_rows_is_noted_and_leaves_the_records_alone(self, harness: Harness) -> None:
        harness.store.commit([commit("w1", epoch=5)])
        harness.store.commit([rejected("w2")])
        assert load(harness, "w2").glance == LedgerGlance(processed=False, body_digest="digest-w2")
        assert load(harness).version == 1

    def test_a_rejected_message_can_be_written_later_and_then_never_again(self, harness: Harness) -> None:
        harness.store.commit([rejected()])
        harness.store.commit([commit()])
        assert load(harness).glance == LedgerGlance(processed=True, body_digest="digest-w1")
        for late in (rejected(), commit(version=1)):
            with pytest.raises(ConflictError):
                harness.store.commit([late])

    def test_a_message_that_the_monolith_told_of_first_can_still_be_written(self, harness: Harness) -> None:
        harness.note_control("w1")
        assert load(harness).glance == LedgerGlance(processed=False, body_digest=None)
        harness.store.commit([commit()])
        assert load(harness).glance == LedgerGlance(processed=True, body_digest="digest-w1")

    def test_a_conflict_of_ids_is_marked_and_changes_nothing_else(self, harness: Harness) -> None:
        harness.store.commit([commit()])
        before = load(harness)
        harness.store.mark_conflict("w1")
        harness.store.mark_conflict("w1")
        assert load(harness) == before

    def test_a_conflict_of_an_id_that_was_not_processed_can_be_marked(self, harness: Harness) -> None:
        harness.store.mark_conflict("w1")
        assert load(harness).glance == LedgerGlance(processed=False, body_digest=None)

    def test_one_key_in_two_families_or_tenants_is_two_aggregates(self, harness: Harness) -> None:
        harness.store.commit([commit()])
        for other in (aggregate(family="payout"), aggregate(tenant="other")):
            (loaded,) = harness.store.load([Wanted("w2", other, (("payins", "p1"),))])
            assert loaded == Loaded(None, 0, {})

    def test_an_outage_is_told_and_changes_nothing(self, harness: Harness) -> None:
        harness.refuse_next_call()
        with pytest.raises(UnavailableError):
            harness.store.commit([commit()])
        harness.refuse_next_call()
        with pytest.raises(UnavailableError):
            harness.store.load([wanted()])
        harness.refuse_next_call()
        with pytest.raises(UnavailableError):
            harness.store.mark_conflict("w1")
        assert load(harness) == Loaded(None, 0, {})


class MemoryHarness:
    def __init__(self) -> None:
        self.store = MemoryStore()

    def note_control(self, message_id: str) -> None:
        self.store.noted.add(message_id)

    def refuse_next_call(self) -> None:
        self.store.refuse += 1


class TestMemoryStore(StorePromises):
    @pytest.fixture
    def harness(self) -> Harness:
        return MemoryHarness()


class DynamoHarness:
    def __init__(self, client: "DynamoDBClient") -> None:
        self.client = client
        self.store = DynamoStore(client, family_named("payin"), static_sealer(), records=RECORDS, ledger=LEDGER)

    def note_control(self, message_id: str) -> None:
        ControlStore(self.client, static_sealer(), LEDGER).note(attempt(message_id=message_id))

    def refuse_next_call(self) -> None:
        def refuse(**_: object) -> Any:
            self.client.meta.events.unregister("before-call.dynamodb", unique_id="refuse")
            return SimpleNamespace(status_code=400), {"Error": {"Code": "ThrottlingException", "Message": NAME}}

        self.client.meta.events.register("before-call.dynamodb", refuse, unique_id="refuse")

    def items(self, table: str) -> list[Any]:
        return list(self.client.scan(TableName=table)["Items"])

    def item(self, table: str, **key: str) -> Any:
        return self.client.get_item(TableName=table, Key={name: {"S": value} for name, value in key.items()})["Item"]


@pytest.fixture(scope="module")
def dynamodb() -> Iterator["DynamoDBClient"]:
    with tables() as client:
        yield client


class TestDynamoStore(StorePromises):
    @pytest.fixture
    def harness(self, dynamodb: "DynamoDBClient") -> DynamoHarness:
        create_tables(dynamodb)
        return DynamoHarness(dynamodb)

    def test_nothing_personal_can_be_read_in_any_item(self, harness: DynamoHarness) -> None:
        written = attempt(row(debtor_name=NAME, debtor_iban=IBAN))
        harness.store.commit([replace(commit(**HOSTILE), attempt=written)])
        harness.store.commit([rejected("w2", "p2")])
        items = repr(harness.items(RECORDS) + harness.items(LEDGER))
        assert not [value for value in PLANTED if value in items or value.encode().hex() in items]

    def test_the_ledger_says_what_is_needed_to_find_and_judge_a_message(self, harness: DynamoHarness) -> None:
        harness.store.commit([commit(epoch=4)])
        entry = harness.item(LEDGER, pk="w1")
        told = {name: next(iter(value.values())) for name, value in entry.items() if name != "candidate"}
        assert told == {
            "pk": "w1",
            "type": "payin.create",
            "family": "payin",
            "tenant": "default",
            "business_key": "p1",
            "body_digest": "digest-w1",
            "received_at": "2026-11-21T10:00:00Z",
            "processed_at": "2026-11-21T10:00:00.000+00:00",
            "epoch": "4",
            "candidate_ending": "done",
            "comparison": "due",
            "revision": "1",
        }
        opened = open_attempt(entry["candidate"]["B"], "w1", "candidate", "default", static_sealer())
        assert opened == commit().attempt

    def test_the_cause_of_a_rejection_stands_in_the_ledger(self, harness: DynamoHarness) -> None:
        harness.store.commit([rejected()])
        entry = harness.item(LEDGER, pk="w1")
        assert (entry["candidate_ending"], entry["candidate_cause"]) == ({"S": "rejected"}, {"S": "model:amount"})
        assert harness.items(RECORDS) == []

    def test_every_change_of_an_entry_makes_a_revision_that_is_due(self, harness: DynamoHarness) -> None:
        harness.note_control("w1")
        harness.store.commit([commit()])
        harness.store.mark_conflict("w1")
        entry = harness.item(LEDGER, pk="w1")
        assert (entry["revision"], entry["comparison"], entry["conflict"]) == ({"N": "3"}, {"S": "due"}, {"BOOL": True})
        assert {"candidate", "control_attempt_1"} <= set(entry)

    def test_an_item_names_the_message_and_the_version_that_wrote_it(self, harness: DynamoHarness) -> None:
        harness.store.commit([commit("w1", epoch=1)])
        harness.store.commit([commit("w2", version=1, epoch=1)])
        item = harness.item(RECORDS, pk="default#payin#p1", sk="row#payins#p1")
        assert (item["version"], item["epoch"], item["message_id"]) == ({"N": "2"}, {"N": "1"}, {"S": "w2"})

    def test_rows_that_were_moved_to_another_key_are_not_believed(self, harness: DynamoHarness) -> None:
        harness.store.commit([commit(debtor_name=NAME)])
        item = harness.item(RECORDS, pk="default#payin#p1", sk="row#payins#p1")
        moved = {**item, "pk": {"S": "default#payin#p2"}, "sk": {"S": "row#payins#p2"}, "key": {"S": "p2"}}
        harness.client.put_item(TableName=RECORDS, Item=moved)
        with pytest.raises(BrokenSealError):
            harness.store.load([wanted(key="p2")])

    def test_an_item_past_400_kb_is_blamed_on_its_message(self, harness: DynamoHarness) -> None:
        with pytest.raises(ValueError, match="TransactWriteItems"):
            harness.store.commit([commit(label="x" * 500_000)])
        assert load(harness) == Loaded(None, 0, {})

    def test_an_entry_past_400_kb_is_blamed_on_its_message(self, harness: DynamoHarness) -> None:
        large = attempt(row(label="x" * 500_000))
        with pytest.raises(ValueError, match="TransactWriteItems"):
            harness.store.commit([replace(commit(), attempt=large)])
        assert load(harness) == Loaded(None, 0, {})

    def test_an_id_that_no_key_can_hold_is_blamed_on_its_message(self, harness: DynamoHarness) -> None:
        with pytest.raises(ValueError, match="TransactWriteItems"):
            harness.store.commit([commit("w" * 2049)])
