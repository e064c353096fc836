"""An entry says all of its message, and a call all of its entries: whatever they are made of, in Python and in C.

That both write the same is for test_entry_native.
"""

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.entry import attributes_of, request_entries, write_batch
from bridge.port import Entry
from contracts.amqp_value import mark
from contracts.entry_size import ENTRY_BYTES
from contracts.envelope import Stamp, decode_body, encode_body, is_carriable, read_envelope
from tests.entry_maker import LANGUAGES, Message, composed, entries_made
from tests.entry_space import entries, messages, plain_messages, texts

URL = "https://sqs.eu-west-1.amazonaws.com/1/ship"
ENTRY = Entry("{}", '{"specversion":"1.0"}', "w1", "payin.create")


@pytest.fixture(autouse=True, scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[None]:
    """The language that everything here is made in."""
    with entries_made(request.param):
        yield


def counted_by_hand(entry: Entry) -> int:
    texts_ = [entry.body, *(f"{name}String{text}" for name, text in attributes_of(entry).items())]
    return sum(len(text.encode()) for text in texts_)


@given(messages | plain_messages)
def test_an_entry_says_all_of_its_message(message: Message) -> None:
    entry = composed(message)
    envelope = read_envelope(entry.envelope)
    assert (entry.id, entry.type, entry.group, entry.deduplication) == (
        *(message.id, message.type),
        *(message.group, message.deduplication),
    )
    assert decode_body(entry.body, envelope.body_encoding) == message.body
    assert envelope.amqp == message.facts
    assert (envelope.id, envelope.subject, envelope.type) == (message.id, message.key, message.type)
    assert (envelope.stamp, envelope.time, envelope.claim) == (message.stamp, message.time, None)


@given(messages | plain_messages)
def test_sqs_takes_the_texts_of_an_entry_and_counts_them_as_we_do(message: Message) -> None:
    entry = composed(message)
    assert is_carriable(entry.body)
    assert is_carriable(entry.envelope)
    assert entry.size_bytes == counted_by_hand(entry)
    assert entry.deposit is None


@given(plain_messages)
def test_a_body_that_sqs_takes_is_carried_as_it_is(message: Message) -> None:
    entry = composed(message)
    assert (entry.body, read_envelope(entry.envelope).body_encoding) == (message.body.decode(), "utf-8")


def _at_every_place(part: bytes, *, size: int = 25) -> Iterator[bytes]:
    for at in range(size - len(part) + 1):
        yield b"~" * at + part + b"~" * (size - len(part) - at)
        yield b"z" * at + part


@pytest.mark.parametrize("after", [b"", b"\xbf\xbe", b"\xbf\xbf", b"\xbf\xbd", b"\xbb\xbf", b"\xa9", b"\x9f\x98\x80"])
def test_a_body_is_carried_whatever_its_octets_and_wherever_they_are(after: bytes) -> None:
    for octet in range(256):
        for body in _at_every_place(bytes((octet,)) + after):
            entry = composed(Message(body))
            assert (entry.body, read_envelope(entry.envelope).body_encoding) == encode_body(body)


@pytest.mark.parametrize("field", ["id", "key", "type", "time", "routing_key", "exchange"])
def test_a_text_is_written_whatever_its_characters_and_wherever_they_are(field: str) -> None:
    for number in range(256):
        for at in range(9):
            text = "~" * at + chr(number) + "~" * (8 - at)
            values: dict[str, Any] = {field: text}
            message = Message(**values)
            envelope = orjson.loads(composed(message).envelope)
            written = {"key": "subject"}.get(field, field)
            assert (envelope | envelope["amqp"])[written] == text


@pytest.mark.parametrize("over", [-1, 0, 1])
@pytest.mark.parametrize("fill", [b"x", "é".encode(), "\U0010ffff".encode()])
def test_an_entry_around_the_limit_of_sqs_is_made_whole_and_counted(fill: bytes, over: int) -> None:
    around = composed(Message(b"x")).size_bytes - 1
    size = ENTRY_BYTES - around + over
    body = b"x" * (size % len(fill)) + fill * (size // len(fill))
    entry = composed(Message(body))
    assert entry.size_bytes == ENTRY_BYTES + over == counted_by_hand(entry)
    assert entry.body.encode() == body


@pytest.mark.parametrize("value", ["x", 0, b"\xff"])
@pytest.mark.parametrize("count", [13, 16, 17, 30, 100])
def test_properties_are_written_however_many(value: Any, count: int) -> None:
    properties = {f"name-{number}": value for number in range(count)}
    amqp = orjson.loads(composed(Message(properties=properties)).envelope)["amqp"]
    expected = mark(value) if isinstance(value, bytes) else value
    assert amqp["properties"] == dict.fromkeys(properties, expected)


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, object(), "\ud800", {1}])
@pytest.mark.parametrize("name", ["app_id", "content_type"])
def test_what_cannot_be_written_is_an_error(name: str, value: Any) -> None:
    with pytest.raises(TypeError):
        composed(Message(properties={name: value}))


