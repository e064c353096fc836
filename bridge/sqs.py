"""SQS: batches whose every entry is accounted for, sent through boto3 or through a client of our own."""

import hashlib
import struct
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from bridge.aws_answer import asking, code_of, genuine
from bridge.entry import attributes_of, request_entries
from bridge.native import is_compiled
from bridge.port import CallRefusedError, Entry, Receipt, SinkUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

OPERATION = "SendMessageBatch"
_sized = struct.Struct(">I").pack
_BLAMES_MESSAGE = frozenset({"InvalidMessageContents", "InvalidParameterValue", "InvalidAttributeValue"})
"""Codes that no waiting mends: the message itself is what SQS will not take (API reference, SendMessageBatch)."""
_BLAMES_CALL = frozenset({"BatchRequestTooLong", "InvalidMessageContents"})
"""Codes of a whole call that one message of it has to answer for."""


SendBatch = Callable[[str, Sequence[Entry]], object]
"""Makes one call of SendMessageBatch, by the queue's URL; returns the document of its answer, which may be any JSON.

Raises SinkUnavailableError, whose cause is a ClientError where SQS has given a code.
"""


class SqsSink:
    """A `Sink` over SendMessageBatch."""

    def __init__(self, client: "SQSClient", send_batch: SendBatch | None = None) -> None:
        """Build it.

        Args:
            client: made by bootstrap, with its own retries switched off: the shipper paces itself.
            send_batch: how batches go; None for the client itself, which finds the queues in any case.
        """
        self._client = client
        self._send_batch = send_batch or _through(client)
        self._urls: dict[str, str] = {}

    def send(self, queue: str, entries: Sequence[Entry]) -> Sequence[Receipt]:
        """See `Sink.send`."""
        url = self._url(queue)
        return receipts_of(entries, lambda: self._send_batch(url, entries))

    def known_url(self, queue: str) -> str | None:
        """The queue's URL, once something was sent there."""
        return self._urls.get(queue)

    def _url(self, queue: str) -> str:
        if queue not in self._urls:
            with asking("GetQueueUrl", SinkUnavailableError):
                self._urls[queue] = genuine(self._client.get_queue_url(QueueName=queue))["QueueUrl"]
        return self._urls[queue]


def _through(client: "SQSClient") -> SendBatch:
    def send_batch(url: str, entries: Sequence[Entry]) -> object:
        with asking(OPERATION, SinkUnavailableError):
            return genuine(client.send_message_batch(QueueUrl=url, Entries=request_entries(entries)))

    return send_batch


def receipts_of(entries: Sequence[Entry], answer: Callable[[], object]) -> Sequence[Receipt]:
    """What an answer says of each entry that was sent. Raises SinkUnavailableError, CallRefusedError."""
    try:
        told = answer()
    except SinkUnavailableError as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and code_of(cause) in _BLAMES_CALL:
            raise CallRefusedError(code_of(cause)) from cause
        raise
    return reconcile(entries, told)


def reconcile(entries: Sequence[Entry], answer: object) -> Sequence[Receipt]:
    """What an answer, which may be any JSON, says of each entry that was sent, whatever it says of others.

    What it does not name, or contradicts itself about, is unknown, and so sent again under the same ids.
    """
    if _accepted_all is not None and (receipts := _accepted_all(entries, answer)) is not None:
        return receipts
    successes, failures = _listed(answer, "Successful"), _listed(answer, "Failed")
    by_id = {str(position): entry for position, entry in enumerate(entries)}
    if not failures and [one.get("Id") for one in successes] == list(by_id):
        return [_accepted(entry, success) for entry, success in zip(entries, successes, strict=True)]
    told: dict[str, list[Receipt]] = {}
    for success in successes:
        if (entry := by_id.get(entry_id := _text(success, "Id"))) is not None:
            told.setdefault(entry_id, []).append(_accepted(entry, success))
    for failure in failures:
        if (entry_id := _text(failure, "Id")) in by_id:
            told.setdefault(entry_id, []).append(_failed(failure))
    return [_agreed(told.get(entry_id, ())) for entry_id in by_id]


def _choose() -> Callable[[Sequence[Entry], object], Sequence[Receipt] | None] | None:
    if not is_compiled("_receipt", "receipts"):
        return None
    from bridge._receipt import bind  # noqa: PLC0415  there are machines without it

    return bind(Receipt)


_accepted_all = _choose()
"""What an answer mostly says, read in C: nothing else, and nothing that Python would read in another way."""


def _listed(answer: object, name: str) -> Sequence[Mapping[str, Any]]:
    listed = answer.get(name) if isinstance(answer, Mapping) else None
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _agreed(receipts: Sequence[Receipt]) -> Receipt:
    if not receipts:
        return Receipt("unknown", "not in the answer")
    first, *others = receipts
    return first if all(one == first for one in others) else Receipt("unknown", "contradicted in the answer")


def _accepted(entry: Entry, success: Mapping[str, Any]) -> Receipt:
    """Accepted, if what SQS has is what was sent (API reference, SendMessageBatchResultEntry)."""
    if success.get("MD5OfMessageBody") != _md5(entry.body.encode()):
        return Receipt("altered", "checksum of the body")
    checksum = success.get("MD5OfMessageAttributes")
    if checksum is not None and checksum != attributes_checksum(attributes_of(entry)):
        return Receipt("altered", "checksum of the attributes")
    return Receipt("accepted", place=_text(success, "MessageId"))


def _failed(failure: Mapping[str, Any]) -> Receipt:
    code = _text(failure, "Code")
    # Most of what SQS calls our fault (throttling, rights, a disabled key) is not the message's.
    final = failure.get("SenderFault") is True and code.rsplit(".", 1)[-1] in _BLAMES_MESSAGE
    return Receipt("refused" if final else "unknown", code)


def attributes_checksum(attributes: Mapping[str, str]) -> str:
    """MD5 of text attributes (SQS developer guide, "Calculating the MD5 message digest for message attributes")."""
    pieces: list[bytes] = []
    for name in sorted(attributes):
        data = attributes[name].encode()
        pieces += (_led(name, len(data)), data)
    return _md5(b"".join(pieces))


@lru_cache(maxsize=4_096)  # names and sizes are few; ten entries' sums are computed for each call
def _led(name: str, size: int) -> bytes:
    """What comes before an attribute's value: its name and type, that it is a text, and its size."""
    texts = [text.encode() for text in (name, "String")]
    return b"".join([_sized(len(text)) + text for text in texts]) + b"\x01" + _sized(size)


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
