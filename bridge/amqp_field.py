"""Field tables of AMQP, read and written whole: every type that RabbitMQ reads, each name, their order.

pika 1.4.4 reads all integers as one type, cuts floats to integers, fails on NaN and on times past the year 9999 with
errors that are none of its own, keeps one of two equal names, and writes neither doubles nor a decimal's scale.
Whatever can be read has to be written again by the router and by the Invalid Message Channel, so `mend` puts this in
its place.

The types are those of rabbit_binary_parser.erl; its own `t` knows no value beside 0 and 1, nor does this. What it would
not read (RabbitMQ does not take it, today) and what is nested deeper than anybody means it is kept as bytes, `Unread`.
"""

import decimal
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pika import data, exceptions, spec

from contracts.amqp_value import (
    NARROW,
    Float32,
    Int8,
    Int16,
    Int64,
    Int64L,
    RawText,
    ShortString,
    Table,
    Timestamp,
    UInt8,
    UInt16,
    UInt32,
    UnknownAmqpTypeError,
    Unread,
    pairs_of,
    wide,
)

NESTING = 64
"""Tables and lists within each other that are read; RabbitMQ takes as many as fit into a frame, 26,000."""
_SHORT_STRING = 255
_MORE_FLAGS = 1
_LENGTH = struct.Struct(">I")
_length = _LENGTH.unpack_from
_HEAD = struct.Struct(">BI")
_DECIMAL = struct.Struct(">Bi")
_EXACTLY = decimal.Context(prec=10, traps=[decimal.Inexact, decimal.InvalidOperation, decimal.Overflow])
_EMPTY = _LENGTH.pack(0)
_OCTETS = [bytes((number,)) for number in range(256)]
_TEXT, _BYTES, _LIST, _TABLE = _LONG = b"SxAF"


class TornTableError(exceptions.AMQPError):  # type: ignore[misc]  # pika has no types
    """A table that ends after its frame. Broken on the way: the broker reads every table before it takes it."""


class _UnreadableError(Exception):
    """A value is of no known type, or ends after what it is in."""


def mend() -> None:
    """Put our tables in the place of pika's, once; properties, methods and arguments come here for theirs."""
    if data.decode_table is not read_table:
        data.decode_table = read_table
        data.encode_table = write_table
        spec.BasicProperties.decode = _reading(spec.BasicProperties.decode)


def read_table(encoded: bytes, offset: int) -> tuple[dict[ShortString, Any], int]:
    """The table that begins there with its length, and where it ends. Raises TornTableError."""
    try:
        start = offset + 4
        end = start + _length(encoded, offset)[0]
    except struct.error as error:
        raise TornTableError from error
    if end > len(encoded):
        raise TornTableError
    return (_read_table(encoded, start, end, NESTING) if end > start else {}), end


def write_table(pieces: list[bytes], table: Mapping[ShortString, Any] | None) -> int:
    """Append the encoded table to `pieces`; how many bytes it has.

    Raises UnknownAmqpTypeError, struct.error, ArithmeticError or a ValueError for what has no place in AMQP.
    """
    encoded = _table(table) if table else _EMPTY
    pieces.append(encoded)
    return len(encoded)


def _reading(decode: Callable[..., Any]) -> Callable[..., Any]:
    """RabbitMQ takes, and hands on, the flag that promises more flags without any; pika would look for them."""

    def decode_properties(self: Any, encoded: bytes, offset: int = 0) -> Any:
        if len(encoded) > offset + 1 and encoded[offset + 1] & _MORE_FLAGS:
            flags = bytes((encoded[offset], encoded[offset + 1] & ~_MORE_FLAGS))
            encoded = encoded[:offset] + flags + encoded[offset + 2 :]
        return decode(self, encoded, offset)

    return decode_properties


def _read_table(encoded: bytes, offset: int, end: int, levels: int) -> dict[ShortString, Any]:
    if not levels and offset < end:
        return {"": Unread(encoded[offset:end])}
    table: dict[ShortString, Any] = {}
    pairs: list[tuple[ShortString, Any]] | None = None  # once a name has come again
    name: ShortString
    value: Any
    while offset < end:
        start = offset
        try:
            offset += 1 + encoded[offset]
            raw = encoded[start + 1 : offset]
            try:
                name = raw.decode()
            except UnicodeDecodeError:
                name = raw
            value, offset = _read(encoded, offset, end, levels)
        except _UnreadableError:
            name, value, offset = "", Unread(encoded[start:end]), end
        if pairs is not None:
            pairs.append((name, value))
        elif name in table:
            pairs = [*table.items(), (name, value)]
        else:
            table[name] = value
    return table if pairs is None else Table(pairs)


def _read_list(encoded: bytes, offset: int, end: int, levels: int) -> list[Any]:
    if not levels and offset < end:
        return [Unread(encoded[offset:end])]
    items: list[Any] = []
    while offset < end:
        start = offset
        try:
            value, offset = _read(encoded, offset, end, levels)
        except _UnreadableError:
            value, offset = Unread(encoded[start:end]), end
        items.append(value)
    return items


