"""Effects and attempts, written shortly."""

from datetime import UTC, datetime
from typing import Any

from contracts.effect import Attempt, Effect, Ending

AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def row(name: str = "payins", key: str = "p1", **columns: Any) -> Effect:
    """A row that was written."""
    return Effect("row", name, key, columns)


def message(body: str, name: str = "accounting/payin.booked") -> Effect:
    """A follow-up message."""
    return Effect("message", name, "", {"body": body, "content_type": "application/json"})


def webhook(body: str, signature: str, name: str = "payin.booked") -> Effect:
    """A signed webhook."""
    return Effect("webhook", name, "", {"url": "https://p", "body": body, "headers": {"X-Signature": signature}})


def attempt(
    *effects: Effect,
    ending: Ending = "done",
    number: int = 1,
    message_id: str = "w1",
    type_name: str = "payin.create",
    cause: str | None = None,
    muted: bool = False,
) -> Attempt:
    """One attempt with its effects."""
    return Attempt(message_id, type_name, number, ending, cause, AT, effects, muted)
