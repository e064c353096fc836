"""Reads and writes who has authority over a family, and reads what routers say of themselves.

A record is written together with its entry of the audit chain, in one transaction, on the condition that it is still as
it was read: of two operators one is told, and nothing changes without a trace.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from contracts import naming
from contracts.authority import AuthorityRecord
from contracts.control_item import (
    MalformedItemError,
    RouterRow,
    authority_key,
    flatten,
    read_authority,
    read_router,
    router_key,
    router_partition,
    write_authority,
    write_time,
    write_waived,
)
from ops.audit_chain import Act, AuditChain
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.session import in_plain_words

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HEARD = timedelta(seconds=10)
"""An active router was heard within this, or it is none that authority may be moved on."""
SILENT = timedelta(seconds=15)
"""A router that said nothing for so long is silent: dead, or cut off."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is decided about one family, and by whom."""

    record: AuthorityRecord
    changed_at: str | None = None
    """RFC 3339; None where nothing was ever decided."""
    operator: str | None = None
    reason: str | None = None
    written: bool = False
    """Whether the record is there; else it is the default."""


@dataclass(frozen=True, slots=True)
class Router:
    """What a router says of a family, and how long ago."""

    row: RouterRow
    age_s: float
    """Since it last said so, in seconds, by the operator's clock."""

    @property
    def heard(self) -> bool:
        """Whether it works, as far as can be told."""
        return self.row.state != "stopped" and self.age_s <= HEARD.total_seconds()

    @property
    def silent(self) -> bool:
        """Whether it should be heard and is not."""
        return self.row.state != "stopped" and self.age_s > SILENT.total_seconds()

    @property
    def counts(self) -> bool:
        """Whether its word is needed: all but those that have ended and left nothing open."""
        return self.row.state != "stopped" or self.row.unsettled > 0

    @property
    def forgettable(self) -> bool:
        """Whether nothing that it had in hand can still be there: the broker's delivery timeout is over.

        One that has stopped and left nothing open has had nothing in hand.
        """
        return not self.counts or self.age_s >= self.row.delivery_timeout_s


class AuthorityStore:
    """The control table of one deployment. Every method raises CommandError."""

    def __init__(self, client: "DynamoDBClient", stack: str, chain: AuditChain) -> None:
        """Args: chain: where every change is audited."""
        self._client = client
        self._stack = stack
        self._chain = chain
        self._table = naming.control_table_name(stack)

    def standing(self, family: str) -> Standing:
        """What is decided now, strongly consistent."""
        with in_plain_words(self._stack):
            answer = self._client.get_item(TableName=self._table, Key=_item(authority_key(family)), ConsistentRead=True)
        found: Any = answer.get("Item")
        if found is None:
            return Standing(AuthorityRecord(family))
        item = flatten(found)
        try:
            record = read_authority(family, item)
        except MalformedItemError as error:
            raise CommandError(
                ExitCode.FAILED,
                f"the authority record of {family} cannot be read: {error} (item authority#{family} of {self._table}; "
                f"somebody has written it by hand: correct the attribute there, `strangler cutover history {family}` "
                "says what was decided; until then routers go on with what they know, and workers wait)",
            ) from error
        texts = {name: str(item[name]) for name in ("changed_at", "operator", "reason") if name in item}
        return Standing(record, written=True, **texts)

    def routers(self, family: str, now: datetime) -> tuple[Router, ...]:
        """All routers of a family by name, strongly consistent."""
        request: Any = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :of",
            "ExpressionAttributeValues": {":of": {"S": router_partition(family)}},
            "ConsistentRead": True,
        }
        rows = [self._row(flatten(item)) for item in self._pages("query", request)]
        return tuple(Router(row, (now - row.seen_at).total_seconds()) for row in rows)

    def audit(self, act: Act) -> None:
        """Say in the audit chain what is about to be done; nothing of it may be done before this returns."""
        self._chain.append(act)

    def change(self, read: Standing, after: AuthorityRecord, act: Act, at: datetime) -> Standing:
        """Write a record with its audit entry.

        Raises:
            NotAsReadError: it is no longer as it was read; nothing was written.
        """
        item = write_authority(after) | {"changed_at": write_time(at), "operator": act.operator, "reason": act.reason}
        put = {"TableName": self._table, "Item": _item(item), **_unless_changed(read)}
        self._chain.append_with(
            replace(act, detail={**act.detail, "before": _told(read.record), "after": _told(after)}), [{"Put": put}]
        )
        return Standing(after, write_time(at), act.operator, act.reason, written=True)

    def forget(self, row: RouterRow, act: Act) -> None:
        """Take a router's row away, with its audit entry.

        Raises:
            NotAsReadError: the router has spoken since; nothing was done.
        """
        delete = {
            "TableName": self._table,
            "Key": _item(router_key(row.family, row.router)),
            "ConditionExpression": "seen_at = :seen",
            "ExpressionAttributeValues": {":seen": {"S": write_time(row.seen_at)}},
        }
        self._chain.append_with(act, [{"Delete": delete}])

    def _row(self, item: Mapping[str, str | int]) -> RouterRow:
        try:
            return read_router(item)
        except MalformedItemError as error:
            raise CommandError(
                ExitCode.FAILED,
                f"a router's row cannot be read: {error} (item {item.get('pk')}, {item.get('sk')} of {self._table}; a "
                "router that works writes it anew within seconds: if it stays, see which version of the bridge runs)",
            ) from error

    def _pages(self, operation: Any, request: Any) -> Iterator[Any]:
        with in_plain_words(self._stack):
            for page in self._client.get_paginator(operation).paginate(**request):
                yield from page["Items"]


def _unless_changed(read: Standing) -> dict[str, Any]:
    if not read.written:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    record = read.record
    run = "attribute_not_exists(#run)" if record.run is None else "#run = :run"
    waived = "#waived = :waived" if record.waived else "attribute_not_exists(#waived)"
    values: dict[str, Any] = {
        ":stage": {"S": record.stage},
        ":epoch": {"N": str(record.epoch)},
        ":phase": {"S": record.phase},
    }
    if record.run is not None:
        values[":run"] = {"S": record.run}
    if record.waived:
        values[":waived"] = {"S": write_waived(record.waived)}
    return {
        "ConditionExpression": f"#stage = :stage AND #epoch = :epoch AND #phase = :phase AND {run} AND {waived}",
        "ExpressionAttributeNames": {f"#{name}": name for name in ("stage", "epoch", "phase", "run", "waived")},
        "ExpressionAttributeValues": values,
    }


def _told(record: AuthorityRecord) -> str:
    """A record in one line, for the audit chain."""
    target = f" to {record.target}" if record.target else ""
    waived = f", {len(record.waived)} waived" if record.waived else ""
    return f"{record.stage}, epoch {record.epoch}, {record.phase}{target}{waived}"


def _item(flat: Mapping[str, str | int]) -> Any:
    return {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in flat.items()}
