"""The Invalid Message Channel: how a delivery is put there, and how it goes on from there to the index of dead letters.

Pure. What is put aside keeps everything that it was; why, where from and when stands in headers beside its own.
"""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from bridge.port import Delivery, Entry, Outgoing
from bridge.stamp import NotStampedError, Unstamped, before, unstamp
from contracts import naming
from contracts.amqp_value import ShortString, Timestamp, pairs_of, table_of, tag_table
from contracts.effect import body_digest
from contracts.entry_size import ENTRY_BYTES
from contracts.envelope import AmqpFacts
from contracts.invalid_message import InvalidMessageError
from contracts.parked import PARKED_TYPE, MalformedParkedError, Parked, read_parked, write_parked

_NOTE = "x-strangler-"
_LAST_MOMENT = 253_402_300_800
"""Year 10000: no note of ours."""
_MOVED_PROPERTIES = ("user_id", "expiration")
"""The broker refuses a foreign user_id and would let the copy expire."""
_LARGEST_OCTET = 255
_COPYING = frozenset({"CC", "BCC"})
"""By these the default exchange would hand copies to the queues that they name (rabbitmq.com/docs/sender-selected)."""
_HEADERS = "headers"
"""Note of a header table that cannot lie there as it is, whole."""
_PARKED = f"{_NOTE}parked"
"""Note of a message that lies there as a parked one, for its headers did not fit."""
_KNOWN_NOTES = frozenset({"cause", "exchange", "routing-key", "queue", "at", "no-headers"})


def aside(delivery: Delivery, cause: str, at: datetime, attempts: int = 0) -> Outgoing:
    """The delivery as it lies in the Invalid Message Channel, with the reason and how often it was sent in vain."""
    properties, notes = _notes(delivery, cause, at, attempts)
    own = list(pairs_of(delivery.headers))
    if delivery.headers is None:
        notes[f"{_NOTE}no-headers"] = True
    elif any(name in _COPYING or _is_note(name) for name, _ in own):
        notes[f"{_NOTE}{_HEADERS}"], own = delivery.headers, []
    return Outgoing("", naming.INVALID_MESSAGE_QUEUE, delivery.body, properties, before(notes, own))


def aside_parked(delivery: Delivery, cause: str, at: datetime, attempts: int = 0) -> Outgoing:
    """As `aside`, for headers that do not fit into a frame with the notes beside them: all of it is the body."""
    lying = aside(delivery, cause, at, attempts)
    facts = AmqpFacts("", naming.INVALID_MESSAGE_QUEUE, redelivered=False, properties=lying.properties)
    parked = park(Delivery(delivery.queue, lying.body, facts, lying.headers, tag=0))
    notes = {_PARKED: True, f"{_NOTE}cause": cause}
    properties = {"delivery_mode": 2}
    return Outgoing("", naming.INVALID_MESSAGE_QUEUE, write_parked(parked).encode(), properties, notes)


def parking_translator() -> Callable[[Delivery], Entry]:
    """Translator of what lies in the Invalid Message Channel. Refuses only what is too large even when compressed."""

    def translate(delivery: Delivery) -> Entry:
        body = write_parked(park(delivery))
        size_bytes = len(body) + 256
        if size_bytes > ENTRY_BYTES:
            raise InvalidMessageError("too-large", f"{size_bytes} bytes compressed, SQS takes {ENTRY_BYTES}")
        return Entry(body, "", body_digest(delivery.body), PARKED_TYPE, size_bytes=size_bytes)

    return translate


def park(delivery: Delivery) -> Parked:
    """Everything that is known of a message in the Invalid Message Channel. Total."""
    if delivery.headers is not None and delivery.headers.get(_PARKED) is True:
        with contextlib.suppress(MalformedParkedError, UnicodeDecodeError):  # then it is somebody else's
            return read_parked(delivery.body.decode("ascii"))
    headers = table_of(pair for pair in pairs_of(delivery.headers) if not _is_note(pair[0]))
    told = {str(name).removeprefix(_NOTE): value for name, value in (delivery.headers or {}).items() if _is_note(name)}
    if isinstance(told.get(_HEADERS), dict):
        headers = told.pop(_HEADERS)
    properties = dict(delivery.facts.properties)
    for name in _MOVED_PROPERTIES:
        if (value := told.pop(name.replace("_", "-"), None)) is not None:
            properties[name] = value if isinstance(value, bytes) else _text(value)
    if (mode := told.pop("delivery-mode", None)) is not None:
        properties.pop("delivery_mode", None)
        if isinstance(mode, int) and 0 < mode <= _LARGEST_OCTET:
            properties["delivery_mode"] = int(mode)
    exchange, routing_key = told.get("exchange"), told.get("routing-key")
    facts = replace(
        delivery.facts,
        exchange=exchange if isinstance(exchange, str | bytes) else delivery.facts.exchange,
        routing_key=routing_key if isinstance(routing_key, str | bytes) else delivery.facts.routing_key,
        properties=properties,
    )
    restored = replace(delivery, facts=facts, headers=None if told.get("no-headers") is True else headers)
    stamped = _stamped(restored)
    message = restored if stamped is None else stamped.delivery
    rest = {name: _text(value) for name, value in told.items() if name not in _KNOWN_NOTES}
    return Parked(
        body=delivery.body,
        cause=_text(told.get("cause", "unknown")),
        queue=_text(told.get("queue", delivery.queue)),
        at=_text(told.get("at", "")),
        exchange=message.facts.exchange,
        routing_key=message.facts.routing_key,
        properties=message.facts.properties,
        headers=None if message.headers is None else tag_table(message.headers),
        family=None if stamped is None else stamped.family,
        id=None if stamped is None else stamped.id,
        stamp=None if stamped is None else stamped.stamp,
        notes=rest,
    )


def _notes(
    delivery: Delivery, cause: str, at: datetime, attempts: int
) -> tuple[dict[str, Any], dict[ShortString, Any]]:
    notes: dict[ShortString, Any] = {
        f"{_NOTE}cause": cause,
        f"{_NOTE}exchange": delivery.facts.exchange,
        f"{_NOTE}routing-key": delivery.facts.routing_key,
        f"{_NOTE}queue": delivery.queue,
        f"{_NOTE}at": Timestamp(at.timestamp()),
    }
    if attempts:
        notes[f"{_NOTE}attempts"] = attempts
    properties = dict(delivery.facts.properties)
    for name in _MOVED_PROPERTIES:
        if name in properties:
            notes[f"{_NOTE}{name.replace('_', '-')}"] = properties.pop(name)
    if properties.get("delivery_mode") != 2:
        notes[f"{_NOTE}delivery-mode"] = properties.get("delivery_mode", 0)
        properties["delivery_mode"] = 2
    return properties, notes


def _is_note(name: ShortString) -> bool:
    return isinstance(name, str) and name.startswith(_NOTE)


def _stamped(delivery: Delivery) -> Unstamped | None:
    try:
        return unstamp(delivery)
    except NotStampedError:
        return None


def _text(value: object) -> str:
    """A note as text: short strings that are no UTF-8 come as bytes, times as seconds."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, Timestamp) and value < _LAST_MOMENT:
        return datetime.fromtimestamp(value, UTC).isoformat()
    return str(value)
