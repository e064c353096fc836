"""One connection to RabbitMQ through pika: the one module that speaks it, but for how one begins (`bridge.amqp_login`).

Its tables are those of `bridge.amqp_field`, its frames are read by `bridge.amqp_buffer`.

Blocking, on one thread, a channel per queue (so that a queue's prefetch is its own) and one with publisher confirms.
Anything that pika says about a lost connection becomes `SourceLostError`; the owner closes this one and opens another.
"""

import contextlib
import logging
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pika
from pika import exceptions
from pika.adapters.blocking_connection import BlockingChannel

from bridge.amqp_buffer import read_in_pieces
from bridge.amqp_delivery import PROPERTY_NAMES, Arrive, Consumer, Headers, consumer
from bridge.amqp_ear import Ear
from bridge.amqp_login import connect, told
from bridge.amqp_settings import AmqpSettings
from bridge.credit import Credit
from bridge.in_hand import InHand
from bridge.port import Delivery, NotRoutedError, Outgoing, SourceLostError, SourceRefusedError
from bridge.topology import QueueSpec
from contracts.envelope import AmqpFacts

_LOG = logging.getLogger(__name__)
BLOCKED = "the broker blocks publishes: its memory or disk is short (connection.blocked)"
_ACCESS_REFUSED = 403  # AMQP 0-9-1, reply codes
_NOT_FOUND = 404
_PRECONDITION_FAILED = 406
_NOT_IMPLEMENTED = 540
_LISTENS = 4
"""How often within a heartbeat a connection is read of which too much is in hand."""
_NOT_CLASSIC = (
    "is no classic queue: a quorum queue or a stream takes no prefetch that can be lowered, and lets others in beside "
    "an exclusive consumer, so that messages could pass by the router. Where it is ours, the virtual host's default "
    "queue type has to be classic"
)
_AROUND_PROPERTIES = 22  # frame header and end, class, weight, size of the body, flags


class UnwritableError(ValueError):
    """Headers that can be read but not written."""


