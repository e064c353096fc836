"""Notes the monolith's outcomes in the ledger, whichever side comes first."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from contracts.control_item import write_time
from contracts.effect import Attempt
from contracts.message_type import DEFAULT_TENANT
from contracts.naming import CONTROL_ATTRIBUTE, CONTROL_ENDING_ATTRIBUTE
from workers.aws_error import unavailable
from workers.store.attribute import seal_attempt
from workers.store.seal import Sealer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class ControlStore:
    """Writes the control's side of ledger entries."""

    def __init__(self, client: "DynamoDBClient", sealer: Sealer, ledger: str, clock: Callable[[], datetime]) -> None:
        """Args: ledger: name of the table."""
        self._client = client
        self._sealer = sealer
        self._ledger = ledger
        self._clock = clock

    def note(self, attempt: Attempt, tenant: str = DEFAULT_TENANT) -> None:
        """Add one attempt's outcome; the same one twice changes nothing but the revision. Raises UnavailableError."""
        # Once final, final for ever. Muted is it only by what ended it: an attempt before may have been another host's.
        muted = "control_muted = :true, " if attempt.muted else ""
        final = "" if attempt.ending == "retried" else f"control_final = :true, {muted}"
        try:
            self._client.update_item(
                TableName=self._ledger,
                Key={"pk": {"S": attempt.message_id}},
                # Attributes of each attempt's own: several may come, in any order, without one overwriting another.
                UpdateExpression=(
                    "SET #type = :type, tenant = if_not_exists(tenant, :tenant), #control = :sealed, "
                    f"#ending = :ending, {final}control_seen = :true, comparison = :due, "
                    "awaited_of = :type, awaited_since = if_not_exists(awaited_since, :now) ADD revision :one"
                ),
                ExpressionAttributeNames={
                    "#type": "type",
                    "#control": f"{CONTROL_ATTRIBUTE}{attempt.attempt}",
                    "#ending": f"{CONTROL_ENDING_ATTRIBUTE}{attempt.attempt}",
                },
                ExpressionAttributeValues={
                    ":type": {"S": attempt.type},
                    ":tenant": {"S": tenant},
                    ":sealed": {"B": seal_attempt(attempt, f"control{attempt.attempt}", tenant, self._sealer)},
                    ":ending": {"S": attempt.ending},
                    ":now": {"S": write_time(self._clock())},
                    ":true": {"S": "yes"},
                    ":due": {"S": "due"},
                    ":one": {"N": "1"},
                },
            )
        except (BotoCoreError, ClientError) as error:
            raise unavailable(error) from error
