"""The endpoint of `tests.rig`, seen through boto3: strict as AWS is, and every fault as boto3 would see it on AWS."""

import base64
import hashlib
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from tests.fakes.clock import FakeClock
from tests.patience import eventually
from tests.rig.aws import REGION, Aws
from tests.rig.fault import Fault
from tests.rig.reading import claimed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

MIB = 1_048_576
FIFO = "s-payin.fifo"
STANDARD = "s-cardtransaction"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def aws(clock: FakeClock) -> Iterator[Aws]:
    with Aws(now=clock.monotonic) as aws:
        aws.sqs.create(FIFO)
        aws.sqs.create(STANDARD)
        yield aws


def client(aws: Aws, service: Any, **options: Any) -> Any:
    return boto3.client(
        service,
        endpoint_url=aws.url,
        region_name=REGION,
        aws_access_key_id="none",
        aws_secret_access_key="none",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=2, **options),
    )


@pytest.fixture
def sqs(aws: Aws) -> "SQSClient":
    sqs: SQSClient = client(aws, "sqs")
    return sqs


def entry(number: int, body: str = "body", **more: Any) -> Any:
    return {"Id": str(number), "MessageBody": f"{body} {number}", **more}


def entries(count: int) -> Sequence[Any]:
    return [entry(number) for number in range(count)]


def send(sqs: "SQSClient", aws: Aws, sent: Sequence[Any], queue: str = STANDARD) -> Any:
    return sqs.send_message_batch(QueueUrl=aws.sqs.url_of(queue), Entries=sent)


def text(value: str) -> Any:
    return {"DataType": "String", "StringValue": value}


def fates(aws: Aws) -> list[tuple[str, str]]:
    return [(one.stored, one.answer) for one in aws.sqs.history]


def refused(sqs: "SQSClient", aws: Aws, sent: Sequence[Any], queue: str = STANDARD) -> str:
    with pytest.raises(ClientError) as error:
        send(sqs, aws, sent, queue)
    return str(error.value.response["Error"]["Code"])