class AmqpConnection:
    """Consumes, gets, publishes and declares."""

    def __init__(
        self,
        settings: AmqpSettings,
        generation: int = 0,
        *,
        queues: int = 0,
        on_blocked: Callable[[bool], None] = lambda _: None,
    ) -> None:
        """Connect. Raises SourceLostError or SourceRefusedError.

        Args:
            settings: how to reach the broker.
            generation: number of the connection; each begins with another host.
            queues: how many will be consumed.
            on_blocked: is told when the broker takes no publishes any more, and when it does again.
        """
        self._generation = generation
        self._prefetch = settings.prefetch
        credit = Credit(queues, most=settings.prefetch, budget_bytes=settings.budget_bytes)
        self._in_hand = InHand(credit, settings.budget_bytes)
        self._arrived: list[Delivery] = []
        """Always this very list: every consumer adds to it."""
        self._paused = False
        self._channels: dict[str, BlockingChannel] = {}
        self._consumers: dict[str, str] = {}
        self._readers: dict[int, Consumer] = {}
        """By channel of a queue that is consumed."""
        self._connection, self._where = connect(settings, generation)
        self._ear = Ear(self._connection, settings.heartbeat_s / _LISTENS, lambda: self._in_hand.too_much)
        self._on_blocked = on_blocked
        on_blocked(False)  # noqa: FBT003  # the one thing that it is about
        # Not the blocking connection's own: that tells once nothing waits any more, and a publish may wait for minutes.
        impl = self._connection._impl
        read_in_pieces(impl, self._readers)
        impl.add_on_connection_blocked_callback(lambda *_: self._block(blocked=True))
        impl.add_on_connection_unblocked_callback(lambda *_: self._block(blocked=False))
        self._frame_max: int = impl.params.frame_max  # as it was agreed on
        try:
            with _losing():
                self._scratch = self._connection.channel()
                self._publisher = self._connection.channel()
                self._publisher.confirm_delivery()
        except BaseException:
            self.close()
            raise

    def declare(self, queues: Sequence[QueueSpec]) -> None:
        """Declare queues of ours and bind them. Raises SourceRefusedError where arguments or exchanges are others."""
        with self._scratching() as channel:
            for queue in queues:
                for binding in queue.bindings:
                    if queue.own_exchange:
                        channel.exchange_declare(binding.exchange, queue.own_exchange, durable=True)
                    else:
                        # The legacy side stays as it is: its exchange must be there, we never make it.
                        channel.exchange_declare(binding.exchange, passive=True)
                channel.queue_declare(queue.name, durable=True, arguments=queue.arguments())
                for binding in queue.bindings:
                    channel.queue_bind(queue.name, binding.exchange, binding.routing_key, dict(binding.arguments))

    def unbind(self, queue: QueueSpec) -> None:
        """Take a queue's bindings away. Raises SourceRefusedError."""
        with self._scratching() as channel:
            for binding in queue.bindings:
                channel.queue_unbind(queue.name, binding.exchange, binding.routing_key, dict(binding.arguments))

    def ready(self, queue: str) -> int | None:
        """Messages that wait in a queue, unacknowledged ones left out; None where there is no such queue."""
        try:
            with self._scratching() as channel:
                return int(channel.queue_declare(queue, passive=True).method.message_count)
        except SourceRefusedError as error:
            if _code(error) == _NOT_FOUND:
                return None
            raise

    def has_exchange(self, name: str) -> bool:
        """Whether there is such an exchange, of whatever type."""
        try:
            with self._scratching() as channel:
                channel.exchange_declare(name, passive=True)
        except SourceRefusedError as error:
            if _code(error) == _NOT_FOUND:
                return False
            raise
        return True

    def settled_ready(self, queue: str) -> int:
        """As `ready`, by the channel that consumes the queue, so that everything before it has been dealt with."""
        with _losing():
            return int(self._channels[queue].queue_declare(queue, passive=True).method.message_count)

    def flush(self, queue: str) -> None:
        """Return once the broker has dealt with what was acknowledged of a queue."""
        if queue in self._channels:
            self.settled_ready(queue)

    def delete(self, queue: str) -> bool:
        """Delete a queue that is empty and that nobody consumes; False where it is not, True also where it is gone."""
        try:
            with self._scratching() as channel:
                channel.queue_delete(queue, if_unused=True, if_empty=True)
        except SourceRefusedError as error:
            if _code(error) == _PRECONDITION_FAILED:
                return False
            raise
        return True

    def discard(self, queue: str) -> None:
        """Delete a queue, whatever is in it; one that is gone is gone."""
        with self._scratching() as channel:
            channel.queue_delete(queue)

    def consume(self, queue: str, *, exclusive: bool = False) -> bool:
        """Begin to take a queue's messages; False where it is exclusive and somebody else has it.

        Raises SourceRefusedError where there is no such queue, or where it lets others in beside an exclusive consumer.
        """
        with _losing():
            channel = self._connection.channel()
            channel.basic_qos(prefetch_count=self._prefetch)
            _grant(channel, self._in_hand.open(queue), self._prefetch)
        arrive = self._arrival(queue)
        # At once, not once it dispatches its events: in the order in which they come, whoever reads them.
        channel._on_consumer_message_delivery = _handing_to(arrive)
        try:
            with _losing(refused=True):
                tag = self._consumers[queue] = channel.basic_consume(queue, lambda *_: None, exclusive=exclusive)
        except SourceRefusedError as error:
            if exclusive and _code(error) == _ACCESS_REFUSED:
                return False
            raise
        except SourceLostError as error:
            if _is_not_classic(error):
                raise SourceRefusedError(f"{queue} {_NOT_CLASSIC}") from error
            raise
        channel.add_on_cancel_callback(lambda _: channel.close())  # the queue was deleted: found by the next poll
        self._channels[queue] = channel
        self._readers[channel.channel_number] = consumer(tag, arrive, channel._impl)
        if exclusive:
            self._ensure_alone(queue)
        return True

    def _ensure_alone(self, queue: str) -> None:
        """Try to get in beside ourselves: no reply and no passive declaration tells whether a queue shuts others out.

        RabbitMQ takes the word `exclusive` of a quorum queue's or a stream's consumer, and lets the next one in: one
        that also took the word `global` (3.10 does not) is found here.
        """
        try:
            with self._scratching() as channel:
                channel.basic_qos(prefetch_count=1)
                channel.basic_consume(queue, lambda *_: None, exclusive=True)
                channel.close()  # what was handed to it goes back
        except SourceRefusedError as error:
            if _code(error) == _ACCESS_REFUSED:
                return
            raise
        raise SourceRefusedError(f"{queue} {_NOT_CLASSIC}")

    def consumes(self, queue: str) -> bool:
        """Whether we take the queue's messages."""
        return queue in self._consumers

    def has_arrived(self, queue: str) -> bool:
        """Whether there are deliveries of the queue that `poll` has not handed out."""
        return any(one.queue == queue for one in self._arrived)

    def cancel(self, queue: str) -> None:
        """Take no more of a queue; what has come in and was not handed out goes back to it."""
        with _losing():
            channel = self._channels[queue]
            del self._readers[channel.channel_number]
            channel.basic_cancel(self._consumers.pop(queue))
            self._channels.pop(queue).close()
        self._in_hand.close(queue)
        kept = [one for one in self._arrived if one.queue != queue]
        self._arrived.clear()
        self._arrived += kept

    def watch(self, queue: str, see: Callable[[], None]) -> None:
        """Call for every message that comes to a queue, and take it off."""

        def count(one: BlockingChannel, method: Any, _properties: pika.BasicProperties, _body: bytes) -> None:
            see()
            one.basic_ack(method.delivery_tag)

        with _losing():
            channel = self._connection.channel()
            channel.basic_qos(prefetch_count=100)
            channel.basic_consume(queue, count)

    def get(self, queue: str) -> Delivery | None:
        """The oldest message of a queue that is not consumed; None where there is none."""
        with _losing():
            if queue not in self._channels:
                self._channels[queue] = self._connection.channel()
                self._in_hand.open_uncredited(queue)
            method, properties, body = self._channels[queue].basic_get(queue)
        if method is None:
            return None
        self._in_hand.arrive(queue, method.delivery_tag, len(body), credited=False)
        facts = _facts(method, properties)
        return Delivery(queue, body, facts, properties.headers, method.delivery_tag, self._generation)

    def poll(self, timeout_s: float) -> Sequence[Delivery]:
        """See `Source.poll`."""
        if not self._connection.is_open:
            raise SourceLostError("the connection is closed")
        with _losing():
            self._ear.listen(0 if self._arrived else timeout_s)
        for queue, channel in self._channels.items():
            if channel.is_closed:
                raise SourceLostError(f"the broker closed the channel of {queue}")
        self._adjust()
        taken = tuple(self._arrived)
        self._arrived.clear()
        return taken

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """See `Source.acknowledge`."""
        by_queue: dict[str, list[int]] = {}
        for delivery in deliveries:
            if delivery.generation != self._generation:
                raise SourceLostError("delivery of an earlier connection")
            by_queue.setdefault(delivery.queue, []).append(delivery.tag)
        with _losing():
            for queue, tags in by_queue.items():
                for tag, multiple in self._in_hand.settle(queue, tags):
                    # Below the blocking channel, which would wait for each to be written: the next poll does for all.
                    self._channels[queue]._impl.basic_ack(tag, multiple=multiple)

    def wake(self) -> None:
        """See `Source.wake`."""
        self._ear.wake()

    def watch_file(self, fileno: int, stir: Callable[[], None]) -> None:
        """See `Source.watch`."""
        self._ear.watch(fileno, stir)

    def _adjust(self) -> None:
        """Let the broker hand out more or less, by what is in hand."""
        if self._paused:
            return
        for queue, prefetch in self._in_hand.adjust(self._consumers.keys(), time.monotonic()):
            with _losing():
                _grant(self._channels[queue], prefetch, self._prefetch)

    def publish(self, message: Outgoing) -> None:
        """Publish, mandatory, and wait for the confirm. Raises NotRoutedError, UnwritableError."""
        properties = pika.BasicProperties(headers=message.headers, **message.properties)
        try:
            size = sum(map(len, properties.encode()))
        except (exceptions.AMQPError, struct.error, ArithmeticError, TypeError, ValueError) as error:
            raise UnwritableError(type(error).__name__) from error
        if size > self._frame_max - _AROUND_PROPERTIES:  # the broker would end the connection, again and again
            raise UnwritableError(f"{size} bytes of properties and headers, in frames of {self._frame_max}")
        try:
            with _losing():
                self._publisher.basic_publish(
                    message.exchange, message.routing_key, message.body, properties, mandatory=True
                )
        except SourceLostError as error:
            cause = error.__cause__
            if isinstance(cause, exceptions.UnroutableError | exceptions.NackError):
                raise NotRoutedError(type(cause).__name__) from cause
            if isinstance(cause, exceptions.ChannelClosedByBroker) and cause.reply_code == _NOT_FOUND:
                with _losing():
                    self._publisher = self._connection.channel()
                    self._publisher.confirm_delivery()
                raise NotRoutedError(f"no exchange {message.exchange!r}") from cause
            raise

    def rest(self, seconds: float) -> None:
        """Block, and keep the connection alive."""
        if not self._connection.is_open:
            raise SourceLostError("the connection is closed")
        with _losing():
            self._connection.process_data_events(time_limit=seconds)

    def pause(self) -> None:
        """See `Source.pause`."""
        # Not by cancelling: the broker would let the next one begin with a key's later messages, while we still have
        # to send its earlier ones. What comes in from now on stays unsettled and goes back when we close.
        self._paused = True
        self._arrived.clear()

    def close(self) -> None:
        """See `Source.close`."""
        try:
            with contextlib.suppress(SourceLostError), _losing():  # gone is what we want
                if self._connection.is_open:
                    self._connection.close()
        finally:
            self._ear.close()

    def _block(self, *, blocked: bool) -> None:
        if blocked:
            _LOG.warning(BLOCKED)
        else:
            _LOG.info("the broker takes publishes again")
        self._on_blocked(blocked)

    def _arrival(self, queue: str) -> Arrive:
        arrived, take, generation = self._arrived, self._in_hand.arrive, self._generation

        def arrive(tag: int, facts: AmqpFacts, headers: Headers, body: bytes) -> None:
            if not self._paused:
                take(queue, tag, len(body))
                if not arrived:
                    self._ear.end()
                arrived.append(Delivery(queue, body, facts, headers, tag, generation))

        return arrive

    @contextlib.contextmanager
    def _scratching(self) -> Iterator[BlockingChannel]:
        """A channel that the broker may close: AMQP answers a question with no by closing."""
        with _losing(refused=True, where=self._where):
            if self._scratch.is_closed:
                self._scratch = self._connection.channel()
            yield self._scratch


