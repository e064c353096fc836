"""How a broker is reached, and how it is called where its password must not be seen."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

HEARTBEAT_S = 30
BUDGET_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Tls:
    """How a broker is trusted, and what it is shown. Its host name is always verified."""

    ca_file: Path | None = None
    """Whose certificates the broker may show (PEM); None: the machine's own authorities."""
    certificate_file: Path | None = None
    """What we show of ourselves (PEM); None: nothing."""
    key_file: Path | None = None
    """Its key (PEM); None: in the certificate's file."""
    key_password: str | None = field(default=None, repr=False)


PUBLIC_TLS = Tls()


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

    tls: Tls = PUBLIC_TLS
    """Of `amqps://` URLs."""

    @property
    def external(self) -> bool:
        """Whether the certificate says who we are (SASL EXTERNAL): the URL names no user."""
        parts = urlsplit(self.urls[0])
        return parts.scheme == "amqps" and parts.username is None and self.tls.certificate_file is not None

    @property
    def user(self) -> str:
        """The user of the connection; empty where the broker knows it by the certificate, and we do not."""
        return "" if self.external else unquote(urlsplit(self.urls[0]).username or "guest")


def describe(url: str) -> str:
    """Host, port and virtual host of an AMQP URL, without its credentials."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (5671 if parts.scheme == 'amqps' else 5672)}{parts.path or '/'}"
