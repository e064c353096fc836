"""Putting the router's stamp on a message, and taking it off again. Pure.

Whoever takes it off sees the message as the monolith published it: exchange, properties and headers, a missing header
table told from an empty one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from bridge.port import Delivery, Outgoing
from contracts import naming, stamp_header
from contracts.amqp_value import ShortString, pairs_of, table_of
from contracts.envelope import Stamp
from contracts.routing import Decision, Route

_PERSISTENT = 2
_BLIND = "BCC"
_OURS = frozenset(
    {
        stamp_header.FAMILY,
        stamp_header.ROUTE,
        stamp_header.EPOCH,
        stamp_header.EXCHANGE,
        stamp_header.NO_HEADERS,
        stamp_header.USER_ID,
        stamp_header.EXPIRATION,
        stamp_header.DELIVERY_MODE,
        stamp_header.DOUBT,
        stamp_header.MUTED,
        stamp_header.AT,
        stamp_header.ID,
    }
)
"""Exactly the stamp. Other headers of this prefix, as `strangler-effect-id`, are the message's own."""
_ROUTES: tuple[Route, ...] = ("legacy", "shadow", "new", "hold")


class NotStampedError(ValueError):
    """A message has no stamp, or one that cannot be read."""


@dataclass(frozen=True, slots=True)
class Unstamped:
    """A message without its stamp, and the stamp."""

    delivery: Delivery
    """As the monolith published it; settled like the one that it was made from."""
    family: str
    route: Route
    stamp: Stamp
    doubtful: bool
    id: str | None


def stamp(delivery: Delivery, family: str, decision: Decision, *, id: str | None = None, own_user: str) -> Outgoing:  # noqa: A002  # the message's, as everywhere
    """The delivery with the router's decision on it.

    Args:
        delivery: as the monolith published it. A stamp that it brings along is somebody else's, and goes.
        family: the family whose queue it came from.
        decision: where it goes. An unreadable message has one too: to legacy.
        id: its identity, where the router could read it.
        own_user: the user of our connection: the broker takes no other `user_id` from us.
    """
    own = [(name, value) for name, value in pairs_of(delivery.headers) if name not in _OURS]
    headers: dict[ShortString, Any] = {
        stamp_header.FAMILY: family,
        stamp_header.ROUTE: decision.route,
        stamp_header.EPOCH: decision.epoch,
        stamp_header.EXCHANGE: delivery.facts.exchange,
    }
    if id is not None:
        headers[stamp_header.ID] = id
    if delivery.headers is None:
        headers[stamp_header.NO_HEADERS] = True
    if decision.doubtful:
        headers[stamp_header.DOUBT] = True
    properties = dict(delivery.facts.properties)
    if properties.get("user_id", own_user) != own_user:
        headers[stamp_header.USER_ID] = properties.pop("user_id")
    if decision.route in ("new", "hold"):  # nothing of ours may expire, or end with the broker
        if "expiration" in properties:
            headers[stamp_header.EXPIRATION] = properties.pop("expiration")
        if properties.get("delivery_mode") != _PERSISTENT:
            headers[stamp_header.DELIVERY_MODE] = properties.get("delivery_mode", 0)
            properties["delivery_mode"] = _PERSISTENT
    if any(name == _BLIND for name, _ in own):
        headers[_BLIND] = []  # the broker takes one off, the first: the message's own was the second when it came
    table = before(headers, own)
    return Outgoing(naming.ROUTE_EXCHANGE, delivery.facts.routing_key, delivery.body, properties, table)


def before(ours: Mapping[ShortString, Any], own: Iterable[tuple[ShortString, Any]]) -> dict[ShortString, Any]:
    """A message's own headers with ours before them: behind `contracts.amqp_value.Unread` nothing could be read."""
    return table_of([*ours.items(), *own])


def unstamp(delivery: Delivery) -> Unstamped:
    """The message as the monolith published it, and its stamp. Raises NotStampedError."""
    headers = delivery.headers or {}
    family, route, epoch = (headers.get(name) for name in (stamp_header.FAMILY, stamp_header.ROUTE, stamp_header.EPOCH))
    if not isinstance(family, str) or route not in _ROUTES or isinstance(epoch, bool) or not isinstance(epoch, int):
        raise NotStampedError("stamp: missing, or not readable")
    exchange = headers.get(stamp_header.EXCHANGE, delivery.facts.exchange)
    mode = headers.get(stamp_header.DELIVERY_MODE, 0)
    moved = [headers[name] for name in (stamp_header.USER_ID, stamp_header.EXPIRATION) if name in headers]
    if not all(isinstance(value, str | bytes) for value in (exchange, *moved)) or not isinstance(mode, int):
        raise NotStampedError("stamp: not readable")
    properties = dict(delivery.facts.properties)
    for header, name in ((stamp_header.USER_ID, "user_id"), (stamp_header.EXPIRATION, "expiration")):
        if header in headers:
            properties[name] = headers[header]
    if stamp_header.DELIVERY_MODE in headers:
        properties.pop("delivery_mode", None)
        if mode:
            properties["delivery_mode"] = int(mode)
    kept: dict[ShortString, Any] | None = table_of(pair for pair in pairs_of(headers) if pair[0] not in _OURS)
    if not kept and headers.get(stamp_header.NO_HEADERS) is True:
        kept = None
    facts = replace(delivery.facts, exchange=exchange, properties=properties)
    identity = headers.get(stamp_header.ID)
    return Unstamped(
        replace(delivery, facts=facts, headers=kept),
        family,
        route,
        Stamp("new" if route == "new" else "legacy", int(epoch)),
        headers.get(stamp_header.DOUBT) is True,
        identity if isinstance(identity, str) else None,
    )
