"""`bridge.port.Junction`: the in-memory broker of the router's unit tests, and RabbitMQ itself."""

import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Protocol

import pika
import pytest
from msgspec import structs

from bridge.amqp_route import AmqpJunction, AmqpOutlet
from bridge.amqp_settings import AmqpSettings
from bridge.port import Delivery, Junction, NotRoutedError, Outgoing, SourceLostError, SourceRefusedError
from bridge.stamp import stamp, unstamp
from bridge.topology import route_queues
from contracts import naming
from contracts.amqp_value import Timestamp
from contracts.envelope import AmqpFacts
from contracts.registry import PAYIN, PAYOUT
from contracts.routing import Decision, Route
from tests.fakes.junction import USER, MemoryCrossing
from tests.patience import eventually

ORIGIN = PAYIN.legacy_queue
FAMILIES = (PAYIN, PAYOUT)
LEGACY, SHADOW, SHIP, HOLD = (queue.name for queue in route_queues(PAYIN, 1000))
WITHIN_S = 10.0


class Broker(Protocol):
    """A broker, seen from the monolith's side and from an operator's."""

    def publish(
        self, body: bytes, headers: Mapping[str, Any] | None = None, properties: Mapping[str, Any] | None = None
    ) -> None:
        """Publish payin.create into the monolith's queue."""

    def connect(self, prefetch: int = 200) -> Junction:
        """A junction over a connection of its own."""

    def consume(self) -> Callable[[], None]:
        """The monolith consumes its queue itself, until it is told not to."""

    def take(self, queue: str) -> list[Delivery]:
        """Everything that waits in a queue, taken out."""

    def delete(self, queue: str) -> None:
        """Somebody deletes a queue."""

    def invalid(self) -> list[tuple[bytes, str]]:
        """What lies in the Invalid Message Channel: bodies and causes."""


def take(junction: Junction, count: int) -> list[Delivery]:
    taken: list[Delivery] = []
    until = time.monotonic() + WITHIN_S
    while len(taken) < count and time.monotonic() < until:
        taken += junction.poll(0.1)
    assert len(taken) == count
    return taken


def claimed(junction: Junction) -> Junction:
    """The junction, once the broker has noticed that nobody else consumes any more."""
    until = time.monotonic() + WITHIN_S
    while not junction.claim("payin"):
        assert time.monotonic() < until
        junction.poll(0.05)
    return junction


def stamped(one: Delivery, route: Route, epoch: int = 3) -> Outgoing:
    return stamp(one, "payin", Decision(route, epoch), id="w1", own_user=USER)


