"""The return queue on SQS (FIFO): what goes back to RabbitMQ."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bridge.aws_answer import asking, genuine
from bridge.port import IN_HAND_S, Returning, SinkUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

AT_ONCE = 10


class SqsReturnQueue:
    """A `ReturnQueue`."""

    def __init__(self, client: "SQSClient", queue: str) -> None:
        """Args: client: made by bootstrap. queue: name of the queue."""
        self._client = client
        self._queue = queue
        self._known_url: str | None = None

    def receive(self, wait_s: int) -> Sequence[Returning]:
        """See `ReturnQueue.receive`."""
        url = self._url()
        with asking("ReceiveMessage", SinkUnavailableError):
            answer = self._client.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=AT_ONCE,
                WaitTimeSeconds=wait_s,
                VisibilityTimeout=IN_HAND_S,
                MessageSystemAttributeNames=["MessageGroupId"],
            )
            return [
                Returning(one["ReceiptHandle"], one.get("Attributes", {}).get("MessageGroupId", ""), one["Body"])
                for one in genuine(answer).get("Messages", ())
            ]

    def delete(self, message: Returning) -> None:
        """See `ReturnQueue.delete`."""
        url = self._url()
        with asking("DeleteMessage", SinkUnavailableError):
            genuine(self._client.delete_message(QueueUrl=url, ReceiptHandle=message.receipt))

    def release(self, message: Returning, delay_s: int) -> None:
        """See `ReturnQueue.release`."""
        url = self._url()
        with asking("ChangeMessageVisibility", SinkUnavailableError):
            genuine(
                self._client.change_message_visibility(
                    QueueUrl=url, ReceiptHandle=message.receipt, VisibilityTimeout=delay_s
                )
            )

    def _url(self) -> str:
        if self._known_url is None:
            with asking("GetQueueUrl", SinkUnavailableError):
                self._known_url = genuine(self._client.get_queue_url(QueueName=self._queue))["QueueUrl"]
        return self._known_url
