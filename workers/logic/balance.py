"""Keeps the last known balance of each wallet. Ported from BalanceHandler."""

from collections.abc import Mapping

from contracts.model.balance import Balance, BalanceNotification
from contracts.model.message import Scalar
from contracts.php.arithmetic import Number, divide, multiply, subtract, to_number
from contracts.php.compare import empty, loose_equals, spaceship
from contracts.php.number import to_float, to_int, to_text
from contracts.php.rounding import number_format, php_round
from workers.logic.column import real_column
from workers.logic.decision import Context, Decision, RejectedMessageError, Row, RowKey
from workers.logic.handler import Handler
from workers.logic.outlet import accounting_message, journal_row, signed_webhook, to_utc
from workers.logic.runtime import MONOLITH

EURO = 978
LOW_EUROS = 10


def _reads(notification: BalanceNotification) -> tuple[RowKey, ...]:
    return (("balances", notification.object_id),)


def _decide(notification: BalanceNotification, rows: Mapping[RowKey, Row], context: Context) -> Decision:
    balance = notification.balance
    current = balance.currentBalance
    cents = to_int(php_round(multiply(current, 100), runtime=MONOLITH))
    authorizations = balance.authorizations if balance.authorizations is not None else 0
    authorized = _authorized(balance)
    calculated_at = to_utc(balance.calculationDate)

    row = rows.get(("balances", notification.object_id))
    stale = row is not None and notification.webhook_created_at < to_int(row.columns["last_event_at"])
    known_cents = 0 if row is None else to_int(row.columns["current_cents"])
    difference = 0 if stale else cents - known_cents
    level = _level(to_number(current), authorized)
    wallet = balance.raw.get("walletId")
    wallet = notification.object_id if wallet is None else wallet

    journal = journal_row(
        context,
        notification.type,
        notification.object_id,
        difference,
        number_format(to_float(current), 2, runtime=MONOLITH),
        stale=stale,
        created_at=notification.webhook_created_at,
    )
    message = accounting_message(
        "balance.changed",
        {
            "wallet": wallet,
            "balance": current,
            "authorized": authorized,
            "difference": divide(difference, 100),
            "level": level,
            "text": f"Solde : {to_text(current)} €",
            "ignored": stale,
        },
    )
    if stale:
        return Decision((journal,), (message,))
    currency = balance.currency if balance.currency is not None else "EUR"
    written = Row(
        "balances",
        notification.object_id,
        {
            "wallet_id": notification.object_id,
            "current_balance": to_text(current),
            "current_cents": cents,
            "authorizations": None if empty(authorizations) else to_text(authorizations),
            "authorized_balance": real_column(authorized),
            "currency": "EUR" if loose_equals(currency, EURO, runtime=MONOLITH) else to_text(currency),
            "level": level,
            "calculated_at": calculated_at,
            "last_event_at": notification.webhook_created_at,
        },
    )
    webhook = signed_webhook(
        "balance.changed",
        context,
        {
            "balances": [
                {
                    "walletId": wallet,
                    "currentBalance": current,
                    "authorizations": authorizations,
                    "authorizedBalance": authorized,
                    "calculatedAt": calculated_at,
                }
            ]
        },
    )
    return Decision((written, journal), (message,), (webhook,))


def _authorized(balance: Balance) -> Scalar:
    if balance.authorizedBalance is not None:
        return balance.authorizedBalance
    try:
        return subtract(balance.currentBalance, balance.authorizations)
    except TypeError as error:
        raise RejectedMessageError("authorizations are no number") from error


def _level(current: Number, authorized: Scalar) -> str:
    if current == 0:
        return "empty"
    if current < 0:
        return "overdrawn"
    return "low" if spaceship(authorized, LOW_EUROS, runtime=MONOLITH) < 0 else "good"


HANDLER = Handler(_reads, _decide)
