"""AMQP field values with their types, in Python and as JSON: so that an equal AMQP message can be made again.

What Python tells apart by itself is plain: text `S`, bytes `x`, bool `t`, int `I` (within 32 bits) or `l`, float `d`,
Decimal `D` with its scale, None `V`, list `A`, dict `F`. Everything else that RabbitMQ reads
(rabbit_binary_parser.erl) has a class here that behaves as its base and knows its letter.

As JSON a value is a pair of its letter and what JSON can hold: `["S","text"]`, `["x","<base64>"]`, `["D","1.50"]`,
`["T",1700000000]`, `["A",[...]]`, `["F",{...}]`. Text that is no UTF-8 is `{"base64":"..."}` wherever text stands. A
table that has such a name, or a name twice, is a list of pairs of name and value.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

ShortString = str | bytes
"""Name, property, exchange or routing key: bytes where it is no UTF-8. AMQP asks for text, RabbitMQ does not."""
Tagged = list[Any]
TaggedTable = Mapping[str, Tagged] | list[list[Any]]
_MarkedText = str | Mapping[str, str]

NARROW = range(-(2**31), 2**31)
"""What a plain int writes as `I`."""
_MARK = "base64"


class UnknownAmqpTypeError(ValueError):
    """A value, or a tagged value, has no AMQP type that we know. Never quotes it."""


class TypedInt(int):
    """An integer of another width than Python's own would get."""

    letter: ClassVar[str]
    holds: ClassVar[range]


class Int8(TypedInt):
    """Signed, 8 bits."""

    letter = "b"
    holds = range(-(2**7), 2**7)


class UInt8(TypedInt):
    """Unsigned, 8 bits."""

    letter = "B"
    holds = range(2**8)


class Int16(TypedInt):
    """Signed, 16 bits."""

    letter = "s"
    holds = range(-(2**15), 2**15)


class UInt16(TypedInt):
    """Unsigned, 16 bits."""

    letter = "u"
    holds = range(2**16)


class UInt32(TypedInt):
    """Unsigned, 32 bits."""

    letter = "i"
    holds = range(2**32)


class Int64(TypedInt):
    """Signed, 64 bits, where 32 would do: as the counts in `x-death`."""

    letter = "l"
    holds = range(-(2**63), 2**63)


class Int64L(TypedInt):
    """Signed, 64 bits, by the letter of the specification; RabbitMQ takes it for `l`."""

    letter = "L"
    holds = Int64.holds


class Timestamp(TypedInt):
    """Seconds since the epoch, unsigned, 64 bits: also those that no calendar holds (milliseconds, most likely)."""

    letter = "T"
    holds = range(2**64)


class Float32(float):
    """A float of 32 bits, as the double that is equal to it."""


class RawText(bytes):
    """A long string, `S`, that is no UTF-8."""


class Unread(bytes):
    """The rest of a table or list, as it came: from where it is nested too deep, or of a type that nobody knows.

    Nothing may come behind it in its table, where its name is empty and stands for nothing.
    """


