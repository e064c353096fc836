"""Condition keys of DynamoDB requests, as the embedded AWS judges them; with real roles in tests/integration."""

from typing import Any

import pytest
from ministack.core.iam_evaluator import EvalContext, _conditions_met
from ministack.services import dynamodb

from infra.local.ministack_condition import condition_keys

ARN = "arn:aws:dynamodb:eu-west-1:000000000000:table/"
INDEX = {"IndexName": "by-family", "KeySchema": [{"AttributeName": "family", "KeyType": "HASH"}]}
SCHEMA = [{"AttributeName": "sk", "KeyType": "RANGE"}, {"AttributeName": "pk", "KeyType": "HASH"}]


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {name: {"KeySchema": SCHEMA, "GlobalSecondaryIndexes": [INDEX]} for name in ("one", "two")}
    monkeypatch.setattr(dynamodb, "_tables", known)


def _key(partition: str) -> dict[str, Any]:
    return {"pk": {"S": partition}, "sk": {"S": "x"}}


@pytest.mark.parametrize(
    ("action", "request_", "leading"),
    [
        ("GetItem", {"TableName": "one", "Key": _key("a")}, ["a"]),
        ("PutItem", {"TableName": "one", "Item": {**_key("a"), "more": {"N": "1"}}}, ["a"]),
        ("GetItem", {"TableName": f"{ARN}one", "Key": {"pk": {"N": "7"}}}, ["7"]),
        (
            "Query",
            {
                "TableName": "one",
                "KeyConditionExpression": "#p = :p AND sk = :s",
                "ExpressionAttributeNames": {"#p": "pk"},
                "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"S": "b"}},
            },
            ["a"],
        ),
        (
            "BatchGetItem",
            {"RequestItems": {"one": {"Keys": [_key("a"), _key("b")]}, "two": {"Keys": [_key("c")]}}},
            ["a", "b"],
        ),
        (
            "BatchWriteItem",
            {"RequestItems": {"one": [{"PutRequest": {"Item": _key("a")}}, {"DeleteRequest": {"Key": _key("b")}}]}},
            ["a", "b"],
        ),
        (
            "PutItem",
            {
                "TransactItems": [
                    {"Put": {"TableName": "one", "Item": _key("a")}},
                    {"Update": {"TableName": "one", "Key": _key("b")}},
                    {"Put": {"TableName": "two", "Item": _key("c")}},
                ]
            },
            ["a"],
        ),
    ],
)
def test_the_leading_keys_are_those_of_this_action_on_this_table(
    action: str, request_: dict[str, Any], leading: list[str]
) -> None:
    assert condition_keys(request_, f"dynamodb:{action}", f"{ARN}one")["dynamodb:LeadingKeys"] == leading


def test_an_index_leads_by_its_own_key() -> None:
    request = {
        "TableName": "one",
        "IndexName": "by-family",
        "KeyConditionExpression": "family = :f",
        "ExpressionAttributeValues": {":f": {"S": "payin"}},
    }
    assert condition_keys(request, "dynamodb:Query", f"{ARN}one/index/by-family")["dynamodb:LeadingKeys"] == ["payin"]


def test_a_scan_has_no_leading_keys() -> None:
    assert "dynamodb:LeadingKeys" not in condition_keys({"TableName": "one"}, "dynamodb:Scan", f"{ARN}one")


def test_each_table_of_a_batch_names_its_own_attributes_and_those_of_its_keys() -> None:
    request = {
        "RequestItems": {
            "one": {
                "Keys": [_key("a")],
                "ProjectionExpression": "#s, place.street[0]",
                "ExpressionAttributeNames": {"#s": "stale"},
            },
            "two": {"Keys": [_key("a")]},
        }
    }
    some = condition_keys(request, "dynamodb:BatchGetItem", f"{ARN}one")
    every = condition_keys(request, "dynamodb:BatchGetItem", f"{ARN}two")
    assert (some["dynamodb:Select"], some["dynamodb:Attributes"]) == (
        "SPECIFIC_ATTRIBUTES",
        ["pk", "place", "sk", "stale"],
    )
    assert (every["dynamodb:Select"], every["dynamodb:Attributes"]) == ("ALL_ATTRIBUTES", None)


@pytest.mark.parametrize(
    ("keys", "allowed"), [(["a"], True), (["a", "b"], True), (["a", "c"], False), ([], False), (None, False)]
)
def test_a_condition_on_all_values_holds_for_all_of_them_and_not_for_none(
    keys: list[str] | None, *, allowed: bool
) -> None:
    """MiniStack's own evaluation, of the pair of conditions that our policies have."""
    condition = {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["a", "b"]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    context = EvalContext(
        principal_arn="",
        principal_type="AssumedRole",
        principal_account="",
        action="dynamodb:GetItem",
        resource_arn=ARN,
        region="",
        service_context={"dynamodb:leadingkeys": keys or None},
    )
    assert _conditions_met(condition, context) is allowed
