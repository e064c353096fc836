"""The envelope: what travels beside the legacy body on SQS (CloudEvents 1.0 attributes, the stamp, all of AMQP).

The body itself stays byte for byte what the monolith published. Only where SQS would refuse it (github.com
symfony/symfony#49844: control characters that are valid UTF-8) is it carried as base64, and an empty one as a
placeholder; the envelope says which. What is too large for SQS lies in S3 (`contracts.claim`).
"""

import base64
import re
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import msgspec
import orjson

from contracts.amqp_value import ShortString, TaggedTable, mark, unmark
from contracts.authority import Authority
from contracts.claim import Claim
from contracts.effect import body_digest
from contracts.veiled import Veiled

BodyEncoding = Literal["utf-8", "base64", "empty", "claim"]


_EMPTY = "-"
# What SQS accepts: #x9 | #xA | #xD | #x20-#xD7FF | #xE000-#xFFFD | #x10000-#x10FFFF (API reference, SendMessage).
_REFUSED_BY_SQS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class MalformedEnvelopeError(ValueError):
    """An envelope or its body cannot be read. Never quotes either."""


class Stamp(msgspec.Struct, frozen=True, gc=False):
    """The decision that a message carries: whose effects leave, and since which move of authority."""

    authority: Authority
    epoch: int


class AmqpFacts(Veiled, frozen=True, gc=False):
    """Everything that AMQP knew about a delivery."""

    HIDDEN = ("properties", "headers")

    exchange: ShortString
    routing_key: ShortString
    redelivered: bool
    properties: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """Basic properties but `headers`, only those that were set: texts, bytes where they are no UTF-8, integers.

    `timestamp` is in seconds since the epoch.
    """
    headers: TaggedTable | None = None
    """Header table, tagged with AMQP types; None where the publisher sent none (an empty table is another thing)."""


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """CloudEvents attributes, stamp and origin of one message."""

    id: str
    type: str
    source: str
    """URI reference of the origin: `/rabbitmq/<exchange>`."""
    time: str
    """When the bridge took the message, RFC 3339."""
    stamp: Stamp
    body_encoding: BodyEncoding
    amqp: AmqpFacts
    subject: str | None = None
    """Business key, where the contract has one that can be read without the worker."""
    datacontenttype: str | None = None
    traceparent: str | None = None
    claim: Claim | None = None
    """Where the body lies; with the encoding `claim`, and only with it."""


def write_envelope(envelope: Envelope) -> str:
    """Compact JSON for the message attribute `envelope`."""
    amqp = envelope.amqp
    try:
        text = _json(envelope, amqp.exchange, amqp.routing_key, amqp.properties)
    except TypeError:  # bytes, that were no text: seldom, so they are not looked for
        properties = {
            name: mark(value) if isinstance(value, bytes) else value for name, value in amqp.properties.items()
        }
        text = _json(envelope, mark(amqp.exchange), mark(amqp.routing_key), properties)
    if text.isascii():  # JSON has escaped all of these that are ASCII
        return text
    # What is left of these after JSON's own escaping can only stand within its texts.
    return _REFUSED_BY_SQS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _json(envelope: Envelope, exchange: object, routing_key: object, properties: Mapping[str, Any]) -> str:
    """Raises TypeError for bytes."""
    document: dict[str, Any] = {
        "specversion": "1.0",
        "id": envelope.id,
        "source": envelope.source,
        "type": envelope.type,
        "time": envelope.time,
        "stamp": {"authority": envelope.stamp.authority, "epoch": envelope.stamp.epoch},
        "body": envelope.body_encoding,
        "amqp": {
            "exchange": exchange,
            "routing_key": routing_key,
            "redelivered": envelope.amqp.redelivered,
            "properties": properties,
            "headers": envelope.amqp.headers,
        },
    }
    if envelope.subject is not None:
        document["subject"] = envelope.subject
    if envelope.datacontenttype is not None:
        document["datacontenttype"] = envelope.datacontenttype
    if envelope.traceparent is not None:
        document["traceparent"] = envelope.traceparent
    if (claim := envelope.claim) is not None:
        document["claim"] = {"key": claim.key, "size": claim.size_bytes, "sha256": claim.sha256}
    return orjson.dumps(document).decode()


