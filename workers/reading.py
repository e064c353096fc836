"""From an SQS record to a message: envelope, legacy bytes, normal form, model. Pure; refuses with a cause."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from contracts.codecs.error import DecodeError
from contracts.envelope import Envelope, MalformedEnvelopeError, carried_digest, decode_body, read_envelope
from contracts.identify import business_key
from contracts.invalid_message import InvalidMessageError
from contracts.message_type import MessageType
from contracts.model.message import Notification
from contracts.registry import UnknownTypeError, family_of
from contracts.veiled import Veiled
from workers.fate import RejectedError
from workers.port import Aggregate
from workers.sqs import Received

_NAMED_PLACES = 5
"""An object of many bad fields must not become a cause that no dead letter can carry."""


class Opened(Veiled, frozen=True):
    """A record whose envelope could be read: it has an id and a type."""

    HIDDEN = ("body", "envelope")

    received: Received
    envelope: Envelope
    message_type: MessageType
    body: bytes
    """The legacy body; empty where the envelope has a claim on it that was not fetched."""
    digest: str


class Work(Veiled, frozen=True):
    """A record whose message could be read."""

    HIDDEN = ("message",)

    opened: Opened
    message: Any
    """An instance of the type's model."""
    aggregate: Aggregate

    @property
    def received(self) -> Received:
        """The record that it came in."""
        return self.opened.received

    @property
    def touches(self) -> frozenset[str]:
        """What no other message of the same transaction may touch."""
        return frozenset({f"message#{self.opened.envelope.id}", f"records#{self.aggregate.partition}"})


def open_record(received: Received, types: Mapping[str, MessageType]) -> Opened:
    """Envelope, type and legacy bytes, but for those that lie elsewhere. Raises RejectedError."""
    try:
        envelope = read_envelope(received.attributes.get("envelope", ""))
        body = b"" if envelope.claim is not None else decode_body(received.body, envelope.body_encoding)
        digest = carried_digest(received.body, envelope)
    except MalformedEnvelopeError as error:
        raise RejectedError("envelope") from error
    message_type = types.get(envelope.type)
    if message_type is None:
        raise RejectedError("unknown-type", "not of this family")
    return Opened(received, envelope, message_type, body, digest)


def read_message(opened: Opened, family: str) -> Work:
    """Decode and validate. Raises RejectedError, which names places and never quotes values."""
    message_type = opened.message_type
    try:
        form = message_type.decode(opened.body)
        key = business_key(message_type, form)
        message = message_type.model.model_validate(dict(form))
    except DecodeError as error:
        raise RejectedError("unreadable", str(error)) from error
    except InvalidMessageError as error:
        raise RejectedError("model", error.cause) from error
    except ValidationError as error:
        places = sorted({".".join(map(str, one["loc"])) for one in error.errors(include_input=False)})
        more = [f"and {len(places) - _NAMED_PLACES} more"] if len(places) > _NAMED_PLACES else []
        raise RejectedError("model", ",".join(places[:_NAMED_PLACES] + more)) from error
    if isinstance(message, Notification) and not _is_of(message.type, family):
        # A webhook names its event in the body too. The monolith goes by that, and refuses what is not its queue's.
        raise RejectedError("unknown-type", "the body names an event that is not of this family")
    return Work(opened, message, Aggregate(message_type.tenant, family, key))


def _is_of(event: str, family: str) -> bool:
    try:
        return family_of(event).name == family
    except UnknownTypeError:
        return False
