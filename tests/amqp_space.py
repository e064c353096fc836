"""Everything that an AMQP message can be, for hypothesis. Tables are bytes: nothing of ours says what there is."""

import struct
from typing import Any

from hypothesis import strategies as st

from bridge import amqp_field
from bridge.amqp_field import read_table
from tests.raw_amqp import short

PROPERTY_NAMES = (
    "content_type", "content_encoding", "correlation_id", "reply_to", "expiration", "message_id", "type", "user_id",
    "app_id", "cluster_id",
)  # fmt: skip
"""Those that are short strings."""

texts = st.text(st.characters(codec="utf-8"), max_size=8).map(str.encode)
octets = st.binary(max_size=8) | texts | st.sampled_from([b"\xff" * 255, b"x" * 255, b"\xed\xa0\x80", b"\0"])


def _edges(size: int) -> st.SearchStrategy[bytes]:
    edges = [b"\0" * size, b"\xff" * size, b"\x80" + b"\0" * (size - 1), b"\x7f" + b"\xff" * (size - 1)]
    return st.sampled_from(edges) | st.binary(min_size=size, max_size=size)


def _float(letter: bytes, layout: str, width: int) -> st.SearchStrategy[bytes]:
    floats = st.floats(allow_nan=False, allow_infinity=False, width=width)  # type: ignore[arg-type]
    return floats.map(lambda number: letter + struct.pack(layout, number))


def long(letter: bytes, content: bytes) -> bytes:
    """A value that begins with its length."""
    return letter + struct.pack(">I", len(content)) + content


SIZES = {b"b": 1, b"B": 1, b"s": 2, b"u": 2, b"I": 4, b"i": 4, b"l": 8, b"L": 8, b"T": 8, b"D": 5, b"V": 0}
scalars = st.one_of(
    *(_edges(size).map(letter.__add__) if size else st.just(letter) for letter, size in SIZES.items()),
    st.sampled_from([b"t\0", b"t\1"]),
    _float(b"f", ">f", 32),
    _float(b"d", ">d", 64),
    octets.map(lambda content: long(b"S", content)),
    octets.map(lambda content: long(b"x", content)),
)
names = octets | st.sampled_from([b"a", b"b", b"", b"x-death", b"traceparent"])


def table_of(fields: list[tuple[bytes, bytes]]) -> bytes:
    """A table without its length."""
    return b"".join(short(name) + value for name, value in fields)


def _tables(inner: st.SearchStrategy[bytes], *, most: int = 4) -> st.SearchStrategy[bytes]:
    return st.lists(st.tuples(names, inner), max_size=most).map(table_of)


values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda items: long(b"A", b"".join(items)))
        | _tables(inner).map(lambda content: long(b"F", content))
    ),
    max_leaves=8,
)
"""Any value with its letter: every type that RabbitMQ takes."""

tables = _tables(values, most=6)
"""Any table without its length: names twice, empty, no UTF-8."""


def _text(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


numbers = st.integers(0, 255)
short_strings = octets.map(_text)
properties: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(PROPERTY_NAMES, short_strings),
        "delivery_mode": st.integers(1, 255),  # the broker takes 1 and 2
        "priority": numbers,
        "timestamp": st.integers(0, 2**64 - 1) | st.sampled_from([0, 2**63, 2**64 - 1]),
    },
)
bodies = st.binary(max_size=40) | st.sampled_from([b"", b"-", b"\0", "\ufffe".encode()])


def read(content: bytes | None) -> dict[Any, Any] | None:
    """A table as we read it; None for none."""
    if content is None:
        return None
    encoded = struct.pack(">I", len(content)) + content
    table, end = read_table(encoded, 0)
    assert end == len(encoded)
    return table


def value_of(encoded: bytes) -> Any:
    """A value as we read it."""
    return (read(table_of([(b"k", encoded)])) or {})["k"]


def written(table: Any) -> bytes | None:
    """A table as we write it, without its length: two that are equal in every type, name and place have equal bytes."""
    if table is None:
        return None
    pieces: list[bytes] = []
    size = amqp_field.write_table(pieces, table)
    encoded = b"".join(pieces)
    assert struct.unpack_from(">I", encoded)[0] + 4 == size == len(encoded)
    return encoded[4:]
