"""From a record of a dead-letter queue, or of the Invalid Message Channel's, to a letter. Pure, and refuses nothing.

Dead letters are those of a family's worker, and those of the way back to RabbitMQ.

What can be read is told in the letter's plain attributes: ids, names and causes. Everything else stays sealed. What
cannot be parsed at all becomes a letter as well, known by the digest of its bytes.
"""

from datetime import datetime

from msgspec.structs import replace

from contracts import naming
from contracts.effect import body_digest
from contracts.effect_id import read_effect_id
from contracts.envelope import Envelope, MalformedEnvelopeError, carried_digest, read_envelope
from contracts.letter import GAVE_UP, RETURN_UNDELIVERABLE, LetterContent, letter_id
from contracts.message_type import DEFAULT_TENANT, Family, MessageType
from contracts.parked import MalformedParkedError, Parked, read_parked
from contracts.registry import FAMILIES, UnknownTypeError, type_named
from contracts.return_message import ReturnedEffect, ReturnedHold, family_and_key, read_return
from workers.port import Occurrence
from workers.sqs import CAUSE_ATTRIBUTE, RECEIVES_ATTRIBUTE, REPLAY_ATTRIBUTE, Received

UNREADABLE = "unreadable-letter"
"""Cause of what came by the Invalid Message Channel, or by the way back, in a form that nobody has agreed on."""

_TOLD_ELSEWHERE = frozenset({CAUSE_ATTRIBUTE, RECEIVES_ATTRIBUTE})
_INVALID = naming.invalid_queue_name("")
_RETURN = naming.return_dead_letter_queue_name("")


def read_dead_letter(received: Received, queue: str, sent_at: datetime) -> Occurrence:
    """The letter of a record.

    Args:
        queue: name of the queue that it was taken from.
        sent_at: when it got there.
    """
    if queue.endswith(_INVALID):
        return _from_invalid(received, sent_at)
    if queue.endswith(_RETURN):
        return _from_return(received, queue, sent_at)
    family = _family_of(queue)
    cause = received.attributes.get(CAUSE_ATTRIBUTE, GAVE_UP)
    found = _found(received, queue, cause, sent_at)
    found = replace(found, family=family.name if family else None)
    try:
        envelope = read_envelope(received.attributes.get("envelope", ""))
        digest = carried_digest(received.body, envelope)
    except MalformedEnvelopeError:
        return found
    return _told_by(envelope, replace(found, body_digest=digest))


def _found(received: Received, queue: str, cause: str, sent_at: datetime) -> Occurrence:
    """What is known of any record, be it readable or not."""
    digest = body_digest(received.body.encode("utf-8", "surrogatepass"))
    receives = received.attributes.get(RECEIVES_ATTRIBUTE, "")
    kept = {name: value for name, value in received.attributes.items() if name not in _TOLD_ELSEWHERE}
    return Occurrence(
        letter_id=letter_id("sqs", None, digest),
        source="sqs",
        queue=queue,
        cause=cause,
        at=sent_at,
        attempts=int(receives) if receives.isascii() and receives.isdigit() else received.receives,
        body_digest=digest,
        delivery=received.record_id,
        content=LetterContent(received.body, kept, received.group),
        replay=received.attributes.get(REPLAY_ATTRIBUTE),
    )


def _told_by(envelope: Envelope, found: Occurrence) -> Occurrence:
    message_type = _type(envelope.type)
    return replace(
        found,
        letter_id=letter_id("sqs", envelope.id, found.body_digest),
        # A name that no contract knows could be anything.
        type=None if message_type is None else message_type.name,
        tenant=DEFAULT_TENANT if message_type is None else message_type.tenant,
        message_id=envelope.id,
        business_key=envelope.subject,
        stamp=envelope.stamp,
    )


