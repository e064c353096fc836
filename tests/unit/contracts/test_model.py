import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from contracts.codecs.php_unserialize import PhpEnum
from contracts.message_type import MessageType
from contracts.model.balance import BalanceNotification
from contracts.model.payin import PayinNotification
from contracts.model.payout import PayoutUpdate, decode_payout_update
from contracts.registry import type_named
from tests.fakes.message import CREATED_AT, IBAN, LABEL, NAME, balance, card_transaction, payin, payout


def validated(type_name: str, body: bytes) -> BaseModel:
    message_type = type_named(type_name)
    return message_type.model.model_validate(dict(message_type.decode(body)))


def places(type_name: str, body: bytes) -> set[str]:
    with pytest.raises(ValidationError) as refused:
        validated(type_name, body)
    for value in (NAME, IBAN, LABEL):
        assert value not in str(refused.value)
    return {".".join(map(str, one["loc"])) for one in refused.value.errors(include_input=False)}


def without(body: bytes, *names: str) -> bytes:
    return json.dumps({name: value for name, value in json.loads(body).items() if name not in names}).encode()


def test_a_payin_is_read_with_the_types_that_its_handler_asks_for() -> None:
    notification = validated(
        "payin.create", payin(amount=12, walletId=565504971, codeStatus=1.0, an_extra={"field": [1]})
    )
    assert isinstance(notification, PayinNotification)
    assert (notification.type, notification.object_id, notification.webhook_created_at) == (
        "payin.create",
        "p1",
        CREATED_AT,
    )
    assert (notification.payin.amount, notification.payin.walletId, notification.payin.codeStatus) == (
        12,
        "565504971",
        "1",
    )
    assert notification.payin.raw["an_extra"] == {"field": [1]}
    assert list(notification.payin.raw)[:2] == ["payinId", "walletId"]


@pytest.mark.parametrize(
    ("type_name", "body", "expected"),
    [
        ("payin.create", payin(amount=...), "object_payload.payins.0.amount"),
        ("payin.create", payin(amount=""), "object_payload.payins.0.amount"),
        ("payin.create", payin(amount=None), "object_payload.payins.0.amount"),
        ("payin.create", payin(amount="12,50"), "object_payload.payins.0.amount"),
        ("payin.create", payin(amount=True), "object_payload.payins.0.amount"),
        ("payin.create", payin(amount=[NAME]), "object_payload.payins.0.amount"),
        ("payin.create", payin(walletId=...), "object_payload.payins.0.walletId"),
        ("payin.create", payin(walletId=[NAME]), "object_payload.payins.0.walletId"),
        ("payin.create", payin(payinStatus=NAME), "object_payload.payins.0.payinStatus"),
        ("payin.create", payin(payinStatus="pending"), "object_payload.payins.0.payinStatus"),
        ("payin.create", payin(codeStatus=[IBAN]), "object_payload.payins.0.codeStatus"),
        ("payin.create", payin(webhook_id=""), "webhook_id"),
        ("payin.create", payin(payin_id=""), "object_id"),
        ("payin.create", without(payin(), "webhook"), "webhook"),
        ("payin.create", without(payin(), "webhook_created_at"), "webhook_created_at"),
        ("payin.create", without(payin(), "object_payload"), "object_payload"),
        ("payin.create", balance(), "object_payload.payins"),
        ("balance.update", balance(currentBalance=...), "object_payload.balances.0.currentBalance"),
        ("balance.update", balance(currentBalance=NAME), "object_payload.balances.0.currentBalance"),
        (
            "cardtransaction.create",
            card_transaction(paymentAmount=...),
            "object_payload.cardtransactions.0.paymentAmount",
        ),
        (
            "cardtransaction.create",
            card_transaction(paymentStatus="X"),
            "object_payload.cardtransactions.0.paymentStatus",
        ),
    ],
)
def test_what_a_handler_cannot_do_without_is_refused_by_place_and_never_by_value(
    type_name: str, body: bytes, expected: str
) -> None:
    assert places(type_name, body) == {expected}


