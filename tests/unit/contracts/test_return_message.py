import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.return_message import (
    DEFLATE_BYTES,
    MalformedReturnError,
    Returned,
    ReturnedEffect,
    ReturnedHold,
    deduplication_id,
    family_and_key,
    read_return,
    return_group,
    write_return,
)
from tests.fakes.message import NAME

EFFECT = ReturnedEffect("w1:2", "accounting", "payin.booked", "application/json", NAME.encode(), 7)
HOLD = ReturnedHold("payin", "w1", '{"id":"w1"}', b"\xff\x00")


@pytest.mark.parametrize("returned", [EFFECT, HOLD])
def test_what_goes_back_is_read_as_it_was_written(returned: Returned) -> None:
    assert read_return(write_return(returned)) == returned


def test_a_group_tells_family_and_key_unless_it_is_a_digest() -> None:
    assert family_and_key(return_group("payin", "p#1")) == ("payin", "p#1")
    assert family_and_key(return_group("payin", NAME)) is None
    assert family_and_key(None) is None


@settings(max_examples=50)
@given(st.text(), st.text(), st.binary())
def test_any_name_and_any_body_come_back(name: str, envelope: str, body: bytes) -> None:
    hold = ReturnedHold("payin", name, envelope, body)
    assert read_return(write_return(hold)) == hold
    assert write_return(hold).isascii()


def test_a_large_body_is_deflated_and_comes_back_whole() -> None:
    hold = ReturnedHold("payin", "w1", "{}", b"a payin " * DEFLATE_BYTES)
    text = write_return(hold)
    assert len(text) < DEFLATE_BYTES
    assert read_return(text) == hold


def changed(**fields: Any) -> str:
    return json.dumps({**json.loads(write_return(EFFECT)), **fields})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "format"),
        (changed(format=2), "format"),
        (changed(kind=NAME), "kind: unknown"),
        (changed(sequence=True), "sequence: expected int"),
        (changed(sequence="7"), "sequence: expected int"),
        (changed(exchange=None), "exchange: expected str"),
        (changed(body=NAME), "body"),
        (changed(body="YQ==", deflated=True), "body"),
        (changed(kind="hold"), "family: expected str"),
    ],
)
def test_what_cannot_be_read_is_refused_without_being_quoted(text: str, reason: str) -> None:
    with pytest.raises(MalformedReturnError, match=reason) as refused:
        read_return(text)
    assert NAME not in str(refused.value)


def test_nothing_of_a_message_is_shown_by_accident() -> None:
    assert NAME not in repr(EFFECT)
    assert "id" not in repr(HOLD.envelope) or '{"id":"w1"}' not in repr(HOLD)


def test_a_group_is_the_familys_key_unless_sqs_would_refuse_it() -> None:
    assert return_group("payin", "p1") == "payin#p1"
    hashed = [return_group("payin", key) for key in ("p 1", "é", "x" * 200)]
    assert all(len(one) == 64 and one.isalnum() for one in hashed)
    assert len(set(hashed)) == 3


def test_any_text_makes_a_deduplication_id_of_its_own() -> None:
    ids = {deduplication_id(text) for text in ("w1:1", "w1:2", "é" * 1000)}
    assert len(ids) == 3
    assert all(len(one) <= 128 and one.isalnum() for one in ids)