def _from_invalid(received: Received, sent_at: datetime) -> Occurrence:
    try:
        parked = read_parked(received.body)
    except MalformedParkedError:
        queue = naming.INVALID_MESSAGE_QUEUE
        found = _found(received, queue, received.attributes.get(CAUSE_ATTRIBUTE, UNREADABLE), sent_at)
        return replace(found, source="invalid", letter_id=letter_id("invalid", None, found.body_digest))
    digest = body_digest(parked.body)
    message_type = _published_as(parked)
    family = parked.family or (_family_with(message_type).name if message_type else None)
    return replace(
        _found(received, parked.queue, parked.cause, sent_at),
        source="invalid",
        letter_id=letter_id("invalid", parked.id, digest),
        body_digest=digest,
        family=family,
        type=None if message_type is None else message_type.name,
        tenant=DEFAULT_TENANT if message_type is None else message_type.tenant,
        message_id=parked.id,
        stamp=parked.stamp,
    )


def _from_return(received: Received, queue: str, sent_at: datetime) -> Occurrence:
    found = _found(received, queue, UNREADABLE, sent_at)
    told = family_and_key(received.group)
    family = next((one.name for one in FAMILIES if told is not None and one.name == told[0]), None)
    found = replace(
        found,
        source="return",
        letter_id=letter_id("return", None, found.body_digest),
        family=family,
        business_key=None if told is None or family is None else told[1],
    )
    try:
        returned = read_return(received.body)
        match returned:
            case ReturnedEffect():
                return _returned_effect(returned, found)
            case ReturnedHold():
                return _returned_hold(returned, found)
    except ValueError:  # return message, envelope or effect id: whichever of them it is, nobody could send it on
        return found


def _returned_effect(returned: ReturnedEffect, found: Occurrence) -> Occurrence:
    """A follow-up message. Raises ValueError where its effect id is none."""
    message_id, _ = read_effect_id(returned.effect)
    path = f"message:{returned.exchange}/{returned.routing_key}"
    makers = [
        (family, one)
        for family in FAMILIES
        for one in family.types
        if found.family in (None, family.name) and any(effect.path == path for effect in one.effects)
    ]
    families = {family.name for family, _ in makers}
    only = makers[0][1] if len(makers) == 1 else None
    digest = body_digest(returned.body)
    return replace(
        found,
        letter_id=letter_id("return", returned.effect, digest),
        # A name that no contract knows could be anything.
        cause=f"{RETURN_UNDELIVERABLE}:{path.partition(':')[2]}" if makers else RETURN_UNDELIVERABLE,
        body_digest=digest,
        family=found.family or (families.pop() if len(families) == 1 else None),
        type=None if only is None else only.name,
        tenant=makers[0][1].tenant if makers else DEFAULT_TENANT,
        message_id=message_id,
        effect=returned.effect,
    )


def _returned_hold(returned: ReturnedHold, found: Occurrence) -> Occurrence:
    """A message on its way to be held. Raises MalformedEnvelopeError."""
    envelope = read_envelope(returned.envelope)
    digest = body_digest(returned.body) if envelope.claim is None else envelope.claim.sha256
    told = _told_by(envelope, replace(found, body_digest=digest))
    return replace(
        told,
        letter_id=letter_id("return", returned.id, digest),
        cause=f"{RETURN_UNDELIVERABLE}:hold",
        family=next((one.name for one in FAMILIES if one.name == returned.family), None),
        message_id=returned.id,
    )


def _type(name: str) -> MessageType | None:
    try:
        return type_named(name)
    except UnknownTypeError:
        return None


def _published_as(parked: Parked) -> MessageType | None:
    """The type that is published to such an exchange under such a routing key."""
    for message_type in (one for family in FAMILIES for one in family.types):
        origin = message_type.origin
        if origin.exchange == parked.exchange and origin.routing_key in (None, parked.routing_key):
            return message_type
    return None


def _family_with(message_type: MessageType) -> Family:
    return next(family for family in FAMILIES if message_type in family.types)


def _family_of(queue: str) -> Family | None:
    """The family whose dead letters lie in a queue, by its name: `<stack>-<family>-dead`."""
    for family in FAMILIES:
        if queue.endswith(naming.dead_letter_queue_name("", family.name, ordered=family.ordered)):
            return family
    return None
