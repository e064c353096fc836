"""Writes verdicts to the ledger, unless it has moved on since what was judged."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from contracts.judge import Judgement
from contracts.message_type import MessageType
from contracts.shown import ShownDifference, show
from workers.aws_error import unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SHOWN_DIFFERENCES = 50
"""A message with more differences than that is broken in a way that fifty show."""


class VerdictStore:
    """The judge's side of ledger entries."""

    def __init__(self, client: "DynamoDBClient", ledger: str) -> None:
        """Args: ledger: name of the table."""
        self._client = client
        self._ledger = ledger

    def write(
        self, message_id: str, revision: int, message_type: MessageType, judgement: Judgement, now: datetime
    ) -> bool:
        """Write the verdict of one revision. False where a later one is there: it is judged by itself.

        Raises UnavailableError.
        """
        differences = judgement.differences[:SHOWN_DIFFERENCES]
        shown = [_document(show(one, plain=message_type.is_plain(one.path))) for one in differences]
        signatures = sorted({one.signature(message_type.name) for one in judgement.differences})[:SHOWN_DIFFERENCES]
        values: dict[str, Any] = {
            ":verdict": {"S": judgement.verdict.value},
            ":verdict_of": {"S": f"{message_type.name}#{judgement.verdict.value}"},
            ":judged_at": {"S": now.isoformat(timespec="milliseconds")},
            ":judged": {"S": "judged"},
            ":revision": {"N": str(revision)},
            ":differences": {"S": json.dumps(shown)},
            ":groups": {"L": [{"S": signature} for signature in signatures]},
            ":rules": {"L": [{"S": rule.path} for rule in judgement.rules]},
        }
        try:
            self._client.update_item(
                TableName=self._ledger,
                Key={"pk": {"S": message_id}},
                UpdateExpression=(
                    "SET verdict = :verdict, verdict_of = :verdict_of, judged_at = :judged_at, comparison = :judged, "
                    "differences = :differences, #groups = :groups, #rules = :rules"
                ),
                ConditionExpression="revision = :revision",
                ExpressionAttributeNames={"#groups": "groups", "#rules": "rules"},  # reserved words
                ExpressionAttributeValues=values,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        except (BotoCoreError, ClientError) as error:
            raise unavailable(error) from error
        return True


def _document(one: ShownDifference) -> dict[str, object]:
    return {
        "path": one.path,
        "kind": one.kind,
        "shapes": [one.control_shape, one.candidate_shape],
        "control": one.control,
        "candidate": one.candidate,
    }