class JunctionPromises:
    """What every junction keeps to."""

    def test_the_monoliths_queue_is_taken_by_one_router_at_a_time(self, broker: Broker) -> None:
        first, second = broker.connect(), broker.connect()
        assert first.claim("payin")
        assert not second.claim("payin")
        assert second.claim("payout")
        broker.publish(b"1")
        assert [one.body for one in take(first, 1)] == [b"1"]
        first.close()
        (again,) = take(claimed(second), 1)
        assert (again.body, again.facts.redelivered, again.queue) == (b"1", True, ORIGIN)

    def test_while_the_monolith_consumes_its_queue_nobody_else_does(self, broker: Broker) -> None:
        end = broker.consume()
        junction = broker.connect()
        assert not junction.claim("payin")
        end()
        claimed(junction)

    def test_a_queue_that_the_monolith_does_not_have_is_refused(self, broker: Broker) -> None:
        junction = broker.connect()
        broker.delete(ORIGIN)
        with pytest.raises(SourceRefusedError, match=ORIGIN):
            junction.claim("payin")

    @pytest.mark.parametrize(
        ("route", "queues"), [("legacy", [LEGACY]), ("shadow", [LEGACY, SHADOW]), ("new", [SHIP]), ("hold", [HOLD])]
    )
    def test_a_message_gets_to_the_queues_of_its_route_and_to_no_other(
        self, broker: Broker, route: Route, queues: list[str]
    ) -> None:
        junction = claimed(broker.connect())
        broker.publish(b"1")
        (one,) = take(junction, 1)
        junction.publish(stamped(one, route))
        junction.acknowledge(one)
        assert [queue for queue in (LEGACY, SHADOW, SHIP, HOLD) if broker.take(queue)] == queues

    def test_what_is_acknowledged_is_settled_once_the_queue_was_looked_at(self, broker: Broker) -> None:
        junction = claimed(broker.connect(prefetch=1))
        broker.publish(b"1")
        broker.publish(b"2")
        (one,) = take(junction, 1)
        assert junction.waiting("payin") == 1
        junction.acknowledge(one)
        junction.waiting("payin")
        assert [again.body for again in take(junction, 1)] == [b"2"]

    def test_what_is_held_is_taken_in_order_and_comes_again_if_it_was_not_acknowledged(self, broker: Broker) -> None:
        junction = claimed(broker.connect())
        for body in (b"1", b"2"):
            broker.publish(body)
        for one in take(junction, 2):
            junction.publish(stamped(one, "hold"))
            junction.acknowledge(one)
        first = junction.take_held("payin")
        second = junction.take_held("payin")
        assert first is not None
        assert second is not None
        assert (first.body, second.body, first.facts.redelivered) == (b"1", b"2", False)
        assert junction.take_held("payin") is None
        junction.acknowledge(second)
        junction.close()
        again = claimed(broker.connect()).take_held("payin")
        assert again is not None
        assert (again.body, again.facts.redelivered) == (b"1", True)

    def test_a_message_that_no_queue_takes_is_told_and_a_restored_queue_takes_it(self, broker: Broker) -> None:
        junction = claimed(broker.connect())
        broker.publish(b"1")
        (one,) = take(junction, 1)
        broker.delete(SHIP)
        with pytest.raises(NotRoutedError):
            junction.publish(stamped(one, "new"))
        junction.restore("payin")
        junction.publish(stamped(one, "new"))
        assert [taken.body for taken in broker.take(SHIP)] == [b"1"]

    def test_a_copy_is_put_aside_and_the_message_stays_unsettled(self, broker: Broker) -> None:
        junction = claimed(broker.connect())
        broker.publish(b"bad")
        (one,) = take(junction, 1)
        junction.copy_aside(one, "unreadable:syntax")
        assert broker.invalid() == [(b"bad", "unreadable:syntax")]
        junction.close()
        take(claimed(broker.connect()), 1)

    def test_depths_are_those_of_the_familys_queues(self, broker: Broker) -> None:
        junction = claimed(broker.connect())
        for body in (b"1", b"2", b"3"):
            broker.publish(body)
        one, two, three = take(junction, 3)
        for delivery, route in ((one, "hold"), (two, "legacy"), (three, "shadow")):
            junction.publish(stamped(delivery, route))  # type: ignore[arg-type]
        depth = junction.depth("payin")
        assert (depth.held, depth.legacy_backlog, depth.tap) == (1, 2, False)

    def test_a_paused_junction_takes_nothing_new_and_keeps_others_out(self, broker: Broker) -> None:
        junction = claimed(broker.connect())
        broker.publish(b"1")
        (one,) = take(junction, 1)
        junction.pause()
        broker.publish(b"2")
        assert not junction.poll(0.1)
        assert not broker.connect().claim("payin")
        junction.publish(stamped(one, "legacy"))
        junction.acknowledge(one)
        junction.close()
        assert [again.body for again in take(claimed(broker.connect()), 1)] == [b"2"]

    def test_a_closed_junction_is_lost(self, broker: Broker) -> None:
        junction = broker.connect()
        junction.close()
        junction.close()
        with pytest.raises(SourceLostError):
            junction.poll(0)
        with pytest.raises(SourceLostError):
            junction.claim("payin")


class TestMemoryJunction(JunctionPromises):
    @pytest.fixture
    def broker(self) -> Broker:
        return _MemoryBroker()


class _MemoryBroker:
    def __init__(self) -> None:
        self._crossing = MemoryCrossing(FAMILIES)
        self.connect = self._crossing.connect

    def publish(
        self, body: bytes, headers: Mapping[str, Any] | None = None, properties: Mapping[str, Any] | None = None
    ) -> None:
        facts = AmqpFacts("notifications", "payin.create", redelivered=False, properties=properties or {})
        self._crossing.deliver(ORIGIN, Delivery(ORIGIN, body, facts, headers, 0))

    def consume(self) -> Callable[[], None]:
        self._crossing.foreign.add(ORIGIN)
        return self._crossing.foreign.clear

    def take(self, queue: str) -> list[Delivery]:
        messages = self._crossing.waiting[queue]
        taken = [Delivery(queue, one.body, AmqpFacts("", "", one.redelivered), one.headers, 0) for one in messages]
        messages.clear()
        return taken

    def delete(self, queue: str) -> None:
        if queue == ORIGIN:
            del self._crossing.waiting[queue]
        self._crossing.deleted.add(queue)

    def invalid(self) -> list[tuple[bytes, str]]:
        return [(one.body, cause) for one, cause in self._crossing.invalid]


