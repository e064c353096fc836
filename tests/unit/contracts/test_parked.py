import base64
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Stamp
from contracts.parked import MalformedParkedError, Parked, read_parked, write_parked
from tests.amqp_space import properties

WHOLE = Parked(
    b"\x00\xff body",
    "unreadable:syntax",
    "strangler.tap.payin",
    "2026-11-21T10:00:00+00:00",
    "notifications",
    "payin.create",
    {"app_id": b"\xff", "priority": 5, "message_id": "m1"},
    {"x": ["S", "text"]},
    "payin",
    "w1",
    Stamp("new", 7),
    {"headers": "words"},
)
BARE = Parked(b"", "unknown", "strangler.invalid", "", "", "")


def packed(document: Any) -> str:
    return base64.b64encode(zlib.compress(json.dumps(document).encode())).decode()


def unpacked(parked: Parked) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(write_parked(parked))))
    return document


@pytest.mark.parametrize("parked", [WHOLE, BARE])
def test_what_was_written_is_read_again(parked: Parked) -> None:
    assert read_parked(write_parked(parked)) == parked


@given(st.binary(max_size=50), properties)
def test_any_body_and_any_properties_survive(body: bytes, properties: dict[str, Any]) -> None:
    parked = Parked(body, "c", "q", "t", "e", "r", properties)
    assert read_parked(write_parked(parked)) == parked


def test_a_body_that_repeats_itself_becomes_small() -> None:
    assert len(write_parked(Parked(b"<payment/>" * 200_000, "too-large", "q", "t", "e", "r"))) < 100_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no base64!",
        base64.b64encode(b"not deflated").decode(),
        base64.b64encode(zlib.compress(b"not json")).decode(),
        packed([]),
        packed({"format": 2}),
        *(packed({**unpacked(WHOLE), name: 7}) for name in ("body", "cause", "headers", "properties", "stamp", "id")),
        packed({**unpacked(WHOLE), "body": "no base64!"}),
        packed({**unpacked(WHOLE), "properties": {"x": ["?", 1]}}),
    ],
)
def test_what_is_not_a_parked_message_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(MalformedParkedError) as refused:
        read_parked(text)
    assert "unreadable:syntax" not in str(refused.value)
