"""SQS through boto3: batches whose every entry is accounted for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from bridge.port import Entry, Receipt, SinkUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef, SendMessageBatchRequestEntryTypeDef

ENVELOPE_ATTRIBUTE = "envelope"
_BLAMES_MESSAGE = frozenset({"InvalidMessageContents", "InvalidParameterValue", "InvalidAttributeValue"})
"""Codes that no waiting mends: the message itself is what SQS will not take (API reference, SendMessageBatch)."""


class SqsSink:
    """A `Sink` over SendMessageBatch."""

    def __init__(self, client: "SQSClient") -> None:
        """Args: client: made by bootstrap, with its own retries switched off: the shipper paces itself."""
        self._client = client
        self._urls: dict[str, str] = {}

    def send(self, queue: str, entries: Sequence[Entry]) -> Sequence[Receipt]:
        """See `Sink.send`."""
        try:
            answer = self._client.send_message_batch(
                QueueUrl=self._url(queue),
                Entries=[_request_entry(str(position), entry) for position, entry in enumerate(entries)],
            )
        except (BotoCoreError, ClientError) as error:
            raise SinkUnavailableError(reason(error)) from error
        receipts = {success["Id"]: Receipt("accepted") for success in answer.get("Successful", ())}
        for failure in answer.get("Failed", ()):
            code = failure.get("Code", "")
            # Most of what SQS calls our fault (throttling, rights, a disabled key) is not the message's.
            final = failure.get("SenderFault", False) and code.rsplit(".", 1)[-1] in _BLAMES_MESSAGE
            receipts[failure["Id"]] = Receipt("refused" if final else "unknown", code)
        return [
            receipts.get(str(position), Receipt("unknown", "not in the answer")) for position in range(len(entries))
        ]

    def _url(self, queue: str) -> str:
        if queue not in self._urls:
            self._urls[queue] = self._client.get_queue_url(QueueName=queue)["QueueUrl"]
        return self._urls[queue]


def _request_entry(entry_id: str, entry: Entry) -> "SendMessageBatchRequestEntryTypeDef":
    attributes: dict[str, MessageAttributeValueTypeDef] = {
        "type": {"DataType": "String", "StringValue": entry.type},
        "id": {"DataType": "String", "StringValue": entry.id},
    }
    if entry.envelope:
        attributes[ENVELOPE_ATTRIBUTE] = {"DataType": "String", "StringValue": entry.envelope}
    request: SendMessageBatchRequestEntryTypeDef = {
        "Id": entry_id,
        "MessageBody": entry.body,
        "MessageAttributes": attributes,
    }
    if entry.group is not None:
        request["MessageGroupId"] = entry.group
    if entry.deduplication is not None:
        request["MessageDeduplicationId"] = entry.deduplication
    return request


def reason(error: BotoCoreError | ClientError) -> str:
    """Which call failed, and how; nothing of what was sent."""
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response.get('Error', {}).get('Code', 'unknown')}"
    return type(error).__name__
