"""How a broker is reached, and how it is called where its password must not be seen."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

HEARTBEAT_S = 30
BUDGET_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class AmqpSettings:
    """How to reach the broker."""

    urls: tuple[str, ...] = field(repr=False)  # hold the password
    """Of the hosts of one broker; all name the same user. Another one is tried where one does not answer."""
    prefetch: int = 200
    """Unacknowledged messages per queue, at most."""
    budget_bytes: int = BUDGET_BYTES
    """Of bodies in hand, all queues together; lowers the prefetch. One message of each queue is always taken."""
    heartbeat_s: int = HEARTBEAT_S
    name: str = "strangler shipper"
    """What an operator sees in the broker's list of connections."""

    @property
    def user(self) -> str:
        """The user of the connection."""
        return unquote(urlsplit(self.urls[0]).username or "guest")


def describe(url: str) -> str:
    """Host, port and virtual host of an AMQP URL, without its credentials."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (5671 if parts.scheme == 'amqps' else 5672)}{parts.path or '/'}"
