"""payin: incoming credit transfers."""

from datetime import date

from contracts.codecs.json_body import decode_json
from contracts.family.monolith import JOURNAL, MONEY_AND_STATE, NOTIFICATION, NOTIFICATIONS, webhook
from contracts.message_type import BodyField, EffectContract, Family, MessageType, Origin
from contracts.model.payin import PayinNotification
from contracts.rule import Rule

_PAYIN_EFFECTS = (
    EffectContract(
        "row:payins",
        plain=frozenset(
            {"payin_id", "status", "code_status", "wallet_id", "amount", "amount_cents", "fee", "net", "currency"}
            | {"subtotals", "value_date", "created_at", "last_event_at", "recorded_at"}
        ),
    ),
    JOURNAL,
    EffectContract(
        "message:accounting/payin.booked",
        plain=frozenset(
            {"payin", "wallet", "status", "amount", "fee", "net", "currency", "instant", "ignored", "content_type"}
        ),
    ),
    webhook("payin.booked", frozenset({"payinStatus", "amount", "fee", "currency", "walletId", "payinId"})),
)

_PAYIN_RULES = (
    Rule(
        "row:payins.recorded_at",
        "time within",
        reason="the clock of the side that writes the row; shadow runs behind",
        owner="payments",
        expires=date(2027, 9, 30),
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
        guarded=MONEY_AND_STATE,
        rules=_PAYIN_RULES,
        plain=NOTIFICATION
        | {"payinId", "walletId", "payinStatus", "codeStatus", "amount", "currency", "createdDate", "payinDate"},
    )


PAYIN = Family("payin", (_payin("payin.create"), _payin("payin.update")))
