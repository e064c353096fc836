"""Captures card payments. Ported from CardTransactionHandler."""

from collections.abc import Mapping

from contracts.model.card_transaction import CardTransaction, CardTransactionNotification
from contracts.php.arithmetic import multiply
from contracts.php.array import array_filter
from contracts.php.compare import loose_equals, truthy
from contracts.php.number import to_float, to_int, to_text
from contracts.php.printf import sprintf
from contracts.php.rounding import number_format, php_round
from contracts.php.text import rtrim, str_pad, strlen, substr, trim
from workers.logic.column import real_column
from workers.logic.decision import Column, Context, Decision, Row, RowKey
from workers.logic.handler import Handler
from workers.logic.outlet import LONDON, accounting_message, journal_row, signed_webhook, to_utc
from workers.logic.runtime import MONOLITH

STATUS_RANKS = {"I": 0, "A": 1, "M": 1, "C": 2, "S": 3, "V": 4}
EURO = 978
FOREIGN_FEE_RATE = 0.015


def _reads(notification: CardTransactionNotification) -> tuple[RowKey, ...]:
    return (("card_transactions", notification.object_id),)


def _decide(notification: CardTransactionNotification, rows: Mapping[RowKey, Row], context: Context) -> Decision:
    payment = notification.payment
    amount = to_float(payment.paymentAmount)
    cents = to_int(php_round(multiply(payment.paymentAmount, 100), runtime=MONOLITH))
    foreign = payment.paymentCurrency is not None and not loose_equals(payment.paymentCurrency, EURO, runtime=MONOLITH)
    fee = php_round(amount * FOREIGN_FEE_RATE, 2, runtime=MONOLITH) if foreign else 0.0
    authorized_at = to_utc(payment.authorizationIssuerTime, LONDON)
    token = _mask(payment.publicToken or "")

    row = rows.get(("card_transactions", notification.object_id))
    stale = row is not None and notification.webhook_created_at < to_int(row.columns["last_event_at"])
    status: str = payment.paymentStatus
    if row is not None:
        known_status = str(row.columns["status"])
        if stale or STATUS_RANKS[known_status] > STATUS_RANKS[status]:
            status = known_status

    raw = payment.raw
    journal = journal_row(
        context,
        notification.type,
        payment.walletId,
        0 if stale else -cents,
        sprintf("%.2f", -amount, runtime=MONOLITH),
        stale=stale,
        created_at=notification.webhook_created_at,
    )
    message = accounting_message(
        "card.captured",
        {
            "transaction": notification.object_id,
            "card": token,
            "status": status,
            "amount": amount,
            "fee": fee,
            "total": amount + fee,
            "city": raw.get("merchantCity"),
            "limits": array_filter({"atm": raw.get("limitAtmDay"), "payment": raw.get("limitPaymentDay")}),
            "ignored": stale,
        },
    )
    if stale:
        return Decision((journal,), (message,))
    webhook = signed_webhook(
        "card.captured",
        context,
        {
            "cardtransactions": [
                {
                    "cardtransactionId": notification.object_id,
                    "paymentStatus": status,
                    "paymentAmount": amount,
                    "fee": fee,
                    "merchantName": payment.merchantName if payment.merchantName is not None else "",
                    "publicToken": token,
                    "authorizedAt": authorized_at,
                }
            ]
        },
    )
    return Decision((_row(notification, amount, fee, status, authorized_at), journal), (message,), (webhook,))


def _row(
    notification: CardTransactionNotification, amount: float, fee: float, status: str, authorized_at: str | None
) -> Row:
    payment = notification.payment
    # "72316" is 07:23:16: the till drops leading zeros.
    time = str_pad(payment.paymentLocalTime or "", 6, "0", "left")
    currency = payment.walletCurrency if payment.walletCurrency is not None else "EUR"
    return Row(
        "card_transactions",
        notification.object_id,
        {
            "card_transaction_id": notification.object_id,
            "status": status,
            "wallet_id": payment.walletId,
            "card_id": payment.cardId or "",
            "public_token": payment.publicToken or "",
            "amount": number_format(amount, 2, ".", "", runtime=MONOLITH),
            "amount_cents": to_int(php_round(multiply(payment.paymentAmount, 100), runtime=MONOLITH)),
            "currency": "EUR" if loose_equals(currency, EURO, runtime=MONOLITH) else to_text(currency),
            "exchange_rate": _rate(payment, amount),
            "fee": real_column(fee),
            "merchant": rtrim(str_pad(substr(trim(payment.merchantName or ""), 0, 22), 22)),
            "merchant_country": to_text(payment.merchantCountry) if truthy(payment.merchantCountry) else None,
            "local_time": f"{substr(time, 0, 2)}:{substr(time, 2, 2)}:{substr(time, 4, 2)}",
            "authorized_at": authorized_at,
            "is_3ds": int(truthy(payment.raw.get("is3DS"))),
            "last_event_at": notification.webhook_created_at,
        },
    )


def _rate(payment: CardTransaction, amount: float) -> Column:
    """Local over wallet currency, four digits."""
    if amount == 0:
        return None
    return real_column(php_round(to_float(payment.paymentLocalAmount) / amount, 4, runtime=MONOLITH))


def _mask(token: str) -> str:
    return "*" * max(0, strlen(token) - 4) + substr(token, -4)


HANDLER = Handler(_reads, _decide)