@pytest.mark.parametrize("payload", [{"payins": []}, {"payins": {}}, {"payins": [NAME]}, {}, [], None, NAME])
def test_a_payload_without_its_object_is_refused(payload: Any) -> None:
    body = json.dumps({**json.loads(payin()), "object_payload": payload}).encode()
    assert all(place.startswith("object_payload") for place in places("payin.create", body))


@pytest.mark.parametrize("more", [None, NAME, {}, {"amount": NAME}])
def test_only_the_first_object_of_a_payload_is_looked_at(more: Any) -> None:
    body = json.loads(payin())
    (transfer,) = body["object_payload"]["payins"]
    for items in ([transfer, more], {"0": transfer, "note": more}):
        body["object_payload"]["payins"] = items
        notification = validated("payin.create", json.dumps(body).encode())
        assert isinstance(notification, PayinNotification)
        assert notification.payin.walletId == "565504971"


@pytest.mark.parametrize("amount", ["1", " 1", "1.5", "-0", ".5", "1e3", 1, 1.5])
def test_an_amount_is_whatever_php_calls_numeric(amount: Any) -> None:
    notification = validated("payin.create", payin(amount=amount))
    assert isinstance(notification, PayinNotification)
    assert notification.payin.amount == amount
    assert type(notification.payin.amount) is type(amount)


@pytest.mark.parametrize("nothing", [None, "", "0", 0, 0.0, False, [], {}])
def test_a_date_of_any_type_that_php_calls_empty_is_none(nothing: Any) -> None:
    notification = validated("balance.update", balance(calculationDate=nothing))
    assert isinstance(notification, BalanceNotification)
    assert notification.balance.calculationDate is None


@pytest.mark.parametrize("field", ["authorizations", "currency"])
@pytest.mark.parametrize("value", [[NAME], {"a": NAME}])
def test_a_field_that_is_bound_is_no_array(field: str, value: Any) -> None:
    assert places("balance.update", balance(**{field: value}))


def test_a_balance_keeps_its_numbers_as_numbers() -> None:
    notification = validated("balance.update", balance(currentBalance=10.0, authorizations=0))
    assert isinstance(notification, BalanceNotification)
    assert repr(notification.balance.currentBalance) == "10.0"
    assert repr(notification.balance.authorizations) == "0"


def test_a_payout_is_read_from_what_symfony_serialised() -> None:
    update = validated("payout.update", payout())
    assert isinstance(update, PayoutUpdate)
    assert (update.webhookId, update.payoutId, update.status, update.partnerFee) == ("w1", "o1", "CANCELED", 0.5)
    assert (update.beneficiaryName, update.createdDate.timezone, update.tags) == (NAME, "Europe/Paris", [])


def test_a_payout_that_is_older_than_its_tags_has_none() -> None:
    properties = {name: value for name, value in decode_payout_update(payout()).items() if name != "tags"}
    assert PayoutUpdate.model_validate(properties).tags == []


@pytest.mark.parametrize("case", ["CANCELED", "canceled", "Cancelled"])
def test_a_status_is_a_case_of_the_enum_by_its_very_name(case: str) -> None:
    properties = {**decode_payout_update(payout()), "status": PhpEnum("App\\Message\\PayoutStatus", case)}
    with pytest.raises(ValidationError, match="expected a case of PayoutStatus"):
        PayoutUpdate.model_validate(properties)


def test_a_payout_of_another_class_is_unreadable() -> None:
    with pytest.raises(ValueError, match="name"):
        decode_payout_update(payout().replace(b"PayoutUpdate", b"PayoutCreate"))


@pytest.mark.parametrize("one", [type_named("payin.create"), type_named("balance.update")], ids=lambda one: one.name)
def test_a_message_that_was_read_cannot_be_changed(one: MessageType) -> None:
    message = validated(one.name, payin() if one.name == "payin.create" else balance())
    with pytest.raises(ValidationError, match="frozen"):
        message.object_id = "other"  # type: ignore[attr-defined]  # which is the point
