"""The registry: one entry per message type, gathered in families. Data; what it means stands in `message_type`.

The bridge, the workers, the infrastructure and the operator's tool all read it, so that a new type is made known once.
"""

from datetime import date

from contracts.codecs.json_body import decode_json
from contracts.message_type import (
    AmqpProperty,
    BodyField,
    EffectContract,
    Family,
    MessageType,
    Origin,
)
from contracts.model.balance import BalanceNotification
from contracts.model.card_transaction import CardTransactionNotification
from contracts.model.payin import PayinNotification
from contracts.model.payout import PayoutUpdate, decode_payout_update
from contracts.rule import Rule

NOTIFICATIONS = "notifications"
PAYOUTS = "payouts"

_MONEY_AND_STATE = frozenset(
    {
        "amount",
        "amount_cents",
        "fee",
        "net",
        "total",
        "total_cents",
        "difference",
        "status",
        "stale",
        "ignored",
        "level",
    }
    | {"balance", "authorized", "current_balance", "current_cents", "authorized_balance", "authorizations", "currency"}
    | {"payin_id", "payout_id", "card_transaction_id", "wallet_id", "webhook_id", "X-Signature"}
)

_JOURNAL = EffectContract(
    "row:journal",
    plain=frozenset({"webhook_id", "kind", "account", "amount_cents", "amount", "stale", "booked_at"}),
)


_NOTIFICATION = frozenset({"webhook", "webhook_id", "webhook_created_at", "object", "object_id"})
"""What every notification says of itself, beside the object that it is about."""


def _webhook(name: str, plain: frozenset[str]) -> EffectContract:
    """A signed webhook: both signatures are computed from the payload in its body."""
    signatures = ("headers.X-Signature", "body.object_payload_signature")
    return EffectContract(
        f"webhook:{name}",
        plain=plain | {"url", "webhook", "webhook_id", "Content-Type", "X-Webhook-Id"},
        derived=dict.fromkeys(signatures, "body.object_payload"),
    )


_PAYIN_EFFECTS = (
    EffectContract(
        "row:payins",
        plain=frozenset(
            {"payin_id", "status", "code_status", "wallet_id", "amount", "amount_cents", "fee", "net", "currency"}
            | {"subtotals", "value_date", "created_at", "last_event_at", "recorded_at"}
        ),
    ),
    _JOURNAL,
    EffectContract(
        "message:accounting/payin.booked",
        plain=frozenset(
            {"payin", "wallet", "status", "amount", "fee", "net", "currency", "instant", "ignored", "content_type"}
        ),
    ),
    _webhook("payin.booked", frozenset({"payinStatus", "amount", "fee", "currency", "walletId", "payinId"})),
)

_PAYIN_RULES = (
    Rule(
        "row:payins.recorded_at",
        "time within",
        reason="the clock of the side that writes the row; shadow runs behind",
        owner="payments",
        expires=date(2027, 12, 31),
        tolerance_s=3600,
    ),
)


def _payin(name: str) -> MessageType:
    return MessageType(
        name=name,
        origin=Origin(NOTIFICATIONS, name, "monolith.payin"),
        decode=decode_json,
        model=PayinNotification,
        identity=BodyField("webhook_id"),
        business_key=BodyField("object_id"),
        effects=_PAYIN_EFFECTS,
        guarded=_MONEY_AND_STATE,
        rules=_PAYIN_RULES,
        plain=_NOTIFICATION
        | {"payinId", "walletId", "payinStatus", "codeStatus", "amount", "currency", "createdDate", "payinDate"},
    )


PAYIN = Family("payin", (_payin("payin.create"), _payin("payin.update")))

PAYOUT = Family(
    "payout",
    (
        MessageType(
            name="payout.update",
            origin=Origin(PAYOUTS, None, "monolith.payout"),
            decode=decode_payout_update,
            model=PayoutUpdate,
            identity=BodyField("webhookId"),
            business_key=BodyField("payoutId"),
            effects=(
                EffectContract(
                    "row:payouts",
                    plain=frozenset(
                        {"payout_id", "status", "wallet_id", "amount", "fee", "total_cents", "currency"}
                        | {"end_to_end_id", "created_at", "last_event_at"}
                    ),
                ),
                _JOURNAL,
                EffectContract(
                    "message:accounting/payout.settled",
                    plain=frozenset(
                        {"reference", "payout", "status", "amount", "fee", "total", "ignored", "content_type"}
                        | {"date", "timezone_type", "timezone"}
                    ),
                ),
                _webhook("payout.settled", frozenset({"payoutId", "payoutStatus", "amount", "fee"})),
            ),
            guarded=_MONEY_AND_STATE,
            rules=(
                Rule(
                    "message:accounting/payout.settled.body.reference",
                    "uuid",
                    reason="a random reference that nobody reads back",
                    owner="payments",
                    expires=date(2027, 12, 31),
                ),
            ),
            plain=frozenset({"walletId", "amount", "currency", "status", "partnerFee", "occurredAt"}),
        ),
    ),
)

