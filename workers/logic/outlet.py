"""Journal lines, follow-up messages and signed webhooks: what every handler of the monolith makes alike."""

from typing import Any

from contracts.php.arithmetic import intdiv
from contracts.php.compare import empty
from contracts.php.date import DateError, is_zero_date, local_text, utc_text
from contracts.php.digest import webhook_signature
from contracts.php.json import JsonError, json_encode
from contracts.php.text import str_pad
from workers.logic.column import text_column
from workers.logic.decision import Context, FollowUp, RejectedMessageError, Row, Webhook
from workers.logic.runtime import MONOLITH

LONDON = "Europe/London"
_PARTNER = "https://partner.example/hooks/"
_TICKS = 10_000
"""`webhook_created_at` counts in 1e-4 s."""


def journal_row(
    context: Context, kind: str, wallet_id: str, cents: int, amount: str, *, stale: bool, created_at: int
) -> Row:
    """The one line that every processed message leaves, whatever else it did."""
    return Row(
        "journal",
        context.message_id,
        {
            "webhook_id": context.message_id,
            "kind": kind,
            "account": str_pad(wallet_id, 12, "0", "left"),
            "amount_cents": cents,
            "amount": amount,
            "stale": int(stale),
            "booked_at": local_text(intdiv(created_at, _TICKS), MONOLITH.timezone),
        },
    )


def accounting_message(routing_key: str, content: dict[int | str, Any]) -> FollowUp:
    """A message for accounting. Raises RejectedMessageError where PHP could not encode it."""
    try:
        return FollowUp("accounting", routing_key, json_encode(content))
    except JsonError as error:
        raise RejectedMessageError("a follow-up message cannot be encoded") from error


def signed_webhook(name: str, context: Context, payload: dict[int | str, Any]) -> Webhook:
    """A webhook signed as Treezor signs its own. Raises RejectedMessageError where PHP could not encode it."""
    try:
        signature = webhook_signature(context.webhook_secret, payload)
        body = json_encode(
            {
                "webhook": name,
                "webhook_id": context.message_id,
                "object_payload": payload,
                "object_payload_signature": signature,
            }
        )
    except JsonError as error:
        raise RejectedMessageError("a webhook cannot be encoded") from error
    headers = {"Content-Type": "application/json", "X-Signature": signature, "X-Webhook-Id": context.message_id}
    return Webhook(name, f"{_PARTNER}{name}", body, headers)


def to_utc(value: object, zone: str = MONOLITH.timezone) -> str | None:
    """A local time as the tables want it; the sender writes "not known" as null, as "", as false and as 0000-00-00.

    Raises RejectedMessageError where it is no date.
    """
    text = None if empty(value) else text_column(value)
    if text is None or is_zero_date(text):
        return None
    try:
        return utc_text(text, zone)
    except DateError as error:
        raise RejectedMessageError("a date cannot be read") from error
