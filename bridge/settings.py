"""The bridge's settings: the only reader of its environment. AWS's own variables are read by boto3."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from bridge.amqp_settings import HEARTBEAT_S, AmqpSettings
from contracts.message_type import Family
from contracts.registry import FAMILIES

_EXPECTED_URL = "expected amqp://user:password@host:port/vhost or amqps://…, special characters percent-encoded"


class SettingsError(ValueError):
    """The environment does not say what the bridge needs."""


class BridgeSettings(BaseModel):
    """Environment of every process of the bridge, and all that `strangler bridge return` has."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    amqp_url: SecretStr = Field(alias="AMQP_URL")
    """`amqp://user:password@host:port/vhost`; several hosts of one broker with commas between."""
    heartbeat_s: int = Field(alias="STRANGLER_HEARTBEAT_S", default=HEARTBEAT_S, ge=1, le=600)
    """How often broker and bridge show each other that they are there, in seconds."""
    stack: str = Field(alias="STRANGLER_STACK", default="strangler", pattern=r"^[a-z][a-z0-9-]{0,30}$")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(alias="LOG_LEVEL", default="INFO")

    @field_validator("amqp_url")
    @classmethod
    def _splits(cls, url: SecretStr) -> SecretStr:
        """Refuse a URL that falls apart within its password: a piece of that would be taken, and shown, as the host."""
        urls = _urls(url)
        if not all(map(_is_whole, urls)):
            raise ValueError(_EXPECTED_URL)
        if len({(urlsplit(one).username, urlsplit(one).password) for one in urls}) > 1:
            raise ValueError("expected hosts of one broker, with the same user and password")
        return url

    @property
    def amqp_urls(self) -> tuple[str, ...]:
        """One URL for each host of the broker; they hold the password."""
        return _urls(self.amqp_url)


class TakerSettings(BridgeSettings):
    """What those have in common that take from RabbitMQ."""

    prefetch: int = Field(alias="STRANGLER_PREFETCH", default=200, ge=1, le=65_535)
    """Unacknowledged messages per queue, at most."""
    budget_mib: int = Field(alias="STRANGLER_BUDGET_MIB", default=64, ge=1)
    """Bodies in hand of all queues together, in MiB; lowers the prefetch where messages are large."""
    tap_length: int = Field(alias="STRANGLER_TAP_LENGTH", default=100_000, ge=1)
    """Messages that a queue of copies holds before it drops its oldest; the same at every start, for all processes."""
    drain_s: float = Field(alias="STRANGLER_DRAIN_S", default=20.0, gt=0)
    """How long SIGTERM waits for messages in flight, in seconds."""
    delivery_timeout_s: float = Field(alias="STRANGLER_DELIVERY_TIMEOUT_S", default=1800.0, gt=0)
    """How long the broker lets a delivery go unacknowledged (RabbitMQ's `consumer_timeout`), in seconds."""

    def amqp(self, name: str) -> AmqpSettings:
        """How the broker is reached, by a connection of this name."""
        budget_bytes = self.budget_mib * 1024 * 1024
        return AmqpSettings(self.amqp_urls, self.prefetch, budget_bytes, self.heartbeat_s, name)


class ShipperSettings(TakerSettings):
    """Environment of `strangler bridge ship`."""

    tap: str = Field(alias="STRANGLER_TAP", default="all")
    """Families that are tapped beside the monolith: `all`, `none`, or their names with commas between."""
    journal: Path = Field(alias="STRANGLER_JOURNAL", default=Path("var/shipper"))
    """Folder of the shipper's journal, on a disk of its own machine; each shipper has its own."""
    poison_per_minute: int = Field(alias="STRANGLER_POISON_PER_MINUTE", default=60, ge=1)
    """So many messages may go to the Invalid Message Channel within a minute; more stop the shipper."""
    claim_bucket: str | None = Field(
        alias="STRANGLER_CLAIM_BUCKET", default=None, pattern=r"^[a-z0-9][a-z0-9.-]{2,62}$"
    )
    """Bucket of bodies that no queue takes; by default its name is made of stack, account (asked of STS) and region."""

    @field_validator("tap")
    @classmethod
    def _known(cls, tap: str) -> str:
        _families_of(tap)
        return tap

    @property
    def tapped(self) -> Sequence[Family]:
        """The families that are tapped."""
        return _families_of(self.tap)


class RouterSettings(TakerSettings):
    """Environment of `strangler bridge route`."""

    journal: Path = Field(alias="STRANGLER_JOURNAL", default=Path("var/router"))
    """Folder of the router's journal, on a disk of its own machine; another journal is another router."""
    families: str = Field(alias="STRANGLER_FAMILIES", default="all")
    """Families that it routes: `all`, or their names with commas between."""

    @field_validator("families")
    @classmethod
    def _known(cls, families: str) -> str:
        if not _families_of(families):
            raise ValueError("at least one family")
        return families

    @property
    def routed(self) -> Sequence[Family]:
        """The families that it routes."""
        return _families_of(self.families)


_S = TypeVar("_S", bound=BridgeSettings)


def read_settings(environment: Mapping[str, str], kind: type[_S]) -> _S:
    """Read and check the environment. Raises SettingsError, which names the variable but never quotes its value."""
    try:
        return kind.model_validate(dict(environment))
    except ValidationError as error:
        problems = "; ".join(f"{one['loc'][0]}: {one['msg']}" for one in error.errors(include_input=False))
        raise SettingsError(problems) from error


def _urls(url: SecretStr) -> tuple[str, ...]:
    return tuple(one.strip() for one in url.get_secret_value().split(","))


def _is_whole(url: str) -> bool:
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("amqp", "amqps") and parts.hostname and parts.port != 0
    except ValueError:  # its text quotes the URL
        return False
    return bool(whole) and not ("@" in parts.path or parts.path.count("/") > 1 or parts.query or parts.fragment)


def _families_of(text: str) -> Sequence[Family]:
    if text == "all":
        return FAMILIES
    if text == "none":
        return ()
    names = [name.strip() for name in text.split(",")]
    known = {family.name: family for family in FAMILIES}
    if any(name not in known for name in names):
        raise ValueError(f"expected all, none, or some of {', '.join(known)}, with commas between")
    return tuple(family for family in FAMILIES if family.name in names)
