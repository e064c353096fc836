from typing import Any

import pytest

from contracts.envelope import AmqpFacts
from contracts.identify import KEY_LIMIT, Identity, business_key, identify, text_of
from contracts.invalid_message import InvalidMessageError
from contracts.registry import type_named
from tests.fakes.message import balance, card_transaction, payin, payout


def facts(**properties: Any) -> AmqpFacts:
    return AmqpFacts("notifications", "x", redelivered=False, properties=properties)


@pytest.mark.parametrize(
    ("type_name", "body"),
    [
        ("payin.create", payin("w1", "k1")),
        ("payout.update", payout("w1", "k1")),
        ("balance.update", balance("w1", "k1")),
    ],
)
def test_identity_and_key_are_read_from_the_body(type_name: str, body: bytes) -> None:
    assert identify(type_named(type_name), body, facts(message_id="other"), with_key=True) == Identity("w1", "k1")


def test_a_key_that_nobody_asks_for_is_not_read() -> None:
    assert identify(type_named("payin.create"), payin(), facts(), with_key=False) == Identity("w1", None)


def test_a_card_transaction_is_identified_by_amqp_whatever_its_body() -> None:
    card = type_named("cardtransaction.create")
    assert identify(card, b"\xff", facts(message_id="m1"), with_key=False) == Identity("m1", None)
    assert identify(card, card_transaction("k1"), facts(message_id="m1"), with_key=True) == Identity("m1", "k1")


@pytest.mark.parametrize(
    ("type_name", "body", "properties", "cause"),
    [
        ("payin.create", b"{", {}, "unreadable:truncated at byte 1"),
        ("payin.create", b'{"object_id":"1"}', {"message_id": "m"}, "id-missing:webhook_id"),
        ("payin.create", b'{"webhook_id":"w1"}', {}, "key-missing:object_id"),
        ("payin.create", b'{"webhook_id":null,"object_id":"1"}', {}, "id-missing:webhook_id"),
        ("payin.create", b'{"webhook_id":["w"],"object_id":"1"}', {}, "id-missing:webhook_id"),
        ("payin.create", b'{"webhook_id":true,"object_id":"1"}', {}, "id-missing:webhook_id"),
        ("cardtransaction.create", b"", {}, "id-missing:message_id"),
        ("payout.update", payout(b"\xff"), {}, "id-missing:webhookId"),
        ("payout.update", payout("w1", b"\xff"), {}, "key-missing:payoutId"),
    ],
)
def test_what_cannot_be_told_is_refused_with_its_cause(
    type_name: str, body: bytes, properties: dict[str, Any], cause: str
) -> None:
    with_key = type_name != "cardtransaction.create"
    with pytest.raises(InvalidMessageError) as refused:
        identify(type_named(type_name), body, facts(**properties), with_key=with_key)
    assert refused.value.cause == cause


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("w1", "w1"),
        (9007199254740993, "9007199254740993"),
        (0, "0"),
        ("é", "é"),
        ("x" * KEY_LIMIT, "x" * KEY_LIMIT),
        ("x" * (KEY_LIMIT + 1), None),
        ("", None),
        (None, None),
        (True, None),
        (1.5, None),
        ([], None),
        (b"w1", None),
        ("w\x00", None),
        ("w\x1f", None),
        ("w\ufffe", None),
        ("w\udcff", None),
    ],
)
def test_an_identity_is_a_text_that_channel_and_table_can_hold(value: object, text: str | None) -> None:
    assert text_of(value) == text


def test_a_key_is_read_from_the_decoded_form() -> None:
    assert business_key(type_named("payin.create"), {"object_id": 5}) == "5"
    with pytest.raises(InvalidMessageError):
        business_key(type_named("payin.create"), {})
