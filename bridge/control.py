"""The control table and the ledger in DynamoDB, as a router needs them."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from bridge.authority import ControlUnavailableError
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
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

KEYS_AT_ONCE = 100
"""BatchGetItem takes so many (API reference)."""
_PROJECTION = "pk, control_final, candidate_ending, stale, authority"


class DynamoControl:
    """A `Control`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """Args: client: made by bootstrap, with short timeouts. table: name of the control table."""
        self._client = client
        self._table = table

    def read(self, family: str) -> AuthorityRecord:
        """See `Control.read`."""
        with _unavailable():
            answer = self._client.get_item(
                TableName=self._table, Key=_attributes(authority_key(family)), ConsistentRead=True
            )
            item = answer.get("Item")
            return read_authority(family, None if item is None else flatten(item))

    def write(self, row: RouterRow) -> None:
        """See `Control.write`."""
        with _unavailable():
            self._client.put_item(TableName=self._table, Item=_attributes(write_router(row)))

    def remove(self, family: str, router: str) -> None:
        """See `Control.remove`."""
        with _unavailable():
            self._client.delete_item(TableName=self._table, Key=_attributes(router_key(family, router)))


class DynamoLedgerView:
    """A `LedgerView`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """Args: client: made by bootstrap, with short timeouts. table: name of the ledger."""
        self._client = client
        self._table = table

    def look(self, message_ids: Sequence[str], *, consistent: bool) -> Mapping[str, Finality]:
        """See `LedgerView.look`."""
        known: dict[str, Finality] = {}
        for start in range(0, len(message_ids), KEYS_AT_ONCE):
            asked = message_ids[start : start + KEYS_AT_ONCE]
            with _unavailable():
                answer = self._client.batch_get_item(
                    RequestItems={
                        self._table: {
                            "Keys": [{"pk": {"S": one}} for one in asked],
                            "ProjectionExpression": _PROJECTION,
                            "ConsistentRead": consistent,
                        }
                    }
                )
            if consistent and answer.get("UnprocessedKeys"):
                raise ControlUnavailableError("BatchGetItem: not all keys were looked up")
            for item in answer.get("Responses", {}).get(self._table, ()):
                known[item["pk"]["S"]] = _finality(item)
        return known


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


@contextlib.contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        raise ControlUnavailableError(f"{error.operation_name}: {code}") from error
    except BotoCoreError as error:
        raise ControlUnavailableError(type(error).__name__) from error
