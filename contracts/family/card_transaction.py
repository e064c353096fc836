"""cardtransaction: steps of card payments."""

from contracts.codecs.json_body import decode_json
from contracts.family.monolith import JOURNAL, MONEY_AND_STATE, NOTIFICATION, NOTIFICATIONS, webhook
from contracts.message_type import AmqpProperty, BodyField, EffectContract, Family, MessageType, Origin
from contracts.model.card_transaction import CardTransactionNotification

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
                JOURNAL,
                EffectContract(
                    "message:accounting/card.captured",
                    plain=frozenset(
                        {"transaction", "status", "amount", "fee", "total", "city", "atm", "payment", "ignored"}
                        | {"content_type"}
                    ),
                ),
                webhook(
                    "card.captured",
                    frozenset({"cardtransactionId", "paymentStatus", "paymentAmount", "fee", "authorizedAt"}),
                ),
            ),
            guarded=MONEY_AND_STATE,
            plain=NOTIFICATION
            | {"cardtransactionId", "walletId", "paymentStatus", "paymentAmount", "paymentCurrency"}
            | {"paymentLocalAmount", "merchantCountry", "is3DS"},
        ),
    ),
    unordered_because="each step of a payment is a transaction of its own: no two messages share a business key",
)
