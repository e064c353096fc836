import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from contracts.return_message import ReturnedHold, deduplication_id, write_return
from tests.fakes.function import event
from tests.fakes.message import NAME
from workers.fate import UnavailableError
from workers.port import DeadLetter
from workers.sqs import SqsDeadLetters, SqsReturns, SqsVisibility, read_record

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

URL = "https://sqs.eu-west-3.amazonaws.com/1/q"
LETTER = DeadLetter("{}", {"envelope": "{}", "id": "w1"}, "model:amount", "p1", "m1", receives=3)


@pytest.fixture(scope="module")
def client() -> "SQSClient":
    return boto3.client("sqs", region_name="eu-west-3", aws_access_key_id="x", aws_secret_access_key="x")


@pytest.fixture
def stub(client: "SQSClient") -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def test_a_record_of_a_fifo_queue_is_read() -> None:
    record = event("sqs_fifo_payin")["Records"][0]
    received = read_record(record)
    assert (received.record_id, received.receipt) == (record["messageId"], record["receiptHandle"])
    assert (received.receives, received.group, received.body) == (1, "975233263", record["body"])
    assert set(received.attributes) == {"envelope", "id", "type"}
    assert NAME not in repr(received)


def test_a_record_of_a_standard_queue_has_no_group() -> None:
    received = read_record(event("sqs_standard_cardtransaction")["Records"][0])
    assert (received.receives, received.group) == (2, None)


def test_a_record_without_attributes_is_read_all_the_same() -> None:
    received = read_record({"messageId": "m", "receiptHandle": "r", "body": ""})
    assert (received.receives, received.group, received.attributes) == (1, None, {})


def test_a_letter_of_a_fifo_queue_keeps_its_group_and_is_recognisable_when_repeated(
    client: "SQSClient", stub: Stubber
) -> None:
    deduplication = hashlib.sha256(b"m1").hexdigest()
    for _ in range(2):
        expected = {
            "QueueUrl": URL,
            "MessageBody": "{}",
            "MessageAttributes": {
                "envelope": text("{}"),
                "id": text("w1"),
                "cause": text("model:amount"),
                "receives": text("3"),
            },
            "MessageGroupId": "p1",
            "MessageDeduplicationId": deduplication,
        }
        stub.add_response("send_message", {"MessageId": "d"}, expected)
        SqsDeadLetters(client, URL).send(LETTER)


def test_a_letter_of_a_standard_queue_has_no_group(client: "SQSClient", stub: Stubber) -> None:
    expected = {
        "QueueUrl": URL,
        "MessageBody": "{}",
        "MessageAttributes": {"cause": text("envelope"), "receives": text("1")},
    }
    stub.add_response("send_message", {"MessageId": "d"}, expected)
    SqsDeadLetters(client, URL).send(DeadLetter("{}", {}, "envelope", None, "m1"))


@pytest.mark.parametrize("code", ["AccessDenied", "RequestThrottled", "AWS.SimpleQueueService.NonExistentQueue"])
def test_a_dead_letter_queue_that_refuses_is_an_outage(client: "SQSClient", stub: Stubber, code: str) -> None:
    stub.add_client_error("send_message", code, NAME)
    with pytest.raises(UnavailableError) as unavailable:
        SqsDeadLetters(client, URL).send(LETTER)
    assert str(unavailable.value) == f"SendMessage: {code}"


def test_delays_go_ten_at_a_time(client: "SQSClient", stub: Stubber) -> None:
    receipts = [(f"r{n}", n) for n in range(12)]
    for start, end in ((0, 10), (10, 12)):
        entries = [{"Id": str(n), "ReceiptHandle": f"r{n}", "VisibilityTimeout": n} for n in range(start, end)]
        expected = {"QueueUrl": URL, "Entries": entries}
        stub.add_response("change_message_visibility_batch", {"Successful": [], "Failed": []}, expected)
    SqsVisibility(client, URL).delay(receipts)


def test_a_delay_that_is_refused_leaves_the_queues_own(client: "SQSClient", stub: Stubber) -> None:
    stub.add_client_error("change_message_visibility_batch", "AccessDenied")
    SqsVisibility(client, URL).delay([("r1", 5)])


def test_a_network_that_is_down_is_an_outage(client: "SQSClient", monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url=URL)

    monkeypatch.setattr(client, "send_message", fail)
    monkeypatch.setattr(client, "change_message_visibility_batch", fail)
    SqsVisibility(client, URL).delay([("r1", 5)])
    with pytest.raises(UnavailableError, match="EndpointConnectionError"):
        SqsDeadLetters(client, URL).send(LETTER)


def test_a_letter_does_not_show_what_is_in_it() -> None:
    assert NAME not in repr(DeadLetter(NAME, {"envelope": NAME}, "model", "p1", "m1"))


def test_what_goes_back_has_its_group_and_is_recognisable_when_repeated(client: "SQSClient", stub: Stubber) -> None:
    hold = ReturnedHold("payin", "w1", "{}", NAME.encode())
    expected = {
        "QueueUrl": URL,
        "MessageBody": write_return(hold),
        "MessageGroupId": "payin#p1",
        "MessageDeduplicationId": deduplication_id("hold#w1"),
    }
    stub.add_response("send_message", {"MessageId": "d"}, expected)
    SqsReturns(client, URL).send(hold, group="payin#p1", deduplication="hold#w1")


def test_a_way_back_that_is_refused_is_an_outage_that_quotes_nothing(client: "SQSClient", stub: Stubber) -> None:
    stub.add_client_error("send_message", "ThrottlingException", NAME)
    with pytest.raises(UnavailableError, match="SendMessage: ThrottlingException") as refused:
        SqsReturns(client, URL).send(ReturnedHold("payin", "w1", "{}", b""), group="g", deduplication="d")
    assert NAME not in str(refused.value)
