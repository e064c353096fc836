"""SQS through boto3: batches whose every entry is accounted for."""

import hashlib
import struct
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from bridge.port import CallRefusedError, Entry, Receipt, SinkUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import (
        MessageAttributeValueOutputTypeDef,
        MessageAttributeValueTypeDef,
        SendMessageBatchRequestEntryTypeDef,
    )

ENVELOPE_ATTRIBUTE = "envelope"
_BLAMES_MESSAGE = frozenset({"InvalidMessageContents", "InvalidParameterValue", "InvalidAttributeValue"})
"""Codes that no waiting mends: the message itself is what SQS will not take (API reference, SendMessageBatch)."""
_BLAMES_CALL = frozenset({"BatchRequestTooLong", "InvalidMessageContents"})
"""Codes of a whole call that one message of it has to answer for."""
_MEANINGS: Mapping[str, str] = {
    "AccessDenied": "the role may not send to this queue",
    "AccessDeniedException": "the role may not send to this queue",
    "ExpiredToken": "the credentials have expired",
    "ExpiredTokenException": "the credentials have expired",
    "InvalidClientTokenId": "the access key is not known",
    "InvalidSignatureException": "the secret key is wrong, or this machine's clock is",
    "KMS.DisabledException": "the queue's key is disabled",
    "KmsDisabled": "the queue's key is disabled",
    "NonExistentQueue": "there is no such queue in this account and region",
    "QueueDoesNotExist": "there is no such queue in this account and region",
    "RequestExpired": "this machine's clock is wrong",
    "RequestTimeTooSkewed": "this machine's clock is wrong",
    "SignatureDoesNotMatch": "the secret key is wrong, or this machine's clock is",
    "UnrecognizedClientException": "the access key is not known",
}


class SqsSink:
    """A `Sink` over SendMessageBatch."""

    def __init__(self, client: "SQSClient") -> None:
        """Args: client: made by bootstrap, with its own retries switched off: the shipper paces itself."""
        self._client = client
        self._urls: dict[str, str] = {}

    def send(self, queue: str, entries: Sequence[Entry]) -> Sequence[Receipt]:
        """See `Sink.send`."""
        requests = [_request_entry(str(position), entry) for position, entry in enumerate(entries)]
        try:
            answer = self._client.send_message_batch(QueueUrl=self._url(queue), Entries=requests)
        except ClientError as error:
            if _code(error) in _BLAMES_CALL:
                raise CallRefusedError(_code(error)) from error
            raise SinkUnavailableError(reason(error)) from error
        except (BotoCoreError, ResponseParserError) as error:
            raise SinkUnavailableError(reason(error)) from error
        return reconcile(requests, answer)

    def _url(self, queue: str) -> str:
        if queue not in self._urls:
            self._urls[queue] = self._client.get_queue_url(QueueName=queue)["QueueUrl"]
        return self._urls[queue]


def reconcile(
    requests: Sequence["SendMessageBatchRequestEntryTypeDef"], answer: Mapping[str, Any]
) -> Sequence[Receipt]:
    """What an answer says of each entry that was sent, whatever it says of others.

    What it does not name, or contradicts itself about, is unknown, and so sent again under the same ids.
    """
    told: dict[str, list[Receipt]] = {}
    by_id = {request["Id"]: request for request in requests}
    for success in _listed(answer, "Successful"):
        if (request := by_id.get(success.get("Id", ""))) is not None:
            told.setdefault(request["Id"], []).append(_accepted(request, success))
    for failure in _listed(answer, "Failed"):
        if failure.get("Id") in by_id:
            told.setdefault(failure["Id"], []).append(_failed(failure))
    return [_agreed(told.get(request["Id"], ())) for request in requests]


def _listed(answer: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    return [one for one in answer.get(name) or () if isinstance(one, Mapping)]


def _agreed(receipts: Sequence[Receipt]) -> Receipt:
    if not receipts:
        return Receipt("unknown", "not in the answer")
    first, *others = receipts
    return first if all(one == first for one in others) else Receipt("unknown", "contradicted in the answer")


def _accepted(request: "SendMessageBatchRequestEntryTypeDef", success: Mapping[str, Any]) -> Receipt:
    """Accepted, if what SQS has is what was sent (API reference, SendMessageBatchResultEntry)."""
    if success.get("MD5OfMessageBody") != _md5(request["MessageBody"].encode()):
        return Receipt("altered", "checksum of the body")
    checksum = success.get("MD5OfMessageAttributes")
    if checksum is not None and checksum != attributes_checksum(request["MessageAttributes"]):
        return Receipt("altered", "checksum of the attributes")
    return Receipt("accepted", place=str(success.get("MessageId", "")))


def _failed(failure: Mapping[str, Any]) -> Receipt:
    code = str(failure.get("Code", ""))
    # Most of what SQS calls our fault (throttling, rights, a disabled key) is not the message's.
    final = failure.get("SenderFault", False) and code.rsplit(".", 1)[-1] in _BLAMES_MESSAGE
    return Receipt("refused" if final else "unknown", code)


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


def attributes_checksum(
    attributes: Mapping[str, "MessageAttributeValueTypeDef | MessageAttributeValueOutputTypeDef"],
) -> str:
    """MD5 of text attributes (SQS developer guide, "Calculating the MD5 message digest for message attributes")."""
    pieces: list[bytes] = []
    for name, value in sorted(attributes.items()):
        for text in (name, value["DataType"]):
            pieces += [struct.pack(">I", len(text.encode())), text.encode()]
        data = value["StringValue"].encode()
        pieces += [b"\x01", struct.pack(">I", len(data)), data]
    return _md5(b"".join(pieces))


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def reason(error: BotoCoreError | ClientError | ResponseParserError) -> str:
    """Which call failed, how, and what that means where it is known; nothing of what was sent."""
    if isinstance(error, ClientError):
        meaning = _MEANINGS.get(_code(error))
        return f"{error.operation_name}: {_code(error)}" + (f" ({meaning})" if meaning else "")
    return type(error).__name__


def _code(error: ClientError) -> str:
    """The code without the name space that the query protocol puts before it."""
    return str(error.response.get("Error", {}).get("Code", "unknown")).removeprefix("AWS.SimpleQueueService.")