CARD_TRANSACTION = Family(
    "cardtransaction",
    (
        MessageType(
            name="cardtransaction.create",
            origin=Origin(NOTIFICATIONS, "cardtransaction.create", "monolith.cardtransaction"),
            decode=decode_json,
            model=CardTransactionNotification,
            identity=AmqpProperty("message_id"),
            business_key=BodyField("object_id"),
            effects=(
                EffectContract(
                    "row:card_transactions",
                    plain=frozenset(
                        {"card_transaction_id", "status", "wallet_id", "amount", "amount_cents", "currency"}
                        | {"exchange_rate", "fee", "merchant", "merchant_country", "local_time", "authorized_at"}
                        | {"is_3ds", "last_event_at"}
                    ),
                ),
                _JOURNAL,
                EffectContract(
                    "message:accounting/card.captured",
                    plain=frozenset(
                        {"transaction", "status", "amount", "fee", "total", "city", "atm", "payment", "ignored"}
                        | {"content_type"}
                    ),
                ),
                _webhook(
                    "card.captured",
                    frozenset({"cardtransactionId", "paymentStatus", "paymentAmount", "fee", "authorizedAt"}),
                ),
            ),
            guarded=_MONEY_AND_STATE,
            plain=_NOTIFICATION
            | {"cardtransactionId", "walletId", "paymentStatus", "paymentAmount", "paymentCurrency"}
            | {"paymentLocalAmount", "merchantCountry", "is3DS"},
        ),
    ),
    unordered_because="each step of a payment is a transaction of its own: no two messages share a business key",
)

BALANCE = Family(
    "balance",
    (
        MessageType(
            name="balance.update",
            origin=Origin(NOTIFICATIONS, "balance.update", "monolith.balance"),
            decode=decode_json,
            model=BalanceNotification,
            identity=BodyField("webhook_id"),
            business_key=BodyField("object_id"),
            effects=(
                EffectContract(
                    "row:balances",
                    plain=frozenset(
                        {"wallet_id", "current_balance", "current_cents", "authorizations", "authorized_balance"}
                        | {"currency", "level", "calculated_at", "last_event_at"}
                    ),
                ),
                _JOURNAL,
                EffectContract(
                    "message:accounting/balance.changed",
                    plain=frozenset(
                        {"wallet", "balance", "authorized", "difference", "level", "text", "ignored", "content_type"}
                    ),
                ),
                _webhook(
                    "balance.changed",
                    frozenset({"walletId", "currentBalance", "authorizations", "authorizedBalance", "calculatedAt"}),
                ),
            ),
            guarded=_MONEY_AND_STATE,
            plain=_NOTIFICATION | {"walletId", "currency", "currentBalance", "authorizations"},
        ),
    ),
)

FAMILIES: tuple[Family, ...] = (PAYIN, PAYOUT, CARD_TRANSACTION, BALANCE)


class UnknownTypeError(LookupError):
    """No contract of that name."""


def family_named(name: str) -> Family:
    """The family of that name. Raises UnknownTypeError."""
    for family in FAMILIES:
        if family.name == name:
            return family
    raise UnknownTypeError(f"no family {name!r}; known: {', '.join(family.name for family in FAMILIES)}")


def type_named(name: str) -> MessageType:
    """The type of that name. Raises UnknownTypeError."""
    for family in FAMILIES:
        for message_type in family.types:
            if message_type.name == name:
                return message_type
    raise UnknownTypeError(f"no message type {name!r}")


def family_of(type_name: str) -> Family:
    """The family that a type belongs to. Raises UnknownTypeError."""
    for family in FAMILIES:
        if any(message_type.name == type_name for message_type in family.types):
            return family
    raise UnknownTypeError(f"no message type {type_name!r}")
