"""RabbitMQ as the monolith and an operator see it: publish with confirms, count, and take what is left.

Connections go to the node itself, never by way of the proxy: what is done here must not be disturbed by what is tested.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ChannelClosedByBroker

from bridge import amqp_field
from tests.rig.history import Ended
from tests.rig.reading import digest


class Broker:
    """Opens a connection for each use: the node may be restarted in between."""

    def __init__(self, amqp_url: str) -> None:
        self._url = amqp_url

    @contextlib.contextmanager
    def channel(self) -> Iterator[BlockingChannel]:
        """A channel with confirms, for as long as the block lasts."""
        amqp_field.mend()  # pika alone could neither read nor write a double
        connection = pika.BlockingConnection(pika.URLParameters(self._url))
        try:
            channel = connection.channel()
            channel.confirm_delivery()
            yield channel
        finally:
            if connection.is_open:
                connection.close()

    def declare(self, queue: str, arguments: Mapping[str, Any], exchange: str, routing_key: str) -> None:
        """Make a durable queue and bind it."""
        with self.channel() as channel:
            channel.queue_declare(queue, durable=True, arguments=dict(arguments))
            channel.queue_bind(queue, exchange, routing_key)

    def ready(self, queue: str) -> int:
        """Messages that wait in a queue, unacknowledged ones left out; 0 where there is no such queue."""
        with self.channel() as channel:
            try:
                return int(channel.queue_declare(queue, passive=True).method.message_count)
            except ChannelClosedByBroker:
                return 0

    def delete(self, *queues: str) -> None:
        """Remove queues, whatever is in them."""
        with self.channel() as channel:
            for queue in queues:
                channel.queue_delete(queue)

    def drain(self, *queues: str) -> Sequence[Ended]:
        """Take all that waits in some queues, as the history checker wants it."""
        return [Ended(queue, digest(body)) for queue in queues for body in self._bodies(queue)]

    def _bodies(self, queue: str) -> Iterator[bytes]:
        with self.channel() as channel:
            while True:
                try:
                    method, _, body = channel.basic_get(queue, auto_ack=True)
                except ChannelClosedByBroker:  # there is no such queue
                    return
                if method is None:
                    return
                yield body
