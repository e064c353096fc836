"""What the parity tests cannot show: that the text of a rejection holds no value of the message."""

from typing import Any

import pytest

from contracts.registry import type_named
from tests.fakes.message import PLANTED, balance, card_transaction, payin, payout
from tests.fakes.receiver import context
from workers.logic.decision import Decision, RejectedMessageError, Row, RowKey
from workers.logic.registry import HANDLERS


def decide(type_name: str, body: bytes, rows: dict[RowKey, Row] | None = None) -> Decision:
    message_type = type_named(type_name)
    message: Any = message_type.model.model_validate(dict(message_type.decode(body)))
    return HANDLERS[type_name].decide(message, rows or {}, context("w1"))


@pytest.mark.parametrize(
    ("type_name", "body", "text"),
    [
        ("payin.create", payin(createdDate="Planted"), "a date cannot be read"),
        ("payin.create", payin(createdDate=["Planted"]), "an array is no text"),
        ("payin.create", payin(userId=["Planted"]), "an array is no text"),
        ("payin.create", payin(messageToUser=["Planted"]), "not a text"),
        ("payin.create", payin(ibanFullname=5), "not a text"),
        ("payin.create", payin(DbtrIBAN=True), "not a text"),
        ("payin.create", payin(payinDate=20241027), "not a text"),
        ("payout.update", payout(amount="12 Planted"), "a payout needs an amount"),
        ("payout.update", payout(amount=""), "a payout needs an amount"),
        ("payout.update", payout(date="Planted"), "a date cannot be read"),
        ("balance.update", balance(authorizations="Planted"), "authorizations are no number"),
        ("balance.update", balance(calculationDate="Planted"), "a date cannot be read"),
        ("cardtransaction.create", card_transaction(authorizationIssuerTime="Planted"), "a date cannot be read"),
    ],
)
def test_a_rejection_says_what_is_wrong_and_never_quotes_it(type_name: str, body: bytes, text: str) -> None:
    with pytest.raises(RejectedMessageError) as rejected:
        decide(type_name, body)
    assert str(rejected.value) == text
    assert not [value for value in PLANTED if value in str(rejected.value)]


def test_a_decision_shows_neither_rows_nor_bodies() -> None:
    shown = repr(decide("payin.create", payin())) + repr(decide("payout.update", payout()))
    assert not [value for value in PLANTED if value in shown]


def test_a_row_and_its_effect_hold_the_same_values() -> None:
    decision = decide("payin.create", payin())
    effects = [effect for effect in decision.effects() if effect.kind == "row"]
    assert [(effect.name, effect.key) for effect in effects] == [row.row_key for row in decision.rows]
    assert [set(effect.value) for effect in effects] == [set(row.columns) for row in decision.rows]