def _read(encoded: bytes, offset: int, end: int, levels: int) -> tuple[Any, int]:
    """A value that begins there with its letter and ends before `end`, and where it ends."""
    if offset >= end:
        raise _UnreadableError
    letter = encoded[offset]
    if fixed := _FIXED.get(letter):
        unpack, size, make = fixed
        after = offset + size
        if after > end:
            raise _UnreadableError
        value = unpack(encoded, offset + 1)[0]
        return (value if make is None else make(value)), after
    start = offset + 5
    if letter not in _LONG or start > end:
        raise _UnreadableError
    after = start + _length(encoded, offset + 1)[0]
    if after > end:
        raise _UnreadableError
    if letter == _TABLE:
        return _read_table(encoded, start, after, levels - 1), after
    if letter == _LIST:
        return _read_list(encoded, start, after, levels - 1), after
    raw = encoded[start:after]
    if letter == _BYTES:
        return raw, after
    try:
        return raw.decode(), after
    except UnicodeDecodeError:
        return RawText(raw), after


def _read_decimal(encoded: bytes, offset: int) -> tuple[Decimal]:
    scale, mantissa = _DECIMAL.unpack_from(encoded, offset)
    return (Decimal(mantissa).scaleb(-scale, _EXACTLY),)


def _table(table: Mapping[Any, Any] | None) -> bytes:
    """A table with its length."""
    pieces: list[bytes] = []
    for name, value in pairs_of(table):
        if type(value) is Unread:
            pieces.append(value)
            continue
        raw = name.encode() if isinstance(name, str) else name
        if len(raw) > _SHORT_STRING:
            raise UnknownAmqpTypeError(f"AMQP header name of {len(raw)} bytes, there are {_SHORT_STRING} at most")
        pieces.append(_OCTETS[len(raw)])
        pieces.append(raw)
        pieces.append(_written(value))
    encoded = b"".join(pieces)
    return _LENGTH.pack(len(encoded)) + encoded


def _written(value: Any) -> bytes:
    """A value with its letter."""
    if write := _WRITING.get(type(value)):
        return write(value)
    # What other libraries hand out, and what is written by hand.
    if isinstance(value, int):  # pika's `long`
        return _write_long(value)
    if isinstance(value, str):
        return _write_text(str(value))
    if isinstance(value, Mapping):
        return b"F" + _table(value)
    raise UnknownAmqpTypeError(f"AMQP header of type {type(value).__name__}: no AMQP 0-9-1 field type for it")


def _write_text(value: str) -> bytes:
    raw = value.encode()
    return _HEAD.pack(_TEXT, len(raw)) + raw


def _write_list(value: list[Any] | tuple[Any, ...]) -> bytes:
    encoded = b"".join(map(_written, value))
    return _HEAD.pack(_LIST, len(encoded)) + encoded


def _write_decimal(value: Decimal) -> bytes:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise UnknownAmqpTypeError("AMQP decimal that is no number")
    scale = max(0, -exponent)
    # Signed, as every client library writes it and as the specification's prose says; RabbitMQ only hands it on.
    return b"D" + _DECIMAL.pack(scale, int(value.scaleb(scale, _EXACTLY)))


def _write_time(value: datetime) -> bytes:
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    return _write_timestamp(int(moment.timestamp()))


def _fixed(letter: str, layout: str) -> Callable[[Any], bytes]:
    pack, code = struct.Struct(f">B{layout}").pack, ord(letter)
    return lambda value: pack(code, value)


_LAYOUTS: Mapping[str, tuple[str, Callable[[Any], Any] | None]] = {
    "I": ("i", None),
    "l": ("q", wide),
    "t": ("B", bool),
    "T": ("Q", Timestamp),
    "d": ("d", None),
    "f": ("f", Float32),
    "b": ("b", Int8),
    "B": ("B", UInt8),
    "s": ("h", Int16),
    "u": ("H", UInt16),
    "i": ("I", UInt32),
    "L": ("q", Int64L),
}
_FIXED: Mapping[int, tuple[Callable[[bytes, int], tuple[Any, ...]], int, Callable[[Any], Any] | None]] = {
    ord("D"): (_read_decimal, 6, None),
    ord("V"): (lambda _, __: (None,), 1, None),
    **{
        ord(letter): ((layout := struct.Struct(f">{code}")).unpack_from, 1 + layout.size, make)
        for letter, (code, make) in _LAYOUTS.items()
    },
}
"""How a value of fixed size is read, how long it is with its letter, and what is made of it."""
_write_int, _write_long, _write_timestamp = (_fixed(letter, _LAYOUTS[letter][0]) for letter in "IlT")
_WRITING: Mapping[type, Callable[[Any], bytes]] = {
    str: _write_text,
    int: lambda value: _write_int(value) if value in NARROW else _write_long(value),
    bool: _fixed("t", "B"),
    type(None): lambda _: b"V",
    dict: lambda value: b"F" + _table(value),
    Table: lambda value: b"F" + _table(value),
    list: _write_list,
    tuple: _write_list,
    bytes: lambda value: _HEAD.pack(_BYTES, len(value)) + value,
    bytearray: lambda value: _HEAD.pack(_BYTES, len(value)) + value,
    float: _fixed("d", "d"),
    Decimal: _write_decimal,
    datetime: _write_time,
    RawText: lambda value: _HEAD.pack(_TEXT, len(value)) + value,
    Unread: bytes,
    Float32: _fixed("f", "f"),
    **{
        kind: _fixed(kind.letter, _LAYOUTS[kind.letter][0])
        for kind in (Int8, UInt8, Int16, UInt16, UInt32, Int64, Int64L, Timestamp)
    },
}