class _RabbitBroker:
    """RabbitMQ, with the exchange and the queues of the monolith."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._generation = 0
        self._junctions: list[AmqpJunction] = []
        self._connection = pika.BlockingConnection(pika.URLParameters(url))
        self.channel = self._connection.channel()
        self.channel.confirm_delivery()
        for family in FAMILIES:
            for queue in (family.legacy_queue, *(one.name for one in route_queues(family, 1))):
                self.channel.queue_delete(queue)
            self.channel.queue_declare(family.legacy_queue, durable=True)
        for queue in (naming.INVALID_MESSAGE_QUEUE, naming.tap_queue_name("payin")):
            self.channel.queue_delete(queue)
        self.channel.exchange_declare("notifications", "topic", durable=True)
        self.channel.queue_bind(ORIGIN, "notifications", "payin.create")

    def publish(
        self, body: bytes, headers: Mapping[str, Any] | None = None, properties: Mapping[str, Any] | None = None
    ) -> None:
        message = pika.BasicProperties(headers=headers, **(properties or {}))
        self.channel.basic_publish("notifications", "payin.create", body, message)

    def connect(self, prefetch: int = 200) -> AmqpJunction:
        junction = AmqpJunction(AmqpSettings((self._url,), prefetch), FAMILIES, 1000, self._generation)
        self._generation += 1
        self._junctions.append(junction)
        return junction

    def consume(self) -> Callable[[], None]:
        tag = self.channel.basic_consume(ORIGIN, lambda *_: None)
        return lambda: self.channel.basic_cancel(tag)

    def shuts_out(self, queue: str) -> bool:
        """Whether an exclusive consumer is alone, by a connection that is not the router's."""
        first, second = self._connection.channel(), self._connection.channel()
        first.basic_consume(queue, lambda *_: None, exclusive=True)
        try:
            second.basic_consume(queue, lambda *_: None, exclusive=True)
        except pika.exceptions.ChannelClosedByBroker:
            return True
        else:
            second.close()
            return False
        finally:
            first.close()

    def take(self, queue: str) -> list[Delivery]:
        taken: list[Delivery] = []
        while True:
            method, properties, body = self.channel.basic_get(queue, auto_ack=True)
            if method is None:
                return taken
            names = ("user_id", "expiration", "delivery_mode", "message_id", "app_id")
            present = {name: getattr(properties, name) for name in names if getattr(properties, name) is not None}
            facts = AmqpFacts(method.exchange, method.routing_key, method.redelivered, present)
            taken.append(Delivery(queue, body, facts, properties.headers, 0))

    def delete(self, queue: str) -> None:
        self.channel.queue_delete(queue)

    def invalid(self) -> list[tuple[bytes, str]]:
        found = self.take(naming.INVALID_MESSAGE_QUEUE)
        return [(one.body, (one.headers or {})["x-strangler-cause"]) for one in found]

    def close(self) -> None:
        for junction in self._junctions:
            junction.close()
        for family in FAMILIES:
            self.channel.queue_delete(family.legacy_queue)
        self._connection.close()


