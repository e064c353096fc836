"""Where the messages of a recording come from, and which type each is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bridge.port import Delivery
from bridge.topology import Binding
from contracts.registry import FAMILIES, type_named

UNKNOWN = "unknown"
"""A message that somebody else has put into our queue."""


@dataclass(frozen=True, slots=True)
class RecordOrigin:
    """What is bound, and what it is called."""

    types: tuple[str, ...]
    bindings: tuple[Binding, ...]
    name: Callable[[Delivery], str]


def of_types(names: Sequence[str]) -> RecordOrigin:
    """Types that have a contract: from where that says. Args: names: of types; all if there is none."""
    types = [type_named(name) for name in dict.fromkeys(names)] or [one for family in FAMILIES for one in family.types]
    by_origin = {(one.origin.exchange, one.origin.routing_key): one.name for one in types}

    def name(delivery: Delivery) -> str:
        exchange, key = delivery.facts.exchange, delivery.facts.routing_key
        exact = by_origin.get((exchange, key)) if isinstance(exchange, str) and isinstance(key, str) else None
        return exact or (by_origin.get((exchange, None), UNKNOWN) if isinstance(exchange, str) else UNKNOWN)

    bindings = (Binding(one.origin.exchange, one.origin.routing_key or "") for one in types)
    return RecordOrigin(tuple(one.name for one in types), tuple(bindings), name)


def of_exchange(exchange: str, routing_key: str, name: str) -> RecordOrigin:
    """A type that has no contract yet: whatever the exchange carries under that key."""
    return RecordOrigin((name,), (Binding(exchange, routing_key),), lambda _: name)
