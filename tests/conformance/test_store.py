"""`workers.port.Store`: the unit tests' in memory, DynamoDB's with its real sealing, and the one of offline runs.

The last one is nobody else's: what others do to a store cannot happen to it, and is asked of the two others only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from msgspec import structs

from contracts.authority import AuthorityRecord
from contracts.control_item import write_authority
from contracts.effect import Ending
from contracts.registry import family_named
from ops.parity.offline_store import OfflineStore
from tests.fakes.key import static_sealer
from tests.fakes.message import IBAN, NAME, PLANTED
from tests.fakes.outcome import AT, attempt, message, row, webhook
from tests.fakes.store import MemoryStore
from tests.fakes.table import CONTROL, LEDGER, RECORDS, create_tables, tables
from workers.fate import ConflictError, UnavailableError
from workers.logic.decision import Column, Row, RowKey
from workers.port import Aggregate, Carried, Commit, LedgerGlance, Loaded, Stale, Store, Wanted
from workers.store.attribute import open_attempt, open_message
from workers.store.control import ControlStore
from workers.store.dynamo import DynamoStore
from workers.store.seal import BrokenSealError

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


NOTHING = Loaded(None, 0, 0, AuthorityRecord("payin"), {})
LIVE = AuthorityRecord("payin", "live", 5, 4, "releasing", None, "r1", datetime(2026, 11, 21, 9, tzinfo=UTC))
CARRIED = Carried(b'{"label":"%b"}' % NAME.encode(), '{"id":"w1"}')


class Harness(Protocol):
    """A store."""

    @property
    def store(self) -> Store:
        """The store."""


class SharedHarness(Harness, Protocol):
    """And what others do behind its back."""

    def note_control(self, message_id: str, ending: Ending = "done") -> None:
        """The monolith's outcome comes now."""

    def decide(self, record: AuthorityRecord) -> None:
        """Authority is moved."""

    def refuse_next_call(self) -> None:
        """The next call meets an outage."""


def aggregate(key: str = "p1", *, tenant: str = "default", family: str = "payin") -> Aggregate:
    return Aggregate(tenant, family, key)


def commit(message_id: str = "w1", key: str = "p1", version: int = 0, epoch: int = 0, **columns: Any) -> Commit:
    values: dict[str, Column] = {"status": "PENDING", **columns}
    written = attempt(row(key=key, status=str(values["status"])), message_id=message_id)
    rows = (Row("payins", key, values),)
    return Commit(aggregate(key), version, epoch, rows, written, f"digest-{message_id}", "2026-11-21T10:00:00Z")


def leaving(message_id: str = "w1", key: str = "p1", version: int = 0, epoch: int = 4, **columns: Any) -> Commit:
    """A commit of what the new side has authority over."""
    made = commit(message_id, key, version, epoch, **columns)
    effects = (*made.attempt.effects, message('{"payin":1}'), webhook("{}", "s"))
    return structs.replace(made, authority="new", carried=CARRIED, attempt=replace(made.attempt, effects=effects))


