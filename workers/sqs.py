"""SQS as a worker sees it: received records, visibility, dead letters."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from contracts.return_message import Returned, deduplication_id, write_return
from contracts.veiled import Veiled
from workers.aws_error import unavailable
from workers.port import DeadLetter

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageRequestTypeDef

CAUSE_ATTRIBUTE = "cause"
RECEIVES_ATTRIBUTE = "receives"
"""How often the message had been received when it was given up on."""
REPLAY_ATTRIBUTE = "replay"
"""Id of the replay run that has sent the message; travels with it into the dead letters."""
_BATCH = 10


class Received(Veiled, frozen=True):
    """One record of an SQS event."""

    HIDDEN = ("receipt", "body", "attributes")

    record_id: str
    receipt: str
    receives: int
    """How often SQS has handed it out, this time included."""
    group: str | None
    body: str
    attributes: Mapping[str, str]


def read_record(record: Mapping[str, Any]) -> Received:
    """A record of the event (Lambda developer guide, "Using Lambda with Amazon SQS")."""
    system = record.get("attributes", {})
    return Received(
        record_id=record["messageId"],
        receipt=record["receiptHandle"],
        receives=int(system.get("ApproximateReceiveCount", 1)),
        group=system.get("MessageGroupId"),
        body=record["body"],
        attributes={
            name: attribute["stringValue"]
            for name, attribute in record.get("messageAttributes", {}).items()
            if "stringValue" in attribute
        },
    )


class SqsDeadLetters:
    """`DeadLetters` over one queue."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        """Args: url: of the family's dead-letter queue."""
        self._client = client
        self._url = url

    def send(self, letter: DeadLetter) -> None:
        """See `DeadLetters.send`."""
        attributes = {
            **letter.attributes,
            CAUSE_ATTRIBUTE: letter.cause,
            RECEIVES_ATTRIBUTE: str(letter.receives),
        }
        request: SendMessageRequestTypeDef = {
            "QueueUrl": self._url,
            "MessageBody": letter.body,
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        }
        if letter.group is not None:
            request["MessageGroupId"] = letter.group
            request["MessageDeduplicationId"] = hashlib.sha256(letter.message_id.encode()).hexdigest()
        try:
            self._client.send_message(**request)
        except (BotoCoreError, ClientError) as error:
            raise unavailable(error) from error


class SqsReturns:
    """`Returns` over the return queue."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        """Args: url: of the return queue."""
        self._client = client
        self._url = url

    def send(self, returned: Returned, *, group: str, deduplication: str) -> None:
        """See `Returns.send`."""
        try:
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=write_return(returned),
                MessageGroupId=group,
                MessageDeduplicationId=deduplication_id(deduplication),
            )
        except (BotoCoreError, ClientError) as error:
            raise unavailable(error) from error


class SqsVisibility:
    """`Visibility` over one queue."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        """Args: url: of the family's queue."""
        self._client = client
        self._url = url

    def delay(self, receipts: Iterable[tuple[str, int]]) -> None:
        """See `Visibility.delay`."""
        entries = [
            {"Id": str(position), "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
            for position, (receipt, seconds) in enumerate(receipts)
        ]
        for start in range(0, len(entries), _BATCH):
            try:
                self._client.change_message_visibility_batch(
                    QueueUrl=self._url,
                    Entries=entries[start : start + _BATCH],  # type: ignore[arg-type]
                )
            except (BotoCoreError, ClientError):
                return  # the queue's own timeout holds, as the port says
