"""What an entry for SQS is made of, and how a call of SendMessageBatch says it.

There are two of both, as of `bridge.amqp_delivery`: in Python, and in C, which is here where `infra.local.native` found
a compiler. C's makes only what is plain: texts that JSON has as they are, a body that SQS takes as it is. Everything
else is made by Python's. What an envelope looks like is known to `contracts.envelope` alone: C's gets one in pieces.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from bridge.native import is_compiled
from bridge.port import Entry
from bridge.remember import by_identity
from contracts.amqp_value import ShortString, TaggedTable
from contracts.amqp_value import entry as tagged_entry
from contracts.entry_size import ENTRY_BYTES, entry_bytes
from contracts.envelope import AmqpFacts, BodyEncoding, Envelope, Stamp, encode_body, write_envelope
from contracts.identify import Identity, text_of

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef, SendMessageBatchRequestEntryTypeDef

ENVELOPE_ATTRIBUTE = "envelope"

Layout = tuple[bytes, bytes, bytes, bytes, bytes, bytes, str, int]
"""An envelope in pieces, between which values are put; type of the message; bytes that SQS counts around its texts."""
_NO_TABLE = b"null", None
_ID, _TIME, _KEY, _NAME = "5e2b-id", "5e2b-time", "5e2b-key", "5e2b-name"
_MARKS = (_ID, _TIME, _KEY, f'{{"{_NAME}":0}}', f'{{"{_NAME}":[]}}')
"""What stands where values are put, in their order."""


def envelope_of(
    type_name: str, identity: Identity, stamp: Stamp, facts: AmqpFacts, time: str, encoding: BodyEncoding
) -> Envelope:
    """The envelope of a message. Args: facts: with headers tagged; time: RFC 3339."""
    return Envelope(
        id=identity.id,
        type=type_name,
        source=_source(facts.exchange),
        time=time,
        stamp=stamp,
        body_encoding=encoding,
        amqp=facts,
        subject=identity.key,
        datacontenttype=_content_type(facts.properties.get("content_type")),
        traceparent=_trace(facts.headers),
    )


def compose(
    type_name: str,
    identity: Identity,
    stamp: Stamp,
    facts: AmqpFacts,
    body: bytes,
    time: str,
    *,
    group: str | None = None,
    deduplication: str | None = None,
) -> Entry:
    """The entry of a message, with its body in it, however large. Args: see `envelope_of`."""
    if _compose is not None and (layout := _layout(facts.exchange, facts.redelivered, type_name, stamp)) is not None:
        headers, trace = _NO_TABLE if facts.headers is None else _table(facts.headers)
        content_type = _content_type(facts.properties.get("content_type"))
        entry = _compose(
            layout,
            body,
            facts.routing_key,
            facts.properties,
            headers,
            identity.id,
            identity.key,
            content_type,
            trace,
            time,
            group,
            deduplication,
        )
        if entry is not None:
            return entry
    return compose_in_python(type_name, identity, stamp, facts, body, time, group=group, deduplication=deduplication)


def compose_in_python(
    type_name: str,
    identity: Identity,
    stamp: Stamp,
    facts: AmqpFacts,
    body: bytes,
    time: str,
    *,
    group: str | None = None,
    deduplication: str | None = None,
) -> Entry:
    """See `compose`."""
    text, encoding = encode_body(body)
    envelope = write_envelope(envelope_of(type_name, identity, stamp, facts, time, encoding))
    carried = body if encoding == "utf-8" else text
    size_bytes = entry_bytes(carried, {ENVELOPE_ATTRIBUTE: envelope, "type": type_name, "id": identity.id})
    return Entry(text, envelope, identity.id, type_name, group, deduplication, size_bytes)


def write_batch(url: str, entries: Sequence[Entry]) -> bytes:
    """The JSON of a call; each entry is known by its position."""
    if _write_batch is not None:
        return _write_batch(_to_queue(url), entries)
    return write_batch_in_python(url, entries)


def write_batch_in_python(url: str, entries: Sequence[Entry]) -> bytes:
    """See `write_batch`."""
    return orjson.dumps({"QueueUrl": url, "Entries": request_entries(entries)})


def request_entries(entries: Sequence[Entry]) -> Sequence["SendMessageBatchRequestEntryTypeDef"]:
    """What a call says of entries, as boto3 takes it."""
    return [_request_entry(str(position), entry) for position, entry in enumerate(entries)]


def _request_entry(entry_id: str, entry: Entry) -> "SendMessageBatchRequestEntryTypeDef":
    attributes: dict[str, MessageAttributeValueTypeDef] = {
        name: {"DataType": "String", "StringValue": text} for name, text in attributes_of(entry).items()
    }
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


def attributes_of(entry: Entry) -> dict[str, str]:
    """An entry's message attributes, all of them texts."""
    attributes = {"type": entry.type, "id": entry.id}
    if entry.envelope:
        attributes[ENVELOPE_ATTRIBUTE] = entry.envelope
    return attributes


@lru_cache(maxsize=256)  # exchanges are few
def _source(exchange: ShortString) -> str:
    return f"/rabbitmq/{exchange if isinstance(exchange, str) else quote(exchange)}"


_content_type = lru_cache(maxsize=256)(text_of)


def _trace(headers: TaggedTable | None) -> str | None:
    found = tagged_entry(headers, "traceparent")
    return text_of(found[1]) if found and found[0] == "S" else None


@lru_cache(maxsize=256)
def _layout(exchange: ShortString, redelivered: bool, type_name: str, stamp: Stamp) -> Layout | None:  # noqa: FBT001  # by position, for the cache
    """An envelope with marks where values are put, taken apart there; None where a mark stands for itself as well.

    Of what is few: routing keys are not.
    """
    facts = AmqpFacts(exchange, _KEY, redelivered, properties={_NAME: 0}, headers={_NAME: []})
    text = write_envelope(envelope_of(type_name, Identity(_ID, None), stamp, facts, _TIME, "utf-8"))
    if any(text.count(mark) != 1 for mark in _MARKS):
        return None
    pieces = []
    for mark in _MARKS:
        before, _, text = text.partition(mark)
        pieces.append(before.encode())
    first, second, third, fourth, fifth = pieces
    around = entry_bytes("", {ENVELOPE_ATTRIBUTE: "", "type": type_name, "id": ""})
    return first, second, third, fourth, fifth, text.removesuffix("}").encode(), type_name, around


def _written(headers: TaggedTable) -> tuple[bytes, str | None]:
    """A header table as JSON, and the trace that it names."""
    return orjson.dumps(headers), _trace(headers)


_table = by_identity(_written, lambda written: written[0])


@lru_cache(maxsize=64)
def _to_queue(url: str) -> bytes:
    return orjson.dumps({"QueueUrl": url, "Entries": []}).removesuffix(b"]}")


_Compose = Callable[..., Entry | None]
_WriteBatch = Callable[[bytes, Sequence[Entry]], bytes]


def _choose() -> tuple[_Compose, _WriteBatch] | tuple[None, None]:
    if not is_compiled("_entry", "entries"):
        return None, None
    from bridge._entry import bind  # noqa: PLC0415  there are machines without it

    return bind(Entry, ENTRY_BYTES)


_compose, _write_batch = _choose()
