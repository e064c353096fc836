"""Everything that an entry can be made of, for hypothesis; and what of it is plain."""

from typing import Any

from hypothesis import strategies as st

from bridge import amqp_delivery
from bridge.port import Entry
from contracts.amqp_value import Tagged, TaggedTable
from contracts.envelope import Stamp
from tests.entry_maker import TIME, Message

MARKS = ("5e2b-id", "5e2b-time", "5e2b-key", '{"5e2b-name":0}', '{"5e2b-name":[]}', "5e2b-name", "false", "null")
"""What stands in an envelope's layout where values are put, and what looks like it."""
_EDGES = ("", '"', "\\", "\0", "\x1f", " ", "~", "\x7f", "\x80", "\t", "\n", "\r", "\b", "\f", "\v", "{}", "],[", "/")
_WIDE = ("é", "ÿ", "Ā", "\u07ff", "\u0800", "€", "\u2028", "\ud7ff", "\ue000", "\ufeff", "\ufffd", "\ufffe", "\uffff")
_FAR = ("\U00010000", "😀", "\U0001fffe", "\U0010ffff")
_SURROGATES = ("\ud800", "\udfff", "\ud83d\ude00")

plain_texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7F, exclude_characters='"\\'), max_size=40)
"""What JSON has as it is."""
texts = st.one_of(
    plain_texts,
    st.text(max_size=12),
    st.sampled_from(MARKS + _EDGES + _WIDE + _FAR),
    st.lists(st.sampled_from(("abcdefg", *MARKS, *_EDGES, *_WIDE, *_FAR)), max_size=12).map("".join),
)
"""That can be written."""
any_texts = texts | st.sampled_from(_SURROGATES).map("a{}b".format)
short_strings = texts | st.binary(max_size=12) | st.just(b"\xff" * 255)
numbers = st.integers(-(2**63), 2**64 - 1) | st.sampled_from([0, -1, 2**63 - 1, 2**63, -(2**63), 2**64 - 1])
plain_numbers = st.integers(-(2**63), 2**63 - 1)
epochs = st.integers(0, 2**64 - 1)
stamps = st.builds(Stamp, st.sampled_from(["legacy", "new"]), epochs)

_UNCARRIED = [bytes((number,)) for number in range(32) if number not in b"\t\n\r"]
_PIECES = tuple(text.encode() for text in _EDGES + _WIDE + _FAR)
bodies = st.one_of(
    st.binary(max_size=40),
    texts.map(str.encode),
    st.lists(st.sampled_from((b'{"name":"value",', b"\xef\xbb\xbf", b"\xef", b"\xff", *_PIECES)), max_size=20).map(
        b"".join
    ),
    st.sampled_from([b"", b"-", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xef\xbf", *_UNCARRIED]),
)
_SPOKEN = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
plain_bodies = st.text(_SPOKEN | st.sampled_from("\t\r\n\x7f"), min_size=1, max_size=60).map(str.encode)
"""What SQS takes as it is."""

letters = st.sampled_from("SIlTdDxtVA")
_scalars = st.tuples(
    letters, texts | numbers | st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
).map(list)
tagged: st.SearchStrategy[Tagged] = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: ["A", items])
        | st.dictionaries(texts, inner, max_size=3).map(lambda table: ["F", table])
    ),
    max_leaves=6,
)
_header_names = st.sampled_from(["x", "x-death", "traceparent"])
headers: st.SearchStrategy[TaggedTable | None] = st.one_of(
    st.none(),
    st.dictionaries(texts | _header_names, tagged, max_size=4),
    st.lists(st.tuples(texts | _header_names, tagged).map(list), max_size=4),
    texts.map(lambda text: {"traceparent": ["S", text]}),
    st.integers(1, 400).map(lambda size: {"large": ["S", "x" * 3 * size], "traceparent": ["S", "t"]}),
)
plain_headers: st.SearchStrategy[TaggedTable | None] = st.none() | st.dictionaries(
    plain_texts | _header_names, st.tuples(st.just("S"), plain_texts).map(list) | st.just(["I", 7]), max_size=4
)
_NAMES = (*amqp_delivery.PROPERTY_NAMES, "headers")


def _properties(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(_NAMES, values))


properties = _properties(short_strings | numbers) | st.dictionaries(texts, short_strings | st.booleans() | st.none())
_NUMBERED = {"delivery_mode", "priority", "timestamp"}
plain_properties: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={name: plain_numbers if name in _NUMBERED else plain_texts for name in amqp_delivery.PROPERTY_NAMES},
)
"""As many as AMQP has, of the kinds that it has."""


def _messages(
    *,
    bodies: st.SearchStrategy[bytes],
    texts: st.SearchStrategy[str],
    names: st.SearchStrategy[Any],
    properties: st.SearchStrategy[dict[str, Any]],
    headers: st.SearchStrategy[Any],
    groups: st.SearchStrategy[str],
) -> st.SearchStrategy[Message]:
    """Args: names: of exchanges and routing keys; groups: and of deduplication."""
    return st.builds(
        Message,
        body=bodies,
        id=texts,
        key=st.none() | texts,
        exchange=names,
        routing_key=names,
        redelivered=st.booleans(),
        properties=properties,
        headers=headers,
        type=texts,
        stamp=stamps,
        time=st.just(TIME) | texts,
        group=st.none() | groups,
        deduplication=st.none() | groups,
    )


messages = _messages(
    bodies=bodies, texts=texts, names=short_strings, properties=properties, headers=headers, groups=texts
)
plain_messages = _messages(
    bodies=plain_bodies,
    texts=plain_texts,
    names=plain_texts,
    properties=plain_properties,
    headers=plain_headers,
    groups=any_texts,
)
entries = st.builds(
    Entry, texts, texts, texts, texts, st.none() | texts, st.none() | texts
)  # whether or not one could be sent
