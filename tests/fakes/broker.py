"""In-memory broker and source: the port's promises without RabbitMQ. Held to the real one by tests/conformance."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.amqp import QueueSpec
from bridge.bootstrap import tap_queues
from bridge.port import Delivery, SourceLostError
from contracts.envelope import AmqpFacts
from contracts.registry import FAMILIES


@dataclass
class Message:
    """A message in a queue; `redelivered` once a consumer had it and let go of it."""

    number: int
    exchange: str
    routing_key: str
    body: bytes
    headers: Mapping[str, Any] | None
    properties: Mapping[str, Any]
    redelivered: bool = False


@dataclass
class MemoryBroker:
    """Queues that outlive connections. Exchanges match routing keys exactly, or carry everything under the key ""."""

    queues: Sequence[QueueSpec] = tap_queues(FAMILIES, 100_000)
    idle: Callable[[float], None] = lambda _: None
    """Called with the seconds that a poll without deliveries would have blocked."""
    unreachable: int = 0
    """How many connections are refused before one is let in."""
    waiting: dict[str, list[Message]] = field(default_factory=dict)
    invalid: list[tuple[Delivery, str]] = field(default_factory=list)
    acknowledged: list[Delivery] = field(default_factory=list)
    dropped: int = 0
    connections: list["MemorySource"] = field(default_factory=list)
    _numbers: Any = field(default_factory=itertools.count)

    def connect(self, prefetch: int = 200) -> "MemorySource":
        if self.unreachable:
            self.unreachable -= 1
            raise SourceLostError("unreachable, says the test")
        source = MemorySource(self, len(self.connections), prefetch)
        self.connections.append(source)
        return source

    def publish(
        self,
        exchange: str,
        routing_key: str,
        body: bytes,
        headers: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> None:
        for queue in self.queues:
            if any(
                (one.exchange, one.routing_key) in ((exchange, routing_key), (exchange, "")) for one in queue.bindings
            ):
                messages = self.waiting.setdefault(queue.name, [])
                messages.append(Message(next(self._numbers), exchange, routing_key, body, headers, properties or {}))
                if queue.max_length is not None and len(messages) > queue.max_length:
                    del messages[0]
                    self.dropped += 1

    def deliver(self, delivery: Delivery) -> None:
        """Put a message into a queue in the form in which it is to be delivered."""
        facts = delivery.facts
        message = Message(
            next(self._numbers), facts.exchange, facts.routing_key, delivery.body, delivery.headers, facts.properties
        )
        self.waiting.setdefault(delivery.queue, []).append(message)

    def count(self, queue: str) -> int:
        """Messages that wait in a queue, unacknowledged ones left out."""
        return len(self.waiting.get(queue, ()))


class MemorySource:
    """A `Source` of a `MemoryBroker`. `lose` breaks its connection, as the broker or the network would."""

    def __init__(self, broker: MemoryBroker, generation: int, prefetch: int) -> None:
        self._broker = broker
        self._generation = generation
        self._prefetch = prefetch
        self._tags = itertools.count(1)
        self._unsettled: dict[int, tuple[Delivery, Message]] = {}
        self._paused = False
        self.lost = False
        self.lose_before: str | None = None
        """Name of the next call before which the connection breaks."""

    def poll(self, timeout_s: float) -> Sequence[Delivery]:
        self._called("poll")
        taken = (
            [] if self._paused else [delivery for queue in self._broker.queues for delivery in self._take(queue.name)]
        )
        if not taken:
            self._broker.idle(timeout_s)
        return taken

    def acknowledge(self, delivery: Delivery) -> None:
        self._called("acknowledge")
        self._settle(delivery)
        self._broker.acknowledged.append(delivery)

    def divert(self, delivery: Delivery, cause: str) -> None:
        self._called("divert")
        self._settle(delivery)
        self._broker.invalid.append((delivery, cause))

    def dropped(self) -> int:
        dropped, self._broker.dropped = self._broker.dropped, 0
        return dropped

    def pause(self) -> None:
        self._called("pause")
        self._paused = True

    def close(self) -> None:
        self.lose()

    def lose(self) -> None:
        """Everything unsettled goes back to where it was."""
        self.lost = True
        for delivery, message in self._unsettled.values():
            message.redelivered = True
            self._broker.waiting.setdefault(delivery.queue, []).append(message)
        self._unsettled.clear()
        for messages in self._broker.waiting.values():
            messages.sort(key=lambda message: message.number)

    def _called(self, name: str) -> None:
        if self.lose_before == name:
            self.lose()
        if self.lost:
            raise SourceLostError("lost, says the test")

    def _take(self, queue: str) -> list[Delivery]:
        messages = self._broker.waiting.get(queue, [])
        out = sum(delivery.queue == queue for delivery, _ in self._unsettled.values())
        taken = []
        for message in messages[: self._prefetch - out]:
            facts = AmqpFacts(message.exchange, message.routing_key, message.redelivered, dict(message.properties))
            delivery = Delivery(queue, message.body, facts, message.headers, next(self._tags), self._generation)
            self._unsettled[delivery.tag] = delivery, message
            taken.append(delivery)
        del messages[: len(taken)]
        return taken

    def _settle(self, delivery: Delivery) -> None:
        if delivery.generation != self._generation:
            raise SourceLostError("delivery of an earlier connection")
        if delivery.tag not in self._unsettled:
            raise AssertionError(f"delivery {delivery.tag} was settled before")
        del self._unsettled[delivery.tag]
