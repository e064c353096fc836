"""Lines of a corpus: what somebody else's recording may look like, and what is said where it does not."""

import base64
import json
from typing import Any

import pytest

from contracts.registry import type_named
from ops.notification import MADE_UP, BadLineError, read_notification

BODY = base64.b64encode(b'{"webhook_id":"w-1","object_id":"p-1"}').decode()
FULL = {
    "id": "w-1",
    "type": "payin.create",
    "exchange": "notifications",
    "routing_key": "payin.create",
    "body_base64": BODY,
    "properties": {"message_id": "m-1"},
    "headers": {},
    "redelivered": False,
    "at": "2026-11-21T10:00:00.000Z",
}


def line(**changes: Any) -> bytes:
    return json.dumps({**FULL, **changes}).encode()


def lacking(*names: str) -> bytes:
    return json.dumps({name: value for name, value in FULL.items() if name not in names}).encode()


def test_a_whole_line_stays_as_it_is_byte_for_byte() -> None:
    text = (
        b'{ "type":"payin.create" , "at":"2026-11-21T11:00:00+01:00","id":7,"x":[1.50,1e2,"\\u00e9\\/"],'
        b'"body_base64":"","exchange":"","routing_key":"","properties":{},"headers":{},"redelivered":true }'
    )
    one = read_notification(text + b"\r\n")
    assert (one.line, one.type, one.at) == (text, "payin.create", "2026-11-21T10:00:00.000Z")


def test_what_is_missing_is_put_at_the_end_as_the_contract_has_it() -> None:
    text = json.dumps({"type": "payin.create", "body_base64": BODY}).encode()
    one = read_notification(text)
    assert one.line.startswith(text[:-1])
    assert json.loads(one.line) == {**FULL, "properties": {}, "at": None}


def test_a_message_that_does_not_tell_who_it_is_gets_an_id_of_its_own_each_time() -> None:
    text = json.dumps({"type": "invoice.created", "body_base64": ""}).encode()
    first, second = (json.loads(read_notification(text).line)["id"] for _ in range(2))
    assert first.startswith(MADE_UP)
    assert first != second


def test_an_identity_of_amqps_is_known() -> None:
    assert type_named("cardtransaction.create").identity
    assert json.loads(read_notification(lacking("id").replace(b"payin", b"cardtransaction")).line)["id"] == "m-1"
    assert json.loads(read_notification(lacking("id", "type")[:-1] + b',"type":"x"}').line)["id"] == "m-1"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"{", "no JSON"),
        (b'{"type":"\xff"}', "no JSON"),
        (b"\xef\xbb\xbf" + line(), "no JSON"),
        (line() + line(), "no JSON"),
        (b"[]", "no JSON object"),
        (lacking("type"), "type: missing"),
        (line(type="Zzyx the name"), "type: not a name"),
        (line(type=""), "type: not a name"),
        (lacking("body_base64"), "body_base64: missing"),
        (line(body_base64="Zzyx!"), "body_base64: no base64"),
        (line(body_base64="é"), "body_base64: no base64"),
        (line(body_base64=5), "body_base64: expected a text"),
        (line(id=""), "id: expected"),
        (line(id="x" * 600), "id: expected"),
        (line(id=None), "id: expected"),
        (line(id="\x00"), "id: expected"),
        (line(exchange=1), "exchange: expected a text"),
        (line(properties=[]), "properties: expected an object"),
        (line(headers="Zzyx"), "headers: expected an object"),
        (line(redelivered=0), "redelivered: expected true or false"),
        (line(at="Zzyx"), "at: expected a time"),
        (line(at=5), "at: expected a time"),
        (line(at="2026-11-21T10:00:00"), "at: a time without its zone"),
    ],
)
def test_what_is_wrong_with_a_line_is_told_without_a_piece_of_it(text: bytes, reason: str) -> None:
    with pytest.raises(BadLineError, match=reason) as refused:
        read_notification(text)
    assert "Zzyx" not in str(refused.value)
