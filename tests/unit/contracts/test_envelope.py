import json
import re
import sys
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import structs

from contracts.amqp_value import tag_table, untag_table
from contracts.claim import claim_on
from contracts.effect import body_digest
from contracts.envelope import (
    _REFUSED_BY_SQS,
    AmqpFacts,
    BodyEncoding,
    Envelope,
    MalformedEnvelopeError,
    Stamp,
    carried_digest,
    decode_body,
    encode_body,
    is_carriable,
    read_envelope,
    write_envelope,
)
from tests.fakes.message import NAME

ACCEPTED_BY_SQS = re.compile("[\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
HEADERS: dict[str, Any] = {f"x-{n}": n for n in range(11)} | {"x-death": [{"queue": "q", "time": {"deep": [1, None]}}]}


def envelope(**changes: Any) -> Envelope:
    amqp = AmqpFacts(
        "notifications",
        "payin.create",
        redelivered=True,
        properties={"message_id": "w1", "delivery_mode": 2, "timestamp": 1_700_000_000},
        headers=tag_table(HEADERS),
    )
    fields: dict[str, Any] = {
        "id": "w1",
        "type": "payin.create",
        "source": "/rabbitmq/notifications",
        "time": "2026-11-21T10:00:00.000+00:00",
        "stamp": Stamp("legacy", 0),
        "body_encoding": "utf-8",
        "amqp": amqp,
        "subject": "p1",
        "datacontenttype": "application/json",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    return Envelope(**{**fields, **changes})


def document(**changes: Any) -> str:
    return json.dumps({**json.loads(write_envelope(envelope())), **changes})


def test_an_envelope_comes_back_as_it_was_written() -> None:
    read = read_envelope(write_envelope(envelope()))
    assert read == envelope()
    assert read.amqp.headers is not None
    assert untag_table(read.amqp.headers) == HEADERS


@pytest.mark.parametrize("absent", ["subject", "datacontenttype", "traceparent"])
def test_what_is_not_known_is_left_out_and_stays_unknown(absent: str) -> None:
    text = write_envelope(envelope(**{absent: None}))
    assert absent not in json.loads(text)
    assert read_envelope(text) == envelope(**{absent: None})


def test_no_header_table_and_an_empty_one_are_two_things() -> None:
    none = AmqpFacts("e", "k", redelivered=False)
    empty = AmqpFacts("e", "k", redelivered=False, headers={})
    assert read_envelope(write_envelope(envelope(amqp=none))).amqp.headers is None
    assert read_envelope(write_envelope(envelope(amqp=empty))).amqp.headers == {}


def test_it_has_the_attributes_that_cloud_events_require() -> None:
    written = json.loads(write_envelope(envelope()))
    assert {name: written[name] for name in ("specversion", "id", "source", "type")} == {
        "specversion": "1.0",
        "id": "w1",
        "source": "/rabbitmq/notifications",
        "type": "payin.create",
    }


@given(st.text(st.characters(codec="utf-8")))
@example("\x00\x1f\x7f")
@example("\ufffe\uffff")
def test_sqs_accepts_an_envelope_whatever_a_header_holds(text: str) -> None:
    facts = AmqpFacts("e", text, redelivered=False, properties={"app_id": text}, headers=tag_table({text: text}))
    written = write_envelope(envelope(amqp=facts))
    assert ACCEPTED_BY_SQS.fullmatch(written)
    assert read_envelope(written).amqp == facts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "5",
        f'"{NAME}"',
        "{}",
        document(id=5),
        document(id=None),
        document(type={}),
        document(type=[NAME]),
        document(source=None),
        document(time=1),
        document(stamp=None),
        document(stamp={"authority": "legacy"}),
        document(stamp={"authority": "legacy", "epoch": "0"}),
        document(stamp={"authority": "legacy", "epoch": True}),
        document(stamp={"authority": None, "epoch": 0}),
        document(body=None),
        document(amqp=NAME),
        document(amqp={}),
        document(amqp={"exchange": 1, "routing_key": "", "redelivered": False, "properties": {}, "headers": None}),
        document(amqp={"exchange": "", "routing_key": "", "redelivered": False, "properties": [], "headers": None}),
        document(amqp={"exchange": "", "routing_key": "", "redelivered": False, "properties": {}, "headers": [["a"]]}),
        document(amqp={"exchange": {}, "routing_key": "", "redelivered": False, "properties": {}, "headers": None}),
        document(
            amqp={
                "exchange": {"base64": "é"},
                "routing_key": "",
                "redelivered": False,
                "properties": {},
                "headers": None,
            }
        ),
        document(
            amqp={"exchange": "", "routing_key": {"base64": 5}, "redelivered": False, "properties": {}, "headers": None}
        ),
        document(
            amqp={"exchange": "", "routing_key": "", "redelivered": False, "properties": {"type": {}}, "headers": None}
        ),
        document(subject=5),
        document(traceparent={}),
        document(body="claim"),
        document(body="claim", claim=None),
        document(body="claim", claim=[]),
        document(body="claim", claim={"key": "k", "size": 1}),
        document(body="claim", claim={"key": "k", "size": "1", "sha256": "0" * 64}),
        document(body="claim", claim={"key": "k", "size": 1, "sha256": NAME}),
    ],
)
def test_a_malformed_envelope_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(MalformedEnvelopeError) as refused:
        read_envelope(text)
    assert NAME not in str(refused.value)


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b"")
@example(b"-")
@example(b"\x00")
@example(b'{"a":"\x0b"}')
@example("\ufffe".encode())
@example("\uffff".encode())
@example("\U0001f600 é\t\r\n".encode())
@example(b"\xff\xfe binary")
def test_any_body_comes_back_byte_for_byte_in_characters_that_sqs_accepts(body: bytes) -> None:
    text, encoding = encode_body(body)
    assert decode_body(text, encoding) == body
    assert ACCEPTED_BY_SQS.fullmatch(text)
    assert text


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", ("-", "empty")),
        (b"-", ("-", "utf-8")),
        (b'{"a":1}', ('{"a":1}', "utf-8")),
        ("é\n".encode(), ("é\n", "utf-8")),
        (b"\x00", ("AA==", "base64")),
        (b"\xff", ("/w==", "base64")),
        ("\ufffe".encode(), ("77++", "base64")),
    ],
)
def test_a_body_is_only_encoded_where_it_must_be(body: bytes, expected: tuple[str, BodyEncoding]) -> None:
    assert encode_body(body) == expected