def stale(message_id: str = "w1", key: str = "p1") -> Stale:
    return Stale(message_id, "payin.create", aggregate(key), 0, "2026-11-21T10:00:00Z")


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
        assert load(harness) == NOTHING

    def test_what_was_committed_is_read_with_its_version_and_its_digest(self, harness: Harness) -> None:
        harness.store.commit([commit(status="PENDING")])
        loaded = load(harness)
        assert loaded.glance == LedgerGlance(processed=True, body_digest="digest-w1", as_copy=True)
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
        assert load(harness, "w2", "p2") == load(harness, "w4", "p4") == NOTHING
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
        assert load(harness).glance == LedgerGlance(processed=True, body_digest="digest-w1", as_copy=True)
        for late in (rejected(), commit(version=1)):
            with pytest.raises(ConflictError):
                harness.store.commit([late])

    def test_a_conflict_of_ids_is_marked_and_changes_nothing_else(self, harness: Harness) -> None:
        harness.store.commit([commit()])
        before = load(harness)
        harness.store.mark_conflict("w1")
        harness.store.mark_conflict("w1")
        assert load(harness) == before

    def test_a_conflict_of_an_id_that_was_not_processed_can_be_marked(self, harness: Harness) -> None:
        harness.store.mark_conflict("w1")
        assert load(harness).glance == LedgerGlance(processed=False, body_digest=None)

    def test_the_epoch_of_the_last_write_is_read_with_the_version(self, harness: Harness) -> None:
        harness.store.commit([commit("w1", epoch=2)])
        harness.store.commit([leaving("w2", version=1, epoch=4)])
        assert (load(harness).version, load(harness).epoch) == (2, 4)

    def test_stamps_of_both_sides_and_of_any_epoch_share_a_transaction(self, harness: Harness) -> None:
        harness.store.commit([commit("w1", "p1", epoch=3), leaving("w2", "p2"), rejected("w3", "p3")])
        loaded = [load(harness, f"w{n}", f"p{n}") for n in (1, 2, 3)]
        assert [one.epoch for one in loaded] == [3, 4, 0]
        assert [one.glance is not None and one.glance.processed for one in loaded] == [True, True, False]

    def test_effects_do_not_leave_without_the_message_that_they_follow_from(self, harness: Harness) -> None:
        with pytest.raises(ValueError, match="message"):
            harness.store.commit([commit("w2", "p2"), structs.replace(leaving(), carried=None)])
        assert load(harness) == load(harness, "w2", "p2") == NOTHING

    def test_a_stale_copy_is_known_and_touches_no_record(self, harness: Harness) -> None:
        harness.store.mark_stale(stale())
        harness.store.mark_stale(stale())
        assert load(harness) == structs.replace(NOTHING, glance=LedgerGlance(processed=False, body_digest=None))

    def test_what_was_processed_in_time_is_not_stale(self, harness: Harness) -> None:
        harness.store.commit([commit()])
        with pytest.raises(ConflictError):
            harness.store.mark_stale(stale())
        harness.store.commit([rejected("w2", "p2")])
        harness.store.mark_stale(stale("w2", "p2"))

    def test_one_key_in_two_families_or_tenants_is_two_aggregates(self, harness: Harness) -> None:
        harness.store.commit([commit()])
        for other in (aggregate(family="payout"), aggregate(tenant="other")):
            (loaded,) = harness.store.load([Wanted("w2", other, (("payins", "p1"),))])
            assert loaded == structs.replace(NOTHING, record=AuthorityRecord(other.family))


class SharedStorePromises(StorePromises):
    """What a store keeps to that others use as well: the monolith tells, authority moves, a service refuses."""

    def test_a_copy_that_the_monolith_told_of_first_can_still_be_written(self, harness: SharedHarness) -> None:
        harness.note_control("w1")
        assert load(harness).glance == LedgerGlance(processed=False, body_digest=None, control_final=True)
        harness.store.commit([commit()])
        assert load(harness).glance == LedgerGlance(
            processed=True, body_digest="digest-w1", control_final=True, as_copy=True
        )

    @pytest.mark.parametrize("ending", ["done", "rejected"])
    @pytest.mark.parametrize("before", [(), (rejected(),)])
    def test_what_the_monolith_has_ended_is_never_written_as_the_new_sides_alone(
        self, harness: SharedHarness, before: tuple[Commit, ...], ending: Ending
    ) -> None:
        for one in before:
            harness.store.commit([one])
        harness.note_control("w1", ending)
        known = load(harness)
        for late in (leaving(), structs.replace(rejected(), authority="new", epoch=4)):
            with pytest.raises(ConflictError):
                harness.store.commit([late])
            with pytest.raises(ConflictError):
                harness.store.commit([leaving("w2", "p2"), late])
        assert load(harness) == known
        assert load(harness, "w2", "p2") == NOTHING

    def test_what_the_monolith_will_try_again_is_not_final(self, harness: SharedHarness) -> None:
        harness.note_control("w1", "retried")
        assert load(harness).glance == LedgerGlance(processed=False, body_digest=None)
        harness.store.commit([leaving()])
        assert load(harness).glance == LedgerGlance(processed=True, body_digest="digest-w1")

    def test_a_message_that_new_had_authority_over_stays_done_when_the_monolith_catches_up(
        self, harness: SharedHarness
    ) -> None:
        harness.store.commit([leaving()])
        before = load(harness)
        harness.note_control("w1")
        after = load(harness)
        assert after.glance == LedgerGlance(processed=True, body_digest="digest-w1", control_final=True)
        assert structs.replace(after, glance=None) == structs.replace(before, glance=None)

    def test_what_is_decided_about_the_family_is_read_with_the_records(self, harness: SharedHarness) -> None:
        harness.decide(LIVE)
        assert load(harness).record == LIVE
        (other,) = harness.store.load([Wanted("w1", aggregate(family="payout"), ())])
        assert other.record == AuthorityRecord("payout")

    def test_an_outage_is_told_and_changes_nothing(self, harness: SharedHarness) -> None:
        harness.refuse_next_call()
        with pytest.raises(UnavailableError):
            harness.store.commit([commit()])
        harness.refuse_next_call()
        with pytest.raises(UnavailableError):
            harness.store.load([wanted()])
        harness.refuse_next_call()
        with pytest.raises(UnavailableError):
            harness.store.mark_conflict("w1")
        harness.refuse_next_call()
        with pytest.raises(UnavailableError):
            harness.store.mark_stale(stale())
        assert load(harness) == NOTHING


