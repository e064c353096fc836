"""`workers.port.DeadLetters` and `Visibility`: the fakes of the unit tests, and SQS over moto."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

import boto3
import pytest
from msgspec.structs import replace

from tests.fakes.message import payin, translated
from tests.fakes.queue import MemoryDeadLetters, MemoryVisibility
from tests.fakes.table import REGION, moto_alone
from workers.fate import UnavailableError
from workers.port import DeadLetter, DeadLetters, Visibility
from workers.sqs import SqsDeadLetters, SqsVisibility

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

ENTRY = translated("payin.create", payin())
LETTER = DeadLetter(
    ENTRY.body, {"envelope": ENTRY.envelope, "type": ENTRY.type, "id": ENTRY.id}, "model:object_payload", "p1", "m1"
)
Kept = tuple[str, dict[str, str], str | None]
"""Body, attributes with the cause among them, group."""


class LetterHarness(Protocol):
    """A dead-letter queue, and what lies in it."""

    @property
    def letters(self) -> DeadLetters:
        """The port."""

    def kept(self) -> Sequence[Kept]:
        """What lies in the queue, in order."""

    def refuse(self) -> None:
        """The queue is away from now on."""


class DeadLetterPromises:
    """What every dead-letter queue keeps to."""

    def test_a_letter_is_kept_whole_with_its_cause_and_how_often_it_was_tried(self, harness: LetterHarness) -> None:
        harness.letters.send(replace(LETTER, receives=3))
        told = {"cause": "model:object_payload", "receives": "3"}
        assert list(harness.kept()) == [(LETTER.body, {**LETTER.attributes, **told}, "p1")]

    def test_two_letters_of_one_body_are_two(self, harness: LetterHarness) -> None:
        harness.letters.send(LETTER)
        harness.letters.send(replace(LETTER, message_id="m2"))
        assert len(harness.kept()) == 2

    def test_letters_of_one_group_keep_their_order(self, harness: LetterHarness) -> None:
        for n in range(5):
            harness.letters.send(replace(LETTER, body=str(n), message_id=f"m{n}"))
        assert [body for body, _, _ in harness.kept()] == ["0", "1", "2", "3", "4"]

    def test_a_queue_that_is_away_is_an_outage(self, harness: LetterHarness) -> None:
        harness.refuse()
        with pytest.raises(UnavailableError):
            harness.letters.send(LETTER)


def _told(letter: DeadLetter) -> dict[str, str]:
    return {**letter.attributes, "cause": letter.cause, "receives": str(letter.receives)}


class _MemoryLetters:
    def __init__(self) -> None:
        self.letters = MemoryDeadLetters()

    def kept(self) -> list[Kept]:
        return [(one.body, _told(one), one.group) for one in self.letters.letters]

    def refuse(self) -> None:
        self.letters.refuse = True


class TestMemoryDeadLetters(DeadLetterPromises):
    @pytest.fixture
    def harness(self) -> LetterHarness:
        return _MemoryLetters()


class _SqsQueue:
    def __init__(self, client: "SQSClient", name: str, *, fifo: bool) -> None:
        self.client = client
        self.url = client.create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if fifo else {})["QueueUrl"]
        self.letters = SqsDeadLetters(client, self.url)
        self.visibility = SqsVisibility(client, self.url)

    def kept(self) -> list[Kept]:
        kept: list[Kept] = []
        while messages := self.client.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        ).get("Messages"):
            for message in messages:
                text = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
                kept.append((message["Body"], text, message["Attributes"].get("MessageGroupId")))
                self.client.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return kept

    def refuse(self) -> None:
        with contextlib.suppress(self.client.exceptions.QueueDoesNotExist):  # a test has removed it already
            self.client.delete_queue(QueueUrl=self.url)

    def receive(self, count: int) -> list[str]:
        """Put so many messages in and take them out; receipt handles."""
        for n in range(count):
            self.client.send_message(QueueUrl=self.url, MessageBody=str(n))
        return self.seen()

    def seen(self) -> list[str]:
        """Receipt handles of all that can be seen now."""
        handles: list[str] = []
        while messages := self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            handles += [message["ReceiptHandle"] for message in messages]
        return handles


@pytest.fixture(scope="module")
def sqs() -> Iterator["SQSClient"]:
    with moto_alone():
        yield boto3.client("sqs", region_name=REGION)


@pytest.fixture
def fifo(sqs: "SQSClient") -> Iterator[_SqsQueue]:
    queue = _SqsQueue(sqs, "s-payin-dead.fifo", fifo=True)
    yield queue
    queue.refuse()


@pytest.fixture
def standard(sqs: "SQSClient") -> Iterator[_SqsQueue]:
    queue = _SqsQueue(sqs, "s-cardtransaction", fifo=False)
    yield queue
    queue.refuse()


class TestSqsDeadLetters(DeadLetterPromises):
    @pytest.fixture
    def harness(self, fifo: _SqsQueue) -> LetterHarness:
        return fifo

    def test_a_letter_that_is_sent_twice_is_kept_once(self, harness: LetterHarness) -> None:
        harness.letters.send(LETTER)
        harness.letters.send(LETTER)
        assert len(harness.kept()) == 1

    def test_a_letter_without_a_group_lies_in_a_standard_queue(self, standard: _SqsQueue) -> None:
        standard.letters.send(replace(LETTER, group=None))
        assert [group for _, _, group in standard.kept()] == [None]


class VisibilityPromises:
    """What every queue's visibility keeps to."""

    def test_nothing_to_delay_is_no_error(self, visibility: Visibility) -> None:
        visibility.delay([])

    def test_receipts_that_nobody_knows_are_no_error(self, visibility: Visibility) -> None:
        visibility.delay([(f"unknown-{n}", 60) for n in range(12)])


class TestMemoryVisibility(VisibilityPromises):
    @pytest.fixture
    def visibility(self) -> Visibility:
        return MemoryVisibility()


class TestSqsVisibility(VisibilityPromises):
    @pytest.fixture
    def visibility(self, standard: _SqsQueue) -> Visibility:
        return standard.visibility

    def test_each_message_is_seen_again_when_its_own_delay_is_over(self, standard: _SqsQueue) -> None:
        handles = standard.receive(12)
        assert len(handles) == 12
        assert standard.seen() == []
        standard.visibility.delay([(handle, 0 if n % 2 else 900) for n, handle in enumerate(handles)])
        assert len(standard.seen()) == 6

    def test_a_queue_that_is_away_is_no_error(self, sqs: "SQSClient") -> None:
        SqsVisibility(sqs, "https://sqs.eu-west-3.amazonaws.com/123456789012/s-nowhere").delay([("r", 60)])
