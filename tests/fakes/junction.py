"""In-memory broker as a router sees it: the monolith's queues, our headers exchange, what is behind it."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.port import Delivery, Depth, NotRoutedError, Outgoing, SourceLostError, SourceRefusedError
from bridge.topology import QueueSpec, route_queues
from contracts import naming
from contracts.envelope import AmqpFacts
from contracts.message_type import Family
from contracts.registry import FAMILIES
from tests.fakes.broker import Message

USER = "strangler"


@dataclass
class MemoryCrossing:
    """Queues that outlive connections."""

    families: Sequence[Family] = FAMILIES
    idle: Callable[[float], None] = lambda _: None
    """Called with the seconds that a poll without deliveries would have blocked."""
    unreachable: int = 0
    """How many connections are refused before one is let in."""
    waiting: dict[str, list[Message]] = field(default_factory=dict)
    invalid: list[tuple[Delivery, str]] = field(default_factory=list)
    foreign: set[str] = field(default_factory=set)
    """Queues of the monolith that it still consumes itself."""
    deleted: set[str] = field(default_factory=set)
    """Queues of ours that somebody has deleted: until they are restored nothing gets there."""
    taps: set[str] = field(default_factory=set)
    junctions: list["MemoryJunction"] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    """What was done to the broker, in order: `publish legacy`, `acknowledge`, ..."""
    _numbers: Any = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.queues: Mapping[str, QueueSpec] = {
            queue.name: queue for family in self.families for queue in route_queues(family, 100_000)
        }
        for name in (*self.queues, *(family.legacy_queue for family in self.families)):
            self.waiting.setdefault(name, [])

    def connect(self, prefetch: int = 200) -> "MemoryJunction":
        if self.unreachable:
            self.unreachable -= 1
            raise SourceLostError("unreachable, says the test")
        junction = MemoryJunction(self, len(self.junctions), prefetch)
        self.junctions.append(junction)
        return junction

    def deliver(self, queue: str, delivery: Delivery, *, redelivered: bool = False) -> None:
        """Put a message into a queue in the form in which it is to be delivered."""
        facts = delivery.facts
        self.waiting[queue].append(
            Message(
                next(self._numbers), facts.exchange, facts.routing_key, delivery.body, delivery.headers,
                facts.properties, redelivered,
            )
        )  # fmt: skip

    def publish(self, message: Outgoing) -> None:
        """By the bindings of our headers exchange."""
        bound = [
            queue.name
            for queue in self.queues.values()
            if queue.name not in self.deleted
            and any(
                message.exchange == one.exchange
                and all((message.headers or {}).get(k) == v for k, v in one.arguments.items() if k != "x-match")
                for one in queue.bindings
            )
        ]
        if not bound:
            raise NotRoutedError("no queue, says the test")
        for queue in bound:
            facts = AmqpFacts(message.exchange, message.routing_key, redelivered=False, properties=message.properties)
            self.deliver(queue, Delivery(queue, message.body, facts, message.headers, 0))

    def bodies(self, queue: str) -> list[bytes]:
        """What waits in a queue, unacknowledged ones left out."""
        return [message.body for message in self.waiting[queue]]


class MemoryJunction:
    """A `Junction` of a `MemoryCrossing`. `lose` breaks its connection, as the broker or the network would."""

    user = USER

    def __init__(self, crossing: MemoryCrossing, generation: int, prefetch: int) -> None:
        self._crossing = crossing
        self._generation = generation
        self._prefetch = prefetch
        self._tags = itertools.count(1)
        self._unsettled: dict[int, tuple[Delivery, Message]] = {}
        self._legacy = {family.name: family.legacy_queue for family in crossing.families}
        self.claimed: set[str] = set()
        self.paused = False
        self.lost = False
        self.lose_before: str | None = None
        """Name of the next call before which the connection breaks."""
        crossing.deleted.clear()

    def claim(self, family: str) -> bool:
        self._called("claim")
        queue = self._legacy[family]
        if queue not in self._crossing.waiting:
            raise SourceRefusedError(f"no queue {queue}")
        if queue in self._crossing.foreign or any(queue in one.claimed for one in self._crossing.junctions):
            return False
        self.claimed.add(queue)
        return True

    def poll(self, timeout_s: float) -> Sequence[Delivery]:
        self._called("poll")
        taken: list[Delivery] = []
        for queue in sorted(self.claimed) if not self.paused else ():
            out = sum(delivery.queue == queue for delivery, _ in self._unsettled.values())
            taken += [self._take(queue) for _ in range(min(self._prefetch - out, len(self._crossing.waiting[queue])))]
        if not taken:
            self._crossing.idle(timeout_s)
        return taken

    def waiting(self, family: str) -> int:
        self._called("waiting")
        return len(self._crossing.waiting[self._legacy[family]])

    def take_held(self, family: str) -> Delivery | None:
        self._called("take_held")
        queue = naming.hold_queue_name(family)
        return self._take(queue) if self._crossing.waiting[queue] else None

    def publish(self, message: Outgoing) -> None:
        self._called("publish")
        self._crossing.publish(message)
        self._crossing.log.append(f"publish {(message.headers or {})['strangler-route']}")

    def copy_aside(self, delivery: Delivery, cause: str) -> None:
        self._called("copy_aside")
        self._crossing.invalid.append((delivery, cause))

    def acknowledge(self, delivery: Delivery) -> None:
        self._called("acknowledge")
        if delivery.generation != self._generation:
            raise SourceLostError("delivery of an earlier connection")
        assert delivery.tag in self._unsettled, "settled twice"
        del self._unsettled[delivery.tag]
        self._crossing.log.append("acknowledge")

    def depth(self, family: str) -> Depth:
        self._called("depth")
        held, backlog = naming.hold_queue_name(family), naming.legacy_queue_name(family)
        waiting = self._crossing.waiting
        return Depth(len(waiting[held]), len(waiting[backlog]), tap=family in self._crossing.taps)

    def restore(self, family: str) -> None:
        self._called("restore")
        self._crossing.deleted -= {queue.name for queue in route_queues(self._family(family), 1)}

    def pause(self) -> None:
        self._called("pause")
        self.paused = True

    def close(self) -> None:
        self.lose()

    def lose(self) -> None:
        """Everything unsettled goes back to where it was."""
        self.lost = True
        self.claimed.clear()
        for delivery, message in self._unsettled.values():
            message.redelivered = True
            self._crossing.waiting[delivery.queue].append(message)
        self._unsettled.clear()
        for messages in self._crossing.waiting.values():
            messages.sort(key=lambda message: message.number)

    def _family(self, name: str) -> Family:
        return next(family for family in self._crossing.families if family.name == name)

    def _take(self, queue: str) -> Delivery:
        message = self._crossing.waiting[queue].pop(0)
        facts = AmqpFacts(message.exchange, message.routing_key, message.redelivered, dict(message.properties))
        delivery = Delivery(queue, message.body, facts, message.headers, next(self._tags), self._generation)
        self._unsettled[delivery.tag] = delivery, message
        return delivery

    def _called(self, name: str) -> None:
        if self.lose_before == name:
            self.lose()
        if self.lost:
            raise SourceLostError("lost, says the test")
