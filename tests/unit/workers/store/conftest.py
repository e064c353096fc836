"""Both tables on moto, made once a module: tests use ids of their own."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.fakes.table import tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(scope="module")
def dynamodb() -> Iterator["DynamoDBClient"]:
    """A client of tables that were empty at first."""
    with tables() as client:
        yield client