def _handing_to(arrive: Arrive) -> Callable[[Any, Any, pika.BasicProperties, bytes], None]:
    """What pika hands a delivery to that it has read itself."""

    def hand(_: Any, method: Any, properties: pika.BasicProperties, body: bytes) -> None:
        arrive(method.delivery_tag, _facts(method, properties), properties.headers, body)

    return hand


def _facts(method: Any, properties: pika.BasicProperties) -> AmqpFacts:
    present = {name: value for name in PROPERTY_NAMES if (value := getattr(properties, name)) is not None}
    return AmqpFacts(method.exchange, method.routing_key, method.redelivered, present)


@contextlib.contextmanager
def _losing(*, refused: bool = False, where: str = "") -> Iterator[None]:
    """What pika says of a lost connection as ours; with `refused`, a closed channel is the broker's answer."""
    try:
        yield
    except exceptions.ChannelClosedByBroker as error:
        if refused:
            raise SourceRefusedError(f"RabbitMQ at {where}: {error.reply_text}") from error
        raise SourceLostError(told(error)) from error
    except (exceptions.AMQPError, OSError) as error:
        if isinstance(error, SourceLostError):
            raise
        raise SourceLostError(told(error)) from error


def _is_not_classic(error: SourceLostError) -> bool:
    """Whether the broker closed the connection for a consumer with a prefetch that can be changed."""
    cause = error.__cause__
    return isinstance(cause, exceptions.ConnectionClosedByBroker) and cause.reply_code == _NOT_IMPLEMENTED


def _code(error: SourceRefusedError) -> int:
    return error.__cause__.reply_code if isinstance(error.__cause__, exceptions.ChannelClosedByBroker) else 0


def _grant(channel: BlockingChannel, prefetch: int, most: int) -> None:
    """How much of its one queue a channel may have in hand: a limit of the channel, under that of the consumer.

    Only the channel's can be changed while it consumes, and it costs the broker a question a message, so it is lifted
    where it is no lower (rabbitmq.com/docs/consumer-prefetch; measured). Quorum queues refuse it; ours are classic.
    """
    channel.basic_qos(prefetch_count=0 if prefetch >= most else prefetch, global_qos=True)
