"""Deliveries read off a connection of pika's without pika's objects: what is plain, and nothing else.

A delivery is plain where its three frames (or two, of an empty body) lie together, whole, one after the other. pika
makes some twenty objects of them and hands them on through five layers, which takes longer than all that the shipper
does with the message. Whatever is not plain, or not in order, is left to pika: it reads, refuses and reports as ever.
Without this module everything is pika's; the same suites hold both.

There are two of the same: one in Python, and one in C, which takes a fifth of the time and is here where
`infra.local.native` found a compiler. What is plain is said in both; what is rare is done by Python's for both.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pika import exceptions, spec

from bridge.amqp_field import TornTableError, read_table
from bridge.native import is_compiled
from contracts.amqp_value import ShortString
from contracts.envelope import AmqpFacts

_METHOD, _HEADER, _BODY, _END = spec.FRAME_METHOD, spec.FRAME_HEADER, spec.FRAME_BODY, spec.FRAME_END
FRAME_HEAD = struct.Struct(">BHL")
"""Type, channel and size of what a frame carries."""
_TAG = struct.Struct(">QB")
"""Delivery tag and whether it was delivered before."""
_CONTENT = struct.Struct(">BHLHHQH")
"""Head of a frame, class, weight, size of the body, flags of the properties."""
_DELIVER = struct.Struct(">L").pack(spec.Basic.Deliver.INDEX)
_LENGTH = struct.Struct(">I")
_frame, _tag, _content, _length = (one.unpack_from for one in (FRAME_HEAD, _TAG, _CONTENT, _LENGTH))
_UNKNOWN_FLAGS = 0b11
_BASIC = spec.BasicProperties.INDEX
_LEAST_CONTENT_BYTES = _CONTENT.size - FRAME_HEAD.size
_MOST_ORIGINS = 1_024
_COMMON_BYTES = 256
_TORN = exceptions.AMQPError, struct.error, IndexError
"""What of a delivery ends too early; pika says so better."""

_TEXT, _TABLE, _OCTET, _TIME = range(4)
_PROPERTIES = (
    ("content_type", _TEXT), ("content_encoding", _TEXT), ("headers", _TABLE), ("delivery_mode", _OCTET),
    ("priority", _OCTET), ("correlation_id", _TEXT), ("reply_to", _TEXT), ("expiration", _TEXT), ("message_id", _TEXT),
    ("timestamp", _TIME), ("type", _TEXT), ("user_id", _TEXT), ("app_id", _TEXT), ("cluster_id", _TEXT),
)  # fmt: skip
"""In the order of their flags, from the highest bit on (AMQP 0-9-1, 4.2.6.1)."""
PROPERTY_NAMES = tuple(name for name, kind in _PROPERTIES if kind != _TABLE)
"""Of the basic properties but `headers`, in the order in which they come."""
_time = struct.Struct(">Q").unpack_from

Properties = Mapping[str, Any]
"""Basic properties but `headers`, those that are set."""
Headers = Mapping[ShortString, Any] | None
Origin = tuple[ShortString, ShortString]
"""Exchange and routing key."""
Arrive = Callable[[int, AmqpFacts, Headers, bytes], None]
"""Takes a delivery: its tag, and what it is. Touches no frame."""


@dataclass(slots=True)
class Consumer:
    """Whose deliveries of one channel are read here."""

    mark: bytes
    """What its deliveries begin with: class, method and consumer tag."""
    arrive: Arrive
    assembler: Any
    """pika's own of the channel: nothing is taken past what that has begun with."""
    origins: dict[bytes, Origin] = field(default_factory=dict)
    """As they were encoded; few."""
    channel: int = 0
    """This, and what follows, is for the reader in Python; what stands before does not change while one reads."""
    method_bytes: int = 0
    """Size of the last delivery's first frame."""
    begins: bytes = b""
    """What that frame began with, up to the tag: the next one's does too, more often than not."""

    def begin(self, channel: int, size: int) -> None:
        """A delivery has a first frame that carries so much."""
        self.channel = channel
        self.method_bytes = FRAME_HEAD.size + size + 1
        self.begins = FRAME_HEAD.pack(_METHOD, channel, size) + self.mark


def consumer(tag: str, arrive: Arrive, channel: Any) -> Consumer:
    """Who reads deliveries of a channel (of pika's, the one below a `BlockingChannel`) that has one consumer."""
    name = tag.encode()
    return Consumer(_DELIVER + bytes((len(name),)) + name, arrive, channel._content_assembler)


