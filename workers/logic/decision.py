"""What a handler decides: rows to write, messages and webhooks that follow. And the context it may ask."""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from contracts.effect import Effect, Json, exact
from contracts.php.text import from_bytes, is_utf8, to_bytes
from contracts.veiled import Veiled

RowKey = tuple[str, str]
"""Table and key."""

Column = str | int | float | None
"""A text may hold half a character where PHP cut one (`contracts.php.text`)."""


class Row(Veiled, frozen=True):
    """A row after it was written."""

    HIDDEN = ("columns",)

    table: str
    key: str
    columns: Mapping[str, Column]

    @property
    def row_key(self) -> RowKey:
        """Table and key."""
        return self.table, self.key


class FollowUp(Veiled, frozen=True):
    """A message for the rest of the monolith."""

    HIDDEN = ("body",)

    exchange: str
    routing_key: str
    body: str
    content_type: str = "application/json"


class Webhook(Veiled, frozen=True):
    """A signed call to a partner."""

    HIDDEN = ("body", "headers")

    name: str
    url: str
    body: str
    headers: Mapping[str, str]


class Decision(msgspec.Struct, frozen=True):
    """All that follows from one message."""

    rows: tuple[Row, ...]
    messages: tuple[FollowUp, ...] = ()
    webhooks: tuple[Webhook, ...] = ()

    def effects(self) -> tuple[Effect, ...]:
        """The decision as effects, in the form that both sides are judged by."""
        return (
            *(Effect("row", row.table, row.key, {n: _json(v) for n, v in row.columns.items()}) for row in self.rows),
            *(
                Effect(
                    "message",
                    f"{one.exchange}/{one.routing_key}",
                    "",
                    {"body": one.body, "content_type": one.content_type},
                )
                for one in self.messages
            ),
            *(
                Effect("webhook", one.name, "", {"url": one.url, "body": one.body, "headers": dict(one.headers)})
                for one in self.webhooks
            ),
        )


class Context(Veiled, frozen=True):
    """What a handler may know besides the message and the rows."""

    HIDDEN = ("webhook_secret",)

    message_id: str
    now: datetime
    uuid: Callable[[], str]
    webhook_secret: bytes


class RejectedMessageError(ValueError):
    """The handler refuses the message for good, as the monolith does. The text holds no value of the message."""


def _json(value: Column) -> Json:
    if isinstance(value, float):
        return exact(repr(value))
    if isinstance(value, str) and not is_utf8(value):
        return {"base64": base64.b64encode(to_bytes(value)).decode()}
    return from_bytes(to_bytes(value)) if isinstance(value, str) else value  # halves that were joined are one character
