"""SQS as strict as the real one, for those who send: SendMessageBatch, SendMessage, and what leads there.

Every entry that is handed in leaves a line in the history, whatever became of it. Nobody receives here.
"""

import hashlib
import json
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.rig.entry import MOST_BYTES, Entry, Objection, attribute_checksum, body_checksum, object_to, read_entry
from tests.rig.fault import OF_ANSWER, OF_CALL, OF_ENTRY, Arming, Fault, Faults
from tests.rig.refusal import RefusedError, fail, no_such_queue, of_batch
from tests.rig.reply import Reply, spoil, write_reply
from tests.rig.web import Answer

ACCOUNT = "000000000000"
DEDUPLICATION_S = 300.0
"""FIFO queues swallow a repetition for five minutes (API reference, MessageDeduplicationId)."""
MOST_ENTRIES = 10
_ENTRY_ID = re.compile(r"[\w-]{1,80}", re.ASCII)
_OF_ENTRY_FAULT = {
    Fault.ENTRY_INTERNAL: Objection("InternalError", "An internal error occurred."),
    Fault.ENTRY_THROTTLED: Objection("ThrottlingException", "Rate exceeded"),
    Fault.ENTRY_REFUSED: Objection("InvalidMessageContents", "The message contains characters that are not allowed."),
}

Stored = Literal["new", "duplicate", "no"]
"""`duplicate`: accepted, and swallowed by FIFO deduplication."""


@dataclass(frozen=True, slots=True)
class Handed:
    """One entry that was handed in, and what became of it."""

    position: int
    """Order over all queues."""
    call: int
    """Number of the call; entries of one batch share it."""
    queue: str
    entry_id: str
    body: str = field(repr=False)
    attributes: Mapping[str, str] = field(repr=False)
    """Those that are texts or numbers."""
    group: str | None
    deduplication: str | None
    stored: Stored
    answer: str
    """`accepted`; a code of SQS; or the name of the fault that kept the truth from the caller, `slow` for a while."""
    at: float
    """Seconds, monotonic."""

    @property
    def id(self) -> str | None:
        """The message's id by its attribute `id`; None without."""
        return self.attributes.get("id")

    @property
    def digest(self) -> str:
        """SHA-256 of the body as it was handed in."""
        return hashlib.sha256(self.body.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(slots=True)
class Queue:
    """One queue: its attributes, and what it remembers of deduplication."""

    name: str
    attributes: dict[str, str]
    known: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)

    @property
    def fifo(self) -> bool:
        """Whether it keeps order and swallows repetitions."""
        return self.name.endswith(".fifo")

    @property
    def by_content(self) -> bool:
        """Whether a body is its own deduplication id."""
        return self.attributes.get("ContentBasedDeduplication") == "true"

    def store(self, entry: Entry, now: float) -> tuple[Stored, str]:
        """Take an entry; says whether it was there already, and under which message id."""
        message_id = str(uuid.uuid4())
        if not self.fifo:
            return "new", message_id
        scope = (entry.group or "") if self.attributes.get("DeduplicationScope") == "messageGroup" else ""
        mark = scope, entry.deduplication or hashlib.sha256(entry.body.encode()).hexdigest()
        before = self.known.get(mark)
        if before is not None and now - before[0] < DEDUPLICATION_S:
            return "duplicate", before[1]
        self.known[mark] = now, message_id
        return "new", message_id


