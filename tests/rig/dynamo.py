"""DynamoDB, as much of it as a router needs: single items, got, put, deleted, and a hundred got at once.

No conditions and no updates: a call that asks for more than is here is refused, never half obeyed.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from tests.rig.fault import OF_CALL, Fault, Faults
from tests.rig.refusal import RefusedError, fail
from tests.rig.reply import write_reply
from tests.rig.web import Answer

_MOST_KEYS = 100
_OBEYED = frozenset(
    {"TableName", "Key", "Item", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames", "RequestItems"}
    | {"ReturnConsumedCapacity", "ReturnValues"}
)
"""Projections are not applied: whole items come back."""

Item = Mapping[str, Mapping[str, Any]]
"""Attribute names to values in DynamoDB's spelling: `{"S": ...}`, `{"N": ...}`."""


class Dynamo:
    """All tables. Called on the endpoint's thread; everything else by anybody."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._keys: dict[str, tuple[str, ...]] = {}
        self._items: dict[str, dict[str, Item]] = {}
        self._lock = threading.Lock()

    def create(self, table: str, *keys: str) -> None:
        """Make a table with these key attributes: `pk`, or `pk` and `sk`."""
        with self._lock:
            self._keys[table] = keys
            self._items.setdefault(table, {})

    def put(self, table: str, item: Item) -> None:
        """Fill in an item."""
        with self._lock:
            self._items[table][self._key(table, item)] = item

    def items(self, table: str) -> Sequence[Item]:
        """All items of a table."""
        with self._lock:
            return tuple(self._items[table].values())

    def answer(self, operation: str, document: Mapping[str, Any]) -> Answer:
        """Answer one call of the JSON protocol."""
        struck = self._faults.strike(OF_CALL, operation)
        if struck is not None:
            return fail(struck.fault)
        try:
            with self._lock:
                answer = write_reply(self._answer(operation, document))
        except RefusedError as error:
            return error.refusal.as_json()
        if self._faults.strike([Fault.LOST_RESPONSE], operation):
            return Answer(silent=True)
        slow = self._faults.strike([Fault.SLOW], operation)
        return Answer(answer.status, answer.body, answer.headers, slow.seconds if slow else 0.0)

    def _answer(self, operation: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
        if unknown := document.keys() - _OBEYED:
            raise _invalid(f"{', '.join(sorted(unknown))}: not spoken here")
        if operation == "BatchGetItem":
            return self._get_many(document["RequestItems"])
        table = document.get("TableName", "")
        if operation == "PutItem":
            self._items_of(table)[self._key(table, document["Item"])] = document["Item"]
            return {}
        if operation == "DeleteItem":
            self._items_of(table).pop(self._key(table, document["Key"]), None)
            return {}
        if operation == "GetItem":
            item = self._items_of(table).get(self._key(table, document["Key"]))
            return {} if item is None else {"Item": item}
        raise RefusedError(
            "UnknownOperationException", operation, shape="com.amazonaws.dynamodb.v20120810#UnknownOperation"
        )

    def _get_many(self, requests: Mapping[str, Any]) -> Mapping[str, Any]:
        if sum(len(one["Keys"]) for one in requests.values()) > _MOST_KEYS:
            raise _invalid("Too many items requested for the BatchGetItem call")
        found: dict[str, list[Item]] = {}
        for table, one in requests.items():
            keys = [self._key(table, key) for key in one["Keys"]]
            if len(set(keys)) < len(keys):
                raise _invalid("Provided list of item keys contains duplicates")
            kept = self._items_of(table)
            found[table] = [kept[key] for key in keys if key in kept]
        return {"Responses": found, "UnprocessedKeys": {}}

    def _items_of(self, table: str) -> dict[str, Item]:
        if table not in self._items:
            message = "Requested resource not found"
            shape = "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"
            raise RefusedError("ResourceNotFoundException", message, shape=shape)
        return self._items[table]

    def _key(self, table: str, item: Item) -> str:
        self._items_of(table)
        return json.dumps([item[name] for name in self._keys[table]], sort_keys=True)


def _invalid(message: str) -> RefusedError:
    return RefusedError("ValidationException", message, shape="com.amazon.coral.validate#ValidationException")
