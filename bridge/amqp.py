"""RabbitMQ through pika: the only module that speaks AMQP (`bridge.amqp_field` mends how pika reads headers).

One blocking connection on one thread, one channel per queue (so that a queue's prefetch is its own), one more channel
with publisher confirms for the Invalid Message Channel. Anything that pika says about a lost connection becomes
`SourceLostError`; the owner closes this source and opens another.
"""

import ssl
import struct
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import pika
from pika import exceptions
from pika.adapters.blocking_connection import BlockingChannel

from bridge import amqp_field
from bridge.port import Delivery, SourceLostError, SourceRefusedError
from contracts import naming
from contracts.envelope import AmqpFacts

HEARTBEAT_S = 30
DROPPED_QUEUE_LENGTH = 10_000
TAP_BYTES = 512 * 1024 * 1024
"""A tap drops its oldest beyond this too: a hundred thousand large messages must not fill the broker's disk."""
_PROPERTIES = (
    "content_type", "content_encoding", "delivery_mode", "priority", "correlation_id", "reply_to", "expiration",
    "message_id", "timestamp", "type", "user_id", "app_id", "cluster_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a queue of ours gets its messages."""

    exchange: str
    routing_key: str = ""


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """A queue of ours on RabbitMQ."""

    name: str
    bindings: tuple[Binding, ...]
    max_length: int | None = None
    """Tap queues are bounded and drop their oldest, so that they can never hurt the broker."""
    ordered: bool = False
    """One of several shippers consumes it at a time (single active consumer), or two would change the order."""
    own_exchange: bool = False
    """Whether its exchange is ours and declared by us; the monolith's exchanges are only looked for."""

    def arguments(self) -> dict[str, Any]:
        """Queue arguments; the same at every start, for RabbitMQ refuses other ones."""
        arguments: dict[str, Any] = {}
        if self.ordered:
            arguments["x-single-active-consumer"] = True
        if self.max_length is not None:
            arguments |= {
                "x-max-length": self.max_length,
                "x-max-length-bytes": TAP_BYTES,
                "x-overflow": "drop-head",
                "x-dead-letter-exchange": naming.DROPPED_EXCHANGE,
            }
        return arguments


@dataclass(frozen=True, slots=True)
class AmqpSettings:
    """How to reach the broker."""

    url: str = field(repr=False)  # holds the password
    prefetch: int = 200
    heartbeat_s: int = HEARTBEAT_S


def describe(url: str) -> str:
    """Host, port and virtual host of an AMQP URL, without its credentials."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (5671 if parts.scheme == 'amqps' else 5672)}{parts.path or '/'}"


class AmqpSource:
    """A `Source` over one connection."""

    def __init__(self, settings: AmqpSettings, queues: Sequence[QueueSpec], generation: int = 0) -> None:
        """Connect, declare our queues, begin to consume. Raises SourceLostError or SourceRefusedError."""
        self._generation = generation
        self._arrived: deque[Delivery] = deque()
        self._dropped = 0
        self._paused = False
        self._channels: dict[str, BlockingChannel] = {}
        self._connection = _connect(settings)
        try:
            self._declare(queues)
            self._invalid = self._connection.channel()
            self._invalid.confirm_delivery()
            for queue in queues:
                self._consume(queue.name, settings.prefetch)
            self._watch_dropped()
        except exceptions.ChannelClosedByBroker as error:
            self.close()
            raise SourceRefusedError(f"RabbitMQ at {describe(settings.url)}: {error.reply_text}") from error
        except exceptions.AMQPError as error:
            self.close()
            raise SourceLostError(_reason(error)) from error

    def poll(self, timeout_s: float) -> Sequence[Delivery]:
        """See `Source.poll`."""
        if not self._connection.is_open:
            raise SourceLostError("the connection is closed")
        try:
            self._connection.process_data_events(time_limit=0 if self._arrived else timeout_s)
        except (exceptions.AMQPError, OSError) as error:
            raise SourceLostError(_reason(error)) from error
        for queue, channel in self._channels.items():
            if channel.is_closed:
                raise SourceLostError(f"the broker closed the channel of {queue}")
        taken = tuple(self._arrived)
        self._arrived.clear()
        return taken

    def acknowledge(self, delivery: Delivery) -> None:
        """See `Source.acknowledge`."""
        if delivery.generation != self._generation:
            raise SourceLostError("delivery of an earlier connection")
        try:
            self._channels[delivery.queue].basic_ack(delivery.tag)
        except (exceptions.AMQPError, OSError) as error:
            raise SourceLostError(_reason(error)) from error

    def divert(self, delivery: Delivery, cause: str) -> None:
        """See `Source.divert`."""
        headers = dict(delivery.headers or {})
        headers.update(
            {
                "x-strangler-cause": cause,
                "x-strangler-exchange": delivery.facts.exchange,
                "x-strangler-routing-key": delivery.facts.routing_key,
                "x-strangler-queue": delivery.queue,
                "x-strangler-at": datetime.now(UTC),
            }
        )
        properties = {**delivery.facts.properties, "delivery_mode": 2}
        # The broker refuses a foreign user_id and would let the copy expire: both stay visible as headers of ours.
        for name in ("user_id", "expiration"):
            if name in properties:
                headers[f"x-strangler-{name.replace('_', '-')}"] = properties.pop(name)
        message = pika.BasicProperties(headers=headers, **properties)
        try:
            message.encode()
        except (exceptions.AMQPError, struct.error, ArithmeticError, TypeError, ValueError):
            # A header that can be read but not written must not stop the queue: kept in words, beside the body.
            kept = {name: value for name, value in headers.items() if name.startswith("x-strangler-")}
            message.headers = {**kept, "x-strangler-headers": repr(delivery.headers)}
        try:
            self._invalid.basic_publish("", naming.INVALID_MESSAGE_QUEUE, delivery.body, message, mandatory=True)
        except (exceptions.UnroutableError, exceptions.NackError) as error:
            raise SourceLostError(f"the Invalid Message Channel took nothing: {type(error).__name__}") from error
        except (exceptions.AMQPError, OSError) as error:
            raise SourceLostError(_reason(error)) from error
        self.acknowledge(delivery)

    def dropped(self) -> int:
        """See `Source.dropped`."""
        dropped, self._dropped = self._dropped, 0
        return dropped

    def pause(self) -> None:
        """See `Source.pause`."""
        # Not by cancelling: the broker would let the next shipper begin with a key's later messages, while we still
        # have to send its earlier ones. What comes in from now on stays unsettled and goes back when we close.
        self._paused = True
        self._arrived.clear()

    def close(self) -> None:
        """See `Source.close`."""
        try:
            if self._connection.is_open:
                self._connection.close()
        except (exceptions.AMQPError, OSError):
            return  # it is gone, which is what we wanted

    def _declare(self, queues: Sequence[QueueSpec]) -> None:
        channel = self._connection.channel()
        channel.queue_declare(naming.INVALID_MESSAGE_QUEUE, durable=True)
        channel.exchange_declare(naming.DROPPED_EXCHANGE, "fanout", durable=True)
        channel.queue_declare(
            naming.DROPPED_QUEUE,
            durable=True,
            arguments={"x-max-length": DROPPED_QUEUE_LENGTH, "x-overflow": "drop-head"},
        )
        channel.queue_bind(naming.DROPPED_QUEUE, naming.DROPPED_EXCHANGE)
        for queue in queues:
            for binding in queue.bindings:
                if queue.own_exchange:
                    channel.exchange_declare(binding.exchange, "fanout", durable=True)
                else:
                    # The legacy side stays as it is: its exchange must be there, we never make it.
                    channel.exchange_declare(binding.exchange, passive=True)
            channel.queue_declare(queue.name, durable=True, arguments=queue.arguments())
            for binding in queue.bindings:
                channel.queue_bind(queue.name, binding.exchange, binding.routing_key)
        channel.close()

    def _consume(self, queue: str, prefetch: int) -> None:
        channel = self._connection.channel()
        channel.basic_qos(prefetch_count=prefetch)

        def arrive(_: BlockingChannel, method: Any, properties: pika.BasicProperties, body: bytes) -> None:
            if self._paused:
                return
            self._arrived.append(
                Delivery(
                    queue, body, _facts(method, properties), properties.headers, method.delivery_tag, self._generation
                )
            )

        channel.basic_consume(queue, arrive)
        channel.add_on_cancel_callback(lambda _: channel.close())  # the queue was deleted: found by the next poll
        self._channels[queue] = channel

    def _watch_dropped(self) -> None:
        channel = self._connection.channel()
        channel.basic_qos(prefetch_count=100)

        def count(one: BlockingChannel, method: Any, _properties: pika.BasicProperties, _body: bytes) -> None:
            self._dropped += 1
            one.basic_ack(method.delivery_tag)

        channel.basic_consume(naming.DROPPED_QUEUE, count)


def _connect(settings: AmqpSettings) -> pika.BlockingConnection:
    amqp_field.mend()
    where = describe(settings.url)
    parts = urlsplit(settings.url)
    if parts.scheme not in ("amqp", "amqps") or not parts.hostname:
        raise SourceRefusedError("AMQP_URL: expected amqp://user:password@host:port/vhost or amqps://…")
    parameters = pika.ConnectionParameters(
        host=parts.hostname,
        port=parts.port or (5671 if parts.scheme == "amqps" else 5672),
        virtual_host=unquote(parts.path[1:]) or "/",
        credentials=pika.PlainCredentials(unquote(parts.username or "guest"), unquote(parts.password or "guest")),
        heartbeat=settings.heartbeat_s,
        blocked_connection_timeout=300,
        socket_timeout=10,
        client_properties={"connection_name": "strangler shipper"},
        ssl_options=pika.SSLOptions(ssl.create_default_context()) if parts.scheme == "amqps" else None,
    )
    try:
        return pika.BlockingConnection(parameters)
    except (exceptions.ProbableAuthenticationError, exceptions.AuthenticationError) as error:
        raise SourceRefusedError(f"RabbitMQ at {where} refuses our user or password (AMQP_URL)") from error
    except exceptions.ProbableAccessDeniedError as error:
        raise SourceRefusedError(f"RabbitMQ at {where} refuses access to the virtual host (AMQP_URL)") from error
    except (exceptions.AMQPError, OSError) as error:
        raise SourceLostError(f"RabbitMQ at {where} cannot be reached: {_reason(error)}") from error


def _facts(method: Any, properties: pika.BasicProperties) -> AmqpFacts:
    set_properties: dict[str, Any] = {}
    for name in _PROPERTIES:
        value = getattr(properties, name)
        if value is not None:
            set_properties[name] = value
    return AmqpFacts(method.exchange, method.routing_key, method.redelivered, set_properties)


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__} {error}".strip()