class Table(dict[ShortString, Any]):
    """A table in which a name stands more than once. As a mapping it has the first of them, as RabbitMQ looks it up."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: Iterable[tuple[ShortString, Any]]) -> None:
        """Args: pairs: names and values, in order; not to be changed any more."""
        super().__init__()
        self.pairs = tuple(pairs)
        for name, value in self.pairs:
            self.setdefault(name, value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and self.pairs == other.pairs

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # as of any dict


def pairs_of(table: Mapping[Any, Any] | None) -> Iterable[tuple[ShortString, Any]]:
    """Names and values of a table, all of them, in order."""
    if table is None:
        return ()
    return table.pairs if isinstance(table, Table) else table.items()


def table_of(pairs: Iterable[tuple[ShortString, Any]]) -> dict[ShortString, Any]:
    """A table of these names and values: a plain dict where each name stands once."""
    entries = list(pairs)
    table = dict(entries)
    return table if len(table) == len(entries) else Table(entries)


def mark(text: ShortString) -> _MarkedText:
    """Text for JSON."""
    return text if isinstance(text, str) else {_MARK: _base64(text)}


def unmark(marked: object) -> ShortString:
    """The text that `mark` was given. Raises `UnknownAmqpTypeError`."""
    if isinstance(marked, str):
        return marked
    if isinstance(marked, dict) and len(marked) == 1:
        return _bytes(marked.get(_MARK))
    raise UnknownAmqpTypeError("text: neither text nor marked base64")


def tag(value: object) -> Tagged:
    """Tag one AMQP field value. Raises `UnknownAmqpTypeError`."""
    if to_tagged := _TAGGING.get(type(value)):
        return to_tagged(value)
    # What other libraries hand out, and what is written by hand.
    if isinstance(value, TypedInt):
        return [value.letter, int(value)]
    if isinstance(value, int):  # pika's `long`
        return ["l", int(value)]
    if isinstance(value, datetime):
        # AMQP times are seconds since the epoch; without a zone they are UTC.
        return ["T", int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())]
    if isinstance(value, Mapping):
        return ["F", tag_table(value)]
    raise UnknownAmqpTypeError(f"AMQP header of type {type(value).__name__}: no AMQP 0-9-1 field type for it")


def tag_table(table: Mapping[Any, Any]) -> TaggedTable:
    """Tag every value of a header table, in order. Raises `UnknownAmqpTypeError`."""
    if not isinstance(table, Table):
        tagged: dict[str, Tagged] = {}
        for name, value in table.items():
            if not isinstance(name, str):
                break
            tagged[name] = tag(value)
        else:
            return tagged
    if not all(isinstance(name, str | bytes) for name, _ in pairs_of(table)):
        raise UnknownAmqpTypeError("AMQP header name is no text")
    return [[mark(name), tag(value)] for name, value in pairs_of(table)]


def untag(tagged: object) -> Any:
    """The value that `tag` was given, as a Python value. Raises `UnknownAmqpTypeError`."""
    if not isinstance(tagged, list) or not tagged or not isinstance(tagged[0], str):
        raise UnknownAmqpTypeError("tagged AMQP value: no pair of letter and value")
    from_tagged = _UNTAGGING.get(tagged[0])
    if from_tagged is None:
        raise UnknownAmqpTypeError("tagged AMQP value: unknown letter")
    try:
        return from_tagged(tagged[1] if len(tagged) > 1 else None)
    except (ArithmeticError, TypeError, ValueError) as error:
        if isinstance(error, UnknownAmqpTypeError):
            raise
        raise UnknownAmqpTypeError(f"tagged AMQP value of type {tagged[0]}: {type(error).__name__}") from error


def untag_table(tagged: TaggedTable) -> dict[ShortString, Any]:
    """The table that `tag_table` was given. Raises `UnknownAmqpTypeError`."""
    if isinstance(tagged, Mapping):
        return {name: untag(value) for name, value in tagged.items()}
    if not isinstance(tagged, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in tagged):
        raise UnknownAmqpTypeError("tagged AMQP table: neither object nor pairs")
    return table_of((unmark(name), untag(value)) for name, value in tagged)


def entry(tagged: TaggedTable | None, name: str) -> Tagged | None:
    """The first tagged value of that name."""
    if isinstance(tagged, list):
        return next((value for found, value in tagged if found == name), None)
    return (tagged or {}).get(name)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: object) -> bytes:
    try:
        return binascii.a2b_base64(_exactly(str)(text), strict_mode=True)
    except ValueError as error:
        raise UnknownAmqpTypeError("no base64") from error


def _exactly(kind: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError
        return value

    return check


def _integer(kind: Callable[[int], int], holds: range) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if type(value) is not int or value not in holds:
            raise ValueError
        return kind(value)

    return check


def wide(value: int) -> int:
    """What has been read as `l`: a plain int where that would be written as `l` again."""
    return Int64(value) if value in NARROW else value


def _untag_text(value: Any) -> str | RawText:
    text = unmark(value)
    return text if isinstance(text, str) else RawText(text)


_INTEGERS = (Int8, UInt8, Int16, UInt16, UInt32, Int64L, Timestamp)
_TAGGING: Mapping[type, Callable[[Any], Tagged]] = {
    str: lambda value: ["S", value],
    int: lambda value: ["I" if value in NARROW else "l", value],
    bool: lambda value: ["t", value],
    type(None): lambda _: ["V"],
    dict: lambda value: ["F", tag_table(value)],
    Table: lambda value: ["F", tag_table(value)],
    list: lambda value: ["A", [tag(item) for item in value]],
    tuple: lambda value: ["A", [tag(item) for item in value]],
    bytes: lambda value: ["x", _base64(value)],
    bytearray: lambda value: ["x", _base64(value)],
    float: lambda value: ["d", value.hex()],
    Float32: lambda value: ["f", value.hex()],
    Decimal: lambda value: ["D", str(value)],
    RawText: lambda value: ["S", mark(value)],
    Unread: lambda value: ["", _base64(value)],
}
_UNTAGGING: Mapping[str, Callable[[Any], Any]] = {
    "S": _untag_text,
    "I": _integer(int, NARROW),
    "l": _integer(wide, Int64.holds),
    "t": _exactly(bool),
    "V": _exactly(type(None)),
    "F": untag_table,
    "A": lambda value: [untag(item) for item in _exactly(list)(value)],
    "x": _bytes,
    "d": float.fromhex,
    "f": lambda value: Float32(float.fromhex(value)),
    "D": lambda value: Decimal(_exactly(str)(value)),
    "": lambda value: Unread(_bytes(value)),
    **{kind.letter: _integer(kind, kind.holds) for kind in _INTEGERS},
}
