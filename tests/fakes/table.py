"""The two tables as infra declares them, as far as stores can tell, on moto."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RECORDS = "s-records"
LEDGER = "s-ledger"
REGION = "eu-west-3"


@contextmanager
def moto_alone() -> Iterator[None]:
    """moto, whatever the machine's environment says of AWS: neither credentials nor endpoints of it are used."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        with mock_aws():
            yield


@contextmanager
def tables() -> Iterator["DynamoDBClient"]:
    """A client of empty tables."""
    with moto_alone():
        client = boto3.client("dynamodb", region_name=REGION, config=Config(retries={"total_max_attempts": 1}))
        create_tables(client)
        yield client


def create_tables(client: "DynamoDBClient") -> None:
    """Make both tables anew, with nothing in them."""
    there = client.list_tables()["TableNames"]
    for name, keys in ((RECORDS, ("pk", "sk")), (LEDGER, ("pk",))):
        if name in there:
            client.delete_table(TableName=name)
        schema: Any = [
            {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ]
        client.create_table(
            TableName=name,
            KeySchema=schema,
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            BillingMode="PAY_PER_REQUEST",
        )