class TestSqs:
    def test_what_is_accepted_is_in_the_history(self, sqs: "SQSClient", aws: Aws) -> None:
        attributes = {"id": text("w1"), "envelope": text("{}"), "b": {"DataType": "Binary", "BinaryValue": b"\x00"}}
        sent = entry(0, "é", MessageAttributes=attributes, MessageGroupId="p1", MessageDeduplicationId="d1")

        answer = send(sqs, aws, [sent], FIFO)

        [success] = answer["Successful"]
        assert success["MD5OfMessageBody"] == hashlib.md5("é 0".encode()).hexdigest()
        assert success["SequenceNumber"]
        [one] = aws.sqs.history
        assert (one.queue, one.id, one.body, one.group, one.deduplication) == (FIFO, "w1", "é 0", "p1", "d1")
        assert one.attributes == {"id": "w1", "envelope": "{}"}
        assert (one.stored, one.answer, one.call, one.position) == ("new", "accepted", 1, 0)
        assert one.digest == hashlib.sha256("é 0".encode()).hexdigest()

    def test_queues_are_made_found_and_counted(self, sqs: "SQSClient", aws: Aws) -> None:
        url = sqs.create_queue(QueueName="new.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        assert sqs.get_queue_url(QueueName="new.fifo")["QueueUrl"] == url == aws.sqs.url_of("new.fifo")
        sqs.send_message(QueueUrl=url, MessageBody="b", MessageGroupId="g", MessageDeduplicationId="d")
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert (found["FifoQueue"], found["ApproximateNumberOfMessages"]) == ("true", "1")

    def test_a_queue_that_is_not_there_is_said_so(self, sqs: "SQSClient", aws: Aws) -> None:
        assert refused(sqs, aws, entries(1), "nowhere") == "AWS.SimpleQueueService.NonExistentQueue"
        with pytest.raises(sqs.exceptions.QueueDoesNotExist):
            sqs.get_queue_url(QueueName="nowhere")

    def test_a_call_takes_a_mebibyte_attributes_counted_and_not_a_byte_more(self, sqs: "SQSClient", aws: Aws) -> None:
        attributes = {"ne": text("ü" * 100)}
        rest = MIB - (2 + 6 + 200) - 2 * len(" 0")
        halves = [entry(0, "x" * (rest // 2), MessageAttributes=attributes), entry(1, "x" * (rest - rest // 2))]
        assert len(send(sqs, aws, halves)["Successful"]) == 2
        halves[1]["MessageBody"] += "x"
        assert refused(sqs, aws, halves) == "AWS.SimpleQueueService.BatchRequestTooLong"
        with pytest.raises(ClientError, match="InvalidParameterValue"):
            sqs.send_message(QueueUrl=aws.sqs.url_of(STANDARD), MessageBody="x" * (MIB + 1))
        assert [one.stored for one in aws.sqs.history] == ["new", "new", "no", "no", "no"]

    def test_batches_that_are_wrong_as_a_whole_are_refused(self, sqs: "SQSClient", aws: Aws) -> None:
        prefix = "AWS.SimpleQueueService."
        assert refused(sqs, aws, entries(11)) == f"{prefix}TooManyEntriesInBatchRequest"
        assert refused(sqs, aws, [entry(1), entry(1)]) == f"{prefix}BatchEntryIdsNotDistinct"
        assert refused(sqs, aws, []) == f"{prefix}EmptyBatchRequest"
        assert refused(sqs, aws, [{"Id": "a b", "MessageBody": "b"}]) == f"{prefix}InvalidBatchEntryId"

    def test_what_sqs_has_against_one_entry_leaves_the_others(self, sqs: "SQSClient", aws: Aws) -> None:
        many = {f"a{number}": text("x") for number in range(11)}
        wrong = [{"Id": "1", "MessageBody": "\x00"}, {"Id": "2", "MessageBody": ""}, entry(3, MessageAttributes=many)]

        answer = send(sqs, aws, [entry(0), *wrong])

        assert [one["Id"] for one in answer["Successful"]] == ["0"]
        assert [(one["Code"], one["SenderFault"]) for one in answer["Failed"]] == [
            ("InvalidMessageContents", True),
            ("MissingParameter", True),
            ("InvalidParameterValue", True),
        ]

    def test_what_sqs_has_against_one_entry_can_fail_the_call(self, sqs: "SQSClient", aws: Aws) -> None:
        aws.sqs.objections_fail_calls = True
        assert refused(sqs, aws, [entry(0), {"Id": "1", "MessageBody": "\x00"}]) == "InvalidMessageContents"

    def test_a_repetition_is_swallowed_in_its_group_for_five_minutes(
        self, sqs: "SQSClient", aws: Aws, clock: FakeClock
    ) -> None:
        first = entry(0, MessageGroupId="p1", MessageDeduplicationId="d")
        message_ids = []
        for advance in (0.0, 299.0, 2.0):
            clock.advance(advance)
            message_ids.append(send(sqs, aws, [first], FIFO)["Successful"][0]["MessageId"])
        send(sqs, aws, [{**first, "MessageGroupId": "p2"}], FIFO)
        assert [one.stored for one in aws.sqs.history] == ["new", "duplicate", "new", "new"]
        assert message_ids[0] == message_ids[1] != message_ids[2]

    def test_without_high_throughput_a_repetition_is_swallowed_in_the_whole_queue(
        self, sqs: "SQSClient", aws: Aws
    ) -> None:
        aws.sqs.create("plain.fifo", DeduplicationScope="queue", ContentBasedDeduplication="true")
        for group in ("p1", "p2"):
            send(sqs, aws, [entry(0, MessageGroupId=group)], "plain.fifo")
        assert [one.stored for one in aws.sqs.history] == ["new", "duplicate"]


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "status", "code"),
        [
            (Fault.SERVER_ERROR, 500, "InternalFailure"),
            (Fault.UNAVAILABLE, 503, "ServiceUnavailable"),
            (Fault.THROTTLED, 400, "ThrottlingException"),
            (Fault.REQUEST_THROTTLED, 400, "RequestThrottled"),
            (Fault.EXPIRED_TOKEN, 403, "ExpiredToken"),
            (Fault.UNKNOWN_TOKEN, 403, "InvalidClientTokenId"),
            (Fault.CLOCK_SKEW, 403, "SignatureDoesNotMatch"),
            (Fault.ACCESS_DENIED, 403, "AccessDenied"),
            (Fault.KMS_DISABLED, 400, "KMS.DisabledException"),
        ],
    )
    def test_a_fault_of_a_call_takes_nothing(
        self, sqs: "SQSClient", aws: Aws, fault: Fault, status: int, code: str
    ) -> None:
        aws.faults.arm(fault, times=1)
        with pytest.raises(ClientError) as error:
            send(sqs, aws, entries(2))
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
        assert error.value.response["Error"]["Code"] == code
        assert fates(aws) == [("no", fault.value)] * 2
        assert len(send(sqs, aws, entries(2))["Successful"]) == 2
        assert aws.faults.hits == {fault.value: 1}

    @pytest.mark.parametrize(
        ("fault", "code", "blames_sender"),
        [
            (Fault.ENTRY_INTERNAL, "InternalError", False),
            (Fault.ENTRY_THROTTLED, "ThrottlingException", True),
            (Fault.ENTRY_REFUSED, "InvalidMessageContents", True),
        ],
    )
    def test_a_fault_of_an_entry_leaves_the_others(
        self, sqs: "SQSClient", aws: Aws, *, fault: Fault, code: str, blames_sender: bool
    ) -> None:
        aws.faults.arm(fault, marked=lambda one: one.body == "body 4")
        answer = send(sqs, aws, entries(9))
        [failure] = answer["Failed"]
        assert (failure["Id"], failure["Code"], failure["SenderFault"]) == ("4", code, blames_sender)
        assert [one["Id"] for one in answer["Successful"]] == list("01235678")
        assert fates(aws)[4] == ("no", code)
        with pytest.raises(ClientError):
            sqs.send_message(QueueUrl=aws.sqs.url_of(STANDARD), MessageBody="body 4")

    def test_one_entry_in_so_many_fails(self, sqs: "SQSClient", aws: Aws) -> None:
        aws.faults.arm(Fault.ENTRY_INTERNAL, every=4, times=2)
        failed = [one["Id"] for _ in range(2) for one in send(sqs, aws, entries(8)).get("Failed", [])]
        assert failed == ["3", "7"]

    def test_chance_is_the_same_for_the_same_seed(self, sqs: "SQSClient", aws: Aws) -> None:
        runs = []
        for seed in (7, 7, 8):
            aws.faults.arm(Fault.ENTRY_INTERNAL, chance=0.4, seed=seed)
            answers = [send(sqs, aws, entries(10)) for _ in range(2)]
            runs.append([one["Id"] for answer in answers for one in answer.get("Failed", [])])
            aws.faults.disarm(Fault.ENTRY_INTERNAL)
        assert runs[0] == runs[1] != runs[2]
        assert 0 < len(runs[0]) < 20

    def test_a_response_is_lost_after_everything_was_accepted(self, sqs: "SQSClient", aws: Aws) -> None:
        aws.faults.arm(Fault.LOST_RESPONSE, times=1)
        with pytest.raises(ConnectionClosedError):
            send(sqs, aws, entries(1))
        assert fates(aws) == [("new", "lost-response")]

    def test_a_request_is_lost_before_anything_was_accepted(self, sqs: "SQSClient", aws: Aws) -> None:
        aws.faults.arm(Fault.LOST_REQUEST, times=1)
        with pytest.raises(ConnectionClosedError):
            send(sqs, aws, entries(1))
        assert fates(aws) == [("no", "lost-request")]

    def test_a_slow_answer_comes_after_everything_was_accepted(self, sqs: "SQSClient", aws: Aws) -> None:
        aws.faults.arm(Fault.SLOW, times=1, seconds=30)
        with pytest.raises(ReadTimeoutError):
            send(sqs, aws, entries(1))
        assert fates(aws) == [("new", "slow")]

    @pytest.mark.parametrize(
        ("fault", "field"),
        [
            (Fault.WRONG_BODY_CHECKSUM, "MD5OfMessageBody"),
            (Fault.WRONG_ATTRIBUTE_CHECKSUM, "MD5OfMessageAttributes"),
        ],
    )
    def test_a_checksum_can_be_wrong(self, sqs: "SQSClient", aws: Aws, fault: Fault, field: str) -> None:
        sent = [entry(number, MessageAttributes={"id": text("x")}) for number in range(2)]
        right = send(sqs, aws, sent)["Successful"]
        aws.faults.arm(fault, times=1)
        wrong = send(sqs, aws, sent)["Successful"]
        assert [one[field] == other[field] for one, other in zip(right, wrong, strict=True)] == [False, True]
        assert fates(aws)[-1] == ("new", fault.value)

    @pytest.mark.parametrize(
        ("fault", "successful", "failed"),
        [
            (Fault.MISSING_ID, ["1"], []),
            (Fault.UNKNOWN_ID, ["nobody-s", "1"], []),
            (Fault.DOUBLED_ID, ["0", "1", "0"], []),
            (Fault.CONTRADICTORY_ID, ["0", "1"], ["0"]),
        ],
    )
    def test_ids_of_an_answer_can_be_wrong(
        self, sqs: "SQSClient", aws: Aws, fault: Fault, successful: list[str], failed: list[str]
    ) -> None:
        aws.faults.arm(fault, times=1)
        answer = send(sqs, aws, entries(2))
        assert [one["Id"] for one in answer["Successful"]] == successful
        assert [one["Id"] for one in answer.get("Failed", [])] == failed
        assert fates(aws) == [("new", fault.value)] * 2

    @pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.HTML])
    def test_an_answer_can_be_unreadable_and_boto3_takes_it_for_one_that_says_nothing(
        self, sqs: "SQSClient", aws: Aws, fault: Fault
    ) -> None:
        aws.faults.arm(fault, times=1)
        answer = send(sqs, aws, entries(1))
        assert answer.keys() & {"Successful", "Failed"} == set()
        assert fates(aws) == [("new", fault.value)]

    def test_aws_can_be_away_and_come_back_by_itself(self, sqs: "SQSClient", aws: Aws) -> None:
        send(sqs, aws, entries(1))
        aws.leave(for_s=0.2)
        with pytest.raises((EndpointConnectionError, ConnectionClosedError)):
            send(sqs, aws, entries(1))

        def is_back() -> bool:
            try:
                return bool(send(sqs, aws, entries(1))["Successful"])
            except (EndpointConnectionError, ConnectionClosedError):
                return False

        eventually(is_back, 5, "AWS answers again")
        assert aws.faults.hits == {"away": 1}

    def test_a_fault_ends_with_its_time_and_passes_what_it_is_to_skip(self, sqs: "SQSClient", aws: Aws) -> None:
        aws.faults.arm(Fault.UNAVAILABLE, for_s=0.0)
        aws.faults.arm(Fault.THROTTLED, skip=1, times=1)
        send(sqs, aws, entries(1))
        assert refused(sqs, aws, entries(1)) == "ThrottlingException"
        send(sqs, aws, entries(1))

    def test_every_answer_can_take_its_time(self, sqs: "SQSClient", aws: Aws) -> None:
        aws.latency_s = 30
        with pytest.raises(ReadTimeoutError):
            sqs.get_queue_url(QueueName=FIFO)