class TestAmqpJunction(JunctionPromises):
    @pytest.fixture
    def broker(self, amqp_url: str) -> Iterator[_RabbitBroker]:
        broker = _RabbitBroker(amqp_url)
        yield broker
        broker.close()

    def test_a_header_that_leaves_no_room_for_ours_is_not_routed_and_ends_nothing(self, broker: _RabbitBroker) -> None:
        junction = claimed(broker.connect())
        broker.publish(b"1", headers={"note": "x" * 131_000})
        broker.publish(b"2")
        wide, narrow = take(junction, 2)
        with pytest.raises(NotRoutedError, match=r"headers that cannot be written: 131\d{3} bytes"):
            junction.publish(stamped(wide, "legacy"))
        junction.copy_aside(wide, "headers")
        junction.publish(stamped(narrow, "legacy"))
        assert [one.body for one in broker.take(LEGACY)] == [b"2"]

    @pytest.mark.parametrize("route", ["legacy", "shadow", "new", "hold"])
    @pytest.mark.parametrize(
        ("headers", "properties"),
        [
            (None, {}),
            ({}, {"expiration": "600000", "delivery_mode": 1}),
            (
                {
                    "CC": ["elsewhere"], "ratio": 0.1, "at": Timestamp(1_795_219_200),
                    "price": Decimal("1.5"), "latin": b"\xe9", "none": None, "n": -5, "long": 2**40,
                    "deep": [{"x": [1, ["er", {}]]}],
                    "strangler-effect-id": "e1",
                },
                {"message_id": "m1", "user_id": USER, "app_id": "monolith", "delivery_mode": 2},
            ),
        ],
        ids=["bare", "fleeting", "rich"],
    )  # fmt: skip
    def test_a_message_is_behind_the_router_what_it_was_before_it(
        self, broker: _RabbitBroker, route: Route, headers: Mapping[str, Any] | None, properties: Mapping[str, Any]
    ) -> None:
        junction = claimed(broker.connect())
        broker.publish(b"\x00\xff", headers, properties)
        (one,) = take(junction, 1)
        junction.publish(stamped(one, route))
        junction.acknowledge(one)
        (behind,) = broker.take({"legacy": LEGACY, "shadow": SHADOW, "new": SHIP, "hold": HOLD}[route])
        if route in ("new", "hold"):
            assert (behind.facts.properties["delivery_mode"], "expiration" in behind.facts.properties) == (2, False)
        else:
            assert behind.facts.properties == one.facts.properties
        message = unstamp(behind).delivery
        assert (message.body, message.headers) == (b"\x00\xff", headers)
        assert (message.facts.exchange, message.facts.routing_key) == ("notifications", "payin.create")
        assert message.facts.properties == properties

    def test_the_users_id_of_another_is_kept_as_a_header(self, broker: _RabbitBroker) -> None:
        junction = claimed(broker.connect())
        broker.publish(b"1")
        (one,) = take(junction, 1)
        facts = structs.replace(one.facts, properties={"user_id": "monolith"})
        junction.publish(stamped(structs.replace(one, facts=facts), "legacy"))
        (behind,) = broker.take(LEGACY)
        assert "user_id" not in behind.facts.properties
        assert unstamp(behind).delivery.facts.properties == {"user_id": "monolith"}

    def test_times_that_are_no_seconds_do_not_stop_the_queue(self, broker: _RabbitBroker) -> None:
        junction = claimed(broker.connect())
        broker.publish(b"1", {"sent": Timestamp(2**63 + 5)})
        (one,) = take(junction, 1)
        junction.publish(stamped(one, "legacy"))
        sent = (broker.take(LEGACY)[0].headers or {})["sent"]
        assert (sent, type(sent)) == (2**63 + 5, Timestamp)

    def test_the_queue_that_the_monolith_consumes_then_must_have_the_old_arguments(self, broker: _RabbitBroker) -> None:
        broker.channel.queue_declare(LEGACY, durable=True, arguments={"x-max-priority": 3})
        with pytest.raises(SourceRefusedError, match=LEGACY):
            broker.connect()

    def test_a_queue_that_lets_others_in_beside_an_exclusive_consumer_is_not_taken(self, broker: _RabbitBroker) -> None:
        """RabbitMQ 3.10 does so for quorum queues; one that shuts others out is as good as a classic one."""
        broker.channel.queue_delete(ORIGIN)
        broker.channel.queue_declare(ORIGIN, durable=True, arguments={"x-queue-type": "quorum"})
        broker.channel.queue_bind(ORIGIN, "notifications", "payin.create")
        broker.publish(b"1")
        first, second = broker.connect(), broker.connect()
        if broker.shuts_out(ORIGIN):
            assert first.claim("payin")
            assert not second.claim("payin")
            return
        for junction in (first, second):
            with pytest.raises(SourceRefusedError, match="no classic queue"):
                junction.claim("payin")
        first.close()
        second.close()
        eventually(lambda: [one.body for one in broker.take(ORIGIN)] == [b"1"], WITHIN_S, "nothing is kept")

    def test_an_outlet_tells_what_no_queue_takes_and_goes_on(self, broker: _RabbitBroker, amqp_url: str) -> None:
        outlet = AmqpOutlet(AmqpSettings((amqp_url,)), FAMILIES)
        for exchange in ("nowhere", "notifications"):
            with pytest.raises(NotRoutedError):
                outlet.publish(Outgoing(exchange, "nobody", b"1"))
        outlet.publish(Outgoing("notifications", "payin.create", b"2", {"message_id": "e1"}, {"n": 1}))
        outlet.rest(0)
        (one,) = broker.take(ORIGIN)
        assert (one.body, one.headers, one.facts.properties) == (b"2", {"n": 1}, {"message_id": "e1"})
        outlet.close()
        with pytest.raises(SourceLostError):
            outlet.rest(0)
