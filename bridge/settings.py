"""The bridge's settings: the only reader of its environment and its file. AWS's own variables are read by boto3.

Every setting has an environment variable, its alias, and a key in the file, its field's name. The environment wins.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from bridge.amqp_settings import HEARTBEAT_S, AmqpSettings, Tls
from bridge.settings_file import Key, Sections, SettingsFileError, read_file
from contracts.message_type import Family
from contracts.registry import FAMILIES

_EXPECTED_URL = "expected amqp://user:password@host:port/vhost or amqps://…, special characters percent-encoded"
_HOST = re.compile(r"[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]")
_EXPECTED_LISTEN = "expected host:port, as 127.0.0.1:9464 or [::1]:9464"


class SettingsError(ValueError):
    """Environment and file do not say what the bridge needs."""


class BridgeSettings(BaseModel):
    """What every process of the bridge is told, and all that `strangler bridge return` is."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    amqp_url: SecretStr = Field(alias="AMQP_URL")
    """`amqp://user:password@host:port/vhost`; several hosts of one broker with commas between."""
    heartbeat_s: int = Field(alias="STRANGLER_HEARTBEAT_S", default=HEARTBEAT_S, ge=1, le=600)
    """How often broker and bridge show each other that they are there, in seconds."""
    stack: str = Field(alias="STRANGLER_STACK", default="strangler", pattern=r"^[a-z][a-z0-9-]{0,30}$")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(alias="LOG_LEVEL", default="INFO")
    listen: str | None = Field(alias="STRANGLER_LISTEN", default=None)
    """`host:port` of `/metrics`, `/live` and `/ready`; nothing listens unless it is given."""
    tls_ca_file: Path | None = Field(alias="STRANGLER_TLS_CA_FILE", default=None)
    """Whose certificates the broker may show (PEM); the machine's own authorities where it is left out."""
    tls_certificate_file: Path | None = Field(alias="STRANGLER_TLS_CERTIFICATE_FILE", default=None)
    """Our certificate for the broker (PEM), with what is between it and its authority."""
    tls_key_file: Path | None = Field(alias="STRANGLER_TLS_KEY_FILE", default=None)
    """Its key (PEM), where that is not in the certificate's file."""
    tls_key_password: SecretStr | None = Field(alias="STRANGLER_TLS_KEY_PASSWORD", default=None)
    """Opens the key. From the environment only."""

    @field_validator("tls_ca_file", "tls_certificate_file", "tls_key_file")
    @classmethod
    def _is_readable(cls, file: Path | None) -> Path | None:
        if file is not None and not (file.is_file() and os.access(file, os.R_OK)):
            raise ValueError("no such file, or we may not read it")
        return file

    @field_validator("listen")
    @classmethod
    def _is_an_address(cls, listen: str | None) -> str | None:
        if listen is not None:
            _address(listen)
        return listen

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        """TLS that would not be used is a mistake: somebody believes that the connection is safe."""
        plain = any(urlsplit(one).scheme == "amqp" for one in self.amqp_urls)
        if plain and (self.tls_ca_file or self.tls_certificate_file or self.tls_key_file):
            raise ValueError("AMQP_URL: expected amqps:// for every host, for TLS files are given")
        if self.tls_key_file is not None and self.tls_certificate_file is None:
            raise ValueError("STRANGLER_TLS_KEY_FILE: a key without STRANGLER_TLS_CERTIFICATE_FILE")
        return self

    @field_validator("amqp_url")
    @classmethod
    def _splits(cls, url: SecretStr) -> SecretStr:
        """Refuse a URL that falls apart within its password: a piece of that would be taken, and shown, as the host."""
        urls = _urls(url)
        if not all(map(_is_whole, urls)):
            raise ValueError(_EXPECTED_URL)
        if len({(urlsplit(one).username, urlsplit(one).password) for one in urls}) > 1:
            raise ValueError("expected hosts of one broker, with the same user and password")
        if len({urlsplit(one).scheme for one in urls}) > 1:
            raise ValueError("expected the hosts of one broker all with amqps://, or all with amqp://")
        return url

    @property
    def amqp_urls(self) -> tuple[str, ...]:
        """One URL for each host of the broker; they hold the password."""
        return _urls(self.amqp_url)

    @property
    def tls(self) -> Tls:
        """How an `amqps://` broker is trusted, and what it is shown."""
        password = None if self.tls_key_password is None else self.tls_key_password.get_secret_value()
        return Tls(self.tls_ca_file, self.tls_certificate_file, self.tls_key_file, password)

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port to listen on; None where nothing is to listen."""
        return None if self.listen is None else _address(self.listen)

    def amqp(self, name: str) -> AmqpSettings:
        """How the broker is reached, by a connection of this name."""
        return AmqpSettings(self.amqp_urls, heartbeat_s=self.heartbeat_s, name=name, tls=self.tls)


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
        return AmqpSettings(self.amqp_urls, self.prefetch, budget_bytes, self.heartbeat_s, name, self.tls)


class ShipperSettings(TakerSettings):
    """What `strangler bridge ship` is told."""

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
    """What `strangler bridge route` is told."""

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


SECTIONS: Mapping[str, type[BridgeSettings]] = {
    "bridge": TakerSettings,
    "ship": ShipperSettings,
    "route": RouterSettings,
    "return": BridgeSettings,
}
"""Sections of the file, each with the settings that may stand there. A process's own section wins over `[bridge]`."""
_OWN_SECTION: Mapping[type[BridgeSettings], str] = {
    ShipperSettings: "ship",
    RouterSettings: "route",
    BridgeSettings: "return",
    TakerSettings: "bridge",
}
_NOT_IN_A_FILE = frozenset({"tls_key_password"})
_S = TypeVar("_S", bound=BridgeSettings)


def read_settings(environment: Mapping[str, str], kind: type[_S], file: Path | None = None) -> _S:
    """Read and check environment and file; the environment wins.

    Raises SettingsError, which names the variable, or the file and its key, but never quotes a value.
    """
    places: dict[str, str] = {}
    values: dict[str, object] = {}
    if file is not None:
        try:
            document = read_file(file, _known())
        except SettingsFileError as error:
            raise SettingsError(str(error)) from None
        for section in ("bridge", _OWN_SECTION[kind]):
            for key, value in document[section].items():
                if key in kind.model_fields:
                    variable = _variable(kind, key)
                    values[variable], places[variable] = value, f"{file}: [{section}] {key}"
    places = {variable: place for variable, place in places.items() if variable not in environment}
    try:
        return kind.model_validate({**values, **environment})
    except ValidationError as error:
        problems = [(one["loc"], one["msg"].removeprefix("Value error, ")) for one in error.errors(include_input=False)]
        told = [f"{places.get(str(loc[0]), loc[0])}: {text}" if loc else text for loc, text in problems]
        raise SettingsError("; ".join(told)) from error


def _known() -> Sections:
    return {
        section: {
            name: Key(_variable(kind, name), field.annotation, secret=name in _NOT_IN_A_FILE)
            for name, field in kind.model_fields.items()
        }
        for section, kind in SECTIONS.items()
    }


def _variable(kind: type[BridgeSettings], key: str) -> str:
    return str(kind.model_fields[key].alias)


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not (_HOST.fullmatch(host) and port.isascii() and port.isdigit() and int(port) < 65_536):
        raise ValueError(_EXPECTED_LISTEN)
    return host.removeprefix("[").removesuffix("]"), int(port)


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
