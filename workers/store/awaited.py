"""Ledger entries that wait for a side, found by a sparse index; a verdict takes an entry out of it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from contracts.control_item import read_time, write_time
from contracts.effect import Attempt
from contracts.judge import Judgement
from contracts.naming import CONTROL_ATTRIBUTE, CONTROL_ENDING_ATTRIBUTE
from contracts.registry import type_named
from contracts.verdict import Verdict
from workers.aws_error import unavailable
from workers.expiry import Awaited, Page
from workers.store.verdicts import VerdictStore, standing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AWAITED_INDEX = "awaited"
PAGE = 100
"""Entries of one page: a second or two of reads and writes."""


class AwaitedEntries:
    """`Comparisons` over the ledger table. Opens nothing: how attempts have ended stands in the clear."""

    def __init__(self, client: "DynamoDBClient", ledger: str) -> None:
        """Args: ledger: name of the table."""
        self._client = client
        self._ledger = ledger
        self._verdicts = VerdictStore(client, ledger)

    def overdue(self, type_name: str, until: datetime, rest: str | None) -> Page:
        """See `Comparisons.overdue`."""
        request: dict[str, Any] = {"ExclusiveStartKey": json.loads(rest)} if rest is not None else {}
        answer = self._query(
            KeyConditionExpression="awaited_of = :type AND awaited_since < :until",
            ExpressionAttributeValues={":type": {"S": type_name}, ":until": {"S": write_time(until)}},
            Limit=PAGE,
            **request,
        )
        after = answer.get("LastEvaluatedKey")
        return Page([item["pk"]["S"] for item in answer["Items"]], json.dumps(after) if after else None)

    def oldest(self, type_name: str) -> datetime | None:
        """See `Comparisons.oldest`."""
        answer = self._query(
            KeyConditionExpression="awaited_of = :type",
            ExpressionAttributeValues={":type": {"S": type_name}},
            Limit=1,
        )
        since = [read_time("awaited_since", item["awaited_since"]["S"]) for item in answer["Items"]]
        return since[0] if since else None

    def read(self, message_id: str) -> Awaited | None:
        """See `Comparisons.read`."""
        try:
            answer = self._client.get_item(TableName=self._ledger, Key={"pk": {"S": message_id}}, ConsistentRead=True)
        except (BotoCoreError, ClientError) as error:
            raise unavailable(error) from error
        item: Mapping[str, Any] | None = answer.get("Item")
        if item is None or "awaited_since" not in item:
            return None
        if item["comparison"]["S"] != "due":
            self._let_go(message_id)
            return None
        return _awaited(item)

    def decide(self, awaited: Awaited, verdict: Verdict, now: datetime) -> bool:
        """See `Comparisons.decide`."""
        return self._verdicts.write(
            awaited.message_id, awaited.revision, type_named(awaited.type), Judgement(verdict), now, awaited.standing
        )

    def _let_go(self, message_id: str) -> None:
        """Take an entry out of the index that a judge of an earlier version has left in it, with its verdict."""
        try:
            self._client.update_item(
                TableName=self._ledger,
                Key={"pk": {"S": message_id}},
                UpdateExpression="REMOVE awaited_of, awaited_since",
                ConditionExpression="comparison = :judged",
                ExpressionAttributeValues={":judged": {"S": "judged"}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return  # something has come in: it waits, or is judged by itself
        except (BotoCoreError, ClientError) as error:
            raise unavailable(error) from error

    def _query(self, **request: Any) -> Any:
        try:
            return self._client.query(TableName=self._ledger, IndexName=AWAITED_INDEX, **request)
        except (BotoCoreError, ClientError) as error:
            raise unavailable(error) from error


def _awaited(item: Mapping[str, Any]) -> Awaited:
    return Awaited(
        message_id=item["pk"]["S"],
        type=item["type"]["S"],
        revision=int(item["revision"]["N"]),
        candidate_ended="candidate_ending" in item,
        control=tuple(
            _attempt(item, int(name.removeprefix(CONTROL_ATTRIBUTE)))
            for name in item
            if name.startswith(CONTROL_ATTRIBUTE)
        ),
        new_alone=item.get("authority", {}).get("S") == "new",
        decided=any(item.get(name, {}).get("BOOL", False) for name in ("conflict", "stale")),
        standing=standing(item),
    )


def _attempt(item: Mapping[str, Any], number: int) -> Attempt:
    """An attempt by its ending alone."""
    # Of one that an earlier version has noted nobody knows more than that it was final, or not.
    unknown = "done" if "control_final" in item else "retried"
    ending: Any = item.get(f"{CONTROL_ENDING_ATTRIBUTE}{number}", {}).get("S", unknown)
    since = read_time("awaited_since", item["awaited_since"]["S"])
    return Attempt(item["pk"]["S"], item["type"]["S"], number, ending, None, since, ())
