"""`bridge.port.Source`: the in-memory broker of the unit tests, and RabbitMQ itself."""

import contextlib
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from threading import Timer
from typing import Any, Protocol

import pika
import pytest
from msgspec import structs

from bridge.amqp import AmqpSource, Succession
from bridge.amqp_settings import AmqpSettings
from bridge.invalid import park
from bridge.port import ChannelFailedError, Delivery, Source, SourceLostError, SourceRefusedError
from bridge.topology import OUTCOMES, OVERSIZE, Binding, QueueSpec
from contracts import naming
from contracts.amqp_value import Float32, Int8, RawText, Timestamp, Unread
from contracts.envelope import AmqpFacts
from infra.local.process import free_ports
from infra.local.rabbitmq import RabbitNode
from tests.fakes.broker import MemoryBroker, MemorySource
from tests.fakes.relay import Relay
from tests.patience import eventually

TAP = QueueSpec(
    "strangler.tap.payin", (Binding("notifications", "payin.create"), Binding("notifications", "payin.update")), 5
)
PAYOUTS = QueueSpec("strangler.tap.payout", (Binding("payouts"),), 5)
QUEUES = (TAP, PAYOUTS, OUTCOMES)
LEFT = QueueSpec("strangler.tap.card", (Binding("notifications", "card"),), 5)
COPIES = QueueSpec("strangler.shadow.card", (Binding("notifications", "card.copy"),), 5)
LEAVING = Succession(LEFT, COPIES)
WITHIN_S = 10.0
HEADERS: dict[str, Any] = {
    **{f"x-{n}": f"é {n}" for n in range(6)},
    "x-int": 7,
    "x-long": 2**40,
    "x-true": True,
    "x-none": None,
    "x-bytes": b"\xff\x00",
    "x-death": [{"queue": "q", "count": 2, "nested": {"deep": [1, ["er", {}]]}}],
}


