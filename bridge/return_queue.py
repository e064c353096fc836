"""The return queue on SQS (FIFO): what goes back to RabbitMQ."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from bridge.port import Returning, SinkUnavailableError
from bridge.sqs import reason

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

AT_ONCE = 10
IN_HAND_S = 30
"""How long SQS keeps what we have received from others; far longer than ten publishes take."""


class SqsReturnQueue:
    """A `ReturnQueue`."""

    def __init__(self, client: "SQSClient", queue: str) -> None:
        """Args: client: made by bootstrap. queue: name of the queue."""
        self._client = client
        self._queue = queue
        self._known_url: str | None = None

    def receive(self, wait_s: int) -> Sequence[Returning]:
        """See `ReturnQueue.receive`."""
        with _unavailable():
            answer = self._client.receive_message(
                QueueUrl=self._url(),
                MaxNumberOfMessages=AT_ONCE,
                WaitTimeSeconds=wait_s,
                VisibilityTimeout=IN_HAND_S,
                MessageSystemAttributeNames=["MessageGroupId"],
            )
        return [
            Returning(one["ReceiptHandle"], one.get("Attributes", {}).get("MessageGroupId", ""), one["Body"])
            for one in answer.get("Messages", ())
        ]

    def delete(self, message: Returning) -> None:
        """See `ReturnQueue.delete`."""
        with _unavailable():
            self._client.delete_message(QueueUrl=self._url(), ReceiptHandle=message.receipt)

    def release(self, message: Returning, delay_s: int) -> None:
        """See `ReturnQueue.release`."""
        with _unavailable():
            self._client.change_message_visibility(
                QueueUrl=self._url(), ReceiptHandle=message.receipt, VisibilityTimeout=delay_s
            )

    def _url(self) -> str:
        if self._known_url is None:
            self._known_url = self._client.get_queue_url(QueueName=self._queue)["QueueUrl"]
        return self._known_url


@contextlib.contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise SinkUnavailableError(reason(error)) from error
