"""An outlet over the real ledger on moto, and receivers in memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from contracts import point
from contracts.effect import Effect
from contracts.registry import family_named
from tests.fakes.key import static_sealer
from tests.fakes.message import NAME
from tests.fakes.outcome import AT, attempt, message, row, webhook
from tests.fakes.outlet import EffectReturns, MemoryEvents, MemoryLetters, MemoryWebhooks, Received
from tests.fakes.table import CONTROL, LEDGER, RECORDS, create_tables, tables
from workers.logic.decision import Row
from workers.outlet.outlet import Outlet, Round
from workers.outlet.sweep import sweep
from workers.port import Aggregate, Carried, Commit
from workers.store.dynamo import DynamoStore
from workers.store.pending import PendingEntries

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SEALER = static_sealer()
EFFECTS = (
    row(status="PENDING", debtor_name=NAME),
    message('{"payin":"p1"}'),
    webhook('{"webhook":"payin.booked"}', "s"),
)


@dataclass
class OutletScene:
    """Messages that are committed, outlets that send what they have pending, and what receivers saw."""

    client: "DynamoDBClient"
    received: Received = field(default_factory=Received)
    letters: MemoryLetters = field(default_factory=MemoryLetters)
    now: datetime = AT

    def __post_init__(self) -> None:
        self.events = MemoryEvents(self.received)
        self.returns = EffectReturns(self.received)
        self.webhooks = MemoryWebhooks(self.received)
        self.entries = PendingEntries(self.client, LEDGER)
        self.outlet = Outlet(
            self.entries, SEALER, self.events, self.returns, self.webhooks, self.letters, lambda: self.now
        )
        self.in_time = True

    def commit(self, *message_ids: str, effects: Sequence[Effect] = EFFECTS) -> None:
        """Process messages under the authority of the new side, each of a business key of its own."""
        for message_id in message_ids:
            self.commit_in_order(message_id, key=f"key-{message_id}", effects=effects)

    def commit_in_order(
        self, *message_ids: str, key: str = "p1", effects: Sequence[Effect] = EFFECTS, rows: bool = True
    ) -> None:
        """Process messages of one business key, each after the one before it. Args: rows: or none moves its version."""
        payin = family_named("payin")
        store = DynamoStore(self.client, payin, SEALER, records=RECORDS, ledger=LEDGER, control=CONTROL)
        for position, message_id in enumerate(message_ids):
            written = replace(attempt(message_id=message_id), effects=tuple(effects))
            aggregate = Aggregate("default", "payin", key)
            version = position if rows else 0
            moved = (Row("payins", message_id, {"status": "PENDING"}),) if rows else ()
            carried = Carried(b"{}", "{}")
            store.commit([Commit(aggregate, version, 4, moved, written, "d", "2026-11-21T10:00:00Z", "new", carried)])

    def leave(self, *message_ids: str) -> list[Round]:
        """One round; raises what a round raised."""
        rounds = self.outlet.leave(message_ids, lambda: self.in_time)
        return [rounds[one].result() for one in message_ids]

    def sweep(self, *families: str) -> Mapping[str, Any]:
        """What one run of the sweeper did, by message."""
        pages = sweep(families or ("payin",), self.entries, self.outlet, now=self.now, in_time=lambda: self.in_time)
        return {name: future for page in pages for name, future in page.items()}

    def entry(self, message_id: str = "w1") -> dict[str, Any]:
        """Attributes of a ledger entry, without their types."""
        item = self.client.get_item(TableName=LEDGER, Key={"pk": {"S": message_id}})["Item"]
        return {name: next(iter(value.values())) for name, value in item.items()}

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@pytest.fixture(scope="module")
def dynamodb() -> Iterator["DynamoDBClient"]:
    with tables() as client:
        yield client


@pytest.fixture
def scene(dynamodb: "DynamoDBClient") -> Iterator[OutletScene]:
    create_tables(dynamodb)
    assert AT.tzinfo is UTC
    yield OutletScene(dynamodb)
    point.hook(None)
