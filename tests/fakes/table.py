"""The tables as infra declares them, as far as stores can tell, on moto."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from contracts.authority import AuthorityRecord
from contracts.control_item import write_authority

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RECORDS = "s-records"
LEDGER = "s-ledger"
CONTROL = "s-control"
LETTERS = "s-letters"
REGION = "eu-west-3"
_KEYS = {RECORDS: ("pk", "sk"), LEDGER: ("pk",), CONTROL: ("pk", "sk"), LETTERS: ("pk",)}
_INDEXES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    LEDGER: {"outlets": ("outlet_of", "due_at"), "awaited": ("awaited_of", "awaited_since")},
    LETTERS: {"open": ("state", "last_seen")},
}


BROKEN_ATTRIBUTES: Any = (
    *(("stage", {"BOOL": True}), ("phase", {"NULL": True}), ("epoch", {"N": "1.5"}), ("epoch", {"S": "7"})),
    *(("run", None), ("stage", None)),
)
"""Attributes as somebody's hand may have left them in an authority record; None for one that is not there."""


def broken_record(name: str, value: Any) -> Any:
    """The item of a fenced record of `payin`, in DynamoDB's spelling, with one attribute that cannot be read."""
    record = AuthorityRecord("payin", "shadow", 7, 5, "fenced", "live", "run-1")
    flat = write_authority(record)
    item: Any = {key: {"N": str(one)} if isinstance(one, int) else {"S": one} for key, one in flat.items()}
    return {key: one for key, one in {**item, name: value}.items() if one is not None}


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
    """Make all tables anew, with nothing in them."""
    there = client.list_tables()["TableNames"]
    for name, keys in _KEYS.items():
        if name in there:
            client.delete_table(TableName=name)
        indexes = _INDEXES.get(name, {})
        declared: Any = [
            {"IndexName": index, "KeySchema": _schema(index_keys), "Projection": {"ProjectionType": "KEYS_ONLY"}}
            for index, index_keys in indexes.items()
        ]
        indexed = [key for index_keys in indexes.values() for key in index_keys]
        client.create_table(
            TableName=name,
            KeySchema=_schema(keys),
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in (*keys, *indexed)],
            BillingMode="PAY_PER_REQUEST",
            **({"GlobalSecondaryIndexes": declared} if declared else {}),
        )


def _schema(keys: Sequence[str]) -> Any:
    return [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)]