def test_two_messages_of_one_kind_have_each_its_own_values() -> None:
    """What is remembered of a kind is not what one of them was."""
    one = Message(redelivered=False, headers={"traceparent": ["S", "t1"]})
    others = [
        one._replace(redelivered=True),
        one._replace(stamp=Stamp("new", 0)),
        one._replace(stamp=Stamp("legacy", 1)),
        one._replace(type="payin.update"),
        one._replace(exchange=b"notifications"),
        one._replace(routing_key="payin.update"),
        one._replace(headers={"traceparent": ["S", "t2"]}),
        one._replace(headers=None),
        one._replace(headers={}),
    ]
    for message in [one, *others, one, *reversed(others)]:
        envelope = read_envelope(composed(message).envelope)
        assert (envelope.amqp, envelope.stamp, envelope.type) == (message.facts, message.stamp, message.type)
        assert envelope.traceparent == ((message.headers or {}).get("traceparent") or [None, None])[1]


@given(texts, st.lists(entries, max_size=12))
def test_a_call_says_what_boto3_would(url: str, batch: list[Entry]) -> None:
    written = orjson.loads(write_batch(url, batch))
    assert written == {"QueueUrl": url, "Entries": request_entries(batch)}


@pytest.mark.parametrize("field", ["body", "envelope", "id", "type", "group", "deduplication"])
def test_a_call_says_each_character_in_each_field(field: str) -> None:
    every = "".join(map(chr, [*range(0x180), 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x10FFFF]))
    values: dict[str, Any] = {"body": "b", "envelope": "e", "id": "i", "type": "t", field: every}
    batch = [Entry(**values)]
    assert orjson.loads(write_batch(URL, batch))["Entries"] == request_entries(batch)


@pytest.mark.parametrize("text", ['"', "\\", "\0", "\n", "é", "😀", "x"])
@pytest.mark.parametrize("length", [1_023, 1_024, 1_025, 2_047, 2_048, 2_049, 40_000])
def test_a_call_says_texts_however_long_and_escaped(text: str, length: int) -> None:
    batch = [Entry(text * length, "x" * (position + length) + text, "i", "t") for position in range(3)]
    assert orjson.loads(write_batch(URL, batch))["Entries"] == request_entries(batch)


def test_a_call_leaves_out_what_an_entry_has_not() -> None:
    batch = [Entry("{}", "", "w1", "t"), Entry("{}", "e", "w2", "t", "", ""), Entry("{}", "e", "w3", "t", "g", "d")]
    first, second, third = orjson.loads(write_batch(URL, batch))["Entries"]
    assert set(first["MessageAttributes"]) == {"type", "id"}
    assert {"MessageGroupId", "MessageDeduplicationId"} & set(first) == set()
    assert (second["MessageGroupId"], second["MessageDeduplicationId"]) == ("", "")
    assert (third["MessageGroupId"], third["MessageDeduplicationId"]) == ("g", "d")


@pytest.mark.parametrize("batch", [(), [], (ENTRY,) * 2, [ENTRY] * 11])
def test_a_call_has_entries_in_either_kind_of_sequence_however_many(batch: Sequence[Entry]) -> None:
    assert orjson.loads(write_batch(URL, batch))["Entries"] == request_entries(batch)


@pytest.mark.parametrize("batch", [None, 5, [None], [()], [SimpleNamespace(body="b")], [ENTRY, "entry"]])
def test_what_is_no_entry_is_an_error(batch: Any) -> None:
    with pytest.raises((TypeError, AttributeError)):
        write_batch(URL, batch)


@pytest.mark.parametrize("field", ["body", "envelope", "id", "type", "group", "deduplication"])
def test_a_text_that_cannot_be_encoded_is_an_error(field: str) -> None:
    values: dict[str, Any] = {"body": "b", "envelope": "e", "id": "i", "type": "t", field: "a\ud800"}
    with pytest.raises((TypeError, UnicodeEncodeError)):
        write_batch(URL, [ENTRY, Entry(**values)])
