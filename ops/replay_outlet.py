"""Sends replayed messages to SQS: every entry of a batch is accounted for, and none is forgotten for its neighbours."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from bridge.port import Receipt
from ops.replay_message import Outgoing

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH = 10
BATCH_BYTES = 1_048_576
"""SQS takes 10 messages and 1 MiB a call, attributes counted (API reference, SendMessageBatch)."""
_BLAMES_MESSAGE = frozenset({"InvalidMessageContents", "InvalidParameterValue", "InvalidAttributeValue"})
"""Codes that no waiting mends, as in bridge/sqs.py."""


class Outlet(Protocol):
    """Where replayed messages go."""

    def send(self, outgoing: Sequence[Outgoing]) -> Sequence[Receipt]:
        """Send; one receipt per message, in order; `unknown` where nobody knows. Never raises for a service."""


class SqsOutlet:
    """An `Outlet` over SendMessageBatch."""

    def __init__(self, client: "SQSClient") -> None:
        """Args: client: bounded; a call that fails is told as `unknown`."""
        self._client = client
        self._urls: dict[str, str] = {}

    def send(self, outgoing: Sequence[Outgoing]) -> Sequence[Receipt]:
        """See `Outlet.send`."""
        receipts = [Receipt("unknown", "not sent")] * len(outgoing)
        for queue in dict.fromkeys(one.queue for one in outgoing):
            mine = [position for position, one in enumerate(outgoing) if one.queue == queue]
            for batch in _batches([(position, outgoing[position]) for position in mine]):
                for (position, _), receipt in zip(batch, self._send(queue, batch), strict=True):
                    receipts[position] = receipt
        return receipts

    def _send(self, queue: str, batch: Sequence[tuple[int, Outgoing]]) -> Sequence[Receipt]:
        entries: Any = [_entry(str(position), one) for position, one in batch]
        try:
            answer = self._client.send_message_batch(QueueUrl=self._url(queue), Entries=entries)
        except (BotoCoreError, ClientError) as error:
            return [Receipt("unknown", _reason(error))] * len(batch)
        receipts = {success["Id"]: Receipt("accepted") for success in answer.get("Successful", ())}
        for failure in answer.get("Failed", ()):
            code = failure.get("Code", "")
            final = failure.get("SenderFault", False) and code.rsplit(".", 1)[-1] in _BLAMES_MESSAGE
            receipts[failure["Id"]] = Receipt("refused" if final else "unknown", code)
        return [receipts.get(str(position), Receipt("unknown", "not in the answer")) for position, _ in batch]

    def _url(self, queue: str) -> str:
        if queue not in self._urls:
            self._urls[queue] = self._client.get_queue_url(QueueName=queue)["QueueUrl"]
        return self._urls[queue]


def _batches(numbered: Sequence[tuple[int, Outgoing]]) -> Iterator[Sequence[tuple[int, Outgoing]]]:
    batch: list[tuple[int, Outgoing]] = []
    size_bytes = 0
    for position, one in numbered:
        if batch and (len(batch) == BATCH or size_bytes + one.size_bytes > BATCH_BYTES):
            yield batch
            batch, size_bytes = [], 0
        batch.append((position, one))
        size_bytes += one.size_bytes
    if batch:
        yield batch


def _entry(entry_id: str, one: Outgoing) -> dict[str, Any]:
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in one.attributes.items()}
    entry = {"Id": entry_id, "MessageBody": one.body, "MessageAttributes": attributes}
    if one.group is not None:
        entry["MessageGroupId"] = one.group
    if one.deduplication is not None:
        entry["MessageDeduplicationId"] = one.deduplication
    return entry


def _reason(error: BotoCoreError | ClientError) -> str:
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response.get('Error', {}).get('Code', 'unknown')}"
    return type(error).__name__
