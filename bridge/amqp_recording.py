"""What a corpus is recorded from: a queue of our own on RabbitMQ, bound beside the monolith's, which notices nothing.

The queue is bounded and drops its oldest, so that it can never hurt the broker; what it drops is counted. It outlives
the connection, so that a recording that was cut short goes on where it was.
"""

from collections.abc import Sequence

from bridge.amqp_connection import AmqpConnection
from bridge.amqp_settings import AmqpSettings
from bridge.port import Delivery
from bridge.topology import QueueSpec


class AmqpRecording:
    """A connection that takes from one such queue. Every method raises SourceLostError where the broker is gone."""

    def __init__(self, settings: AmqpSettings, queues: tuple[QueueSpec, QueueSpec], generation: int = 0) -> None:
        """Connect, declare and bind the queue, begin to take. Raises SourceLostError or SourceRefusedError.

        Args:
            settings: how to reach the broker.
            queues: what is recorded, and what that drops (`bridge.topology.recording_queues`).
            generation: number of the connection.
        """
        self._queue, self._dropped_queue = (queue.name for queue in queues)
        self._dropped = 0
        self._connection = AmqpConnection(settings, generation, queues=1)
        try:
            self.found = self._connection.ready(self._queue) is not None
            """Whether the queue was there already, filling."""
            self._connection.declare(tuple(reversed(queues)))
            self._connection.watch(self._dropped_queue, self._count)
            self._connection.consume(self._queue)
        except BaseException:
            self._connection.close()
            raise

    def poll(self, timeout_s: float) -> Sequence[Delivery]:
        """See `bridge.port.Source.poll`."""
        return self._connection.poll(timeout_s)

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """See `bridge.port.Source.acknowledge`."""
        self._connection.acknowledge(deliveries)

    def dropped(self) -> int:
        """How many messages the queue has dropped since the last call, as far as is known."""
        dropped, self._dropped = self._dropped, 0
        return dropped

    def leave(self, *, delete: bool) -> None:
        """Take no more, and close once the broker has dealt with what was acknowledged.

        Args:
            delete: whether the queue goes, with whatever is in it; else it goes on filling.
        """
        try:
            self._connection.flush(self._queue)
            self._connection.cancel(self._queue)
            if delete:
                self._connection.discard(self._queue)
                self._connection.rest(0.0)  # what it dropped last is counted
                self._connection.discard(self._dropped_queue)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the connection; what is not acknowledged goes back. Never raises for a lost one."""
        self._connection.close()

    def _count(self) -> None:
        self._dropped += 1
