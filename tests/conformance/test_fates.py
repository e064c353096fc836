"""`workers.probing.Fates`: those in memory, and DynamoDB's, read as `strangler compare show` reads them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from botocore.exceptions import EndpointConnectionError

from contracts.liveness import Fate, Liveness
from contracts.message_type import MessageType
from contracts.mutant import MutantKind
from contracts.registry import type_named
from contracts.rule import Rule
from ops.fates import MutantFates
from tests.fakes.fates import MemoryFates
from tests.fakes.outcome import AT
from tests.fakes.table import CONTROL, create_tables, tables
from workers.fate import UnavailableError
from workers.probing import Fates
from workers.store.fates import PLACES, FateStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAYIN, PAYOUT = type_named("payin.create"), type_named("payout.update")
RULE = Rule("row:payins.recorded_at", "time within", "clocks", "payments", date(2027, 9, 30), 60)
MENDED = replace(PAYIN, rules=(RULE,))
"""The same type, judged by other terms."""
FEE = "row:payins.fee"


def counted(
    *fates: tuple[MutantKind, str, Fate, int], of: MessageType = PAYIN, more: Liveness | None = None
) -> Liveness:
    liveness = Liveness(Counter({(of.name, kind, path, fate): count for kind, path, fate, count in fates}))
    if more is not None:
        liveness.add(more)
    return liveness


class Harness(Protocol):
    """Counts, and who reads them."""

    @property
    def fates(self) -> Fates:
        """What is held to the promises."""

    def read(self, type_name: str) -> Liveness:
        """What an operator is shown."""

    def refuse_next_call(self) -> None:
        """The next call meets an outage."""


class FatePromises:
    """What all of them keep to."""

    def test_nothing_was_counted_at_first(self, harness: Harness) -> None:
        assert harness.read(PAYIN.name) == Liveness()

    def test_counts_are_added_up(self, harness: Harness) -> None:
        one = counted(("one cent", FEE, "killed", 3), ("one hour", "row:payins.recorded_at", "tolerated", 1))
        other = counted(("one cent", FEE, "killed", 2), ("lost row", "row:payins", "survived", 1))
        harness.fates.add(PAYIN, one, AT)
        harness.fates.add(PAYIN, other, AT + timedelta(minutes=1))
        assert harness.read(PAYIN.name).fates == one.fates + other.fates

    def test_only_the_types_own_counts_are_added(self, harness: Harness) -> None:
        both = counted(("one cent", FEE, "killed", 3), more=counted(("one cent", "row:p.fee", "killed", 1), of=PAYOUT))
        harness.fates.add(PAYIN, both, AT)
        assert set(harness.read(PAYIN.name).fates) == {(PAYIN.name, "one cent", FEE, "killed")}
        assert not harness.read(PAYOUT.name).fates

    def test_counts_of_one_judge_do_not_grow_old(self, harness: Harness) -> None:
        harness.fates.add(PAYIN, counted(("one cent", FEE, "survived", 1)), AT)
        harness.fates.add(PAYIN, counted(("one cent", FEE, "killed", 2)), AT + timedelta(days=30))
        assert harness.read(PAYIN.name).fates.total() == 3

    def test_a_rule_that_expires_makes_another_judge(self, harness: Harness) -> None:
        harness.fates.add(MENDED, counted(("one cent", FEE, "survived", 1)), AT)
        after = datetime.combine(RULE.expires + timedelta(days=1), AT.time(), AT.tzinfo)
        harness.fates.add(MENDED, counted(("one cent", FEE, "killed", 2)), after)
        assert harness.read(PAYIN.name).fates == {(PAYIN.name, "one cent", FEE, "killed"): 2}

    def test_other_terms_begin_anew(self, harness: Harness) -> None:
        harness.fates.add(PAYIN, counted(("one cent", FEE, "survived", 1)), AT)
        harness.fates.add(MENDED, counted(("one cent", FEE, "killed", 2)), AT + timedelta(hours=1))
        assert harness.read(PAYIN.name).fates == {(PAYIN.name, "one cent", FEE, "killed"): 2}
        harness.fates.add(PAYIN, counted(("one cent", FEE, "killed", 1)), AT + timedelta(hours=2))
        assert harness.read(PAYIN.name).survivors, "those terms are back, and so is what survived them"

    def test_an_outage_is_told(self, harness: Harness) -> None:
        harness.refuse_next_call()
        with pytest.raises(UnavailableError):
            harness.fates.add(PAYIN, counted(("one cent", FEE, "killed", 1)), AT)
        assert not harness.read(PAYIN.name).fates


class MemoryHarness(MemoryFates):
    @property
    def fates(self) -> Fates:
        return self

    def refuse_next_call(self) -> None:
        self.refuse += 1


class TestMemoryFates(FatePromises):
    @pytest.fixture
    def harness(self) -> Harness:
        return MemoryHarness()


class DynamoHarness:
    def __init__(self, client: "DynamoDBClient") -> None:
        self.client = client
        self.fates = FateStore(client, CONTROL)

    def read(self, type_name: str) -> Liveness:
        return MutantFates(self.client, CONTROL.removesuffix("-control")).of([type_name])

    def refuse_next_call(self) -> None:
        def refuse(**_: object) -> Any:
            self.client.meta.events.unregister("before-call.dynamodb", unique_id="refuse")
            raise EndpointConnectionError(endpoint_url="x")

        self.client.meta.events.register("before-call.dynamodb", refuse, unique_id="refuse")


@pytest.fixture(scope="module")
def dynamodb() -> Iterator["DynamoDBClient"]:
    with tables() as client:
        yield client


class TestFateStore(FatePromises):
    @pytest.fixture
    def harness(self, dynamodb: "DynamoDBClient") -> DynamoHarness:
        create_tables(dynamodb)
        return DynamoHarness(dynamodb)

    def test_counts_go_by_themselves_when_nobody_has_added_to_them_for_half_a_year(
        self, harness: DynamoHarness
    ) -> None:
        harness.fates.add(PAYIN, counted(("one cent", FEE, "killed", 1)), AT)
        (item,) = harness.client.scan(TableName=CONTROL)["Items"]
        goes_at = datetime.fromtimestamp(int(item["expires_at"]["N"]), AT.tzinfo)
        assert goes_at - AT == timedelta(days=180)

    def test_of_more_places_than_an_update_takes_survivors_go_first(self, harness: DynamoHarness) -> None:
        many = counted(*(("one cent", f"row:payins.column_{number}", "killed", 1) for number in range(PLACES)))
        many.add(counted(("one hour", "row:payins.z", "survived", 1)))
        harness.fates.add(PAYIN, many, AT)
        found = harness.read(PAYIN.name)
        assert len(found.fates) == PLACES
        assert [one.path for one in found.survivors] == ["row:payins.z"]

    def test_what_others_have_added_to_an_item_is_passed_over(self, harness: DynamoHarness) -> None:
        harness.fates.add(PAYIN, counted(("one cent", FEE, "killed", 1)), AT)
        (item,) = harness.client.scan(TableName=CONTROL)["Items"]
        harness.client.put_item(TableName=CONTROL, Item={**item, "note": {"S": "by hand"}, "x|y": {"N": "4"}})
        assert harness.read(PAYIN.name).fates.total() == 1
