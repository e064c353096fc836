"""Pending effects in the ledger: read consistently, noted on the condition that they are as they were read."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from contracts.control_item import write_time
from contracts.effect_id import Ordinal
from workers.aws_error import unavailable
from workers.outlet.port import Entry, Noted, Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OUTLETS_INDEX = "outlets"
PAGE = 25
"""Entries of one page: as many as can be called and noted within a run, should every partner be slow."""

_READ = ("pk", "type", "family", "tenant", "business_key", "sequence", "processed_at", "pending", "outlet_tries")


class PendingEntries:
    """`Entries` over the ledger table."""

    def __init__(self, client: "DynamoDBClient", ledger: str) -> None:
        """Args: ledger: name of the table."""
        self._client = client
        self._ledger = ledger

    def read(self, message_id: str) -> Entry | None:
        """See `Entries.read`."""
        names = (*_READ, "candidate")
        try:
            answer = self._client.get_item(
                TableName=self._ledger,
                Key={"pk": {"S": message_id}},
                ConsistentRead=True,
                ProjectionExpression=", ".join(f"#{name}" for name in names),
                ExpressionAttributeNames={f"#{name}": name for name in names},
            )
        except (BotoCoreError, ClientError) as error:
            raise unavailable(error) from error
        item = answer.get("Item")
        return None if item is None or "pending" not in item else _entry(item)

    def note(self, entry: Entry, noted: Noted, now: datetime) -> bool:
        """See `Entries.note`."""
        seen = {"SS": sorted(entry.pending)}
        gone = noted.left | noted.given_up
        values: dict[str, Any] = {":seen": seen}
        if entry.pending <= gone:
            update = "SET outlet = :left, left_at = :now REMOVE outlet_of, due_at, pending"
            values |= {":left": {"S": "left"}, ":now": {"S": write_time(now)}}
        else:
            update = "SET outlet = :waiting, due_at = :due, outlet_tries = :tries"
            values |= {
                ":waiting": {"S": "waiting"},
                ":due": {"S": write_time(noted.due_at or now)},
                ":tries": {"N": str(entry.tries + int(noted.failed))},
            }
            if gone:
                update += " DELETE pending :gone"
                values[":gone"] = {"SS": sorted(gone)}
        if noted.given_up:
            update += " ADD given_up :given_up"
            values[":given_up"] = {"SS": sorted(noted.given_up)}
        return self._update(entry.message_id, update, "pending = :seen", values)

    def due(self, family: str, now: datetime, rest: str | None) -> Page:
        """See `Entries.due`."""
        request: dict[str, Any] = {"ExclusiveStartKey": json.loads(rest)} if rest is not None else {}
        try:
            answer = self._client.query(
                TableName=self._ledger,
                IndexName=OUTLETS_INDEX,
                KeyConditionExpression="outlet_of = :family AND due_at <= :now",
                ExpressionAttributeValues={":family": {"S": family}, ":now": {"S": write_time(now)}},
                Limit=PAGE,
                **request,
            )
        except (BotoCoreError, ClientError) as error:
            raise unavailable(error) from error
        after = answer.get("LastEvaluatedKey")
        return Page([item["pk"]["S"] for item in answer["Items"]], json.dumps(after) if after else None)

    def reopen(self, message_id: str, ordinal: Ordinal, now: datetime) -> bool:
        """See `Entries.reopen`."""
        return self._update(
            message_id,
            "SET outlet = :waiting, outlet_of = #family, due_at = :now ADD pending :ordinal DELETE given_up :ordinal",
            "contains(given_up, :one)",
            {
                ":waiting": {"S": "waiting"},
                ":now": {"S": write_time(now)},
                ":ordinal": {"SS": [ordinal]},
                ":one": {"S": ordinal},
            },
            {"#family": "family"},
        )

    def _update(
        self,
        message_id: str,
        update: str,
        condition: str,
        values: Mapping[str, Any],
        names: Mapping[str, str] | None = None,
    ) -> bool:
        named: Any = {"ExpressionAttributeNames": names} if names else {}
        try:
            self._client.update_item(
                TableName=self._ledger,
                Key={"pk": {"S": message_id}},
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
                **named,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        except (BotoCoreError, ClientError) as error:
            raise unavailable(error) from error
        return True


def _entry(item: Mapping[str, Any]) -> Entry:
    return Entry(
        message_id=item["pk"]["S"],
        type=item["type"]["S"],
        family=item["family"]["S"],
        tenant=item["tenant"]["S"],
        business_key=item["business_key"]["S"],
        sequence=int(item["sequence"]["N"]),
        processed_at=item["processed_at"]["S"],
        pending=frozenset(item["pending"]["SS"]),
        tries=int(item.get("outlet_tries", {"N": "0"})["N"]),
        candidate=item["candidate"]["B"],
    )