class TestS3:
    @pytest.fixture
    def s3(self, aws: Aws) -> "S3Client":
        aws.s3.create("claims")
        s3: S3Client = client(aws, "s3", s3={"addressing_style": "path"})
        return s3

    @pytest.mark.parametrize("data", [b"", b"\x00\xff" * 600_000])
    def test_an_object_comes_back_as_it_was_put(self, s3: "S3Client", aws: Aws, data: bytes) -> None:
        put = s3.put_object(
            Bucket="claims", Key="payin/é 1", Body=data, ServerSideEncryption="aws:kms", Metadata={"x": "y"}
        )
        got = s3.get_object(Bucket="claims", Key="payin/é 1")
        looked = s3.head_object(Bucket="claims", Key="payin/é 1")
        assert got["Body"].read() == data
        assert looked["ContentLength"] == len(data)
        assert looked["ETag"] == put["ETag"] == got["ETag"]
        assert (looked["Metadata"], looked["ServerSideEncryption"]) == ({"x": "y"}, "aws:kms")
        assert aws.s3.objects["claims", "payin/é 1"].data == data

    def test_what_is_not_there_is_said_so(self, s3: "S3Client") -> None:
        with pytest.raises(ClientError, match="NoSuchKey"):
            s3.get_object(Bucket="claims", Key="x")
        with pytest.raises(ClientError, match="NoSuchBucket"):
            s3.put_object(Bucket="nowhere", Key="x", Body=b"")
        with pytest.raises(ClientError, match="404"):
            s3.head_object(Bucket="claims", Key="x")

    def test_a_body_that_differs_from_its_checksum_is_refused(self, s3: "S3Client") -> None:
        wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
        with pytest.raises(ClientError, match="BadDigest"):
            s3.put_object(Bucket="claims", Key="x", Body=b"this", ContentMD5=wrong)

    def test_an_object_that_must_not_be_there_is_not_put_again(self, s3: "S3Client") -> None:
        s3.put_object(Bucket="claims", Key="x", Body=b"1", IfNoneMatch="*")
        with pytest.raises(ClientError, match="PreconditionFailed"):
            s3.put_object(Bucket="claims", Key="x", Body=b"2", IfNoneMatch="*")

    @pytest.mark.parametrize(
        ("fault", "code"), [(Fault.UNAVAILABLE, "ServiceUnavailable"), (Fault.ACCESS_DENIED, "AccessDenied")]
    )
    def test_it_fails_when_it_is_told_to(self, s3: "S3Client", aws: Aws, fault: Fault, code: str) -> None:
        aws.faults.arm(fault, times=1, operations={"PutObject"})
        with pytest.raises(ClientError, match=code):
            s3.put_object(Bucket="claims", Key="x", Body=b"1")
        s3.put_object(Bucket="claims", Key="x", Body=b"1")
        aws.faults.arm(Fault.LOST_RESPONSE, times=1, operations={"PutObject"})
        with pytest.raises(ConnectionClosedError):
            s3.put_object(Bucket="claims", Key="y", Body=b"1")
        assert ("claims", "y") in aws.s3.objects

    def test_a_message_leads_to_its_object(self, s3: "S3Client", sqs: "SQSClient", aws: Aws) -> None:
        s3.put_object(Bucket="claims", Key="payin/1", Body=b"large")
        send(sqs, aws, [entry(0, '{"s3Key":"payin/1"}'), entry(1)])
        found = [claimed(one, aws.s3.objects) for one in aws.sqs.history]
        assert [None if one is None else one.data for one in found] == [b"large", None]


