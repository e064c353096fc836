"""Asks the ledger what became of messages that are replayed, strongly consistent; what is sealed stays where it is."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from contracts import naming
from ops.batch_read import BatchReader
from ops.replay_answer import Glance

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_LOOKED_AT = (
    *("pk", "candidate_ending", "authority", "body_digest", "replay"),
    *("stale", "pending", "given_up", "control_final"),
)


class ReplayLedger:
    """The ledger of one deployment, for whoever waits for answers."""

    def __init__(self, client: "DynamoDBClient", stack: str) -> None:
        """Args: stack: whose ledger."""
        self._client = client
        self._stack = stack
        self._table = naming.ledger_table_name(stack)

    def glances(self, message_ids: Iterable[str]) -> Mapping[str, Glance]:
        """What it says of each message that it knows. Raises CommandError."""
        items = BatchReader(self._client, self._stack, self._table).read(message_ids, _LOOKED_AT)
        return {item["pk"]["S"]: _glance(item) for item in items}


def _glance(item: Mapping[str, Any]) -> Glance:
    done = item.get("candidate_ending", {}).get("S") == "done"
    return Glance(
        done=done,
        body_digest=item.get("body_digest", {}).get("S"),
        replay=item.get("replay", {}).get("S"),
        stale=bool(item.get("stale", {}).get("BOOL")),
        pending=frozenset((*item.get("pending", {}).get("SS", ()), *item.get("given_up", {}).get("SS", ()))),
        control_final="control_final" in item,
        as_copy=done and item.get("authority", {}).get("S") != "new",
    )
