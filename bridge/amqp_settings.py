"""How a broker is reached, and how it is called where its password must not be seen."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

HEARTBEAT_S = 30


@dataclass(frozen=True, slots=True)
class AmqpSettings:
    """How to reach the broker."""

    url: str = field(repr=False)  # holds the password
    prefetch: int = 200
    heartbeat_s: int = HEARTBEAT_S
    name: str = "strangler shipper"
    """What an operator sees in the broker's list of connections."""

    @property
    def user(self) -> str:
        """The user of the connection."""
        return unquote(urlsplit(self.url).username or "guest")


def describe(url: str) -> str:
    """Host, port and virtual host of an AMQP URL, without its credentials."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (5671 if parts.scheme == 'amqps' else 5672)}{parts.path or '/'}"
