import dataclasses
from datetime import date

import pytest

from contracts.message_type import ContractError, Family
from contracts.registry import type_named
from contracts.rule import Rule


def with_rule(path: str) -> None:
    rule = Rule(path, "uuid", "a reason", "payments", date(2027, 1, 1))
    dataclasses.replace(type_named("payin.create"), rules=(rule,))


@pytest.mark.parametrize(
    "path",
    [
        "row:payins.amount",
        "row:payins.amount_cents",
        "row:payins.fee",
        "row:payins.net",
        "row:payins.status",
        "row:payins.payin_id",
        "row:payins.wallet_id",
        "row:journal.webhook_id",
        "row:journal.stale",
        "message:accounting/payin.booked.body.status",
        "message:accounting/payin.booked.body.lines[].amount",
        "message:accounting/payin.booked.body.amount[]",
        "message:accounting/payin.booked.body.amount[][]",
        "webhook:payin.booked.headers.X-Signature",
    ],
)
def test_a_rule_on_money_identity_or_state_is_refused(path: str) -> None:
    with pytest.raises(ContractError, match="never tolerated"):
        with_rule(path)


@pytest.mark.parametrize(
    "path",
    [
        "row:payins",
        "row:payinsx.recorded_at",
        "row:payouts.created_at",
        "message:accounting/payin.booked",
        "webhook:payin.booked",
        "",
        "recorded_at",
    ],
)
def test_a_rule_on_a_whole_effect_or_on_none_of_the_type_is_refused(path: str) -> None:
    with pytest.raises(ContractError, match="no such effect, or a whole effect"):
        with_rule(path)


def test_a_rule_on_anything_else_is_taken() -> None:
    with_rule("row:payins.recorded_at")
    with_rule("message:accounting/payin.booked.body.lines[].reference")


def test_order_matters_unless_a_family_says_why_not() -> None:
    assert Family("refund", ()).ordered
    assert not Family("refund", (), unordered_because="a reason").ordered