def read_envelope(text: str) -> Envelope:
    """Read what `write_envelope` wrote. Raises `MalformedEnvelopeError`."""
    try:
        document = orjson.loads(text)
        amqp, stamp = document["amqp"], document["stamp"]
        return Envelope(
            id=_typed(document, "id", str),
            type=_typed(document, "type", str),
            source=_typed(document, "source", str),
            time=_typed(document, "time", str),
            stamp=Stamp(_typed(stamp, "authority", str), _typed(stamp, "epoch", int)),  # type: ignore[arg-type]
            body_encoding=_typed(document, "body", str),  # type: ignore[arg-type]  # `decode_body` refuses any other
            amqp=AmqpFacts(
                unmark(amqp["exchange"]),
                unmark(amqp["routing_key"]),
                _typed(amqp, "redelivered", bool),
                {
                    name: unmark(value) if isinstance(value, dict) else value
                    for name, value in _typed(amqp, "properties", dict).items()
                },
                _table(amqp["headers"]),
            ),
            subject=_optional_text(document, "subject"),
            datacontenttype=_optional_text(document, "datacontenttype"),
            traceparent=_optional_text(document, "traceparent"),
            claim=_claim(document),
        )
    except (KeyError, TypeError, ValueError) as error:  # JSONDecodeError is a ValueError
        raise MalformedEnvelopeError(f"message attribute `envelope`: {type(error).__name__}") from error


_T = TypeVar("_T")


def _typed(document: Mapping[str, Any], name: str, kind: type[_T]) -> _T:
    """A field, of exactly that JSON type: whoever reads an envelope relies on it without looking again."""
    value = document[name]
    if type(value) is not kind:
        raise TypeError(name)
    return value


def _table(value: object) -> TaggedTable | None:
    """A header table in either form; its values are read by whoever wants them."""
    if value is None or isinstance(value, dict):
        return value
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise TypeError("headers")
    return value


def _optional_text(document: Mapping[str, Any], name: str) -> str | None:
    return None if document.get(name) is None else _typed(document, name, str)


def _claim(document: Mapping[str, Any]) -> Claim | None:
    if document["body"] != "claim":
        return None
    claim = _typed(document, "claim", dict)
    return Claim(_typed(claim, "key", str), _typed(claim, "size", int), _typed(claim, "sha256", str))


_REFUSED_OCTETS = bytes(number for number in range(32) if number not in b"\t\n\r")


def is_carriable(text: str) -> bool:
    """Whether SQS takes the text as it is."""
    return text.isprintable() or not _REFUSED_BY_SQS.search(text)  # nothing that is printable is refused


def encode_body(body: bytes) -> tuple[str, BodyEncoding]:
    """The body as a text that SQS accepts, and how it was encoded."""
    if not body:
        return _EMPTY, "empty"
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), "base64"
    # The same question as `is_carriable`, asked in a way that takes half as long; surrogates are no UTF-8.
    refused = len(body.translate(None, _REFUSED_OCTETS)) < len(body) or "\ufffe" in text or "\uffff" in text
    return (base64.b64encode(body).decode(), "base64") if refused else (text, "utf-8")


def decode_body(text: str, encoding: BodyEncoding) -> bytes:
    """The legacy body's bytes. Raises `MalformedEnvelopeError`, also for a body that lies elsewhere."""
    if encoding == "empty":
        return b""
    if encoding not in ("utf-8", "base64"):
        raise MalformedEnvelopeError("body encoding: unknown")
    try:
        return text.encode() if encoding == "utf-8" else base64.b64decode(text, validate=True)
    except ValueError as error:
        raise MalformedEnvelopeError(f"body: not {encoding}, though the envelope says so") from error


def carried_digest(text: str, envelope: Envelope) -> str:
    """SHA-256 of the legacy body, wherever it lies. Raises `MalformedEnvelopeError`."""
    if envelope.claim is not None:
        return envelope.claim.sha256
    return body_digest(decode_body(text, envelope.body_encoding))
