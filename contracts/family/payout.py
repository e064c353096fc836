"""payout: outgoing credit transfers, as the monolith's own messages tell of them."""

from datetime import date

from contracts.family.monolith import JOURNAL, MONEY_AND_STATE, PAYOUTS, webhook
from contracts.message_type import BodyField, EffectContract, Family, MessageType, Origin
from contracts.model.payout import PayoutUpdate, decode_payout_update
from contracts.rule import Rule

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
                JOURNAL,
                EffectContract(
                    "message:accounting/payout.settled",
                    plain=frozenset(
                        {"reference", "payout", "status", "amount", "fee", "total", "ignored", "content_type"}
                        | {"date", "timezone_type", "timezone"}
                    ),
                    maps=frozenset({"body.tags"}),
                ),
                webhook(
                    "payout.settled",
                    frozenset({"payoutId", "payoutStatus", "amount", "fee"}),
                    maps=frozenset({"payouts[].tags"}),
                ),
            ),
            guarded=MONEY_AND_STATE,
            rules=(
                Rule(
                    "message:accounting/payout.settled.body.reference",
                    "uuid",
                    reason="a random reference that nobody reads back",
                    owner="payments",
                    expires=date(2027, 9, 30),
                ),
            ),
            plain=frozenset({"walletId", "amount", "currency", "status", "partnerFee", "occurredAt"}),
        ),
    ),
)