class Broker(Protocol):
    """A broker, seen from the monolith's side and from an operator's."""

    def publish(
        self,
        exchange: str,
        routing_key: str,
        body: bytes,
        headers: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> None:
        """Publish as the monolith does; returns once the message is in its queues."""

    def connect(self, prefetch: int = 200) -> Source:
        """A source over a connection of its own, which leaves LEFT for COPIES."""

    def tap(self) -> None:
        """Bind LEFT, as an earlier shipper has done; empty and without consumer."""

    def count(self, queue: str) -> int:
        """Messages that wait in a queue, unacknowledged ones left out."""

    def oversize(self) -> Sequence[bytes]:
        """Bodies that were put aside."""

    def diverted(self) -> Sequence[tuple[bytes, str]]:
        """What lies in the Invalid Message Channel: bodies and causes."""


def take(source: Source, count: int) -> list[Delivery]:
    """So many deliveries, polled for."""
    taken: list[Delivery] = []
    until = time.monotonic() + WITHIN_S
    while len(taken) < count and time.monotonic() < until:
        taken += source.poll(0.1)
    assert len(taken) == count
    return taken


def poll_until(source: Source, reached: Callable[[], bool]) -> None:
    """Keep the connection going until something is so."""
    until = time.monotonic() + WITHIN_S
    while not reached():
        assert time.monotonic() < until, "never came to it"
        source.poll(0.05)


@contextlib.contextmanager
def watching(source: Source) -> Iterator[tuple[socket.socket, list[bytes]]]:
    """Where to write, and what was read when the source told of it; the source is closed in the end."""
    near, far = socket.socketpair()
    near.settimeout(0)
    stirred: list[bytes] = []
    with near, far:
        source.watch(near.fileno(), lambda: stirred.append(near.recv(100)))
        yield far, stirred
        source.close()


class SourcePromises:
    """What every source keeps to."""

    def test_a_delivery_is_what_was_published(self, broker: Broker) -> None:
        source = broker.connect()
        properties = {
            "content_type": "application/json",
            "delivery_mode": 2,
            "message_id": "w1",
            "timestamp": 1_700_000_000,
        }
        broker.publish("notifications", "payin.create", b"\x00\xff {}", HEADERS, properties)
        (one,) = take(source, 1)
        assert (one.queue, one.body, one.headers) == (TAP.name, b"\x00\xff {}", HEADERS)
        assert (one.facts.exchange, one.facts.routing_key) == ("notifications", "payin.create")
        assert one.facts.redelivered is False
        assert one.facts.properties == properties

    def test_an_empty_body_without_any_property_is_delivered(self, broker: Broker) -> None:
        source = broker.connect()
        broker.publish("payouts", "", b"")
        (one,) = take(source, 1)
        assert (one.queue, one.body, one.headers, one.facts.properties) == (PAYOUTS.name, b"", None, {})

    def test_an_empty_header_table_is_told_from_none(self, broker: Broker) -> None:
        source = broker.connect()
        broker.publish("payouts", "", b"", {})
        assert take(source, 1)[0].headers == {}

    def test_a_queue_is_delivered_in_order_whatever_the_routing_key(self, broker: Broker) -> None:
        source = broker.connect()
        for n in range(5):
            broker.publish("notifications", ("payin.create", "payin.update")[n % 2], b"%d" % n)
        assert [one.body for one in take(source, 5)] == [b"0", b"1", b"2", b"3", b"4"]

    def test_what_nobody_asked_for_is_not_delivered(self, broker: Broker) -> None:
        source = broker.connect()
        broker.publish("notifications", "balance.update", b"other")
        broker.publish("notifications", "payin.create", b"ours")
        assert [one.body for one in take(source, 1)] == [b"ours"]

    def test_a_poll_without_deliveries_is_empty(self, broker: Broker) -> None:
        assert list(broker.connect().poll(0)) == []

    def test_what_was_published_while_nobody_listened_is_delivered_later(self, broker: Broker) -> None:
        broker.connect().close()
        broker.publish("notifications", "payin.create", b"later")
        assert [one.body for one in take(broker.connect(), 1)] == [b"later"]

    def test_what_was_acknowledged_never_comes_again(self, broker: Broker) -> None:
        source = broker.connect()
        for n in range(3):
            broker.publish("notifications", "payin.create", b"%d" % n)
        deliveries = take(source, 3)
        source.acknowledge([deliveries[1]])
        source.close()
        assert [one.body for one in take(broker.connect(), 2)] == [b"0", b"2"]

    def test_what_was_not_acknowledged_comes_again_in_order_and_says_so(self, broker: Broker) -> None:
        source = broker.connect()
        for n in range(3):
            broker.publish("notifications", "payin.create", b"%d" % n)
        take(source, 3)
        source.close()
        again = take(broker.connect(), 3)
        assert [(one.body, one.facts.redelivered) for one in again] == [(b"0", True), (b"1", True), (b"2", True)]

    def test_no_more_is_delivered_than_the_prefetch_of_each_queue(self, broker: Broker) -> None:
        source = broker.connect(prefetch=2)
        for n in range(4):
            broker.publish("notifications", "payin.create", b"%d" % n)
        broker.publish("payouts", "", b"other")
        deliveries = take(source, 3)
        assert list(source.poll(0.1)) == []
        assert broker.count(TAP.name) == 2
        for one in deliveries:
            source.acknowledge([one])
        assert [one.body for one in take(source, 2)] == [b"2", b"3"]

    def test_a_diverted_delivery_lies_whole_in_the_invalid_message_channel(self, broker: Broker) -> None:
        source = broker.connect()
        for body in (b"\xff bad", b"good"):
            broker.publish(
                "notifications", "payin.create", body, HEADERS, {"user_id": "strangler", "expiration": "60000"}
            )
        bad, _ = take(source, 2)
        source.divert(bad, "unreadable:syntax", 1)
        source.acknowledge([bad])
        assert list(broker.diverted()) == [(b"\xff bad", "unreadable:syntax")]
        source.close()
        assert [one.body for one in take(broker.connect(), 1)] == [b"good"]

    def test_what_is_acknowledged_past_one_that_is_not_leaves_that_one_unsettled(self, broker: Broker) -> None:
        source = broker.connect(prefetch=10)
        for n in range(5):
            broker.publish("notifications", "payin.create", b"%d" % n)
        deliveries = take(source, 5)
        source.acknowledge([deliveries[n] for n in (4, 1, 0)])
        source.close()
        assert [one.body for one in take(broker.connect(), 2)] == [b"2", b"3"]

    def test_another_thread_lets_a_poll_return(self, broker: Broker) -> None:
        source = broker.connect()
        Timer(0.1, source.wake).start()
        begun = time.monotonic()
        assert list(source.poll(WITHIN_S)) == []
        assert time.monotonic() - begun < WITHIN_S / 2
        source.close()
        source.wake()

    def test_a_poll_returns_where_there_is_something_to_read_at_a_watched_file(self, broker: Broker) -> None:
        source = broker.connect()
        with watching(source) as (far, stirred):
            assert list(source.poll(0)) == []
            assert stirred == []
            for octet in (b"1", b"2"):
                far.sendall(octet)
                begun = time.monotonic()
                assert list(source.poll(WITHIN_S)) == []
                assert time.monotonic() - begun < WITHIN_S / 2
            assert stirred == [b"1", b"2"]

    def test_a_watched_file_keeps_no_delivery_back(self, broker: Broker) -> None:
        source = broker.connect()
        with watching(source) as (far, stirred):
            far.sendall(b"1")
            for n in range(3):
                broker.publish("notifications", "payin.create", b"%d" % n)
            assert [one.body for one in take(source, 3)] == [b"0", b"1", b"2"]
            poll_until(source, lambda: stirred == [b"1"])

    def test_a_paused_source_goes_on_watching(self, broker: Broker) -> None:
        source = broker.connect()
        with watching(source) as (far, stirred):
            source.pause()
            far.sendall(b"1")
            poll_until(source, lambda: stirred == [b"1"])

    def test_a_delivery_of_an_earlier_connection_cannot_be_settled(self, broker: Broker) -> None:
        first = broker.connect()
        broker.publish("notifications", "payin.create", b"1")
        (early,) = take(first, 1)
        first.close()
        second = broker.connect()
        (late,) = take(second, 1)
        with pytest.raises(SourceLostError):
            second.acknowledge([early])
        with pytest.raises(SourceLostError):
            first.acknowledge([early])
        second.acknowledge([late])
        second.close()
        assert broker.count(TAP.name) == 0

    def test_a_closed_source_is_lost_and_can_be_closed_again(self, broker: Broker) -> None:
        source = broker.connect()
        source.close()
        source.close()
        with pytest.raises(SourceLostError):
            source.poll(0)

    def test_a_paused_source_takes_nothing_new_and_can_settle_the_rest(self, broker: Broker) -> None:
        source = broker.connect()
        broker.publish("notifications", "payin.create", b"1")
        (one,) = take(source, 1)
        source.pause()
        broker.publish("notifications", "payin.create", b"2")
        assert list(source.poll(0.1)) == []
        source.acknowledge([one])
        source.close()
        assert broker.count(TAP.name) == 1

    def test_what_is_too_large_is_put_aside_whole(self, broker: Broker) -> None:
        source = broker.connect()
        broker.publish("payouts", "", b"large")
        (large,) = take(source, 1)
        source.put_aside(large)
        source.acknowledge([large])
        assert list(broker.oversize()) == [b"large"]
        source.close()
        assert broker.count(PAYOUTS.name) == 0

    def test_a_tap_that_is_left_comes_first_and_its_successor_after_it_is_gone(self, broker: Broker) -> None:
        broker.connect().close()
        broker.tap()
        broker.publish("notifications", "card", b"tapped")
        broker.publish("notifications", "card.copy", b"copied")
        source = broker.connect()
        (tapped,) = take(source, 1)
        assert tapped.body == b"tapped"
        source.acknowledge([tapped])
        broker.publish("notifications", "card", b"unbound")
        assert source.dissolve(LEFT.name)
        (copied,) = take(source, 1)
        assert (copied.body, copied.queue) == (b"copied", COPIES.name)
        assert source.dissolve(LEFT.name)
        source.acknowledge([copied])
        source.close()

    def test_without_a_tap_its_successor_is_taken_at_once(self, broker: Broker) -> None:
        broker.connect().close()
        broker.publish("notifications", "card.copy", b"copied")
        source = broker.connect()
        broker.connect()
        assert source.dissolve(LEFT.name)
        assert [one.body for one in take(source, 1)] == [b"copied"]

    def test_a_tap_that_somebody_else_has_something_of_is_not_left(self, broker: Broker) -> None:
        broker.tap()
        broker.publish("notifications", "card", b"1")
        first, second = broker.connect(), broker.connect()
        (one,) = take(first, 1)
        assert not second.dissolve(LEFT.name)
        first.close()
        until = time.monotonic() + WITHIN_S
        while second.dissolve(LEFT.name):
            assert time.monotonic() < until
        assert [(again.body, again.facts.redelivered) for again in take(second, 1)] == [(one.body, True)]

    def test_a_full_tap_drops_its_oldest_and_they_are_counted_once(self, broker: Broker) -> None:
        broker.connect().close()
        for n in range(8):
            broker.publish("notifications", "payin.create", b"%d" % n)
        source = broker.connect()
        dropped: list[int] = []
        taken: list[Delivery] = []

        def all_are_counted() -> bool:
            taken.extend(source.poll(0))
            dropped.append(source.dropped())
            return sum(dropped) == 3

        poll_until(source, all_are_counted)
        assert [one.body for one in taken] == [b"3", b"4", b"5", b"6", b"7"]
        assert source.dropped() == 0


class TestMemorySource(SourcePromises):
    @pytest.fixture
    def broker(self) -> Broker:
        return _MemoryBroker(MemoryBroker(QUEUES, successions=(LEAVING,), gone={LEFT.name}))


class _MemoryBroker:
    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self.publish = broker.publish
        self.count = broker.count

    def tap(self) -> None:
        self._broker.gone.clear()
        self._broker.unbound.clear()

    def connect(self, prefetch: int = 200) -> MemorySource:
        return self._broker.connect(prefetch)

    def oversize(self) -> list[bytes]:
        return [one.body for one in self._broker.oversize]

    def diverted(self) -> list[tuple[bytes, str]]:
        return [(one.body, cause) for one, cause in self._broker.invalid]


class _RabbitBroker:
    """RabbitMQ, with the exchanges that the monolith declares."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._generation = 0
        self._sources: list[AmqpSource] = []
        self._connection = pika.BlockingConnection(pika.URLParameters(url))
        self.channel = self._connection.channel()
        self.channel.confirm_delivery()
        ours = (naming.INVALID_MESSAGE_QUEUE, naming.DROPPED_QUEUE, naming.OVERSIZE_QUEUE)
        for queue in (*QUEUES, LEFT, COPIES, *ours):
            self.channel.queue_delete(queue.name if isinstance(queue, QueueSpec) else queue)
        self.channel.exchange_declare("notifications", "topic", durable=True)
        self.channel.exchange_declare("payouts", "fanout", durable=True)

    def publish(
        self,
        exchange: str,
        routing_key: str,
        body: bytes,
        headers: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> None:
        message = pika.BasicProperties(headers=headers, **(properties or {}))
        self.channel.basic_publish(exchange, routing_key, body, message)

    def connect(self, prefetch: int = 200, port: int | None = None) -> AmqpSource:
        url = self._url if port is None else re.sub(r":\d+/", f":{port}/", self._url)
        source = AmqpSource(AmqpSettings((url,), prefetch), QUEUES, self._generation, successions=(LEAVING,))
        self._generation += 1
        self._sources.append(source)
        return source

    def count(self, queue: str) -> int:
        return int(self.channel.queue_declare(queue, passive=True).method.message_count)

    def tap(self) -> None:
        self.channel.queue_declare(LEFT.name, durable=True, arguments=LEFT.arguments())
        for binding in LEFT.bindings:
            self.channel.queue_bind(LEFT.name, binding.exchange, binding.routing_key)

    def oversize(self) -> list[bytes]:
        method, _, body = self.channel.basic_get(OVERSIZE.name, auto_ack=True)
        return [] if method is None else [body]

    def diverted(self) -> list[tuple[bytes, str]]:
        return [(body, headers["x-strangler-cause"]) for body, headers, _ in self.invalid()]

    def invalid(self) -> list[tuple[bytes, dict[str, Any], pika.BasicProperties]]:
        """What lies in the Invalid Message Channel, with headers and properties."""
        found: list[tuple[bytes, dict[str, Any], pika.BasicProperties]] = []
        while True:
            method, properties, body = self.channel.basic_get(naming.INVALID_MESSAGE_QUEUE)
            if method is None:
                return found
            found.append((body, properties.headers, properties))

    def close(self) -> None:
        for source in self._sources:
            source.close()
        if self._connection.is_open:
            self._connection.close()


class TestAmqpSource(SourcePromises):
    @pytest.fixture
    def broker(self, amqp_url: str) -> Iterator[_RabbitBroker]:
        broker = _RabbitBroker(amqp_url)
        yield broker
        broker.close()

    def test_a_diverted_message_says_where_it_came_from_and_does_not_expire(self, broker: _RabbitBroker) -> None:
        source = broker.connect()
        properties = {"user_id": "strangler", "expiration": "60000", "app_id": "monolith", "delivery_mode": 1}
        broker.publish("notifications", "payin.update", b"bad", {"x": 1}, properties)
        source.divert(take(source, 1)[0], "id-missing:webhook_id", 1)
        ((_, headers, kept),) = broker.invalid()
        assert isinstance(headers.pop("x-strangler-at"), Timestamp)
        assert headers == {
            "x": 1,
            "x-strangler-cause": "id-missing:webhook_id",
            "x-strangler-exchange": "notifications",
            "x-strangler-routing-key": "payin.update",
            "x-strangler-queue": TAP.name,
            "x-strangler-attempts": 1,
            "x-strangler-user-id": "strangler",
            "x-strangler-expiration": "60000",
            "x-strangler-delivery-mode": 1,
        }
        assert (kept.app_id, kept.delivery_mode, kept.user_id, kept.expiration) == ("monolith", 2, None, None)

    def test_a_message_that_the_invalid_channel_cannot_take_stays_unsettled(self, broker: _RabbitBroker) -> None:
        source = broker.connect()
        broker.publish("notifications", "payin.create", b"bad")
        (one,) = take(source, 1)
        broker.channel.queue_delete(naming.INVALID_MESSAGE_QUEUE)
        with pytest.raises(ChannelFailedError, match="Invalid Message Channel"):
            source.divert(one, "unreadable", 1)
        source.close()
        assert [again.body for again in take(broker.connect(), 1)] == [b"bad"]

    def test_headers_keep_the_types_that_amqp_gave_them(self, broker: _RabbitBroker) -> None:
        source = broker.connect()
        sent = {
            "at": Timestamp(2**64 - 1),
            "price": Decimal("1.250"),
            "latin": b"\xe9",
            "n": Int8(-5),
            "ratio": Float32(0.5),
            "deep": [{"ratio": 0.1, "text": RawText(b"\xe9")}],
        }
        broker.publish("payouts", "", b"", sent)
        headers = take(source, 1)[0].headers or {}
        assert (headers, str(headers["price"])) == (sent, "1.250")
        kinds = [type(value) for value in (*headers.values(), headers["deep"][0]["text"])]
        assert kinds == [Timestamp, Decimal, bytes, Int8, Float32, list, RawText]

    def test_a_queue_that_was_deleted_loses_the_source(self, broker: _RabbitBroker) -> None:
        source = broker.connect()
        broker.channel.queue_delete(TAP.name)
        with pytest.raises(SourceLostError):
            poll_until(source, lambda: False)

    def test_a_delivery_that_is_acknowledged_twice_is_found_before_the_broker_hears_of_it(
        self, broker: _RabbitBroker
    ) -> None:
        source = broker.connect()
        broker.publish("payouts", "", b"")
        (one,) = take(source, 1)
        source.acknowledge([one])
        with pytest.raises(KeyError):
            source.acknowledge([one])
        broker.publish("payouts", "", b"next")
        assert [other.body for other in take(source, 1)] == [b"next"]

    def test_an_ordered_queue_is_consumed_by_one_source_at_a_time(self, broker: _RabbitBroker, amqp_url: str) -> None:
        queue = QueueSpec("strangler.tap.ordered", (Binding("payouts"),), ordered=True)
        first, second = (AmqpSource(AmqpSettings((amqp_url,)), (queue,), generation) for generation in range(2))
        broker.publish("payouts", "", b"1")
        broker.publish("payouts", "", b"2")
        assert [one.body for one in take(first, 2)] == [b"1", b"2"]
        assert not second.poll(0.1)
        first.close()
        assert [one.body for one in take(second, 2)] == [b"1", b"2"]
        second.close()
        broker.channel.queue_delete(queue.name)

    def test_a_paused_source_keeps_the_next_one_out_until_it_closes(self, broker: _RabbitBroker, amqp_url: str) -> None:
        queue = QueueSpec("strangler.tap.handover", (Binding("payouts"),), ordered=True)
        first, second = (AmqpSource(AmqpSettings((amqp_url,), 1), (queue,), generation) for generation in range(2))
        broker.publish("payouts", "", b"1")
        broker.publish("payouts", "", b"2")
        (one,) = take(first, 1)
        first.pause()
        assert not second.poll(0.2)
        first.acknowledge([one])
        assert not first.poll(0.1)
        assert not second.poll(0.1)
        first.close()
        assert [one.body for one in take(second, 1)] == [b"2"]
        second.close()
        broker.channel.queue_delete(queue.name)

    def test_headers_of_no_type_that_anybody_knows_are_diverted_whole(self, broker: _RabbitBroker) -> None:
        # RabbitMQ takes none of them today; so that a later one that does stops no queue.
        source = broker.connect()
        broker.publish("payouts", "", b"whole")
        (one,) = take(source, 1)
        unknown = structs.replace(one, headers={"CC": [], "": Unread(b"\x01kV")})
        source.divert(unknown, "unreadable", 1)
        ((body, headers, _),) = broker.invalid()
        assert body == b"whole"
        assert headers["x-strangler-cause"] == "unreadable"
        assert headers["x-strangler-headers"] == {"CC": [], "k": None}

    def test_headers_that_leave_no_room_for_a_note_are_put_aside_within_the_body(self, broker: _RabbitBroker) -> None:
        source = broker.connect()
        broker.publish("payouts", "", b"bad", {"large": "x" * 130_900})
        (one,) = take(source, 1)
        source.divert(one, "unreadable:syntax", 1)
        source.acknowledge([one])
        assert next(iter(broker.diverted()))[1] == "unreadable:syntax"
        source.divert(one, "unreadable:syntax", 1)
        method, properties, body = broker.channel.basic_get(naming.INVALID_MESSAGE_QUEUE, auto_ack=True)
        assert method is not None
        facts = AmqpFacts("", method.routing_key, redelivered=False, properties={})
        parked = park(Delivery(naming.INVALID_MESSAGE_QUEUE, body, facts, properties.headers, tag=1))
        assert (parked.body, parked.cause, parked.queue) == (b"bad", "unreadable:syntax", PAYOUTS.name)
        assert parked.headers == {"large": ["S", "x" * 130_900]}
        assert parked.notes == {"attempts": "1"}

    @pytest.mark.parametrize(
        "arguments",
        [
            {"x-queue-type": "quorum", "x-delivery-limit": 3},
            {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "monolith.dead", "x-message-ttl": 60_000},
            {"x-max-priority": 5, "x-expires": 600_000},
            {"x-queue-mode": "lazy", "x-max-length": 10, "x-overflow": "reject-publish"},
        ],
    )
    def test_a_tap_stands_beside_whatever_queue_the_monolith_has_and_leaves_it_alone(
        self, broker: _RabbitBroker, arguments: dict[str, Any]
    ) -> None:
        broker.channel.queue_delete("monolith.any")
        broker.channel.queue_declare("monolith.any", durable=True, arguments=arguments)
        broker.channel.queue_bind("monolith.any", "notifications", "payin.create")
        source = broker.connect()
        broker.publish("notifications", "payin.create", b"both", {"x": 1}, {"priority": 3, "delivery_mode": 2})
        (one,) = take(source, 1)
        source.acknowledge([one])
        source.close()
        broker.channel.queue_declare("monolith.any", durable=True, arguments=arguments)  # or it would be refused
        found = eventually(lambda: broker.channel.basic_get("monolith.any", auto_ack=True)[2], WITHIN_S, "its copy")
        assert (found, one.body, one.facts.properties["priority"]) == (b"both", b"both", 3)
        broker.channel.queue_delete("monolith.any")

    def test_no_more_bytes_are_in_hand_than_the_budget_and_all_of_it_comes(self, amqp_url: str) -> None:
        queue, mib = QueueSpec("strangler.ship.large", ()), 1024 * 1024
        settings = AmqpSettings((amqp_url,), prefetch=200, budget_bytes=8 * mib)
        source = AmqpSource(settings, (queue,))
        connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
        channel = connection.channel()
        for n in range(30):
            channel.basic_publish("", queue.name, b"%03d" % n + bytes(mib))
        connection.close()
        in_hand: list[Delivery] = []
        most, order = 0, list[bytes]()
        until = time.monotonic() + WITHIN_S
        while len(order) < 30 and time.monotonic() < until:
            in_hand += source.poll(0.2)
            most = max(most, len(in_hand))
            order += [one.body[:3] for one in in_hand[:2]]
            source.acknowledge(in_hand[:2])
            del in_hand[:2]
        assert order == [b"%03d" % n for n in range(30)]
        assert 2 <= most <= 8
        source.close()

    def test_a_poll_that_blocks_returns_once_something_is_written_to_a_watched_file(
        self, broker: _RabbitBroker
    ) -> None:
        source = broker.connect()
        with watching(source) as (far, stirred):
            source.poll(0)  # the first ends at once: there is something left of consuming
            begun = time.monotonic()
            Timer(0.1, far.sendall, [b"1"]).start()
            assert not source.poll(WITHIN_S)
            assert 0.05 < time.monotonic() - begun < WITHIN_S / 2
            assert stirred == [b"1"]

    def test_with_too_much_in_hand_a_poll_still_returns_for_a_watched_file_and_for_another_thread(
        self, amqp_url: str
    ) -> None:
        queue = QueueSpec("strangler.ship.large", ())
        settings = AmqpSettings((amqp_url,), prefetch=5, budget_bytes=1024)
        source = AmqpSource(settings, (queue,))
        connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
        for body in (bytes(4096), b"small"):
            connection.channel().basic_publish("", queue.name, body)
        connection.close()
        (large, *others) = take(source, 1)
        with watching(source) as (far, stirred):
            for wake in (source.wake, lambda: far.sendall(b"1"), source.wake):
                begun = time.monotonic()
                Timer(0.1, wake).start()
                others += source.poll(WITHIN_S)
                assert 0.05 < time.monotonic() - begun < WITHIN_S / 2
            assert (stirred, others) == ([b"1"], [])
            source.acknowledge([large])
            (small,) = take(source, 1)
            source.acknowledge([small])
            assert small.body == b"small"

    def test_with_too_much_in_hand_the_heartbeat_is_kept_however_often_it_is_woken(self, amqp_url: str) -> None:
        queue = QueueSpec("strangler.ship.large", ())
        settings = AmqpSettings((amqp_url,), prefetch=5, budget_bytes=1024, heartbeat_s=1)
        source = AmqpSource(settings, (queue,))
        connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
        connection.channel().basic_publish("", queue.name, bytes(4096))
        connection.close()
        (large,) = take(source, 1)
        until = time.monotonic() + 4  # the broker ends a connection that is silent for two heartbeats
        while time.monotonic() < until:
            source.wake()
            source.poll(0.05)
        source.acknowledge([large])
        source.poll(0)
        source.close()

    def test_the_monoliths_exchange_must_be_there(self, broker: _RabbitBroker, amqp_url: str) -> None:
        queue = QueueSpec("strangler.tap.refund", (Binding("refunds"),))
        with pytest.raises(SourceRefusedError, match="refunds"):
            AmqpSource(AmqpSettings((amqp_url,)), (queue,))
        broker.channel.queue_delete("strangler.tap.refund")

    def test_a_queue_of_ours_with_other_arguments_is_refused(self, broker: _RabbitBroker, amqp_url: str) -> None:
        broker.connect().close()
        with pytest.raises(SourceRefusedError, match=r"strangler\.tap\.payin"):
            AmqpSource(AmqpSettings((amqp_url,)), (QueueSpec(TAP.name, TAP.bindings, 6),))

    @pytest.mark.parametrize(
        "changed", [("strangler:", "strangler:not-"), ("//strangler:", "//nobody:"), ("%2F", "nowhere")]
    )
    def test_a_broker_that_refuses_us_says_so_without_a_password(self, amqp_url: str, changed: tuple[str, str]) -> None:
        url = amqp_url.replace(*changed)
        with pytest.raises(SourceRefusedError, match=r"RabbitMQ at 127\.0\.0\.1:") as refused:
            AmqpSource(AmqpSettings((url,)), QUEUES)
        assert url.split(":")[2].split("@")[0] not in str(refused.value)

    def test_a_connection_that_gets_no_channel_is_closed(self, amqp_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(_: object) -> None:
            raise pika.exceptions.NoFreeChannels

        monkeypatch.setattr(pika.BlockingConnection, "channel", refuse)
        open_before = len(list(Path("/proc/self/fd").iterdir()))
        with pytest.raises(SourceLostError):
            AmqpSource(AmqpSettings((amqp_url,)), QUEUES)
        assert len(list(Path("/proc/self/fd").iterdir())) == open_before

    @pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
    def test_a_broker_that_cannot_be_reached_is_lost(self, host: str) -> None:
        with pytest.raises(SourceLostError, match=host) as lost:
            AmqpSource(AmqpSettings((f"amqp://user:pl4nted@{host}:{free_ports(1)[0]}/%2F",)), QUEUES)
        assert "pl4nted" not in str(lost.value)

    def test_a_line_that_is_cut_loses_the_source_and_no_message(
        self, broker: _RabbitBroker, rabbit: RabbitNode
    ) -> None:
        with Relay(rabbit.port) as relay:
            source = broker.connect(prefetch=3, port=relay.port)
            for n in range(4):
                broker.publish("notifications", "payin.create", b"%d" % n)
            first, second, _ = take(source, 3)
            source.acknowledge([first])
            take(source, 1)  # comes only once the broker has the acknowledgement
            relay.cut()
            with pytest.raises(SourceLostError):
                poll_until(source, lambda: False)
            with pytest.raises(SourceLostError):
                source.acknowledge([second])
            with pytest.raises(SourceLostError):
                source.divert(second, "unreadable", 1)
            source.close()
        assert [one.body for one in take(broker.connect(), 3)] == [b"1", b"2", b"3"]
        assert broker.diverted() == []