class TestDynamo:
    @pytest.fixture
    def dynamo(self, aws: Aws) -> "DynamoDBClient":
        aws.dynamo.create("control", "pk", "sk")
        aws.dynamo.create("ledger", "pk")
        dynamo: DynamoDBClient = client(aws, "dynamodb")
        return dynamo

    def test_items_are_put_got_and_deleted(self, dynamo: "DynamoDBClient", aws: Aws) -> None:
        key: Any = {"pk": {"S": "family"}, "sk": {"S": "record"}}
        assert "Item" not in dynamo.get_item(TableName="control", Key=key, ConsistentRead=True)
        aws.dynamo.put("control", {**key, "epoch": {"N": "7"}})
        assert dynamo.get_item(TableName="control", Key=key)["Item"] == {**key, "epoch": {"N": "7"}}
        dynamo.put_item(TableName="control", Item={**key, "epoch": {"N": "8"}})
        assert list(aws.dynamo.items("control")) == [{**key, "epoch": {"N": "8"}}]
        dynamo.delete_item(TableName="control", Key=key)
        assert list(aws.dynamo.items("control")) == []

    def test_many_are_got_at_once(self, dynamo: "DynamoDBClient", aws: Aws) -> None:
        aws.dynamo.put("ledger", {"pk": {"S": "1"}})
        keys: Any = [{"pk": {"S": str(number)}} for number in range(100)]
        answer = dynamo.batch_get_item(RequestItems={"ledger": {"Keys": keys, "ProjectionExpression": "pk"}})
        assert answer["Responses"] == {"ledger": [{"pk": {"S": "1"}}]}
        for wrong in ([*keys, {"pk": {"S": "100"}}], [keys[0], keys[0]]):
            with pytest.raises(ClientError, match="ValidationException"):
                dynamo.batch_get_item(RequestItems={"ledger": {"Keys": wrong}})

    def test_what_is_not_spoken_here_is_refused(self, dynamo: "DynamoDBClient") -> None:
        item: Any = {"pk": {"S": "1"}}
        with pytest.raises(ClientError, match="ValidationException"):
            dynamo.put_item(TableName="ledger", Item=item, ConditionExpression="attribute_not_exists(pk)")
        with pytest.raises(dynamo.exceptions.ResourceNotFoundException):
            dynamo.put_item(TableName="nowhere", Item=item)

    def test_it_fails_when_it_is_told_to(self, dynamo: "DynamoDBClient", aws: Aws) -> None:
        aws.faults.arm(Fault.THROTTLED, times=1, operations={"GetItem"})
        with pytest.raises(ClientError, match="ThrottlingException"):
            dynamo.get_item(TableName="ledger", Key={"pk": {"S": "1"}})
        dynamo.get_item(TableName="ledger", Key={"pk": {"S": "1"}})


def test_any_sdk_comes_here_by_its_environment(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    assert os.environ["AWS_ENDPOINT_URL"] == aws.url
    assert boto3.client("sqs").get_queue_url(QueueName=FIFO)["QueueUrl"] == aws.sqs.url_of(FIFO)