class Sqs:
    """All queues, and the history. Called on the endpoint's thread; `history` and `create` by anybody."""

    def __init__(self, faults: Faults, now: Callable[[], float] = time.monotonic) -> None:
        self.url = ""
        """Of the endpoint; queue URLs begin with it."""
        self.objections_fail_calls = False
        """Whether what SQS has against one entry fails the whole call, instead of coming back as `Failed`."""
        self._faults = faults
        self._now = now
        self._queues: dict[str, Queue] = {}
        self._history: list[Handed] = []
        self._calls = 0

    @property
    def history(self) -> Sequence[Handed]:
        """Every entry that has been handed in so far, in order."""
        return tuple(self._history)

    def create(self, name: str, **attributes: str) -> str:
        """Make a queue; returns its URL. A FIFO queue is in high-throughput mode where nothing else is said."""
        usual = {"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
        self._queues.setdefault(name, Queue(name, {**(usual if name.endswith(".fifo") else {}), **attributes}))
        return self.url_of(name)

    def url_of(self, name: str) -> str:
        """URL of a queue."""
        return f"{self.url}/{ACCOUNT}/{name}"

    def answer(self, operation: str, document: Mapping[str, Any]) -> Answer:
        """Answer one call of the JSON protocol."""
        try:
            if operation == "SendMessageBatch":
                return self._send_batch(document)
            if operation == "SendMessage":
                return self._send_one(document)
            struck = self._faults.strike(OF_CALL, operation)
            return write_reply(self._look(operation, document)) if struck is None else fail(struck.fault)
        except RefusedError as error:
            return error.refusal.as_json()

    def _look(self, operation: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
        if operation == "CreateQueue":
            return {"QueueUrl": self.create(document["QueueName"], **(document.get("Attributes") or {}))}
        if operation == "GetQueueUrl":
            if document["QueueName"] not in self._queues:
                raise no_such_queue()
            return {"QueueUrl": self.url_of(document["QueueName"])}
        if operation == "GetQueueAttributes":
            queue = self._queue(document)
            kept = sum(one.stored == "new" for one in self.history if one.queue == queue.name)
            return {"Attributes": {**queue.attributes, "ApproximateNumberOfMessages": str(kept)}}
        raise RefusedError("InvalidAction", f"The action {operation} is not valid for this endpoint.")

    def _queue(self, document: Mapping[str, Any]) -> Queue:
        name = document.get("QueueUrl", "").rpartition("/")[2]
        if name not in self._queues:
            raise no_such_queue()
        return self._queues[name]

    def _send_batch(self, document: Mapping[str, Any]) -> Answer:
        entries = [read_entry(one) for one in document.get("Entries", ())]
        return self._send("SendMessageBatch", document, entries)

    def _send_one(self, document: Mapping[str, Any]) -> Answer:
        return self._send("SendMessage", document, [read_entry({**document, "Id": "0"})])

    def _send(self, operation: str, document: Mapping[str, Any], entries: Sequence[Entry]) -> Answer:
        self._calls += 1
        name = document.get("QueueUrl", "").rpartition("/")[2]
        struck = self._faults.strike(OF_CALL, operation, entries)
        if struck is not None:
            self._note_all(name, entries, struck.fault.value)
            return fail(struck.fault)
        try:
            queue = self._queue(document)
            self._check(operation, queue, entries)
        except RefusedError as error:
            self._note_all(name, entries, error.refusal.code)
            raise
        hidden = self._faults.strike_all(OF_ANSWER, operation, entries)
        reply = Reply([], [])
        for entry in entries:
            self._take(operation, queue, entry, reply, hidden)
        return spoil(reply, entries, hidden, single=operation == "SendMessage")

    def _check(self, operation: str, queue: Queue, entries: Sequence[Entry]) -> None:
        """Raise what fails the whole call."""
        size = sum(entry.size_bytes for entry in entries)
        if operation == "SendMessage":
            if size > MOST_BYTES:
                raise RefusedError("InvalidParameterValue", f"Message must be shorter than {MOST_BYTES} bytes.")
        else:
            _check_batch(entries, size)
        if self.objections_fail_calls or operation == "SendMessage":
            for entry in entries:
                objection = object_to(entry, fifo=queue.fifo, by_content=queue.by_content)
                if objection is not None:
                    raise RefusedError(objection.code, objection.message)

    def _take(self, operation: str, queue: Queue, entry: Entry, reply: Reply, hidden: Sequence[Arming]) -> None:
        struck = self._faults.strike(OF_ENTRY, operation, [entry])
        objection = object_to(entry, fifo=queue.fifo, by_content=queue.by_content)
        if struck is not None:
            objection = _OF_ENTRY_FAULT[struck.fault]
        if objection is not None:
            self._note(queue.name, entry, "no", objection.code)
            blames_sender = struck is None or struck.fault is not Fault.ENTRY_INTERNAL
            reply.failed.append(
                {"Id": entry.id, "SenderFault": blames_sender, "Code": objection.code, "Message": objection.message}
            )
            return
        now = self._now()
        stored, message_id = queue.store(entry, now)
        by = sorted((one.fault for one in hidden), key=lambda fault: fault is Fault.SLOW)  # hides least of all
        self._note(queue.name, entry, stored, by[0].value if by else "accepted")
        success: dict[str, Any] = {
            "Id": entry.id,
            "MessageId": message_id,
            "MD5OfMessageBody": body_checksum(entry),
        }
        if (checksum := attribute_checksum(entry)) is not None:
            success["MD5OfMessageAttributes"] = checksum
        if queue.fifo:
            success["SequenceNumber"] = f"{len(self._history):020d}"
        reply.successful.append(success)

    def _note_all(self, queue: str, entries: Sequence[Entry], answer: str) -> None:
        for entry in entries:
            self._note(queue, entry, "no", answer)

    def _note(self, queue: str, entry: Entry, stored: Stored, answer: str) -> None:
        self._history.append(
            Handed(
                position=len(self._history),
                call=self._calls,
                queue=queue,
                entry_id=entry.id,
                body=entry.body,
                attributes=entry.texts,
                group=entry.group,
                deduplication=entry.deduplication,
                stored=stored,
                answer=answer,
                at=time.monotonic(),
            )
        )


def _check_batch(entries: Sequence[Entry], size_bytes: int) -> None:
    ids = [entry.id for entry in entries]
    if not entries:
        raise of_batch("EmptyBatchRequest", "There should be at least one SendMessageBatchRequestEntry in the request.")
    if len(entries) > MOST_ENTRIES:
        raise of_batch(
            "TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are {MOST_ENTRIES}. You have sent {len(entries)}.",
        )
    if not all(_ENTRY_ID.fullmatch(one) for one in ids):
        raise of_batch("InvalidBatchEntryId", "The Id of a batch entry can only contain 80 letters, digits, - and _.")
    if len(set(ids)) < len(ids):
        raise of_batch("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
    if size_bytes > MOST_BYTES:
        raise of_batch(
            "BatchRequestTooLong",
            f"Batch requests cannot be longer than {MOST_BYTES} bytes. You have sent {size_bytes} bytes.",
        )


def decode(body: bytes) -> Mapping[str, Any]:
    """The document of a call. Raises RefusedError."""
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise RefusedError("SerializationException", "no JSON", shape="com.amazon.coral.service#SerializationException")
    return document
