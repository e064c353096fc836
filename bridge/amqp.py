"""The shipper's source on RabbitMQ: taps, what the router sends, the monolith's outcomes, what nobody could read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bridge.amqp_connection import AmqpConnection, UnwritableError
from bridge.amqp_settings import AmqpSettings
from bridge.invalid import aside, aside_parked
from bridge.port import ChannelFailedError, Delivery, NotRoutedError, Outgoing
from bridge.topology import DROPPED, INVALID, OVERSIZE, QueueSpec
from contracts import naming


@dataclass(frozen=True, slots=True)
class Succession:
    """A tap queue that we are to leave, and the queue of copies that is consumed once it is gone."""

    tap: QueueSpec
    successor: QueueSpec


class AmqpSource:
    """A `Source` over one connection."""

    def __init__(
        self,
        settings: AmqpSettings,
        queues: Sequence[QueueSpec],
        generation: int = 0,
        *,
        unconsumed: Sequence[QueueSpec] = (),
        successions: Sequence[Succession] = (),
        on_blocked: Callable[[bool], None] = lambda _: None,
    ) -> None:
        """Connect, declare our queues, begin to consume. Raises SourceLostError or SourceRefusedError.

        Args:
            queues: what is consumed.
            unconsumed: what is declared only, for others publish to it.
            successions: taps that are to be left, where they still exist.
            on_blocked: see `AmqpConnection`.
        """
        self._dropped = 0
        self._successions = {one.tap.name: one for one in successions}
        self._connection = AmqpConnection(
            settings, generation, queues=len(queues) + len(successions), on_blocked=on_blocked
        )
        try:
            self._begin(queues, unconsumed)
        except BaseException:
            self.close()
            raise

    def poll(self, timeout_s: float) -> Sequence[Delivery]:
        """See `Source.poll`."""
        return self._connection.poll(timeout_s)

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """See `Source.acknowledge`."""
        self._connection.acknowledge(deliveries)

    def divert(self, delivery: Delivery, cause: str, attempts: int) -> None:
        """See `Source.divert`."""
        try:
            publish_aside(self._connection, delivery, cause, attempts)
        except NotRoutedError as error:
            raise ChannelFailedError(f"the Invalid Message Channel ({INVALID.name}) takes nothing: {error}") from error

    def put_aside(self, delivery: Delivery) -> None:
        """See `Source.put_aside`."""
        properties = {**delivery.facts.properties, "delivery_mode": 2}
        try:
            self._connection.publish(Outgoing("", naming.OVERSIZE_QUEUE, delivery.body, properties, delivery.headers))
        except (NotRoutedError, UnwritableError) as error:
            raise ChannelFailedError(f"{naming.OVERSIZE_QUEUE} takes nothing: {error}") from error

    def wake(self) -> None:
        """See `Source.wake`."""
        self._connection.wake()

    def watch(self, fileno: int, stir: Callable[[], None]) -> None:
        """See `Source.watch`."""
        self._connection.watch_file(fileno, stir)

    def dissolve(self, queue: str) -> bool:
        """See `Source.dissolve`."""
        successor = self._successions[queue].successor.name
        if self._connection.consumes(successor):
            return True
        if self._connection.consumes(queue):
            if self._connection.settled_ready(queue) or self._connection.has_arrived(queue):
                return False
            # Whoever else leaves this tap has to let go of it, too, before either can delete it: so we stay away.
            self._connection.cancel(queue)
        waiting = self._connection.ready(queue)
        if waiting:
            self._connection.consume(queue)
            return False
        if waiting is not None and not self._connection.delete(queue):
            return False
        self._connection.consume(successor)
        return True

    def dropped(self) -> int:
        """See `Source.dropped`."""
        dropped, self._dropped = self._dropped, 0
        return dropped

    def pause(self) -> None:
        """See `Source.pause`."""
        self._connection.pause()

    def close(self) -> None:
        """See `Source.close`."""
        self._connection.close()

    def _begin(self, queues: Sequence[QueueSpec], unconsumed: Sequence[QueueSpec]) -> None:
        successors = [one.successor for one in self._successions.values()]
        self._connection.declare((INVALID, OVERSIZE, DROPPED, *queues, *unconsumed, *successors))
        for queue in queues:
            self._connection.consume(queue.name)
        for name, one in self._successions.items():
            if self._connection.ready(name) is None:
                self._connection.consume(one.successor.name)
            else:
                self._connection.unbind(one.tap)
                self._connection.consume(name)
        self._connection.watch(naming.DROPPED_QUEUE, self._count_dropped)

    def _count_dropped(self) -> None:
        self._dropped += 1


def publish_aside(connection: AmqpConnection, delivery: Delivery, cause: str, attempts: int = 0) -> None:
    """Publish a delivery to the Invalid Message Channel. Raises NotRoutedError, SourceLostError."""
    at = datetime.now(UTC)
    try:
        connection.publish(aside(delivery, cause, at, attempts))
    except UnwritableError:  # with what is noted beside them they do not fit into a frame
        connection.publish(aside_parked(delivery, cause, at, attempts))
