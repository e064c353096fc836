"""What moto does not tell apart, and DynamoDB does; the rest is in tests/unit/workers/outlet."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from botocore.stub import ANY, Stubber

from tests.fakes.message import NAME
from tests.fakes.table import LEDGER
from workers.fate import UnavailableError
from workers.outlet.port import Entry, Noted
from workers.store.pending import PendingEntries

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
ENTRY = Entry("w1", "payin.create", "payin", "default", "p1", 1, "2026-11-21T10:00:00Z", frozenset({"event"}), 0, b"")
NOTED = Noted(frozenset({"event"}), frozenset(), None, failed=False)


def test_an_entry_is_read_as_it_is_now_not_as_it_was_a_moment_before(dynamodb: "DynamoDBClient") -> None:
    expected = {
        "TableName": LEDGER,
        "Key": {"pk": {"S": "w1"}},
        "ConsistentRead": True,
        "ProjectionExpression": ANY,
        "ExpressionAttributeNames": ANY,
    }
    with Stubber(dynamodb) as stub:
        stub.add_response("get_item", {}, expected)
        assert PendingEntries(dynamodb, LEDGER).read("w1") is None


@pytest.mark.parametrize(
    ("operation", "call"),
    [
        ("get_item", lambda entries: entries.read("w1")),
        ("update_item", lambda entries: entries.note(ENTRY, NOTED, NOW)),
        ("update_item", lambda entries: entries.reopen("w1", "event", NOW)),
        ("query", lambda entries: entries.due("payin", NOW, None)),
    ],
)
def test_a_table_that_refuses_is_an_outage_that_quotes_nothing(
    dynamodb: "DynamoDBClient", operation: str, call: Callable[[PendingEntries], object]
) -> None:
    with Stubber(dynamodb) as stub:
        stub.add_client_error(operation, "ThrottlingException", NAME)
        with pytest.raises(UnavailableError, match="ThrottlingException") as refused:
            call(PendingEntries(dynamodb, LEDGER))
    assert NAME not in str(refused.value)
