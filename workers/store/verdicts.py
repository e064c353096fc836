"""Writes verdicts to the ledger, one of each revision, unless it has moved on since what was judged."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from contracts.amendment import Standing, amend, read_amendments, write_amendments
from contracts.judge import Judgement
from contracts.message_type import MessageType
from contracts.shown import ShownDifference, show
from contracts.verdict import Verdict
from workers.aws_error import unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SHOWN_DIFFERENCES = 50
"""A message with more differences than that is broken in a way that fifty show."""


def standing(entry: Mapping[str, Any]) -> Standing | None:
    """The verdict that an entry has, in DynamoDB's spelling; None where it has none yet."""
    if "verdict" not in entry:
        return None
    since = entry.get("verdict_since", entry["judged_at"])["S"]  # verdicts of earlier versions have no `verdict_since`
    return Standing(
        Verdict(entry["verdict"]["S"]),
        datetime.fromisoformat(since),
        read_amendments(entry["amendments"]["S"]) if "amendments" in entry else (),
        int(entry["amended"]["N"]) if "amended" in entry else 0,
    )


class VerdictStore:
    """The verdicts' side of ledger entries."""

    def __init__(self, client: "DynamoDBClient", ledger: str) -> None:
        """Args: ledger: name of the table."""
        self._client = client
        self._ledger = ledger

    def write(
        self,
        message_id: str,
        revision: int,
        message_type: MessageType,
        judgement: Judgement,
        now: datetime,
        former: Standing | None = None,
    ) -> bool:
        """Write the verdict of one revision. False where a later one is there, or this one has its verdict.

        Raises UnavailableError.

        Args:
            message_id: whose entry.
            revision: what was judged.
            message_type: its contract.
            judgement: the verdict, with its evidence.
            now: when it was given.
            former: what stood in the entry as it was judged.
        """
        differences = judgement.differences[:SHOWN_DIFFERENCES]
        shown = [_document(show(one, plain=message_type.is_plain(one.path))) for one in differences]
        signatures = sorted({one.signature(message_type.name) for one in judgement.differences})[:SHOWN_DIFFERENCES]
        stands = amend(former, judgement.verdict, now)
        values: dict[str, Any] = {
            ":verdict": {"S": judgement.verdict.value},
            ":verdict_of": {"S": f"{message_type.name}#{judgement.verdict.value}"},
            ":judged_at": {"S": now.isoformat(timespec="milliseconds")},
            ":verdict_since": {"S": stands.since.isoformat(timespec="milliseconds")},
            ":judged": {"S": "judged"},
            ":due": {"S": "due"},
            ":revision": {"N": str(revision)},
            ":differences": {"S": json.dumps(shown)},
            ":groups": {"L": [{"S": signature} for signature in signatures]},
            ":rules": {"L": [{"S": rule.path} for rule in judgement.rules]},
        }
        trace = ""
        if stands.amendments:
            values |= {
                ":amendments": {"S": write_amendments(stands.amendments)},
                ":amended": {"N": str(stands.amended)},
            }
            trace = ", amendments = :amendments, amended = :amended"
        try:
            self._client.update_item(
                TableName=self._ledger,
                Key={"pk": {"S": message_id}},
                UpdateExpression=(
                    "SET verdict = :verdict, verdict_of = :verdict_of, judged_at = :judged_at, comparison = :judged, "
                    "verdict_since = :verdict_since, "
                    f"differences = :differences, #groups = :groups, #rules = :rules{trace} "
                    "REMOVE awaited_of, awaited_since"
                ),
                # What is due at this revision has the verdict that it was read with: `former` is all that stood before.
                ConditionExpression="revision = :revision AND comparison = :due",
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
