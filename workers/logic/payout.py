"""Follows outgoing credit transfers until the bank has settled or canceled them. Ported from PayoutHandler."""

from collections.abc import Mapping

from contracts.model.payout import PayoutUpdate
from contracts.php.compare import truthy
from contracts.php.date import DateError, local_text, restore
from contracts.php.number import is_numeric, to_float, to_int
from contracts.php.printf import sprintf
from contracts.php.rounding import number_format, php_round
from contracts.php.text import str_pad, strtolower, strtoupper, substr, trim, ucwords
from contracts.php.value import std_class
from workers.logic.column import real_column
from workers.logic.decision import Context, Decision, RejectedMessageError, Row, RowKey
from workers.logic.handler import Handler
from workers.logic.outlet import accounting_message, journal_row, signed_webhook
from workers.logic.runtime import MONOLITH

TYPE = "payout.update"
BANK_RATE = 0.0015
STATUS_RANKS = {"PENDING": 0, "VALIDATED": 1, "CANCELED": 2}


def _reads(payout: PayoutUpdate) -> tuple[RowKey, ...]:
    return (("payouts", payout.payoutId),)


def _decide(payout: PayoutUpdate, rows: Mapping[RowKey, Row], context: Context) -> Decision:
    if not is_numeric(payout.amount):
        raise RejectedMessageError("a payout needs an amount")
    amount = to_float(payout.amount)
    fee = php_round(amount * BANK_RATE + payout.partnerFee, 2, runtime=MONOLITH)
    total = amount + fee
    cents = to_int(php_round(total * 100, runtime=MONOLITH))

    row = rows.get(("payouts", payout.payoutId))
    stale = row is not None and payout.occurredAt < to_int(row.columns["last_event_at"])
    status: str = payout.status
    if row is not None:
        known_status = str(row.columns["status"])
        if stale or STATUS_RANKS[known_status] > STATUS_RANKS[status]:
            status = known_status

    journal = journal_row(
        context,
        TYPE,
        payout.walletId,
        0 if stale or status == "CANCELED" else -cents,
        sprintf("%.2f", -total, runtime=MONOLITH),
        stale=stale,
        created_at=payout.occurredAt,
    )
    message = accounting_message(
        "payout.settled",
        {
            "reference": context.uuid(),
            "payout": payout.payoutId,
            "status": status,
            "amount": amount,
            "fee": fee,
            "total": total,
            "iban": f"{substr(payout.bankaccountIBAN, 0, 4)}…{substr(payout.bankaccountIBAN, -3)}",
            "tags": payout.tags,
            "created": std_class(payout.createdDate.model_dump()),
            "ignored": stale,
        },
    )
    if stale:
        return Decision((journal,), (message,))
    webhook = signed_webhook(
        "payout.settled",
        context,
        {
            "payouts": [
                {
                    "payoutId": payout.payoutId,
                    "payoutStatus": status,
                    "amount": payout.amount,
                    "fee": fee,
                    "beneficiary": payout.beneficiaryName,
                    "label": payout.label,
                    "tags": payout.tags if truthy(payout.tags) else std_class(),
                }
            ]
        },
    )
    return Decision((_row(payout, amount, fee, cents, status), journal), (message,), (webhook,))


def _row(payout: PayoutUpdate, amount: float, fee: float, cents: int, status: str) -> Row:
    label = trim(payout.label or "")
    try:
        created_at = local_text(restore(payout.createdDate.model_dump()).timestamp, "UTC")
    except DateError as error:
        raise RejectedMessageError("a date cannot be read") from error
    return Row(
        "payouts",
        payout.payoutId,
        {
            "payout_id": payout.payoutId,
            "status": status,
            "wallet_id": payout.walletId,
            "amount": number_format(amount, 2, runtime=MONOLITH),
            "fee": real_column(fee),
            "total_cents": cents,
            "currency": payout.currency,
            "beneficiary_name": ucwords(strtolower(payout.beneficiaryName)),
            "beneficiary_iban": strtoupper(payout.bankaccountIBAN.replace(" ", "")),
            "label": substr(label if truthy(label) else f"Virement {payout.payoutId}", 0, 140),
            "end_to_end_id": f"PO{str_pad(payout.payoutId, 20, '0', 'left')}",
            "created_at": created_at,
            "last_event_at": payout.occurredAt,
        },
    )


HANDLER = Handler(_reads, _decide)
