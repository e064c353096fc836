"""Notifications as the monolith publishes them, on every station of their way: body, delivery, SQS record.

The names and IBANs in `PLANTED` are what must never be seen again in clear.
"""

import json
from collections.abc import Mapping
from typing import Any

from bridge.port import Delivery, Entry
from bridge.translator import notification_translator
from contracts import naming
from contracts.envelope import AmqpFacts
from contracts.registry import family_of, type_named
from workers.sqs import Received

NOW = 1_795_255_200.0
"""2026-11-21T10:00:00Z."""
CREATED_AT = 17_952_551_000_000
"""Some seconds before, in 1e-4 s."""
NAME = "Zoé Planted-Dupont"
IBAN = "FR7612345000019876543210987"
LABEL = "Loyer de Planted"
MERCHANT_TOKEN = "987612345"
PLANTED = (NAME, "Planted", "PLANTED", "planted", IBAN, IBAN[4:], LABEL, MERCHANT_TOKEN)


def payin(
    webhook_id: str = "w1",
    payin_id: str = "p1",
    *,
    type_name: str = "payin.create",
    at: int = CREATED_AT,
    **fields: Any,
) -> bytes:
    """payin.create or payin.update; a field given as `...` is left out."""
    transfer = {
        "payinId": payin_id,
        "walletId": "565504971",
        "userId": "409226223",
        "payinStatus": "PENDING",
        "paymentMethodId": "20",
        "messageToUser": LABEL,
        "subtotalItems": "12.00",
        "amount": "26677.97",
        "currency": "EUR",
        "createdDate": "2024-12-14 22:16:48",
        "codeStatus": "140001",
        "ibanFullname": NAME,
        "DbtrIBAN": IBAN,
        "payinDate": "2024-10-27",
    }
    return _notification(type_name, webhook_id, payin_id, at, "payins", transfer, fields)


def padded(body: bytes, padding: str) -> bytes:
    """A JSON notification with so much more in it, in a field that no side looks at."""
    return body[:-1] + b',"padding":' + json.dumps(padding).encode() + b"}"


def balance(webhook_id: str = "w1", wallet_id: str = "7", *, at: int = CREATED_AT, **fields: Any) -> bytes:
    """balance.update."""
    wallet = {"walletId": wallet_id, "currentBalance": 41718.16, "authorizations": 10, "currency": "978"}
    return _notification("balance.update", webhook_id, wallet_id, at, "balances", wallet, fields)


def card_transaction(transaction_id: str = "c1", *, at: int = CREATED_AT, **fields: Any) -> bytes:
    """cardtransaction.create, whose identity is AMQP's message_id."""
    payment = {
        "cardtransactionId": transaction_id,
        "cardId": "367433433",
        "walletId": "893145892",
        "walletCurrency": "978",
        "merchantName": "Boulangerie",
        "merchantCity": "Köln",
        "merchantCountry": "FRA",
        "paymentLocalTime": "72316",
        "publicToken": MERCHANT_TOKEN,
        "paymentAmount": "49.385",
        "paymentCurrency": "978",
        "paymentLocalAmount": "17.01",
        "paymentStatus": "A",
        "authorizationIssuerTime": "2024-10-27 01:30:00",
        "is3DS": "1",
    }
    return _notification("cardtransaction.create", "unused", transaction_id, at, "cardtransactions", payment, fields)


def payout(
    webhook_id: str | bytes = "w1",
    payout_id: str | bytes = "o1",
    *,
    amount: str = "585.27",
    name: str | bytes = NAME,
    date: str = "2024-10-08 05:31:54.000000",
) -> bytes:
    """payout.update as Symfony Messenger's PhpSerializer writes it."""
    case = b'E:33:"App\\Message\\PayoutStatus:Canceled";'
    created = b'O:17:"DateTimeImmutable":3:{%b%b%b%b%b%b}' % (
        *(_text("date"), _text(date), _text("timezone_type"), b"i:3;"),
        *(_text("timezone"), _text("Europe/Paris")),
    )
    properties = {
        "tags": b"a:0:{}",
        "webhookId": _text(webhook_id),
        "payoutId": _text(payout_id),
        "walletId": _text("176843665"),
        "amount": _text(amount),
        "currency": _text("EUR"),
        "status": case,
        "partnerFee": b"d:0.5;",
        "beneficiaryName": _text(name),
        "bankaccountIBAN": _text(IBAN),
        "label": _text(LABEL),
        "createdDate": created,
        "occurredAt": b"i:%d;" % CREATED_AT,
    }
    message = b"".join(_text(f"\0App\\Message\\PayoutUpdate\0{key}") + value for key, value in properties.items())
    envelope = (
        b'O:36:"Symfony\\Component\\Messenger\\Envelope":2:{%ba:0:{}%bO:24:"App\\Message\\PayoutUpdate":%d:{%b}}'
        % (
            _text("\0Symfony\\Component\\Messenger\\Envelope\0stamps"),
            _text("\0Symfony\\Component\\Messenger\\Envelope\0message"),
            len(properties),
            message,
        )
    )
    return _add_slashes(envelope)


def delivery(
    type_name: str,
    body: bytes,
    *,
    tag: int = 1,
    generation: int = 0,
    headers: Mapping[str, Any] | None = None,
    exchange: str | None = None,
    routing_key: str | bytes | None = None,
    **properties: Any,
) -> Delivery:
    """A delivery of the type from its tap queue."""
    origin = type_named(type_name).origin
    facts = AmqpFacts(
        origin.exchange if exchange is None else exchange,
        (origin.routing_key or "") if routing_key is None else routing_key,
        redelivered=False,
        properties=properties,
    )
    return Delivery(naming.tap_queue_name(family_of(type_name).name), body, facts, headers, tag, generation)


def translated(type_name: str, body: bytes, **properties: Any) -> Entry:
    """What the bridge makes of a body. Raises InvalidMessageError."""
    return notification_translator(family_of(type_name), lambda: NOW)(delivery(type_name, body, **properties))


def received(entry: Entry, *, record_id: str | None = None, receives: int = 1) -> Received:
    """What the worker gets of an entry."""
    record_id = record_id or f"record-{entry.id}"
    attributes = {"envelope": entry.envelope, "type": entry.type, "id": entry.id}
    return Received(record_id, f"receipt-{record_id}", receives, entry.group, entry.body, attributes)


def _notification(
    type_name: str, webhook_id: str, object_id: str, at: int, plural: str, item: dict[str, Any], fields: dict[str, Any]
) -> bytes:
    item = {name: value for name, value in {**item, **fields}.items() if value is not ...}
    document = {
        "webhook": type_name,
        "webhook_id": webhook_id,
        "webhook_created_at": at,
        "object": plural.removesuffix("s"),
        "object_id": object_id,
        "object_payload": {plural: [item]},
        "object_payload_signature": "7E40NlQJOoBzsuF0WH4eyFYdYxH3QSJo2HhckH5imAY=",
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return b's:%d:"%b";' % (len(data), data)


def _add_slashes(data: bytes) -> bytes:
    for raw, slashed in ((b"\\", b"\\\\"), (b"'", b"\\'"), (b'"', b'\\"'), (b"\0", b"\\0")):
        data = data.replace(raw, slashed)
    return data
