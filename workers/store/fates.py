"""Counts of mutants, added up in the control table: one update adds to the item of a type and a judge."""

from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from contracts.control_item import write_time
from contracts.judge_fingerprint import judge_fingerprint
from contracts.liveness import Liveness
from contracts.liveness_item import AT, expiry_s, liveness_key, write_fates
from contracts.message_type import MessageType
from workers.aws_error import unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PLACES = 80
"""Numbers added to at once: an expression has 4 KB and 300 operators at most (DynamoDB developer guide, "Quotas"). A
message has some fifteen mutants; where more of a batch are tried than fit, survivors go first, and the rest is lost."""


class FateStore:
    """`workers.probing.Fates` over the control table."""

    def __init__(self, client: "DynamoDBClient", control: str) -> None:
        """Args: client: one that gives up soon; control: name of the table."""
        self._client = client
        self._control = control

    def add(self, message_type: MessageType, liveness: Liveness, now: datetime) -> None:
        """See `Fates.add`."""
        counts = dict(islice(write_fates(message_type.name, liveness).items(), PLACES))
        if not counts:
            return
        key = liveness_key(message_type.name, judge_fingerprint(message_type, now.date()))
        values: Any = {f":{number}": {"N": str(count)} for number, count in enumerate(counts.values())}
        additions = ", ".join(f"#{number} :{number}" for number in range(len(counts)))
        try:
            self._client.update_item(
                TableName=self._control,
                Key={name: {"S": str(value)} for name, value in key.items()},
                UpdateExpression=f"SET #at = :at, expires_at = :expires_at ADD {additions}",
                ExpressionAttributeNames={"#at": AT, **{f"#{number}": name for number, name in enumerate(counts)}},
                ExpressionAttributeValues={
                    ":at": {"S": write_time(now)},
                    ":expires_at": {"N": str(expiry_s(now))},
                    **values,
                },
            )
        except (BotoCoreError, ClientError) as error:
            raise unavailable(error) from error