@pytest.mark.parametrize(
    ("text", "encoding"), [("é", "base64"), ("a", "base64"), ("AA==\n", "base64"), ("\ud800", "utf-8"), ("a", "rot13")]
)
def test_a_body_that_is_not_what_its_envelope_says_is_refused(text: str, encoding: Any) -> None:
    with pytest.raises(MalformedEnvelopeError):
        decode_body(text, encoding)


@given(st.text(st.characters(codec="utf-8")))
def test_carriable_is_what_sqs_accepts(text: str) -> None:
    assert is_carriable(text) == bool(ACCEPTED_BY_SQS.fullmatch(text))


def test_a_claim_travels_in_the_envelope_and_the_body_does_not() -> None:
    claim = claim_on("payin", "w1", b"body")
    envelope = structs.replace(read_envelope(document()), body_encoding="claim", claim=claim)
    again = read_envelope(write_envelope(envelope))
    assert (again.claim, again.body_encoding) == (claim, "claim")
    assert carried_digest("whatever", again) == claim.sha256
    with pytest.raises(MalformedEnvelopeError):
        decode_body("whatever", again.body_encoding)


def test_a_claim_without_its_encoding_is_none() -> None:
    claim = {"key": "k", "size": 1, "sha256": "0" * 64}
    assert read_envelope(document(claim=claim)).claim is None


def test_the_digest_of_what_travels_is_that_of_the_legacy_body() -> None:
    body = b"\xff"
    text, encoding = encode_body(body)
    envelope = structs.replace(read_envelope(document()), body_encoding=encoding)
    assert carried_digest(text, envelope) == body_digest(body)


def test_nothing_that_is_printable_is_refused_by_sqs() -> None:
    """`is_carriable` asks no further then."""
    refused = [chr(point) for point in range(sys.maxunicode + 1) if _REFUSED_BY_SQS.search(chr(point))]
    assert len(refused) > 2_000
    assert not any(one.isprintable() for one in refused)
