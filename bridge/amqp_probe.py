"""Looks at RabbitMQ and changes nothing: passive declarations only."""

from bridge.amqp_connection import AmqpConnection
from bridge.amqp_settings import AmqpSettings


class AmqpProbe:
    """A `bridge.check.Broker` over one connection."""

    def __init__(self, settings: AmqpSettings) -> None:
        """Connect. Raises SourceLostError, SourceRefusedError."""
        self._connection = AmqpConnection(settings)

    def has_exchange(self, name: str) -> bool:
        """See `Broker.has_exchange`."""
        return self._connection.has_exchange(name)

    def has_queue(self, name: str) -> bool:
        """See `Broker.has_queue`."""
        return self._connection.ready(name) is not None

    def close(self) -> None:
        """See `Broker.close`."""
        self._connection.close()
