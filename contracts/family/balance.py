"""balance: what is on a wallet."""

from contracts.codecs.json_body import decode_json
from contracts.family.monolith import JOURNAL, MONEY_AND_STATE, NOTIFICATION, NOTIFICATIONS, webhook
from contracts.message_type import BodyField, EffectContract, Family, MessageType, Origin
from contracts.model.balance import BalanceNotification

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
                JOURNAL,
                EffectContract(
                    "message:accounting/balance.changed",
                    plain=frozenset(
                        {"wallet", "balance", "authorized", "difference", "level", "text", "ignored", "content_type"}
                    ),
                ),
                webhook(
                    "balance.changed",
                    frozenset({"walletId", "currentBalance", "authorizations", "authorizedBalance", "calculatedAt"}),
                ),
            ),
            guarded=MONEY_AND_STATE,
            plain=NOTIFICATION | {"walletId", "currency", "currentBalance", "authorizations"},
        ),
    ),
)
