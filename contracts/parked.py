"""A message of the Invalid Message Channel on its way into the index of dead letters: everything that is known of it.

Nobody could read it, so it is carried as it is: compressed, so that SQS' limit of 1 MiB seldom matters, in a text that
SQS always takes. Properties and headers are tagged with their AMQP types (`contracts.amqp_value`).
"""

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from contracts.amqp_value import (
    ShortString,
    TaggedTable,
    Timestamp,
    UnknownAmqpTypeError,
    mark,
    tag_table,
    unmark,
    untag_table,
)
from contracts.envelope import Stamp

FORMAT = 1
"""Version of the document; a reader refuses one that it does not know."""

PARKED_TYPE = "strangler.parked"
"""Attribute `type` of such a message on SQS, where others have their message type."""


class MalformedParkedError(ValueError):
    """A parked message cannot be read. Says where; never quotes a value, for it may be personal."""


@dataclass(frozen=True, slots=True)
class Parked:
    """One message as the monolith published it, and why it was put aside."""

    body: bytes = field(repr=False)
    cause: str
    """`contracts.invalid_message.Cause` with its place, or `refused-by-sqs:CODE`; `unknown` where nobody said."""
    queue: str
    """RabbitMQ queue that it was taken from."""
    at: str
    """When it was put aside, RFC 3339; empty where nobody said."""
    exchange: ShortString
    routing_key: ShortString
    properties: Mapping[str, Any] = field(repr=False, default_factory=dict)
    """Basic properties but `headers`, only those that were set; short strings that are no UTF-8 are bytes."""
    headers: TaggedTable | None = field(repr=False, default=None)
    """Header table, tagged; None where the publisher sent none."""
    family: str | None = None
    """Family by its stamp; None where it came by the tap, or is of no known type."""
    id: str | None = None
    """Identity, where the router could read it."""
    stamp: Stamp | None = None
    """The decision that it carried, if any."""
    notes: Mapping[str, str] = field(repr=False, default_factory=dict)
    """What else was noted when it was put aside."""


def write_parked(parked: Parked) -> str:
    """The body of the message on SQS: Base64 of deflated JSON. Total over what AMQP can hold."""
    document = {
        "format": FORMAT,
        "body": base64.b64encode(parked.body).decode(),
        "cause": parked.cause,
        "queue": parked.queue,
        "at": parked.at,
        "exchange": mark(parked.exchange),
        "routing_key": mark(parked.routing_key),
        "properties": tag_table(
            {name: Timestamp(value) if name == "timestamp" else value for name, value in parked.properties.items()}
        ),
        "headers": parked.headers,
        "family": parked.family,
        "id": parked.id,
        "stamp": None if parked.stamp is None else [parked.stamp.authority, parked.stamp.epoch],
        "notes": dict(parked.notes),
    }
    return base64.b64encode(zlib.compress(json.dumps(document, separators=(",", ":")).encode())).decode()


def read_parked(text: str) -> Parked:
    """Read what `write_parked` wrote. Raises MalformedParkedError."""
    try:
        document = json.loads(zlib.decompress(base64.b64decode(text, validate=True)))
    except (ValueError, zlib.error, RecursionError) as error:
        raise MalformedParkedError("parked message: not deflated JSON in Base64") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise MalformedParkedError(f"parked message: expected an object of format {FORMAT}")
    stamp = document.get("stamp")
    try:
        return Parked(
            body=base64.b64decode(_typed(document, "body", str), validate=True),
            cause=_typed(document, "cause", str),
            queue=_typed(document, "queue", str),
            at=_typed(document, "at", str),
            exchange=unmark(document.get("exchange")),
            routing_key=unmark(document.get("routing_key")),
            properties={str(name): value for name, value in untag_table(_typed(document, "properties", dict)).items()},
            headers=_table(document.get("headers")),
            family=_optional_text(document, "family"),
            id=_optional_text(document, "id"),
            stamp=None if stamp is None else Stamp(stamp[0], stamp[1]),
            notes=_typed(document, "notes", dict),
        )
    except (UnknownAmqpTypeError, ValueError, TypeError, IndexError) as error:
        raise MalformedParkedError(f"parked message: {type(error).__name__}") from error


def _table(value: object) -> TaggedTable | None:
    if value is not None and not isinstance(value, dict | list):
        raise TypeError("headers")
    return value


_T = TypeVar("_T")


def _typed(document: Mapping[str, Any], name: str, kind: type[_T]) -> _T:
    value = document.get(name)
    if type(value) is not kind:
        raise TypeError(name)
    return value


def _optional_text(document: Mapping[str, Any], name: str) -> str | None:
    return None if document.get(name) is None else _typed(document, name, str)
