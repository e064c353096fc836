"""What a broker may send over a connection with several consumers, frame by frame, for hypothesis."""

import itertools
import struct
from collections.abc import Sequence
from random import Random
from typing import Any

from hypothesis import strategies as st
from pika import frame, spec

from tests import raw_amqp
from tests.amqp_space import SIZES, long, table_of

CONSUMERS = {1: ("c1", "c12"), 2: ("c2",), 3: ("c3",)}
"""By channel: tags."""
NOBODYS = 9
"""A channel that is not open."""
END = b"\xce"


def deliver(
    channel: int = 1,
    tag: str = "c1",
    number: int = 7,
    *,
    redelivered: bool = False,
    exchange: str = "exchange",
    key: str = "key",
) -> bytes:
    return marshal(frame.Method(channel, spec.Basic.Deliver(tag, number, redelivered, exchange, key)))


def header(size: int, channel: int = 1, **values: Any) -> bytes:
    return marshal(frame.Header(channel, size, spec.BasicProperties(**values)))


def body_of(content: bytes, channel: int = 1) -> bytes:
    return marshal(frame.Body(channel, content))


def raw(kind: int, payload: bytes, channel: int = 1, end: bytes = END) -> bytes:
    return struct.pack(">BHL", kind, channel, len(payload)) + payload + end


def raw_header(size: int, encoded: bytes, channel: int = 1, class_id: int = 60) -> bytes:
    return raw(spec.FRAME_HEADER, struct.pack(">HHQ", class_id, 0, size) + encoded, channel)


def marshal(one: Any) -> bytes:
    marshalled: bytes = one.marshal()
    return marshalled


TEXTS = [
    b"",
    b"a",
    "\u00e9\U0001f600".encode(),
    b"\xff",
    b"\xed\xa0\x80",
    b"x" * 255,
    b"\xff" * 255,
    b"\xce",
    b"AMQP\0",
]
TABLES = [
    b"",
    table_of([(b"x", b"V"), (b"\xff", b"t\1"), (b"", b"I\0\0\0\7")]),
    table_of([(b"twice", b"b\xff"), (b"twice", b"B\xff")]),
    table_of([(b"deep", long(b"F", table_of([(b"list", long(b"A", b"s\0\7u\0\7" + long(b"S", b"\xff")))])))]),
    table_of([(b"all", long(b"A", b"".join(octet + b"\0" * size for octet, size in SIZES.items())))]),
    table_of([(b"unknown", b"Z???")]),
]
"""What a table can hold is for test_amqp_field; here, that it is the same one."""


def encoded_properties(flags: int, choose: Random) -> bytes:
    """Flags, and a value for each that is a property's, as any publisher may have written it."""
    pieces = [struct.pack(">H", flags)]
    for bit, name in enumerate(raw_amqp.NAMES):
        if not flags & 0x8000 >> bit:
            continue
        if name == "headers":
            table = choose.choice(TABLES)
            pieces.append(struct.pack(">I", len(table)) + table)
        elif name in ("delivery_mode", "priority"):
            pieces.append(bytes([choose.choice([0, 1, 2, 206, 255])]))
        elif name == "timestamp":
            pieces.append(struct.pack(">Q", choose.choice([0, 1_700_000_000, 2**63, 2**64 - 1])))
        else:
            pieces.append(raw_amqp.short(choose.choice(TEXTS)))
    return b"".join(pieces)


flags = st.integers(0, 0xFFFF).map(lambda some: some & ~3) | st.sampled_from([0, 0x2000, 0xFFFC, 0x8001, 0x8002, 3])


@st.composite
def messages(draw: st.DrawFn) -> tuple[int, list[bytes]]:
    """A message on a channel, in as many frames as it takes: one that is mostly plain."""
    choose = Random(draw(st.integers(0, 2**32)))  # contents; what hypothesis makes smaller is their order
    channel = draw(st.sampled_from([1, 1, 1, 2, 2, 2, 3, NOBODYS]))
    exchange, key = choose.choice(TEXTS), choose.choice(TEXTS)
    number, redelivered = choose.choice([0, 1, 2, 3, 2**64 - 1]), choose.choice([False, True])
    kind = draw(st.sampled_from([*["read here"] * 6, "any consumer's", "got", "returned"]))
    method: Any
    if kind == "got":
        method = spec.Basic.GetOk(number, redelivered, exchange, key, 3)
    elif kind == "returned":
        method = spec.Basic.Return(312, "x", exchange, key)
    else:
        tag = (
            CONSUMERS.get(channel, ("c1",))[0] if kind == "read here" else choose.choice(["c1", "c12", "c2", "nobody"])
        )
        method = spec.Basic.Deliver(tag, number, redelivered, exchange, key)
    body = choose.choice([b"", b"-", b"\xce", "\ufffe".encode(), b"AMQP\0\0\x09\x01", choose.randbytes(40)])
    several = draw(st.sampled_from([0, 0, 0, 1, 2])) if body else 0
    ends = [*sorted(choose.choices(range(len(body)), k=several)), len(body)]
    parts = [body[start:end] for start, end in itertools.pairwise([0, *ends])] if body else []
    after = choose.choice([b"", b"", b"", b"\0", b"\xce\0\1"])  # that nobody looks at
    head = raw_header(len(body), encoded_properties(draw(flags), choose) + after, channel)
    return channel, [marshal(frame.Method(channel, method)), head, *(body_of(part, channel) for part in parts)]


def between(channel: int) -> list[bytes]:
    """What a broker may say at any time."""
    return [
        marshal(frame.Heartbeat()),
        marshal(frame.Method(0, spec.Connection.Blocked("memory"))),
        *(
            marshal(frame.Method(channel, method))
            for method in (spec.Basic.Ack(3), spec.Channel.Flow(active=True), spec.Basic.QosOk())
        ),
    ]


def cut(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = sorted({0, len(data), *(one % (len(data) + 1) for one in cuts)})
    return [data[start:end] for start, end in itertools.pairwise(places)]


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Messages on several channels, frames of one between those of another."""
    waiting: dict[int, list[bytes]] = {}
    for channel, frames in draw(st.lists(messages(), min_size=1, max_size=6)):
        waiting.setdefault(channel, []).extend(frames)
    pieces: list[bytes] = []
    while waiting:
        channel = draw(st.sampled_from(sorted(waiting)))
        count = draw(st.sampled_from([9, 9, 1, 2]))
        pieces += waiting[channel][:count]
        del waiting[channel][:count]
        if not waiting[channel]:
            del waiting[channel]
        pieces += draw(st.sampled_from([[], [], [], *([one] for one in between(channel))]))
    return b"".join(pieces)


cuts: st.SearchStrategy[list[int]] = st.just([]) | st.lists(st.integers(0, 10_000), max_size=8)
