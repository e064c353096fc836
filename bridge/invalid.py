"""The Invalid Message Channel: how a delivery is put there, and how it goes on from there to the index of dead letters.

Pure. What is put aside keeps everything that it was; why, where from and when stands in headers beside its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bridge.port import Delivery, Entry, Outgoing
from bridge.stamp import NotStampedError, Unstamped, unstamp
from contracts import naming
from contracts.amqp_value import Tagged, UnknownAmqpTypeError, tag_table
from contracts.effect import body_digest
from contracts.entry_size import ENTRY_BYTES
from contracts.invalid_message import InvalidMessageError
from contracts.parked import PARKED_TYPE, Parked, write_parked

_NOTE = "x-strangler-"
_KEPT_PROPERTIES = ("user_id", "expiration", "delivery_mode")
"""The broker refuses a foreign user_id and would let the copy expire, or end with it."""
_COPYING = frozenset({"CC", "BCC"})
"""By these the default exchange would hand copies to the queues that they name (rabbitmq.com/docs/sender-selected)."""
_KNOWN_NOTES = frozenset({"cause", "exchange", "routing-key", "queue", "at", "no-headers"})


def aside(delivery: Delivery, cause: str, at: datetime) -> Outgoing:
    """The delivery as it lies in the Invalid Message Channel, with the reason."""
    properties, notes = _notes(delivery, cause, at)
    if delivery.headers is None:
        notes[f"{_NOTE}no-headers"] = True
    headers = dict(delivery.headers or {})
    for name in _COPYING & headers.keys():
        notes[f"{_NOTE}{name.lower()}"] = headers.pop(name)
    return _outgoing(delivery, properties, {**headers, **notes})


def aside_in_words(delivery: Delivery, cause: str, at: datetime) -> Outgoing:
    """As `aside`, for headers that can be read but not written: they are kept in words."""
    properties, notes = _notes(delivery, cause, at)
    return _outgoing(delivery, properties, {**notes, f"{_NOTE}headers": repr(delivery.headers)})


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
    headers = dict(delivery.headers or {})
    notes = {name: headers.pop(name) for name in list(headers) if isinstance(name, str) and name.startswith(_NOTE)}
    told = {name.removeprefix(_NOTE): value for name, value in notes.items()}
    headers |= {name: told.pop(name.lower()) for name in sorted(_COPYING) if name.lower() in told}
    properties = dict(delivery.facts.properties)
    for name in _KEPT_PROPERTIES:
        if (value := told.pop(name.replace("_", "-"), None)) is not None:
            properties.pop(name, None)
            if value:
                properties[name] = value
    facts = replace(
        delivery.facts,
        exchange=told.get("exchange", delivery.facts.exchange),
        routing_key=told.get("routing-key", delivery.facts.routing_key),
        properties=properties,
    )
    restored = replace(delivery, facts=facts, headers=None if told.get("no-headers") is True else headers)
    stamped = _stamped(restored)
    message = restored if stamped is None else stamped.delivery
    tagged, words = _tagged(message.headers)
    rest = {name: _text(value) for name, value in told.items() if name not in _KNOWN_NOTES}
    return Parked(
        body=delivery.body,
        cause=_text(told.get("cause", "unknown")),
        queue=_text(told.get("queue", delivery.queue)),
        at=_text(told.get("at", "")),
        exchange=_text(message.facts.exchange),
        routing_key=_text(message.facts.routing_key),
        properties=message.facts.properties,
        headers=tagged,
        family=None if stamped is None else stamped.family,
        id=None if stamped is None else stamped.id,
        stamp=None if stamped is None else stamped.stamp,
        notes=rest if words is None else {**rest, "headers": words},
    )


def _notes(delivery: Delivery, cause: str, at: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    notes: dict[str, Any] = {
        f"{_NOTE}cause": cause,
        f"{_NOTE}exchange": delivery.facts.exchange,
        f"{_NOTE}routing-key": delivery.facts.routing_key,
        f"{_NOTE}queue": delivery.queue,
        f"{_NOTE}at": at,
    }
    properties = dict(delivery.facts.properties)
    for name in ("user_id", "expiration"):
        if name in properties:
            notes[f"{_NOTE}{name.replace('_', '-')}"] = properties.pop(name)
    if properties.get("delivery_mode") != 2:
        notes[f"{_NOTE}delivery-mode"] = properties.get("delivery_mode", 0)
        properties["delivery_mode"] = 2
    return properties, notes


def _outgoing(delivery: Delivery, properties: Mapping[str, Any], headers: Mapping[str, Any]) -> Outgoing:
    return Outgoing("", naming.INVALID_MESSAGE_QUEUE, delivery.body, properties, headers)


def _stamped(delivery: Delivery) -> Unstamped | None:
    try:
        return unstamp(delivery)
    except NotStampedError:
        return None


def _tagged(headers: Mapping[Any, Any] | None) -> tuple[Mapping[str, Tagged] | None, str | None]:
    if headers is None:
        return None, None
    try:
        return tag_table(headers), None
    except UnknownAmqpTypeError:
        return None, repr(headers)


def _text(value: object) -> str:
    """A note as text: short strings that are no UTF-8 come as bytes, times as such."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    return str(value)
