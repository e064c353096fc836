"""Routers as the control table sees them: each speaks once a step, and does with a record what a router does."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from contracts import naming
from contracts.authority import AuthorityRecord
from contracts.control_item import RouterRow, write_router
from ops.audit_chain import Act, Entry, NotAsReadError, link
from ops.authority import AuthorityStore, Router, Standing
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def create_control_table(client: "DynamoDBClient", stack: str) -> None:
    """The control table, empty."""
    client.create_table(
        TableName=naming.control_table_name(stack),
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def write_row(client: "DynamoDBClient", stack: str, row: RouterRow) -> None:
    """Let a router say something."""
    item: Any = {
        name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in write_router(row).items()
    }
    client.put_item(TableName=naming.control_table_name(stack), Item=item)


@dataclass
class FakeRouter:
    """One router."""

    row: RouterRow
    dead: bool = False
    """Says nothing any more."""
    deaf: bool = False
    """Speaks, but never takes up what is decided."""
    settles: Callable[[int], int] = lambda unsettled: max(0, unsettled - 1)
    """Messages that are open after another step behind a fence."""


class MemoryAuthority(AuthorityStore):
    """An `AuthorityStore` without a database."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._time = now
        self._standing: dict[str, Standing] = {}
        self._rows: dict[str, RouterRow] = {}
        self.entries: list[Entry] = []

    def standing(self, family: str) -> Standing:
        return self._standing.get(family, Standing(AuthorityRecord(family)))

    def routers(self, family: str, now: datetime) -> tuple[Router, ...]:
        rows = (self._rows[name] for name in sorted(self._rows))
        return tuple(Router(row, (now - row.seen_at).total_seconds()) for row in rows if row.family == family)

    def audit(self, act: Act) -> None:
        self.entries.append(link(act, self.entries[-1] if self.entries else None, self._time()))

    def change(self, read: Standing, after: AuthorityRecord, act: Act, at: datetime) -> Standing:
        if self.standing(after.family).record != read.record:
            raise NotAsReadError
        self.audit(act)
        changed = Standing(after, at.isoformat(), act.operator, act.reason, written=True)
        self._standing[after.family] = changed
        return changed

    def forget(self, row: RouterRow, act: Act) -> None:
        if self._rows[row.router].seen_at != row.seen_at:
            raise NotAsReadError
        self.audit(act)
        del self._rows[row.router]

    def speak(self, row: RouterRow) -> None:
        """Let a router say something."""
        self._rows[row.router] = row


@dataclass
class FakeFleet:
    """The routers of a family, and the time in which they work."""

    store: AuthorityStore
    speak: Callable[[RouterRow], None]
    clock: FakeClock = field(default_factory=FakeClock)
    routers: dict[str, FakeRouter] = field(default_factory=dict)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now(), UTC)

    def add(self, name: str, **row: Any) -> FakeRouter:
        """A router that has spoken just now."""
        first: dict[str, Any] = {"state": "active", "seen_at": self.now(), "since": self.now(), "seen_epoch": 0} | row
        router = self.routers[name] = FakeRouter(RouterRow("payin", name, **first))
        self.speak(router.row)
        return router

    def say(self, router: FakeRouter, **row: Any) -> None:
        """Let a router say something else."""
        router.row = replace(router.row, **row)
        self.speak(router.row)

    def wait(self, seconds: float) -> None:
        """Let time pass; everybody alive speaks once."""
        self.clock.advance(max(seconds, 0.01))
        record = self.store.standing("payin").record
        for router in self.routers.values():
            if router.dead or router.row.state == "stopped":
                continue
            row = replace(router.row, seen_at=self.now())
            if not router.deaf:
                row = replace(row, seen_epoch=record.epoch)
                if record.phase == "fenced":
                    if row.confirmed_epoch == record.epoch:
                        row = replace(row, unsettled=router.settles(row.unsettled))
                    row = replace(row, confirmed_epoch=record.epoch, holding=True)
                if record.phase == "releasing":
                    row = replace(row, released_epoch=record.epoch, holding=False)
            router.row = row
            self.speak(row)
