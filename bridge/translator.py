"""Message Translators: a delivery from RabbitMQ becomes an entry for SQS. Pure and total.

Total means: a value or `InvalidMessageError`, whatever the bytes; a translator that raised anything else would stop a
queue of payments.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
import orjson
from msgspec.structs import replace

from bridge.entry import ENVELOPE_ATTRIBUTE, compose, envelope_of
from bridge.port import Delivery, Deposit, Entry
from bridge.remember import by_identity
from bridge.stamp import NotStampedError, unstamp
from contracts.amqp_value import ShortString, TaggedTable, tag_table
from contracts.claim import claim_on, longest_pointer, outgrows_ledger
from contracts.effect import body_digest
from contracts.entry_size import ENTRY_BYTES, entry_bytes
from contracts.envelope import AmqpFacts, Envelope, Stamp, write_envelope
from contracts.identify import Identity, identify, text_of
from contracts.invalid_message import InvalidMessageError
from contracts.message_type import Family, MessageType

OUTCOME_TYPE = "strangler.outcome"
_GROUP_LIMIT = 128
_TAPPED = Stamp("legacy", 0)


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What the contract makes of a delivery."""

    facts: AmqpFacts
    """Headers tagged."""
    message_type: MessageType
    identity: Identity
    """With the business key where order matters."""


_Tag = Callable[[Mapping[Any, Any]], TaggedTable]


def reader(family: Family, tag: _Tag = tag_table) -> Callable[[Delivery], Reading]:
    """Reads deliveries of a family as the monolith published them. The reading raises InvalidMessageError.

    Args: tag: tags their header tables.
    """
    by_origin: Mapping[tuple[ShortString, ShortString | None], MessageType] = {
        (one.origin.exchange, one.origin.routing_key): one for one in family.types
    }

    def read(delivery: Delivery) -> Reading:
        facts = _tagged(delivery, tag)
        message_type = by_origin.get((facts.exchange, facts.routing_key)) or by_origin.get((facts.exchange, None))
        if message_type is None:
            raise InvalidMessageError("unknown-type", "no contract for this exchange and routing key")
        return Reading(facts, message_type, identify(message_type, delivery.body, facts, with_key=family.ordered))

    return read


def notification_translator(family: Family, now: Callable[[], float]) -> Callable[[Delivery], Entry]:
    """Translator of a family's tapped notifications: legacy decides, nothing has moved yet."""
    read = reader(family, by_identity(tag_table, orjson.dumps))

    def translate(delivery: Delivery) -> Entry:
        reading = read(delivery)
        return _entry(
            delivery.body,
            reading.facts,
            reading.message_type.name,
            reading.identity,
            _TAPPED,
            now(),
            family,
        )

    return translate


def stamped_translator(family: Family, now: Callable[[], float]) -> Callable[[Delivery], Entry]:
    """Translator of what the router sends on, be it messages or copies: as published, with the router's stamp."""
    read = reader(family)

    def translate(delivery: Delivery) -> Entry:
        try:
            stamped = unstamp(delivery)
        except NotStampedError as error:
            raise InvalidMessageError("stamp-missing") from error
        reading = read(stamped.delivery)
        return _entry(
            delivery.body,
            reading.facts,
            reading.message_type.name,
            reading.identity,
            stamped.stamp,
            now(),
            family,
        )

    return translate


def outcome_translator(now: Callable[[], float]) -> Callable[[Delivery], Entry]:
    """Translator of the recorder's outcomes; the recorder names each by message id and attempt."""

    def translate(delivery: Delivery) -> Entry:
        facts = _tagged(delivery, tag_table)
        identity = text_of(facts.properties.get("message_id"))
        if identity is None:
            raise InvalidMessageError("id-missing", "message_id")
        return _entry(delivery.body, facts, OUTCOME_TYPE, Identity(identity, None), _TAPPED, now())

    return translate


def _tagged(delivery: Delivery, tag: _Tag) -> AmqpFacts:
    facts, headers = delivery.facts, delivery.headers
    tagged = None if headers is None else tag(headers)
    return AmqpFacts(facts.exchange, facts.routing_key, facts.redelivered, facts.properties, tagged)


def _entry(
    body: bytes,
    facts: AmqpFacts,
    type_name: str,
    identity: Identity,
    stamp: Stamp,
    now: float,
    family: Family | None = None,
) -> Entry:
    ordered = family is not None and family.ordered
    time = _time(int(now * 1000))
    entry = compose(
        type_name,
        identity,
        stamp,
        facts,
        body,
        time,
        group=_group(identity.key) if ordered and identity.key is not None else None,
        deduplication=_deduplication(identity.id, body, stamp) if ordered else None,
    )
    # What is too large for the ledger is known here already: found out there, it would be a dead letter.
    if family is not None and (entry.size_bytes > ENTRY_BYTES or (stamp.authority == "new" and outgrows_ledger(body))):
        envelope = envelope_of(type_name, identity, stamp, facts, time, "claim")
        entry = _claimed(entry, envelope, family.name, body)
    if entry.size_bytes > ENTRY_BYTES:
        detail = f"{entry.size_bytes} bytes with its envelope, SQS takes {ENTRY_BYTES}"
        raise InvalidMessageError("too-large", detail)
    return entry


@lru_cache(maxsize=1)  # deliveries come many within a millisecond
def _time(now_ms: int) -> str:
    """RFC 3339."""
    return datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds")


def _claimed(entry: Entry, envelope: Envelope, family: str, body: bytes) -> Entry:
    """The entry with its body beside it, for whoever knows the bucket."""
    claim = claim_on(family, entry.id, body)
    written = write_envelope(replace(envelope, claim=claim))
    claimed = replace(entry, body="", envelope=written, deposit=Deposit(claim.key, body))
    return replace(claimed, size_bytes=_size_bytes(claimed, longest_pointer(claim.key)))


def _size_bytes(entry: Entry, body: str) -> int:
    return entry_bytes(body, {ENVELOPE_ATTRIBUTE: entry.envelope, "type": entry.type, "id": entry.id})


def _group(key: str) -> str:
    """The key as a FIFO message group; hashed where SQS would refuse it (API reference, MessageGroupId)."""
    if len(key) <= _GROUP_LIMIT and key.isascii() and key.isprintable() and " " not in key:
        return key
    return hashlib.sha256(key.encode()).hexdigest()


def _deduplication(identity: str, body: bytes, stamp: Stamp) -> str:
    """Identity, body and stamp: SQS swallows a repetition, but neither an id that comes with other bytes nor a message
    that was stamped anew. What the router stamps before anything has moved repeats what the tap sends.
    """
    parts = [identity, body_digest(body)]
    if stamp != _TAPPED:
        parts += [stamp.authority, str(stamp.epoch)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
