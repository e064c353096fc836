"""From the outcome in the ledger to what leaves: an event, follow-up messages, webhooks. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from contracts.effect import Attempt, Effect, Json, write_json
from contracts.effect_id import EVENT, Ordinal, effect_id
from contracts.message_type import Family
from contracts.php.text import to_bytes
from contracts.return_message import ReturnedEffect
from workers.outlet.port import Call, Entry, Event

Kind = Literal["event", "message", "webhook"]

EFFECT_HEADER = "X-Effect-Id"
EVENT_BYTES = 200 * 1024
"""EventBridge takes entries of 256 KB (user guide, "Calculating Amazon EventBridge PutEvents event entry size")."""


class UnknownOrdinalError(ValueError):
    """What is pending is not in the outcome, or is nothing that leaves."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One pending effect, made ready."""

    ordinal: Ordinal
    kind: Kind
    what: Event | ReturnedEffect | Call


def outgoing(entry: Entry, attempt: Attempt, family: Family) -> Iterator[Outgoing]:
    """What an entry has pending: its event first, then messages and webhooks as they were decided.

    Raises UnknownOrdinalError.
    """
    if EVENT in entry.pending:
        yield Outgoing(EVENT, "event", _event(entry, attempt, family))
    for ordinal in sorted(entry.pending - {EVENT}, key=int):
        position = int(ordinal)
        effect = attempt.effects[position] if position < len(attempt.effects) else None
        identity = effect_id(entry.message_id, ordinal)
        match effect:
            case Effect(kind="message"):
                yield Outgoing(ordinal, "message", _message(effect, identity, entry.sequence))
            case Effect(kind="webhook"):
                yield Outgoing(ordinal, "webhook", _call(effect, identity))
            case _:
                raise UnknownOrdinalError("a pending effect is not in the outcome")


def _event(entry: Entry, attempt: Attempt, family: Family) -> Event:
    """Ids and plain columns only: whoever subscribes to the bus needs no leave to read personal data."""
    document: dict[str, Json] = {
        "id": effect_id(entry.message_id, EVENT),
        "message_id": entry.message_id,
        "type": entry.type,
        "business_key": entry.business_key,
        "tenant": entry.tenant,
        "sequence": entry.sequence,
        "processed_at": entry.processed_at,
    }
    rows: list[Json] = [_row(effect, family) for effect in attempt.effects if effect.kind == "row"]
    detail = write_json({**document, "rows": rows})
    if len(detail) > EVENT_BYTES:
        detail = write_json({**document, "rows": [], "rows_left_out": len(rows)})
    return Event(f"strangler.{entry.family}", entry.type, detail)


def _row(effect: Effect, family: Family) -> dict[str, Json]:
    plain = family.plain_columns(effect.name)
    shown = {name: value for name, value in effect.value.items() if name in plain}
    return {"table": effect.name, "key": effect.key, "plain": shown}


def _message(effect: Effect, identity: str, sequence: int) -> ReturnedEffect:
    exchange, _, routing_key = effect.name.partition("/")
    body, content_type = _text(effect, "body"), _text(effect, "content_type")
    return ReturnedEffect(identity, exchange, routing_key, content_type, to_bytes(body), sequence)


def _call(effect: Effect, identity: str) -> Call:
    headers = effect.value.get("headers")
    named = headers.items() if isinstance(headers, dict) else ()
    decided = {name: value for name, value in named if isinstance(value, str)}
    return Call(
        effect.name,
        identity,
        _text(effect, "url"),
        to_bytes(_text(effect, "body")),
        {**decided, EFFECT_HEADER: identity},
    )


def _text(effect: Effect, field: str) -> str:
    value = effect.value.get(field)
    if not isinstance(value, str):
        raise UnknownOrdinalError(f"{effect.kind}: {field}: expected a text")
    return value
