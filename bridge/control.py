"""The control table and the ledger in DynamoDB, as a router needs them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bridge.authority import ControlUnavailableError
from bridge.aws_answer import asking, genuine, refuse_broken_json
from bridge.finality import Finality
from contracts.authority import AuthorityRecord
from contracts.control_item import (
    Item,
    RouterRow,
    authority_key,
    flatten,
    read_authority,
    router_key,
    write_router,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, KeysAndAttributesTypeDef

KEYS_AT_ONCE = 100
"""BatchGetItem takes so many (API reference)."""
_PROJECTION = "pk, control_final, candidate_ending, stale, authority"


class DynamoControl:
    """A `Control`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """Args: client: made by bootstrap, with short timeouts. table: name of the control table."""
        refuse_broken_json(client, "GetItem")  # of an empty answer it would read that nothing was ever decided
        self._client = client
        self._table = table

    def read(self, family: str) -> AuthorityRecord:
        """See `Control.read`."""
        key = _attributes(authority_key(family))
        with asking("GetItem", ControlUnavailableError):
            answer = genuine(self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True))
            item = None if "Item" not in answer else flatten(answer["Item"])
        return read_authority(family, item)

    def write(self, row: RouterRow) -> None:
        """See `Control.write`."""
        item = _attributes(write_router(row))
        with asking("PutItem", ControlUnavailableError):
            genuine(self._client.put_item(TableName=self._table, Item=item))

    def remove(self, family: str, router: str) -> None:
        """See `Control.remove`."""
        key = _attributes(router_key(family, router))
        with asking("DeleteItem", ControlUnavailableError):
            genuine(self._client.delete_item(TableName=self._table, Key=key))


class DynamoLedgerView:
    """A `LedgerView`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """Args: client: made by bootstrap, with short timeouts. table: name of the ledger."""
        refuse_broken_json(client, "BatchGetItem")
        self._client = client
        self._table = table

    def look(self, message_ids: Sequence[str], *, consistent: bool) -> Mapping[str, Finality]:
        """See `LedgerView.look`."""
        known: dict[str, Finality] = {}
        for start in range(0, len(message_ids), KEYS_AT_ONCE):
            asked = message_ids[start : start + KEYS_AT_ONCE]
            found, whole = self._get(asked, consistent=consistent)
            if consistent and not whole:
                raise ControlUnavailableError("BatchGetItem: not all keys were looked up")
            known |= found
        return known

    def _get(self, asked: Sequence[str], *, consistent: bool) -> tuple[Mapping[str, Finality], bool]:
        """What one call finds, and whether it has looked all of them up."""
        request: KeysAndAttributesTypeDef = {
            "Keys": [{"pk": {"S": one}} for one in asked],
            "ProjectionExpression": _PROJECTION,
            "ConsistentRead": consistent,
        }
        with asking("BatchGetItem", ControlUnavailableError):
            answer = genuine(self._client.batch_get_item(RequestItems={self._table: request}))
            found = {item["pk"]["S"]: _finality(item) for item in answer["Responses"].get(self._table, ())}
            return found, not answer.get("UnprocessedKeys")


def _finality(item: Mapping[str, "AttributeValueTypeDef"]) -> Finality:
    ended = "candidate_ending" in item
    # Entries from before authority was noted there are those of a shadow run.
    authority = item.get("authority", {}).get("S", "legacy")
    return Finality(
        control_final=item.get("control_final", {}).get("S") == "yes",
        candidate=None if not ended else "new" if authority == "new" else "legacy",
        rejected=item.get("candidate_ending", {}).get("S") == "rejected",
        stale=item.get("stale", {}).get("BOOL") is True,
    )


def _attributes(item: Item) -> dict[str, "AttributeValueTypeDef"]:
    return {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in item.items()}
