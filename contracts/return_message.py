"""What the new side sends back to RabbitMQ, as it lies in the return queue: a follow-up message, or a message to hold.

Both carry their body whole. SQS takes 1 MiB with all attributes, and base64 adds a third: a large body is deflated
first. One that lies in S3 stays there, and the envelope says where.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from typing import Any, TypeVar

from contracts.veiled import Veiled

FORMAT = 1
"""Version of the document; a reader refuses one that it does not know."""

DEFLATE_BYTES = 128 * 1024
"""A body of more bytes than that is deflated."""

_GROUP_LIMIT = 128
_GROUP_CHARACTERS = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
)


class MalformedReturnError(ValueError):
    """A message of the return queue cannot be read. Says where; never quotes a value, for it may be personal."""


class ReturnedEffect(Veiled, frozen=True):
    """A follow-up message for the rest of the monolith."""

    HIDDEN = ("body",)

    effect: str
    """Its effect id (`contracts.effect_id`): becomes AMQP's `message_id`."""
    exchange: str
    routing_key: str
    content_type: str
    body: bytes
    sequence: int
    """Version of the aggregate that the effect follows from."""


class ReturnedHold(Veiled, frozen=True):
    """A message whose stamp is stale: the router holds it and stamps it anew."""

    HIDDEN = ("envelope", "body")

    family: str
    id: str
    envelope: str
    """The message attribute `envelope`, as it came (`contracts.envelope`)."""
    body: bytes
    """The legacy body; empty where the envelope has a claim on it."""


Returned = ReturnedEffect | ReturnedHold


def return_group(family: str, key: str) -> str:
    """FIFO message group of a business key: its returns stay in order (API reference, MessageGroupId)."""
    group = f"{family}#{key}"
    if len(group) <= _GROUP_LIMIT and set(group) <= _GROUP_CHARACTERS:
        return group
    return hashlib.sha256(group.encode()).hexdigest()


def family_and_key(group: str | None) -> tuple[str, str] | None:
    """Family and business key in a group that `return_group` made; None where it is a digest of them, or none."""
    family, mark, key = (group or "").partition("#")
    return (family, key) if mark else None


def deduplication_id(text: str) -> str:
    """A MessageDeduplicationId of any text: SQS takes 128 characters of its own choice."""
    return hashlib.sha256(text.encode()).hexdigest()


def write_return(returned: Returned) -> str:
    """The body of the message on SQS: compact JSON in ASCII."""
    match returned:
        case ReturnedEffect():
            document: dict[str, Any] = {
                "kind": "effect",
                "effect": returned.effect,
                "exchange": returned.exchange,
                "routing_key": returned.routing_key,
                "content_type": returned.content_type,
                "sequence": returned.sequence,
            }
        case ReturnedHold():
            document = {
                "kind": "hold",
                "family": returned.family,
                "id": returned.id,
                "envelope": returned.envelope,
            }
    deflated = len(returned.body) > DEFLATE_BYTES
    if deflated:
        document["deflated"] = True
    body = zlib.compress(returned.body) if deflated else returned.body
    document["body"] = base64.b64encode(body).decode()
    return json.dumps({"format": FORMAT, **document}, separators=(",", ":"))


def read_return(text: str) -> Returned:
    """Read what `write_return` wrote. Raises MalformedReturnError."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedReturnError("return message: not JSON") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise MalformedReturnError(f"return message: expected an object of format {FORMAT}")
    body = _body(document)
    if document.get("kind") == "effect":
        return ReturnedEffect(
            _typed(document, "effect", str),
            _typed(document, "exchange", str),
            _typed(document, "routing_key", str),
            _typed(document, "content_type", str),
            body,
            _typed(document, "sequence", int),
        )
    if document.get("kind") == "hold":
        family, identity, envelope = (_typed(document, name, str) for name in ("family", "id", "envelope"))
        return ReturnedHold(family, identity, envelope, body)
    raise MalformedReturnError("return message: kind: unknown")


def _body(document: Mapping[str, Any]) -> bytes:
    try:
        body = base64.b64decode(_typed(document, "body", str), validate=True)
        return zlib.decompress(body) if document.get("deflated") is True else body
    except (ValueError, zlib.error) as error:
        raise MalformedReturnError("return message: body: not what it says it is") from error


_T = TypeVar("_T")


def _typed(document: Mapping[str, Any], name: str, kind: type[_T]) -> _T:
    value = document.get(name)
    if type(value) is not kind:
        raise MalformedReturnError(f"return message: {name}: expected {kind.__name__}")
    return value
