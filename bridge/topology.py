"""Queues of ours on RabbitMQ, and where each gets its messages. Data only: `bridge.amqp_connection` declares them.

Whoever declares a queue must give it the same arguments every time, or RabbitMQ refuses: so all of them come from here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts import naming, stamp_header
from contracts.message_type import ContractError, Family
from contracts.routing import Route

BOUNDED_BYTES = 512 * 1024 * 1024
"""A bounded queue drops its oldest beyond this too: large messages must not fill the broker's disk."""

DROPPED_LENGTH = 10_000
RECORDING_EXPIRES_MS = 7 * 24 * 3600 * 1000
"""A recording that nobody goes on with must not fill the broker for ever: its queue goes after so long without us."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a queue of ours gets its messages."""

    exchange: str
    routing_key: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """What a headers exchange matches."""


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """A queue of ours on RabbitMQ."""

    name: str
    bindings: tuple[Binding, ...]
    max_length: int | None = None
    """Queues of copies are bounded and drop their oldest, so that they can never hurt the broker."""
    ordered: bool = False
    """One of several shippers consumes it at a time (single active consumer), or two would change the order."""
    own_exchange: str | None = None
    """Type of its exchange where that is ours and declared by us; the monolith's exchanges are only looked for."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Arguments that somebody else has chosen."""

    def arguments(self) -> dict[str, Any]:
        """Queue arguments; the same at every start, for RabbitMQ refuses other ones."""
        arguments: dict[str, Any] = dict(self.extra)
        if self.ordered:
            arguments["x-single-active-consumer"] = True
        if self.max_length is not None:
            arguments |= {
                "x-max-length": self.max_length,
                "x-max-length-bytes": BOUNDED_BYTES,
                "x-overflow": "drop-head",
                "x-dead-letter-exchange": naming.DROPPED_EXCHANGE,
            }
        return arguments


INVALID = QueueSpec(naming.INVALID_MESSAGE_QUEUE, ())
OVERSIZE = QueueSpec(naming.OVERSIZE_QUEUE, ())
DROPPED = QueueSpec(
    naming.DROPPED_QUEUE,
    (Binding(naming.DROPPED_EXCHANGE),),
    own_exchange="fanout",
    extra={"x-max-length": DROPPED_LENGTH, "x-overflow": "drop-head"},
)
OUTCOMES = QueueSpec(naming.OUTCOME_QUEUE, (Binding(naming.OUTCOME_EXCHANGE),), own_exchange="fanout")


def tap_queue(family: Family, length: int) -> QueueSpec:
    """The family's tap: bound beside the monolith's own queue, to the same exchanges."""
    bindings = tuple(Binding(one.origin.exchange, one.origin.routing_key or "") for one in family.types)
    return QueueSpec(naming.tap_queue_name(family.name), bindings, max_length=length, ordered=family.ordered)


def recording_queues(corpus: str, bindings: Sequence[Binding], length: int) -> tuple[QueueSpec, QueueSpec]:
    """What a corpus is recorded from, beside the monolith's queues; and where what it drops is counted.

    As a tap, but what it drops is its own affair: it would else be counted as a tap's.
    """
    dropped = naming.recording_dropped_queue_name(corpus)
    expires = {"x-expires": RECORDING_EXPIRES_MS}
    return (
        QueueSpec(
            naming.recording_queue_name(corpus),
            tuple(bindings),
            extra={
                "x-max-length": length,
                "x-max-length-bytes": BOUNDED_BYTES,
                "x-overflow": "drop-head",
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": dropped,
                **expires,
            },
        ),
        QueueSpec(dropped, (), extra={"x-max-length": DROPPED_LENGTH, "x-overflow": "drop-head", **expires}),
    )


def legacy_queue(family: Family) -> QueueSpec:
    """What the monolith consumes behind the router, with the arguments of its old queue."""
    return QueueSpec(
        naming.legacy_queue_name(family.name),
        (_routed(family, "legacy"), _routed(family, "shadow")),
        own_exchange="headers",
        extra=family.legacy_queue_arguments,
    )


def shadow_queue(family: Family, length: int) -> QueueSpec:
    """Copies for the new side."""
    return QueueSpec(
        naming.shadow_queue_name(family.name),
        (_routed(family, "shadow"),),
        max_length=length,
        ordered=family.ordered,
        own_exchange="headers",
    )


def ship_queue(family: Family) -> QueueSpec:
    """Messages that the new side has authority over: never bounded."""
    return QueueSpec(
        naming.ship_queue_name(family.name), (_routed(family, "new"),), ordered=family.ordered, own_exchange="headers"
    )


def hold_queue(family: Family) -> QueueSpec:
    """Messages that wait for a move of authority to end. The router takes from it one by one.

    Not for a single active consumer: RabbitMQ refuses basic.get there.
    """
    return QueueSpec(naming.hold_queue_name(family.name), (_routed(family, "hold"),), own_exchange="headers")


def route_queues(family: Family, length: int) -> tuple[QueueSpec, ...]:
    """Every queue that the router publishes to for a family."""
    return legacy_queue(family), shadow_queue(family, length), ship_queue(family), hold_queue(family)


def ensure_apart(families: Sequence[Family]) -> None:
    """Refuse families that share one queue of the monolith: they would have to move together. Raises ContractError."""
    owners: dict[str, str] = {}
    for family in families:
        owner = owners.setdefault(family.legacy_queue, family.name)
        if owner != family.name:
            raise ContractError(f"{owner} and {family.name} share the monolith's queue {family.legacy_queue}")


def _routed(family: Family, route: Route) -> Binding:
    match = {"x-match": "all", stamp_header.FAMILY: family.name, stamp_header.ROUTE: route}
    return Binding(naming.ROUTE_EXCHANGE, arguments=match)