class MemoryHarness:
    def __init__(self) -> None:
        self.store = MemoryStore()

    def note_control(self, message_id: str, ending: Ending = "done") -> None:
        self.store.noted.add(message_id)
        if ending != "retried":
            self.store.control_final.add(message_id)

    def decide(self, record: AuthorityRecord) -> None:
        self.store.records[record.family] = record

    def refuse_next_call(self) -> None:
        self.store.refuse += 1


class TestMemoryStore(SharedStorePromises):
    @pytest.fixture
    def harness(self) -> SharedHarness:
        return MemoryHarness()


@dataclass
class OfflineHarness:
    """Nobody else: one process has it to itself, for a part of a corpus."""

    store: OfflineStore = field(default_factory=OfflineStore)


class TestOfflineStore(StorePromises):
    @pytest.fixture
    def harness(self) -> Harness:
        return OfflineHarness()


class DynamoHarness:
    def __init__(self, client: "DynamoDBClient") -> None:
        self.client = client
        self.store = DynamoStore(
            client, family_named("payin"), static_sealer(), records=RECORDS, ledger=LEDGER, control=CONTROL
        )

    def note_control(self, message_id: str, ending: Ending = "done") -> None:
        ControlStore(self.client, static_sealer(), LEDGER, lambda: AT).note(
            attempt(message_id=message_id, ending=ending)
        )

    def decide(self, record: AuthorityRecord) -> None:
        item: Any = {
            name: {"N": str(value)} if isinstance(value, int) else {"S": value}
            for name, value in {**write_authority(record), "operator": "o", "changed_at": "x"}.items()
        }
        self.client.put_item(TableName=CONTROL, Item=item)

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


