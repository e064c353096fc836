"""What becomes of a batch that was sent. All of it twice: by Python's half alone, and with the one in C."""

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.parsers import ResponseParserError
from botocore.stub import ANY, Stubber
from hypothesis import given
from hypothesis import strategies as st

from bridge.port import CallRefusedError, Entry, Receipt, SinkUnavailableError
from bridge.sqs import SqsSink, attributes_checksum, reconcile
from tests.fakes.answer import answered
from tests.receipt_half import native_half, with_half

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

QUEUE = "s-payin.fifo"
BODY_MD5 = hashlib.md5(b"{}").hexdigest()
URL = "https://sqs.eu-west-3.amazonaws.com/1/s-payin.fifo"


@pytest.fixture(scope="module")
def client() -> "SQSClient":
    return boto3.client("sqs", region_name="eu-west-3", aws_access_key_id="x", aws_secret_access_key="x")


@pytest.fixture(autouse=True, scope="module", params=["in Python", "in C"])
def half(request: pytest.FixtureRequest) -> Iterator[None]:
    with with_half(native_half() if request.param == "in C" else None):
        yield


@pytest.fixture
def stub(client: "SQSClient") -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        stubber.add_response("get_queue_url", answered({"QueueUrl": URL}), {"QueueName": QUEUE})
        yield stubber
        stubber.assert_no_pending_responses()


def entries(*ids: str) -> list[Entry]:
    return [Entry("{}", '{"specversion":"1.0"}', one, "payin.create", "p1", f"d-{one}", 100) for one in ids]


def failed(entry_id: str, code: str, *, sender: bool) -> dict[str, Any]:
    return {"Id": entry_id, "Code": code, "SenderFault": sender}


def taken(*ids: str) -> list[dict[str, Any]]:
    return [{"Id": one, "MessageId": f"m{one}", "MD5OfMessageBody": BODY_MD5} for one in ids]


def answer(stub: Stubber, successful: list[dict[str, Any]], failures: list[dict[str, Any]]) -> None:
    expected = {"QueueUrl": URL, "Entries": ANY}
    stub.add_response("send_message_batch", answered({"Successful": successful, "Failed": failures}), expected)


def test_an_entry_is_sent_with_its_envelope_group_and_deduplication(client: "SQSClient", stub: Stubber) -> None:
    text = {"DataType": "String"}
    stub.add_response(
        "send_message_batch",
        answered({"Successful": taken("0"), "Failed": []}),
        {
            "QueueUrl": URL,
            "Entries": [
                {
                    "Id": "0",
                    "MessageBody": "{}",
                    "MessageAttributes": {
                        "envelope": {**text, "StringValue": '{"specversion":"1.0"}'},
                        "type": {**text, "StringValue": "payin.create"},
                        "id": {**text, "StringValue": "w1"},
                    },
                    "MessageGroupId": "p1",
                    "MessageDeduplicationId": "d-w1",
                }
            ],
        },
    )
    assert SqsSink(client).send(QUEUE, entries("w1")) == [Receipt("accepted", place="m0")]


def test_an_entry_without_order_has_neither_group_nor_deduplication(client: "SQSClient", stub: Stubber) -> None:
    text = {"DataType": "String"}
    attributes = {"envelope": {**text, "StringValue": "{}"}, "type": {**text, "StringValue": "c"}}
    stub.add_response(
        "send_message_batch",
        answered({"Successful": taken("0"), "Failed": []}),
        {
            "QueueUrl": URL,
            "Entries": [
                {
                    "Id": "0",
                    "MessageBody": "{}",
                    "MessageAttributes": {**attributes, "id": {**text, "StringValue": "m1"}},
                }
            ],
        },
    )
    SqsSink(client).send(QUEUE, [Entry("{}", "{}", "m1", "c")])


def test_receipts_come_in_the_order_of_the_entries(client: "SQSClient", stub: Stubber) -> None:
    answer(stub, taken("2", "0"), [failed("1", "InternalError", sender=False)])
    receipts = SqsSink(client).send(QUEUE, entries("a", "b", "c"))
    unknown = Receipt("unknown", "InternalError")
    assert receipts == [Receipt("accepted", place="m0"), unknown, Receipt("accepted", place="m2")]


def test_an_entry_that_the_answer_does_not_name_is_sent_again(client: "SQSClient", stub: Stubber) -> None:
    answer(stub, taken("0"), [])
    receipts = SqsSink(client).send(QUEUE, entries("a", "b"))
    assert [one.fate for one in receipts] == ["accepted", "unknown"]


def test_ids_that_are_doubled_or_unknown_do_not_shift_the_receipts(client: "SQSClient", stub: Stubber) -> None:
    answer(stub, taken("0", "0", "7"), [failed("9", "InternalError", sender=False)])
    receipts = SqsSink(client).send(QUEUE, entries("a", "b"))
    assert [one.fate for one in receipts] == ["accepted", "unknown"]


def test_an_answer_that_says_both_is_not_taken_for_an_acceptance(client: "SQSClient", stub: Stubber) -> None:
    answer(stub, taken("0"), [failed("0", "InternalError", sender=False)])
    (receipt,) = SqsSink(client).send(QUEUE, entries("a"))
    assert receipt.fate == "unknown"


def test_an_empty_answer_accepts_nothing(client: "SQSClient", stub: Stubber) -> None:
    answer(stub, [], [])
    assert [one.fate for one in SqsSink(client).send(QUEUE, entries("a", "b"))] == ["unknown", "unknown"]


