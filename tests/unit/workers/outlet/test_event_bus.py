from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tests.fakes.message import NAME
from workers.fate import UnavailableError
from workers.outlet.event_bus import EventBridge
from workers.outlet.port import Event, NotSentError

EVENT = Event("strangler.payin", "payin.create", '{"id":"w1:event"}')
EXPECTED = {
    "Entries": [
        {
            "EventBusName": "s-events",
            "Source": "strangler.payin",
            "DetailType": "payin.create",
            "Detail": '{"id":"w1:event"}',
        }
    ]
}


@pytest.fixture
def client() -> Any:
    return boto3.client("events", region_name="eu-west-3", aws_access_key_id="x", aws_secret_access_key="x")


@pytest.fixture
def stub(client: Any) -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_an_event_is_put_on_its_bus(client: Any, stub: Stubber) -> None:
    stub.add_response("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]}, EXPECTED)
    EventBridge(client, "s-events").put(EVENT)


def test_an_entry_that_fails_in_a_call_that_succeeds_has_not_left(client: Any, stub: Stubber) -> None:
    failed = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": NAME}]}
    stub.add_response("put_events", failed, EXPECTED)
    with pytest.raises(NotSentError, match=r"^PutEvents: ThrottlingException$"):
        EventBridge(client, "s-events").put(EVENT)


def test_a_call_that_is_refused_is_an_outage_that_quotes_nothing(client: Any, stub: Stubber) -> None:
    stub.add_client_error("put_events", "InternalException", NAME)
    with pytest.raises(UnavailableError, match=r"^PutEvents: InternalException$"):
        EventBridge(client, "s-events").put(EVENT)
