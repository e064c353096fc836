"""`ops.recording.Feed`: the queue in memory of the unit tests, and RabbitMQ itself."""

import time
from collections.abc import Iterator
from typing import Protocol

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel

from bridge.amqp_recording import AmqpRecording
from bridge.amqp_settings import AmqpSettings
from bridge.port import Delivery, SourceLostError, SourceRefusedError
from bridge.topology import Binding, recording_queues
from infra.local.rabbitmq import RabbitNode
from ops.recording import Feed
from tests.fakes.clock import FakeClock
from tests.fakes.feed import MemoryQueue
from tests.fakes.relay import Relay

LENGTH = 5
_WITHIN_S = 10.0


class Queue(Protocol):
    """A recording's queue, seen from outside."""

    def connect(self) -> Feed:
        """A feed over a connection of its own; declares the queue."""

    def publish(self, *bodies: bytes) -> None:
        """Publish as the monolith does."""

    def lose(self) -> None:
        """Break the last feed's connection."""

    @property
    def left(self) -> list[bytes] | None:
        """What waits in the queue, None where there is none."""


def take(feed: Feed, count: int) -> list[Delivery]:
    taken: list[Delivery] = []
    until = time.monotonic() + _WITHIN_S
    while len(taken) < count and time.monotonic() < until:
        taken += feed.poll(0.1)
    assert len(taken) == count
    return taken


def _poll_until(feed: Feed, until: float) -> None:
    while time.monotonic() < until:
        feed.poll(0.1)


def bodies(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


class FeedPromises:
    """What every feed keeps to."""

    def test_messages_come_in_order(self, queue: Queue) -> None:
        feed = queue.connect()
        queue.publish(*bodies(4))
        taken = take(feed, 4)
        assert [one.body for one in taken] == bodies(4)
        assert not any(one.facts.redelivered for one in taken)
        feed.close()

    def test_what_is_not_acknowledged_comes_again_before_the_rest(self, queue: Queue) -> None:
        feed = queue.connect()
        queue.publish(*bodies(4))
        feed.acknowledge(take(feed, 4)[:2])
        feed.close()
        queue.publish(b"later")
        again = take(queue.connect(), 3)
        assert [(one.body, one.facts.redelivered) for one in again] == [(b"2", True), (b"3", True), (b"later", False)]

    def test_a_lost_connection_is_told_and_loses_nothing(self, queue: Queue) -> None:
        feed = queue.connect()
        queue.publish(*bodies(2))
        take(feed, 2)
        queue.lose()
        until = time.monotonic() + _WITHIN_S
        with pytest.raises(SourceLostError):
            _poll_until(feed, until)
        feed.close()
        feed.close()
        assert [one.body for one in take(queue.connect(), 2)] == bodies(2)

    def test_what_a_full_queue_drops_is_counted_once(self, queue: Queue) -> None:
        queue.connect().leave(delete=False)
        queue.publish(*bodies(LENGTH + 3))
        feed = queue.connect()
        taken, dropped = take(feed, LENGTH), 0
        until = time.monotonic() + _WITHIN_S
        while dropped < 3 and time.monotonic() < until:
            feed.poll(0.1)
            dropped += feed.dropped()
        assert ([one.body for one in taken], dropped, feed.dropped()) == (bodies(LENGTH + 3)[3:], 3, 0)
        feed.close()

    def test_whether_the_queue_was_there_is_known(self, queue: Queue) -> None:
        first = queue.connect()
        assert not first.found
        first.leave(delete=False)
        second = queue.connect()
        assert second.found
        second.leave(delete=True)
        assert not queue.connect().found

    def test_left_for_good_there_is_no_queue(self, queue: Queue) -> None:
        feed = queue.connect()
        queue.publish(*bodies(2))
        feed.acknowledge(take(feed, 2)[:1])
        feed.leave(delete=True)
        assert queue.left is None

    def test_left_for_a_while_the_queue_has_what_was_not_acknowledged_and_goes_on_filling(self, queue: Queue) -> None:
        feed = queue.connect()
        queue.publish(*bodies(2))
        feed.acknowledge(take(feed, 2)[:1])
        feed.leave(delete=False)
        queue.publish(b"later")
        assert queue.left == [b"1", b"later"]


class TestMemory(FeedPromises):
    @pytest.fixture
    def queue(self) -> Queue:
        return MemoryQueue(FakeClock(), length=LENGTH)


class RealQueue:
    """Over RabbitMQ."""

    def __init__(self, rabbit: RabbitNode, relay: Relay, channel: BlockingChannel) -> None:
        self._channel = channel
        self._relay = relay
        url = rabbit.amqp_url.replace(f":{rabbit.port}/", f":{relay.port}/")
        self._settings = AmqpSettings((url,), name="feed")
        self._queues = recording_queues("id", (Binding("billing", "invoice.#"),), LENGTH)
        self._feeds: list[AmqpRecording] = []

    def connect(self) -> Feed:
        self._feeds.append(AmqpRecording(self._settings, self._queues, len(self._feeds)))
        return self._feeds[-1]

    def publish(self, *bodies: bytes) -> None:
        for body in bodies:
            self._channel.basic_publish("billing", "invoice.paid", body)

    def lose(self) -> None:
        self._relay.cut()

    @property
    def left(self) -> list[bytes] | None:
        try:
            self._channel.queue_declare("strangler.record.id", passive=True)
        except pika.exceptions.ChannelClosedByBroker:
            return None
        found = []
        while (message := self._channel.basic_get("strangler.record.id", auto_ack=True))[0] is not None:
            found.append(message[2])
        return found

    def close(self) -> None:
        for feed in self._feeds:
            feed.close()


class TestRabbit(FeedPromises):
    @pytest.fixture
    def queue(self, rabbit: RabbitNode) -> Iterator[RealQueue]:
        connection = pika.BlockingConnection(pika.URLParameters(rabbit.amqp_url))
        channel = connection.channel()
        channel.confirm_delivery()
        channel.exchange_declare("billing", "topic", durable=True)
        with Relay(rabbit.port) as relay:
            queue = RealQueue(rabbit, relay, channel)
            yield queue
            queue.close()
        last = connection.channel()
        for name in ("strangler.record.id", "strangler.record.id.dropped"):
            last.queue_delete(name)
        connection.close()

    def test_an_exchange_that_is_not_there_is_refused(self, amqp_url: str) -> None:
        with pytest.raises(SourceRefusedError, match="nowhere"):
            AmqpRecording(AmqpSettings((amqp_url,)), recording_queues("other", (Binding("nowhere"),), LENGTH))