class TestDynamoStore(SharedStorePromises):
    @pytest.fixture
    def harness(self, dynamodb: "DynamoDBClient") -> DynamoHarness:
        create_tables(dynamodb)
        return DynamoHarness(dynamodb)

    def test_nothing_personal_can_be_read_in_any_item(self, harness: DynamoHarness) -> None:
        written = attempt(row(debtor_name=NAME, debtor_iban=IBAN))
        harness.store.commit([structs.replace(commit(**HOSTILE), attempt=written)])
        harness.store.commit([rejected("w2", "p2")])
        harness.store.commit([leaving("w3", "p3", **HOSTILE)])
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
            "authority": "legacy",
            "sequence": "1",
            "candidate_ending": "done",
            "comparison": "due",
            "awaited_of": "payin.create",
            "awaited_since": "2026-11-21T10:00:00.000Z",
            "revision": "1",
        }
        opened = open_attempt(entry["candidate"]["B"], "w1", "candidate", "default", static_sealer())
        assert opened == commit().attempt

    def test_what_new_has_authority_over_is_pending_and_kept_whole(self, harness: DynamoHarness) -> None:
        harness.store.commit([commit("w0", epoch=4)])
        harness.store.commit([structs.replace(leaving(version=1), replay="run-1")])
        entry = harness.item(LEDGER, pk="w1")
        told = {name: next(iter(value.values())) for name, value in entry.items()}
        assert {name: told[name] for name in ("authority", "epoch", "sequence", "stamped", "replay")} == {
            "authority": "new",
            "epoch": "4",
            "sequence": "2",
            "stamped": "payin#4",
            "replay": "run-1",
        }
        assert {name: told[name] for name in ("outlet", "outlet_of", "outlet_tries", "due_at")} == {
            "outlet": "pending",
            "outlet_of": "payin",
            "outlet_tries": "0",
            "due_at": "2026-11-21T10:01:00.000Z",
        }
        assert set(told["pending"]) == {"event", "1", "2"}, "a row is no effect that leaves"
        assert open_message(told["message"], "w1", "default", static_sealer()) == CARRIED

    def test_nobody_waits_for_the_monolith_where_new_has_authority(self, harness: DynamoHarness) -> None:
        harness.store.commit([leaving(), structs.replace(rejected("w2", "p2"), authority="new", epoch=4)])
        harness.store.mark_stale(stale("w3", "p3"))
        for message_id in ("w1", "w2", "w3"):
            assert not {"awaited_of", "awaited_since"} & set(harness.item(LEDGER, pk=message_id))

    def test_who_tells_first_begins_the_time(self, harness: DynamoHarness) -> None:
        harness.note_control("w1", "retried")
        later = replace(commit().attempt, at=AT + timedelta(hours=1))
        harness.store.commit([structs.replace(commit(), attempt=later)])
        assert harness.item(LEDGER, pk="w1")["awaited_since"] == {"S": "2026-11-21T10:00:00.000Z"}

    def test_nothing_of_a_copy_and_nothing_that_was_rejected_leaves(self, harness: DynamoHarness) -> None:
        harness.store.commit([commit(), structs.replace(rejected("w2", "p2"), authority="new", epoch=4)])
        for message_id in ("w1", "w2"):
            assert not {"outlet", "outlet_of", "pending", "due_at", "stamped", "message"} & set(
                harness.item(LEDGER, pk=message_id)
            )
        assert harness.item(LEDGER, pk="w2")["authority"] == {"S": "new"}
        assert "sequence" not in harness.item(LEDGER, pk="w2"), "it has no place among the aggregate's versions"

    def test_what_was_rejected_and_is_processed_later_leaves_then(self, harness: DynamoHarness) -> None:
        harness.store.commit([structs.replace(rejected(), authority="new", epoch=4, replay="run-1")])
        harness.store.commit([leaving()])
        entry = harness.item(LEDGER, pk="w1")
        assert entry["outlet"] == {"S": "pending"}
        assert not {"candidate_cause", "replay"} & set(entry)

    def test_a_stale_copy_is_due_for_its_verdict_until_it_is_processed(self, harness: DynamoHarness) -> None:
        harness.store.mark_stale(stale())
        entry = harness.item(LEDGER, pk="w1")
        assert (entry["stale"], entry["comparison"], entry["type"]) == (
            {"BOOL": True},
            {"S": "due"},
            {"S": "payin.create"},
        )
        harness.store.commit([leaving()])
        assert "stale" not in harness.item(LEDGER, pk="w1")

    def test_a_message_too_large_to_be_kept_is_blamed_and_none_of_it_is_written(self, harness: DynamoHarness) -> None:
        noise = b"".join(sha256(b"%d" % n).digest() for n in range(12_000))
        with pytest.raises(ValueError, match="TransactWriteItems"):
            harness.store.commit([structs.replace(leaving(), carried=Carried(noise, "{}"))])
        assert load(harness) == NOTHING
        harness.store.commit([structs.replace(leaving(), carried=Carried(b"large " * 100_000, "{}"))])

    def test_an_authority_record_that_cannot_be_read_is_an_outage(self, harness: DynamoHarness) -> None:
        harness.client.put_item(TableName=CONTROL, Item={"pk": {"S": "authority#payin"}, "sk": {"S": "record"}})
        with pytest.raises(UnavailableError, match="authority record: stage"):
            load(harness)

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
        assert load(harness) == NOTHING

    def test_an_entry_past_400_kb_is_blamed_on_its_message(self, harness: DynamoHarness) -> None:
        noise = b"".join(sha256(b"%d" % n).digest() for n in range(12_000))
        large = attempt(row(label=noise.hex()))
        with pytest.raises(ValueError, match="TransactWriteItems"):
            harness.store.commit([structs.replace(commit(), attempt=large)])
        assert load(harness) == NOTHING

    def test_an_id_that_no_key_can_hold_is_blamed_on_its_message(self, harness: DynamoHarness) -> None:
        with pytest.raises(ValueError, match="TransactWriteItems"):
            harness.store.commit([commit("w" * 2049)])
