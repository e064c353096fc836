"""Sending to SQS: every entry of a batch has a fate of its own."""

from typing import Any, cast

import boto3
import pytest
from botocore.stub import ANY, Stubber

from ops.replay_message import Outgoing
from ops.replay_outlet import SqsOutlet


def one(body: str = "x", queue: str = "q.fifo") -> Outgoing:
    return Outgoing(queue, body, {"envelope": "{}", "replay": "r"}, "g", "d")


@pytest.fixture
def stub(aws: None) -> Stubber:
    stub = Stubber(boto3.client("sqs"))
    stub.activate()
    stub.add_response("get_queue_url", {"QueueUrl": "https://sqs/q"}, {"QueueName": "q.fifo"})
    return stub


def test_an_entry_that_fails_is_not_taken_for_sent_nor_are_its_neighbours_for_failed(stub: Stubber) -> None:
    failed = [
        {"Id": "1", "SenderFault": False, "Code": "InternalError"},
        {"Id": "2", "SenderFault": True, "Code": "InvalidMessageContents"},
        {"Id": "3", "SenderFault": True, "Code": "KMS.AccessDenied"},
    ]
    sent = [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": ""}]
    stub.add_response("send_message_batch", {"Successful": sent, "Failed": failed}, {"QueueUrl": ANY, "Entries": ANY})
    receipts = SqsOutlet(cast(Any, stub.client)).send([one() for _ in range(5)])
    assert [receipt.fate for receipt in receipts] == ["accepted", "unknown", "refused", "unknown", "unknown"]


def test_a_call_that_fails_leaves_everything_unknown_and_says_no_more_than_its_code(stub: Stubber) -> None:
    stub.add_client_error("send_message_batch", "AccessDenied", "a text that may quote the message")
    (receipt,) = SqsOutlet(cast(Any, stub.client)).send([one()])
    assert (receipt.fate, receipt.reason) == ("unknown", "SendMessageBatch: AccessDenied")


def test_a_batch_has_ten_messages_and_a_mebibyte_at_most(stub: Stubber) -> None:
    outlet = SqsOutlet(cast(Any, stub.client))
    sent = [{"Id": str(number), "MessageId": "m", "MD5OfMessageBody": ""} for number in range(11)]
    stub.add_response("send_message_batch", {"Successful": sent[:10], "Failed": []})
    stub.add_response("send_message_batch", {"Successful": sent[10:], "Failed": []})
    assert {receipt.fate for receipt in outlet.send([one() for _ in range(11)])} == {"accepted"}
    stub.add_response("send_message_batch", {"Successful": sent[:1], "Failed": []})
    stub.add_response("send_message_batch", {"Successful": sent[1:2], "Failed": []})
    assert {receipt.fate for receipt in outlet.send([one("x" * 600_000), one("x" * 600_000)])} == {"accepted"}
    stub.assert_no_pending_responses()
