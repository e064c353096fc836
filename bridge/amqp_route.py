"""The router's place at RabbitMQ, and the returner's: both publish, mandatory and confirmed."""

from collections.abc import Callable, Sequence

from bridge.amqp import publish_aside
from bridge.amqp_connection import AmqpConnection, UnwritableError
from bridge.amqp_settings import AmqpSettings
from bridge.port import Delivery, Depth, NotRoutedError, Outgoing
from bridge.topology import DROPPED, INVALID, hold_queue, route_queues
from contracts import naming
from contracts.message_type import Family


class AmqpJunction:
    """A `Junction` over one connection."""

    def __init__(
        self,
        settings: AmqpSettings,
        families: Sequence[Family],
        copies: int,
        generation: int = 0,
        *,
        on_blocked: Callable[[bool], None] = lambda _: None,
    ) -> None:
        """Connect, declare our queues. Raises SourceLostError or SourceRefusedError.

        Args:
            settings: how to reach the broker.
            families: what is routed.
            copies: messages that a queue of copies holds before it drops its oldest; the same wherever it is declared.
            generation: number of the connection.
            on_blocked: see `AmqpConnection`.
        """
        self._copies = copies
        self._families = {family.name: family for family in families}
        self._connection = AmqpConnection(settings, generation, queues=len(families), on_blocked=on_blocked)
        try:
            self._connection.declare((INVALID, DROPPED))
            for name in self._families:
                self.restore(name)
        except BaseException:
            self.close()
            raise
        self.user = settings.user

    def claim(self, family: str) -> bool:
        """See `Junction.claim`."""
        return self._connection.consume(self._families[family].legacy_queue, exclusive=True)

    def poll(self, timeout_s: float) -> Sequence[Delivery]:
        """See `Junction.poll`."""
        return self._connection.poll(timeout_s)

    def waiting(self, family: str) -> int:
        """See `Junction.waiting`."""
        self._connection.flush(naming.hold_queue_name(family))
        return self._connection.settled_ready(self._families[family].legacy_queue)

    def take_held(self, family: str) -> Delivery | None:
        """See `Junction.take_held`."""
        return self._connection.get(naming.hold_queue_name(family))

    def publish(self, message: Outgoing) -> None:
        """See `Junction.publish`."""
        _publish(self._connection, message)

    def copy_aside(self, delivery: Delivery, cause: str) -> None:
        """See `Junction.copy_aside`."""
        publish_aside(self._connection, delivery, cause)

    def acknowledge(self, delivery: Delivery) -> None:
        """See `Junction.acknowledge`."""
        self._connection.acknowledge([delivery])

    def depth(self, family: str) -> Depth:
        """See `Junction.depth`."""
        return Depth(
            self._connection.ready(naming.hold_queue_name(family)) or 0,
            self._connection.ready(naming.legacy_queue_name(family)) or 0,
            tap=self._connection.ready(naming.tap_queue_name(family)) is not None,
        )

    def restore(self, family: str) -> None:
        """See `Junction.restore`."""
        self._connection.declare((INVALID, *route_queues(self._families[family], self._copies)))

    def pause(self) -> None:
        """See `Junction.pause`."""
        self._connection.pause()

    def close(self) -> None:
        """See `Junction.close`."""
        self._connection.close()


class AmqpOutlet:
    """An `Outlet` over one connection."""

    def __init__(
        self,
        settings: AmqpSettings,
        families: Sequence[Family],
        *,
        on_blocked: Callable[[bool], None] = lambda _: None,
    ) -> None:
        """Connect, declare the queues of what is held. Raises SourceLostError or SourceRefusedError."""
        self._connection = AmqpConnection(settings, on_blocked=on_blocked)
        try:
            self._connection.declare([hold_queue(family) for family in families])
        except BaseException:
            self.close()
            raise

    def publish(self, message: Outgoing) -> None:
        """See `Outlet.publish`."""
        _publish(self._connection, message)

    def rest(self, seconds: float) -> None:
        """See `Outlet.rest`."""
        self._connection.rest(seconds)

    def close(self) -> None:
        """See `Outlet.close`."""
        self._connection.close()


def _publish(connection: AmqpConnection, message: Outgoing) -> None:
    try:
        connection.publish(message)
    except UnwritableError as error:  # of what was read from the broker: with ours it does not fit into a frame
        raise NotRoutedError(f"headers that cannot be written: {error}") from error
