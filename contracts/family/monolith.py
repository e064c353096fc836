"""What the contracts of the reference monolith share: its exchanges, journal, notifications and signed webhooks."""

from contracts.message_type import EffectContract

NOTIFICATIONS = "notifications"
PAYOUTS = "payouts"
"""Its exchanges."""

MONEY_AND_STATE = frozenset(
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

JOURNAL = EffectContract(
    "row:journal",
    plain=frozenset({"webhook_id", "kind", "account", "amount_cents", "amount", "stale", "booked_at"}),
)

NOTIFICATION = frozenset({"webhook", "webhook_id", "webhook_created_at", "object", "object_id"})
"""What every notification says of itself, beside the object that it is about."""


def webhook(name: str, plain: frozenset[str], maps: frozenset[str] = frozenset()) -> EffectContract:
    """A signed webhook: both signatures are computed from the payload in its body. maps: relative to the payload."""
    signatures = ("headers.X-Signature", "body.object_payload_signature")
    return EffectContract(
        f"webhook:{name}",
        plain=plain | {"url", "webhook", "webhook_id", "Content-Type", "X-Webhook-Id"},
        derived=dict.fromkeys(signatures, "body.object_payload"),
        maps=frozenset(f"body.object_payload.{place}" for place in maps),
    )
