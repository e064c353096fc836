"""`bridge.port.Sink`: the in-memory sink of the unit tests, and SQS's over moto: by boto3, and by our own client.

The latter also over the SQS of our rig, which is stricter than moto, and there also where the loop makes its calls.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.config import Config
from moto.core.botocore_stubber import BotocoreStubber
from msgspec import structs

from bridge.port import Entry, Express, Receipt, Sink, SinkUnavailableError
from bridge.sqs import SqsSink
from contracts.entry_size import ENTRY_BYTES
from tests.fakes.express import MemoryExpress
from tests.fakes.message import NAME, card_transaction, payin, translated
from tests.fakes.sink import MemorySink
from tests.fakes.table import REGION, moto_alone
from tests.fakes.wire import ExpressSink, wired, wired_express
from tests.rig.aws import Aws
from tests.rig.web import Answer, Request, Site

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

FIFO = "s-payin.fifo"
STANDARD = "s-cardtransaction"
FIRST = "first"
"""Id of what is sent before a test begins."""


class Harness(Protocol):
    """A sink, and what lies behind it."""

    @property
    def sink(self) -> Sink:
        """The sink."""

    def taken(self, queue: str) -> Sequence[tuple[str, str, str, str, str | None]]:
        """Body, envelope, id, type and group of what a queue has, in order."""


def parts(entry: Entry) -> tuple[str, str, str, str, str | None]:
    return entry.body, entry.envelope, entry.id, entry.type, entry.group


def fates(receipts: Sequence[Receipt]) -> list[str]:
    return [one.fate for one in receipts]


def notice(webhook_id: str, payin_id: str = "p1", amount: str = "1.00") -> Entry:
    return translated("payin.create", payin(webhook_id, payin_id, amount=amount), headers={"x": "é"})


def card(message_id: str, body: bytes | None = None) -> Entry:
    return translated("cardtransaction.create", card_transaction() if body is None else body, message_id=message_id)


class SinkPromises:
    """What every sink keeps to."""

    def test_what_was_sent_is_taken_whole(self, harness: Harness) -> None:
        entry = notice("w1")
        assert fates(harness.sink.send(FIFO, [entry])) == ["accepted"]
        assert list(harness.taken(FIFO)) == [parts(entry)]

    def test_ten_go_in_one_call_and_each_has_its_receipt(self, harness: Harness) -> None:
        entries = [notice(f"w{n}", f"p{n}") for n in range(10)]
        assert fates(harness.sink.send(FIFO, entries)) == ["accepted"] * 10
        assert sorted(harness.taken(FIFO)) == sorted(map(parts, entries))

    def test_one_key_keeps_its_order_over_many_calls(self, harness: Harness) -> None:
        entries = [notice(f"w{n}") for n in range(4)]
        for entry in entries:
            harness.sink.send(FIFO, [entry])
        assert list(harness.taken(FIFO)) == [parts(entry) for entry in entries]

    def test_what_is_accepted_has_an_id_of_the_sinks(self, harness: Harness) -> None:
        places = [one.place for one in harness.sink.send(FIFO, [notice("w1"), notice("w2", "p2")])]
        assert all(places)
        assert len(set(places)) == 2

    def test_an_ordered_entry_that_is_sent_again_is_taken_once(self, harness: Harness) -> None:
        entry = notice("w1")
        assert [fates(harness.sink.send(FIFO, [entry])) for _ in range(2)] == [["accepted"]] * 2
        assert list(harness.taken(FIFO)) == [parts(entry)]

    def test_an_id_that_comes_with_other_bytes_is_not_swallowed(self, harness: Harness) -> None:
        entries = [notice("w1", amount="1.00"), notice("w1", amount="1.01")]
        for entry in entries:
            harness.sink.send(FIFO, [entry])
        assert list(harness.taken(FIFO)) == [parts(entry) for entry in entries]

    @pytest.mark.parametrize("body", [b"", b"\x00\xff", "\ufffe".encode(), "é \U0001f600\t\r\n".encode(), b"<&>"])
    def test_any_body_is_taken_as_it_was_encoded(self, harness: Harness, body: bytes) -> None:
        entry = card("m1", body)
        assert fates(harness.sink.send(STANDARD, [entry])) == ["accepted"]
        assert list(harness.taken(STANDARD)) == [parts(entry)]

    def test_a_message_of_the_largest_size_is_taken(self, harness: Harness) -> None:
        entry = card("m1", b"x" * (ENTRY_BYTES - 1_000))
        assert fates(harness.sink.send(STANDARD, [entry])) == ["accepted"]
        assert len(harness.taken(STANDARD)) == 1

    def test_a_queue_that_is_not_there_is_an_outage_that_quotes_nothing(self, harness: Harness) -> None:
        with pytest.raises(SinkUnavailableError) as unavailable:
            harness.sink.send("s-nowhere", [card("m1", NAME.encode())])
        assert NAME not in str(unavailable.value)


class _MemoryHarness:
    def __init__(self, express: MemoryExpress | None = None) -> None:
        self._memory = MemorySink(unknown_queues=frozenset({"s-nowhere"}))
        self.sink: Sink = self._memory
        if express is not None:
            express.sink = self._memory
            self.sink = ExpressSink(self._memory, express)

    def taken(self, queue: str) -> list[tuple[str, str, str, str, str | None]]:
        return [parts(entry) for entry in self._memory.taken.get(queue, ())]


class TestMemorySink(SinkPromises):
    @pytest.fixture
    def harness(self) -> Harness:
        return _MemoryHarness()


class _SqsHarness:
    def __init__(self, client: "SQSClient", sink: Sink) -> None:
        self._client = client
        self.sink = sink

    def taken(self, queue: str) -> list[tuple[str, str, str, str, str | None]]:
        url = self._client.get_queue_url(QueueName=queue)["QueueUrl"]
        found: list[tuple[str, str, str, str, str | None]] = []
        while True:
            answer = self._client.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
            )
            for message in answer.get("Messages", ()):
                text = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
                group = message["Attributes"].get("MessageGroupId")
                found.append((message["Body"], text["envelope"], text["id"], text["type"], group))
                self._client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            if not answer.get("Messages"):
                return found


@pytest.fixture(scope="module")
def sqs() -> Iterator["SQSClient"]:
    with moto_alone():
        yield boto3.client("sqs", region_name=REGION)


@pytest.fixture
def queues(sqs: "SQSClient") -> Iterator["SQSClient"]:
    """moto with the queues."""
    fifo = sqs.create_queue(
        QueueName=FIFO,
        Attributes={
            "FifoQueue": "true",
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
        },
    )
    urls = [fifo["QueueUrl"], sqs.create_queue(QueueName=STANDARD)["QueueUrl"]]
    yield sqs
    for url in urls:
        sqs.delete_queue(QueueUrl=url)


class _OverMoto(SinkPromises):
    @pytest.mark.xfail(reason="moto takes the characters that SQS refuses", strict=True)
    def test_a_character_that_sqs_refuses_is_the_messages_own_fault(self, harness: Harness) -> None:
        (receipt,) = harness.sink.send(STANDARD, [structs.replace(card("m1"), body="\x01")])
        assert receipt.fate == "refused"


class TestSqsSink(_OverMoto):
    @pytest.fixture
    def harness(self, queues: "SQSClient") -> Harness:
        return _SqsHarness(queues, SqsSink(queues))


def ask_moto(request: Request) -> Answer:
    """moto's answer to a request, byte for byte as it came."""
    there = AWSPreparedRequest(
        request.method,
        f"https://sqs.{REGION}.amazonaws.com{request.path}",
        HTTPHeaders(),
        request.body,
        stream_output=False,
    )
    for name, value in request.headers.items():
        there.headers[name] = value
    told = BotocoreStubber().process_request(there)
    assert told is not None
    status, headers, body = told
    kept = {name: str(value) for name, value in headers.items() if name.lower() != "content-length"}
    return Answer(status, body.encode() if isinstance(body, str) else body, kept)