@pytest.mark.parametrize(
    ("code", "sender", "fate"),
    [
        ("InvalidMessageContents", True, "refused"),
        ("InvalidParameterValue", True, "refused"),
        ("InternalError", False, "unknown"),
        ("ServiceUnavailable", False, "unknown"),
        ("RequestThrottled", True, "unknown"),
        ("ThrottlingException", True, "unknown"),
        ("KmsThrottled", True, "unknown"),
        ("AccessDenied", True, "unknown"),
        ("KMS.AccessDeniedException", True, "unknown"),
    ],
)
def test_only_what_the_message_is_to_blame_for_is_refused(
    client: "SQSClient", stub: Stubber, code: str, fate: Literal["refused", "unknown"], *, sender: bool
) -> None:
    answer(stub, [], [failed("0", code, sender=sender)])
    assert SqsSink(client).send(QUEUE, entries("a")) == [Receipt(fate, code)]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AccessDenied", "AccessDenied (the role may not do this)"),
        ("RequestThrottled", "RequestThrottled"),
        (
            "AWS.SimpleQueueService.NonExistentQueue",
            "NonExistentQueue (there is no such queue in this account and region)",
        ),
        ("InternalError", "InternalError"),
        ("ExpiredToken", "ExpiredToken (the credentials have expired)"),
        ("InvalidParameterValue", "InvalidParameterValue"),
    ],
)
def test_a_call_that_fails_as_a_whole_blames_no_entry(client: "SQSClient", stub: Stubber, code: str, told: str) -> None:
    stub.add_client_error("send_message_batch", code, "User arn:aws:iam::1:role/x is not authorized", 403)
    with pytest.raises(SinkUnavailableError) as unavailable:
        SqsSink(client).send(QUEUE, entries("a"))
    assert str(unavailable.value) == f"SendMessageBatch: {told}"


@pytest.mark.parametrize("code", ["AWS.SimpleQueueService.BatchRequestTooLong", "InvalidMessageContents"])
def test_a_call_that_is_refused_for_what_is_in_it_is_told_from_an_outage(
    client: "SQSClient", stub: Stubber, code: str
) -> None:
    stub.add_client_error("send_message_batch", code, "Batch requests cannot be longer than 1048576 bytes", 400)
    with pytest.raises(CallRefusedError) as refused:
        SqsSink(client).send(QUEUE, entries("a", "b"))
    assert str(refused.value) == code.rsplit(".", 1)[-1]


def test_an_answer_that_nobody_can_read_is_an_outage(client: "SQSClient", monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise ResponseParserError("Unable to parse response, invalid XML received")

    monkeypatch.setattr(client, "get_queue_url", fail)
    with pytest.raises(
        SinkUnavailableError,
        match=r"^GetQueueUrl: UnreadableAnswer \(no answer of AWS: a proxy, or another endpoint\)$",
    ):
        SqsSink(client).send(QUEUE, entries("a"))


@pytest.mark.parametrize(
    ("difference", "told"),
    [
        ({"MD5OfMessageBody": "0" * 32}, "checksum of the body"),
        ({"MD5OfMessageAttributes": "0" * 32}, "checksum of the attributes"),
    ],
)
def test_what_sqs_has_is_held_against_what_was_sent(
    client: "SQSClient", stub: Stubber, difference: dict[str, str], told: str
) -> None:
    answer(stub, [{**one, **difference} for one in taken("0")], [])
    assert SqsSink(client).send(QUEUE, entries("a")) == [Receipt("altered", told)]


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"message": "<html>busy</html>"},
        {"Successful": None, "Failed": None},
        {"Successful": ["0"], "Failed": [{}]},
        {"Successful": [{"MessageId": "m"}], "Failed": [{"Id": None, "Code": None}]},
    ],
)
def test_whatever_an_answer_looks_like_an_entry_it_does_not_name_is_sent_again(told: dict[str, Any]) -> None:
    assert [one.fate for one in reconcile(entries("a"), told)] == ["unknown"]


_NAMES = st.sampled_from(["Successful", "Failed", "Id", "Code", "SenderFault", "MD5OfMessageBody", "MessageId"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["0", BODY_MD5]),
    lambda some: st.lists(some, max_size=4) | st.dictionaries(_NAMES | st.text(), some, max_size=5),
)


@given(st.fixed_dictionaries({}, optional={"Successful": _JSON, "Failed": _JSON}) | _JSON)
def test_of_any_json_each_entry_gets_its_one_receipt(told: Any) -> None:
    assert len(reconcile(entries("a", "b"), told)) == 2


def test_attributes_are_summed_as_sqs_does() -> None:
    """The example of boto's own tests of SQS's rule (name, type, kind of value, value; by name)."""
    told = b"".join(
        len(text).to_bytes(4, "big") + text if text else b"\x01"
        for text in (b"a", b"String", b"", b"1", b"b", b"String", b"", "é".encode())
    )
    assert attributes_checksum({"b": "é", "a": "1"}) == hashlib.md5(told).hexdigest()


def test_a_queue_that_cannot_be_found_is_an_outage(client: "SQSClient") -> None:
    with Stubber(client) as stub:
        stub.add_client_error("get_queue_url", "AWS.SimpleQueueService.NonExistentQueue")
        with pytest.raises(SinkUnavailableError, match=r"GetQueueUrl: NonExistentQueue \(there is no such queue"):
            SqsSink(client).send(QUEUE, entries("a"))


def test_a_network_that_is_down_is_an_outage(client: "SQSClient", monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url=URL)

    monkeypatch.setattr(client, "get_queue_url", fail)
    with pytest.raises(SinkUnavailableError, match="EndpointConnectionError"):
        SqsSink(client).send(QUEUE, entries("a"))


def test_a_queues_url_is_asked_for_once(client: "SQSClient", stub: Stubber) -> None:
    answer(stub, taken("0"), [])
    answer(stub, taken("0"), [])
    sink = SqsSink(client)
    sink.send(QUEUE, entries("a"))
    sink.send(QUEUE, entries("b"))