def _take_deliveries(data: bytes, at: int, end: int, consumers: dict[int, Consumer]) -> int:
    """See `take_deliveries`."""
    one: Consumer | None = None
    while end - at > FRAME_HEAD.size:
        if one is None or not data.startswith(one.begins, at):
            kind, channel, size = _frame(data, at)
            if kind != _METHOD or (one := consumers.get(channel)) is None:
                return at
            if not data.startswith(one.mark, at + FRAME_HEAD.size):
                return at
            one.begin(channel, size)
        if one.assembler._method_frame is not None:
            return at
        content = at + one.method_bytes
        if content + _CONTENT.size > end:
            return at
        content_kind, content_channel, content_size, class_id, _, body_size, flags = _content(data, content)
        after_content = content + FRAME_HEAD.size + content_size + 1
        body, after = after_content + FRAME_HEAD.size, after_content
        if body_size:
            after = body + body_size + 1
            if after > end or _frame(data, after_content) != (_BODY, content_channel, body_size):
                return at
        if (
            content_kind != _HEADER
            or content_channel != one.channel
            or content_size < _LEAST_CONTENT_BYTES
            or class_id != _BASIC
            or flags & _UNKNOWN_FLAGS
            or after > end
            or not data[content - 1] == data[after_content - 1] == data[after - 1] == _END
        ):
            return at
        try:
            after_mark = at + len(one.begins)
            tag, redelivered = _tag(data, after_mark)
            encoded_origin = data[after_mark + _TAG.size : content - 1]
            exchange, routing_key = one.origins.get(encoded_origin) or _origin(encoded_origin, one.origins)
            properties, headers = _properties(data[content + _CONTENT.size : after_content - 1], flags)
        except _TORN:
            return at
        facts = AmqpFacts(exchange, routing_key, redelivered & 1 == 1, properties)
        one.arrive(tag, facts, headers, data[body : after - 1])
        at = after
    return at


def _origin(encoded: bytes, known: dict[bytes, Origin]) -> Origin:
    exchange, at = _text(encoded, 0)
    routing_key, _ = _text(encoded, at)
    if len(known) >= _MOST_ORIGINS:
        known.clear()
    known[encoded] = exchange, routing_key
    return exchange, routing_key


def _text(encoded: bytes, at: int) -> tuple[ShortString, int]:
    end = at + 1 + encoded[at]
    raw = encoded[at + 1 : end]
    try:
        return raw.decode(), end
    except UnicodeDecodeError:
        return raw, end


def _properties(encoded: bytes, flags: int) -> tuple[Properties, Headers]:
    properties: dict[str, Any] = {}
    headers: Headers = None
    at = 0
    for name, kind in _present(flags):
        if kind == _TEXT:
            end = at + 1 + encoded[at]
            raw = encoded[at + 1 : end]
            try:
                properties[name] = raw.decode()
            except UnicodeDecodeError:
                properties[name] = raw
            at = end
        elif kind == _OCTET:
            properties[name] = encoded[at]
            at += 1
        elif kind == _TABLE:
            headers, at = _table(encoded, at)
        else:
            properties[name] = _time(encoded, at)[0]
            at += 8
    return properties, headers


def _table(encoded: bytes, at: int) -> tuple[Headers, int]:
    end = at + _LENGTH.size + _length(encoded, at)[0]
    if end > len(encoded):
        raise TornTableError
    return (_large_table if end - at > _COMMON_BYTES else _common_table)(encoded[at:end]), end


def _large_table(encoded: bytes) -> Headers:
    return read_table(encoded, 0)[0]


_common_table = lru_cache(maxsize=1_024)(_large_table)
"""A small table, most of which come with many messages; nobody changes one."""


@lru_cache(maxsize=256)
def _present(flags: int) -> tuple[tuple[str, int], ...]:
    return tuple(one for bit, one in enumerate(_PROPERTIES) if flags & 0x8000 >> bit)


def _choose() -> Callable[[bytes, int, int, dict[int, Consumer]], int]:
    if not is_compiled("_amqp_delivery", "deliveries"):
        return _take_deliveries
    from bridge._amqp_delivery import bind  # noqa: PLC0415  there are machines without it

    names, kinds = zip(*_PROPERTIES, strict=True)
    return bind(AmqpFacts, _origin, _common_table, _large_table, _COMMON_BYTES, _TORN, names, bytes(kinds))


take_deliveries = _choose()
"""Take in the plain deliveries that begin at a place, one after the other; returns where anything else begins."""
