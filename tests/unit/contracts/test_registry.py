from collections import Counter

import pytest

from contracts.message_type import MessageType
from contracts.registry import FAMILIES, UnknownTypeError, family_named, family_of, type_named
from workers.logic.registry import HANDLERS

TYPES = tuple(one for family in FAMILIES for one in family.types)
PERSONAL = (
    *("debtor_name", "debtor_iban", "label", "statement_text", "beneficiary_name", "beneficiary_iban", "public_token"),
    *("card_id", "user_id", "card", "iban", "tags", "messageToUser", "ibanFullname", "DbtrIBAN", "publicToken"),
    *("object_payload", "body", "X-Signature", "object_payload_signature"),
)


def test_the_registry_knows_the_types_of_the_monolith() -> None:
    assert {family.name: [one.name for one in family.types] for family in FAMILIES} == {
        "payin": ["payin.create", "payin.update"],
        "payout": ["payout.update"],
        "cardtransaction": ["cardtransaction.create"],
        "balance": ["balance.update"],
    }


def test_every_type_has_exactly_one_family() -> None:
    assert set(Counter(one.name for one in TYPES).values()) == {1}
    assert all(family_of(one.name) is family for family in FAMILIES for one in family.types)
    assert all(family_named(family.name) is family for family in FAMILIES)
    assert all(type_named(one.name) is one for one in TYPES)


def test_every_type_has_a_ported_handler_and_every_handler_a_type() -> None:
    assert {one.name for one in TYPES} == set(HANDLERS)


def test_no_two_types_come_from_one_place() -> None:
    assert set(Counter((one.origin.exchange, one.origin.routing_key) for one in TYPES).values()) == {1}
    whole = {one.origin.exchange for one in TYPES if one.origin.routing_key is None}
    assert not whole & {one.origin.exchange for one in TYPES if one.origin.routing_key is not None}


def test_types_of_one_family_share_the_monoliths_queue() -> None:
    assert all(len({one.origin.legacy_queue for one in family.types}) == 1 for family in FAMILIES)


def test_only_a_family_that_says_why_is_unordered() -> None:
    assert [family.name for family in FAMILIES if not family.ordered] == ["cardtransaction"]


@pytest.mark.parametrize("one", TYPES, ids=lambda one: one.name)
def test_every_type_leaves_a_row_a_journal_line_a_message_and_a_webhook(one: MessageType) -> None:
    kinds = Counter(effect.path.split(":")[0] for effect in one.effects)
    assert kinds == {"row": 2, "message": 1, "webhook": 1}
    assert "row:journal" in {effect.path for effect in one.effects}


@pytest.mark.parametrize("one", TYPES, ids=lambda one: one.name)
@pytest.mark.parametrize("field", PERSONAL)
def test_personal_and_secret_fields_are_never_plain(one: MessageType, field: str) -> None:
    for effect in one.effects:
        assert field not in effect.plain
        assert not one.is_plain(f"{effect.path}.{field}")
        assert not one.is_plain(f"{effect.path}.body.{field}[]")


def test_what_no_contract_names_is_masked() -> None:
    payin = type_named("payin.create")
    assert payin.is_plain("row:payins.amount")
    assert payin.is_plain("webhook:payin.booked.body.object_payload.payins[].payinStatus")
    assert payin.is_plain("message:accounting/payin.booked.body.fee[]")
    assert payin.is_plain("message:accounting/payin.booked.body.fee[][]")
    assert not payin.is_plain("row:payins.a_new_column")
    assert not payin.is_plain("row:payins")
    assert not payin.is_plain("row:payinsx.amount")
    assert not payin.is_plain("row:unknown.amount")


def test_columns_that_no_contract_names_are_sealed() -> None:
    payin = family_named("payin")
    assert {"payin_id", "status", "amount"} <= payin.plain_columns("payins")
    assert not {"debtor_name", "debtor_iban", "label"} & payin.plain_columns("payins")
    assert payin.plain_columns("unknown") == frozenset()


def test_signatures_are_derived_from_the_payload_that_they_sign() -> None:
    assert type_named("balance.update").terms.derived == {
        "webhook:balance.changed.headers.X-Signature": "webhook:balance.changed.body.object_payload",
        "webhook:balance.changed.body.object_payload_signature": "webhook:balance.changed.body.object_payload",
    }


@pytest.mark.parametrize("look_up", [family_named, type_named, family_of])
def test_an_unknown_name_is_refused(look_up: object) -> None:
    assert callable(look_up)
    with pytest.raises(UnknownTypeError, match="refund"):
        look_up("refund.create")