@pytest.fixture(scope="module")
def moto_site() -> Iterator[Site]:
    site = Site(ask_moto, "moto")
    yield site
    site.stop()


class TestSqsSinkOfOurOwnWire(_OverMoto):
    @pytest.fixture
    def harness(self, queues: "SQSClient", moto_site: Site) -> Harness:
        url = f"http://127.0.0.1:{moto_site.port}"
        return _SqsHarness(queues, wired(boto3.client("sqs", region_name=REGION, endpoint_url=url)))


@pytest.fixture
def rig() -> Iterator[Aws]:
    with Aws() as aws:
        aws.sqs.create(FIFO)
        aws.sqs.create(STANDARD)
        yield aws


def client_at(aws: Aws) -> "SQSClient":
    return boto3.client(
        "sqs",
        region_name=REGION,
        endpoint_url=aws.url,
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )


class _RigHarness:
    def __init__(self, aws: Aws, sink: Sink) -> None:
        self._aws = aws
        self.sink = sink

    def taken(self, queue: str) -> list[tuple[str, str, str, str, str | None]]:
        return [
            (one.body, one.attributes["envelope"], one.attributes["id"], one.attributes["type"], one.group)
            for one in self._aws.sqs.history
            if one.queue == queue and one.stored == "new" and one.attributes["id"] != FIRST
        ]


class _OverTheRig(SinkPromises):
    def test_a_character_that_sqs_refuses_is_the_messages_own_fault(self, harness: Harness) -> None:
        (receipt,) = harness.sink.send(STANDARD, [structs.replace(card("m1"), body="\x01")])
        assert receipt.fate == "refused"


class TestSqsSinkOfOurOwnWireOverTheRig(_OverTheRig):
    @pytest.fixture
    def harness(self, rig: Aws) -> Harness:
        return _RigHarness(rig, wired(client_at(rig)))


def warmed(sink: Sink, express: Express) -> ExpressSink:
    """Something was sent to each queue before, as of every shipper that runs: from now on, nothing has to wait."""
    sink.send(FIFO, [notice(FIRST, "p-first")])
    sink.send(STANDARD, [card(FIRST)])
    return ExpressSink(sink, express)


class TestSqsExpressOverTheRig(_OverTheRig):
    @pytest.fixture
    def harness(self, rig: Aws) -> Iterator[Harness]:
        sink = warmed(*wired_express(client_at(rig)))
        yield _RigHarness(rig, sink)
        others = [one for one in rig.sqs.history if one.attributes["id"] != FIRST]
        assert sink.expressed == len({one.call for one in others}), "each but the first"


class TestMemoryExpress(SinkPromises):
    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        express = MemoryExpress(MemorySink(), {FIFO, STANDARD, "s-nowhere"})
        yield _MemoryHarness(express)
        express.close()
        assert express.begun
