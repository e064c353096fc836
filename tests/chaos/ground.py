"""The broker of many runs: a real node, swept between them, and what lies in its queues at the end of one."""

import contextlib
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError, ChannelClosedByBroker

from bridge import amqp_field
from bridge.amqp_connection import AmqpConnection
from bridge.amqp_settings import AmqpSettings
from bridge.bootstrap import shipper_queues
from bridge.topology import DROPPED, INVALID, OVERSIZE, QueueSpec, route_queues
from contracts.registry import CARD_TRANSACTION, FAMILIES, NOTIFICATIONS, PAYIN, PAYOUTS
from infra.local.rabbitmq import RabbitNode
from tests.chaos.traffic import digest
from tests.rig.history import Ended

TAP_LENGTH = 100_000
ROUTED = PAYIN
_READY_S = 30.0


class Ground:
    """One node for as long as the block lasts."""

    def __init__(self, folder: Path) -> None:
        self.node = RabbitNode(folder)
        self._specs = (INVALID, OVERSIZE, DROPPED)

    def __enter__(self) -> "Ground":
        self.node.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.node.stop()

    def prepare(self, *, routed: bool) -> None:
        """Empty it, and declare what must be there before anything is published: the bridge would make the same."""
        self.sweep()
        with self.channel() as channel:
            channel.exchange_declare(NOTIFICATIONS, "direct", durable=True)
            channel.exchange_declare(PAYOUTS, "fanout", durable=True)
            if routed:
                channel.queue_declare(ROUTED.legacy_queue, durable=True, arguments=dict(ROUTED.legacy_queue_arguments))
                for one in ROUTED.types:
                    channel.queue_bind(ROUTED.legacy_queue, NOTIFICATIONS, one.origin.routing_key)
        connection = AmqpConnection(AmqpSettings((self.node.amqp_url,)))
        tapped = shipper_queues(FAMILIES, [] if routed else FAMILIES, TAP_LENGTH)
        connection.declare([*self._specs, *tapped.consumed])
        connection.close()

    def sweep(self) -> None:
        """Delete every queue that a run may have made."""
        with self.channel() as channel:
            for name in self._names():
                channel.queue_delete(name)

    def left(self) -> Sequence[Ended]:
        """Everything that lies in any queue; takes it."""
        found: list[Ended] = []
        with self.channel() as first:
            channel = first
            for name in self._names():
                if channel.is_closed:
                    channel = first.connection.channel()
                with contextlib.suppress(ChannelClosedByBroker):  # there is no such queue
                    while True:
                        method, _, body = channel.basic_get(name, auto_ack=True)
                        if method is None:
                            break
                        found.append(Ended(name, digest(body)))
        return found

    def waiting(self, *, but: Collection[str]) -> int:
        """How many messages wait in all queues but some."""
        count = 0
        with self.channel() as first:
            channel = first
            for name in self._names():
                if name in but:
                    continue
                if channel.is_closed:
                    channel = first.connection.channel()
                with contextlib.suppress(ChannelClosedByBroker):  # there is no such queue
                    count += int(channel.queue_declare(name, passive=True).method.message_count)
        return count

    @contextlib.contextmanager
    def channel(self, *, confirmed: bool = True) -> Iterator[BlockingChannel]:
        """A channel, with confirms; waits for a broker that is being restarted."""
        amqp_field.mend()
        until = time.monotonic() + _READY_S
        while True:
            try:
                connection = pika.BlockingConnection(pika.URLParameters(self.node.amqp_url))
                break
            except (AMQPError, OSError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
        try:
            channel = connection.channel()
            if confirmed:
                channel.confirm_delivery()
            yield channel
        finally:
            if connection.is_open:
                connection.close()

    def _names(self) -> Sequence[str]:
        specs: list[QueueSpec] = [*self._specs]
        for tapped in (FAMILIES, ()):
            queues = shipper_queues(FAMILIES, tapped, TAP_LENGTH)
            specs += [*queues.consumed, *queues.unconsumed]
            specs += [one for succession in queues.successions for one in (succession.tap, succession.successor)]
        specs += route_queues(ROUTED, TAP_LENGTH)
        names = [one.name for one in specs] + [one.legacy_queue for one in (ROUTED, CARD_TRANSACTION)]
        return tuple(dict.fromkeys(names))
