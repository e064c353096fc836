"""Condition keys that MiniStack 1.5.33 leaves empty for DynamoDB, filled as AWS does.

`dynamodb:LeadingKeys` it never fills, so that a condition on it with `ForAllValues` holds for every key there is.
`dynamodb:Attributes` and `dynamodb:Select` it reads from the top of a request, where a batch has none, so that a batch
that names its attributes is refused. Here each table of a batch, and each action of a transaction, is judged by its own
keys and attributes (DynamoDB developer guide, "Using IAM policy conditions for fine-grained access control").
"""

import functools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.services import dynamodb

_REQUEST = "strangler:request"  # between the two functions below only; no policy ever sees it
_MEMBERS = {
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "Get": "dynamodb:GetItem",
}
_READS = frozenset({"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan"})
_EQUALS = re.compile(r"([#\w.-]+)\s*=\s*(:\w+)")

Request = Mapping[str, Any]


def fill_item_keys() -> None:
    """Gap: dynamodb:LeadingKeys is never filled, dynamodb:Attributes and dynamodb:Select not for batches."""
    describe, enforce = iam_actions.dynamodb_service_context, iam_evaluator.enforce

    @functools.wraps(describe)
    def describe_with_request(body: bytes) -> dict[str, Any]:
        described: dict[str, Any] = describe(body)
        try:
            request = json.loads(body or b"{}")
        except ValueError:  # MiniStack answers it with an error of its own
            return described
        return {**described, _REQUEST: request} if isinstance(request, dict) else described

    @functools.wraps(enforce)
    def enforce_by_item(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Any = None,
    ) -> Any:
        context = dict(service_context or {})
        request = context.pop(_REQUEST, None)
        if request is not None:
            context |= condition_keys(request, iam_action, resource_arn)
        return enforce(access_key_id, iam_action, service, region, resource_arn, context)

    iam_actions.dynamodb_service_context = describe_with_request
    iam_evaluator.enforce = enforce_by_item


def condition_keys(request: Request, action: str, resource_arn: str) -> dict[str, Any]:
    """The condition keys of one action on one table or index; a key that the request does not carry is left out."""
    _, _, rest = resource_arn.partition(":table/")
    table, _, index = rest.partition("/index/")
    partition_key = _partition_key(table, index)
    leading: list[str] = []
    for part in _parts(request, action, table):
        leading += _leading_keys(part, partition_key)
    keys: dict[str, Any] = {"dynamodb:LeadingKeys": leading} if leading else {}
    if action in _READS:
        keys |= _attributes(list(_parts(request, action, table)))
    return keys


def _parts(request: Request, action: str, table: str) -> Iterator[Request]:
    """What of a request is this action on this table: the whole of it, or pieces of a batch or a transaction."""
    for item in request.get("TransactItems") or ():
        for member, named in _MEMBERS.items():
            if named == action and _table_name(item.get(member, {}).get("TableName", "")) == table:
                yield item[member]
    for name, wanted in (request.get("RequestItems") or {}).items():
        if _table_name(name) != table:
            continue
        if isinstance(wanted, dict):
            yield wanted
        else:
            for write in wanted:
                yield write.get("PutRequest") or write.get("DeleteRequest") or {}
    if "TableName" in request:
        yield request


def _leading_keys(part: Request, partition_key: str | None) -> Iterator[str]:
    if partition_key is None:
        return
    for item in (part.get("Key"), part.get("Item"), *(part.get("Keys") or ())):
        if item and partition_key in item:
            yield _text(item[partition_key])
    names, values = part.get("ExpressionAttributeNames") or {}, part.get("ExpressionAttributeValues") or {}
    for name, value in _EQUALS.findall(part.get("KeyConditionExpression") or ""):
        if names.get(name, name) == partition_key and value in values:
            yield _text(values[value])


def _attributes(parts: list[Request]) -> dict[str, Any]:
    """Attributes that a read names, those of its keys included; a read that names none wants all."""
    named: set[str] = set()
    select = "SPECIFIC_ATTRIBUTES"
    for part in parts:
        names = part.get("ExpressionAttributeNames") or {}
        paths = [path.strip() for path in (part.get("ProjectionExpression") or "").split(",") if path.strip()]
        heads = [re.split(r"[.\[]", path, maxsplit=1)[0] for path in paths]
        wanted = [*(names.get(head, head) for head in heads), *(part.get("AttributesToGet") or ())]
        if wanted:
            named.update(wanted)
            named.update(name for key in (part.get("Key"), *(part.get("Keys") or ())) for name in key or ())
        else:
            select = "ALL_ATTRIBUTES"
        select = part.get("Select") or select
    return {"dynamodb:Select": select, "dynamodb:Attributes": sorted(named) or None}


def _partition_key(table: str, index: str) -> str | None:
    described = dynamodb._tables.get(table) or {}
    schemas = {one["IndexName"]: one["KeySchema"] for one in described.get("GlobalSecondaryIndexes") or ()}
    schema = schemas.get(index) or described.get("KeySchema") or ()
    return next((one["AttributeName"] for one in schema if one["KeyType"] == "HASH"), None)


def _table_name(name: str) -> str:
    """A request may name a table by its ARN."""
    return name.rpartition("/")[2]


def _text(value: Mapping[str, Any]) -> str:
    return str(next(iter(value.values())))
