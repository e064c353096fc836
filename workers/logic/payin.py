"""Books incoming credit transfers: payin.create and payin.update, in whichever order they come.

Ported from the monolith's PayinHandler. An update that comes first leaves a placeholder with its status; the create
that follows fills in the rest and keeps the newer status.
"""

from collections.abc import Mapping

from contracts.model.payin import Payin, PayinNotification
from contracts.php.arithmetic import multiply
from contracts.php.array import array_filter, array_merge
from contracts.php.compare import empty, loose_equals
from contracts.php.json import json_encode
from contracts.php.number import to_float, to_int, to_text
from contracts.php.ordered_map import normal_key
from contracts.php.rounding import number_format, php_round
from contracts.php.text import strtolower, substr, trim, ucwords
from workers.logic.column import real_column, text_column
from workers.logic.decision import Column, Context, Decision, RejectedMessageError, Row, RowKey
from workers.logic.handler import Handler
from workers.logic.outlet import accounting_message, journal_row, signed_webhook, to_utc
from workers.logic.runtime import MONOLITH

FEE_RATES: Mapping[int | str, float] = {20: 0.005, 27: 0.0085}
"""Share of the amount that we keep, by paymentMethodId: SCTR, SCTR Inst."""
STATUS_RANKS = {"PENDING": 0, "VALIDATED": 1, "CANCELED": 2}
_DETAILS = (
    "user_id", "amount", "amount_cents", "fee", "net", "currency", "debtor_name", "debtor_iban", "label",
    "statement_text", "subtotals", "value_date", "created_at",
)  # fmt: skip


def _reads(notification: PayinNotification) -> tuple[RowKey, ...]:
    return (("payins", notification.object_id),)


def _decide(notification: PayinNotification, rows: Mapping[RowKey, Row], context: Context) -> Decision:
    payin = notification.payin
    amount = to_float(payin.amount)
    cents = to_int(php_round(multiply(payin.amount, 100), runtime=MONOLITH))
    fee = php_round(amount * FEE_RATES.get(normal_key(payin.paymentMethodId), 0), 2, runtime=MONOLITH)

    row = rows.get(("payins", notification.object_id))
    known = None if row is None else row.columns
    known_event_at = 0 if known is None else to_int(known["last_event_at"])
    stale = known is not None and notification.webhook_created_at < known_event_at
    is_create = notification.type == "payin.create"
    status: str = payin.payinStatus
    if known is not None:
        known_status = str(known["status"])
        if stale or STATUS_RANKS[known_status] > STATUS_RANKS[status]:
            status = known_status
    # A create that comes after its update is old, but not useless: it has all that the update left out.
    fills_in = is_create and known is not None and known["amount"] is None
    ignored = stale and not fills_in

    written: tuple[Row, ...] = ()
    if not ignored:
        columns: dict[str, Column] = dict(known) if known is not None else dict.fromkeys(_DETAILS)
        columns |= {
            "payin_id": notification.object_id,
            "status": status,
            "code_status": known["code_status"] if known is not None and stale else payin.codeStatus,
            "wallet_id": payin.walletId,
            "last_event_at": max(notification.webhook_created_at, known_event_at),
            "recorded_at": f"{context.now:%Y-%m-%d %H:%M:%S}",
        }
        if is_create or (known is not None and known["amount"] is not None):
            columns |= _details(payin, amount, cents, fee)
        written = (Row("payins", notification.object_id, columns),)

    raw = payin.raw
    journal = journal_row(
        context,
        notification.type,
        payin.walletId,
        0 if ignored else cents,
        number_format(amount, 2, ",", " ", runtime=MONOLITH),
        stale=ignored,
        created_at=notification.webhook_created_at,
    )
    message = accounting_message(
        "payin.booked",
        {
            "payin": notification.object_id,
            "wallet": raw["walletId"],
            "status": status,
            "amount": amount,
            "fee": fee,
            "net": amount - fee,
            "currency": payin.currency if payin.currency is not None else "EUR",
            "label": payin.messageToUser if payin.messageToUser is not None else "",
            "instant": loose_equals(payin.paymentMethodId, 27, runtime=MONOLITH),
            "ignored": ignored,
        },
    )
    if ignored:
        return Decision((*written, journal), (message,))
    webhook = signed_webhook(
        "payin.booked", context, {"payins": [array_merge(raw, {"payinStatus": status, "fee": fee})]}
    )
    return Decision((*written, journal), (message,), (webhook,))


def _details(payin: Payin, amount: float, cents: int, fee: float) -> dict[str, Column]:
    label = trim(_words(payin.messageToUser))
    subtotals = [payin.raw.get(name) for name in ("subtotalItems", "subtotalServices", "subtotalTax")]
    no_date = empty(payin.payinDate) or loose_equals(payin.payinDate, "0000-00-00", runtime=MONOLITH)
    return {
        "user_id": text_column(payin.userId),
        "amount": to_text(payin.amount),
        "amount_cents": cents,
        "fee": real_column(fee),
        "net": number_format(amount - fee, 2, ",", " ", runtime=MONOLITH),
        "currency": text_column(payin.currency if payin.currency is not None else "EUR"),
        "debtor_name": ucwords(strtolower(trim(_words(payin.ibanFullname)))),
        "debtor_iban": _words(payin.DbtrIBAN).replace(" ", ""),
        "label": label,
        "statement_text": substr(label, 0, 35),
        "subtotals": json_encode(array_filter(subtotals)),
        "value_date": None if no_date else substr(_words(payin.payinDate), 0, 10),
        "created_at": to_utc(payin.createdDate),
    }


def _words(value: object) -> str:
    """What PHP's text functions take under strict types: a text, and here "" for null. Raises RejectedMessageError."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RejectedMessageError("not a text")
    return value


HANDLER = Handler(_reads, _decide)
