"""In-memory broker and source: the port's promises without RabbitMQ. Held to the real one by tests/conformance."""

import itertools
import select
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.amqp import Succession
from bridge.bootstrap import shipper_queues
from bridge.port import ChannelFailedError, Delivery, SourceLostError
from bridge.topology import QueueSpec
from contracts.amqp_value import ShortString
from contracts.envelope import AmqpFacts
from contracts.registry import FAMILIES


@dataclass
class Message:
    """A message in a queue; `redelivered` once a consumer had it and let go of it."""

    number: int
    exchange: ShortString
    routing_key: ShortString
    body: bytes
    headers: Mapping[Any, Any] | None
    properties: Mapping[str, Any]
    redelivered: bool = False


@dataclass
class MemoryBroker:
    """Queues that outlive connections. Exchanges match routing keys exactly, or carry everything under the key ""."""

    queues: Sequence[QueueSpec] = shipper_queues(FAMILIES, FAMILIES, 100_000).consumed
    """What is declared, and delivered from unless it is left alone."""
    successions: Sequence[Succession] = ()
    """Taps that are left, each with what comes after it; none of them among `queues`."""
    idle: Callable[[float], None] = lambda _: None
    """Called with the seconds that a poll without deliveries would have blocked."""
    unreachable: int = 0
    """How many connections are refused before one is let in."""
    waiting: dict[str, list[Message]] = field(default_factory=dict)
    invalid: list[tuple[Delivery, str]] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)
    """Of each of `invalid`: how often it had been sent."""
    invalid_fails: bool = False
    """Whether the Invalid Message Channel takes nothing."""
    wakes: int = 0
    oversize: list[Delivery] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    """Tap queues that were deleted."""
    unbound: set[str] = field(default_factory=set)
    """Tap queues that get nothing any more."""
    acknowledged: list[Delivery] = field(default_factory=list)
    dropped: int = 0
    connections: list["MemorySource"] = field(default_factory=list)
    _numbers: Any = field(default_factory=itertools.count)

    def connect(self, prefetch: int = 200) -> "MemorySource":
        if self.unreachable:
            self.unreachable -= 1
            raise SourceLostError("unreachable, says the test")
        self.unbound |= {one.tap.name for one in self.successions}
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
        taps = [one.tap for one in self.successions if one.tap.name not in self.gone | self.unbound]
        for queue in (*self.queues, *taps, *(one.successor for one in self.successions)):
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
        self._watched: list[tuple[int, Callable[[], None]]] = []
        self._taking = [queue.name for queue in broker.queues] + [
            one.successor.name if one.tap.name in broker.gone else one.tap.name for one in broker.successions
        ]
        self.lost = False
        self.lose_before: str | None = None
        """Name of the next call before which the connection breaks."""

    def poll(self, timeout_s: float) -> Sequence[Delivery]:
        self._called("poll")
        for fileno, stir in self._watched:
            if select.select([fileno], [], [], 0)[0]:
                stir()
        taken = [] if self._paused else [delivery for queue in self._taking for delivery in self._take(queue)]
        if not taken:
            self._broker.idle(timeout_s)
        return taken

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        self._called("acknowledge")
        for delivery in deliveries:
            self._settle(delivery)
            self._broker.acknowledged.append(delivery)

    def divert(self, delivery: Delivery, cause: str, attempts: int) -> None:
        self._called("divert")
        if self._broker.invalid_fails:
            raise ChannelFailedError("takes nothing, says the test")
        self._broker.invalid.append((delivery, cause))
        self._broker.attempts.append(attempts)

    def put_aside(self, delivery: Delivery) -> None:
        self._called("put_aside")
        self._broker.oversize.append(delivery)

    def wake(self) -> None:
        self._broker.wakes += 1

    def watch(self, fileno: int, stir: Callable[[], None]) -> None:
        self._watched.append((fileno, stir))

    def dissolve(self, queue: str) -> bool:
        self._called("dissolve")
        assert not any(delivery.queue == queue for delivery, _ in self._unsettled.values())
        successor = next(one.successor.name for one in self._broker.successions if one.tap.name == queue)
        if successor in self._taking:
            return True
        if self._broker.waiting.get(queue) or any(
            queue in one._taking and not one.lost for one in self._broker.connections if one is not self
        ):
            return False
        self._broker.gone.add(queue)
        self._taking = [successor if one == queue else one for one in self._taking]
        return True

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
