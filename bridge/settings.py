"""The bridge's settings: the only reader of its environment. AWS's own variables are read by boto3."""

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

_EXPECTED_URL = "expected amqp://user:password@host:port/vhost or amqps://…, special characters percent-encoded"


class SettingsError(ValueError):
    """The environment does not say what the bridge needs."""


class ShipperSettings(BaseModel):
    """Environment of `strangler bridge ship`."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    amqp_url: SecretStr = Field(alias="AMQP_URL")
    """`amqp://user:password@host:port/vhost`."""
    stack: str = Field(alias="STRANGLER_STACK", default="strangler", pattern=r"^[a-z][a-z0-9-]{0,30}$")
    prefetch: int = Field(alias="STRANGLER_PREFETCH", default=200, ge=1, le=65_535)
    """Unacknowledged messages per queue."""
    tap_length: int = Field(alias="STRANGLER_TAP_LENGTH", default=100_000, ge=1)
    """Messages that a tap queue holds before it drops its oldest; the same at every start."""
    drain_s: float = Field(alias="STRANGLER_DRAIN_S", default=20.0, gt=0)
    """How long SIGTERM waits for messages in flight, in seconds."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(alias="LOG_LEVEL", default="INFO")

    @field_validator("amqp_url")
    @classmethod
    def _splits(cls, url: SecretStr) -> SecretStr:
        """Refuse a URL that falls apart within its password: a piece of that would be taken, and shown, as the host."""
        try:
            parts = urlsplit(url.get_secret_value())
            whole = parts.scheme in ("amqp", "amqps") and parts.hostname and parts.port != 0
        except ValueError:  # its text quotes the URL
            whole = False
        if not whole or "@" in parts.path or parts.path.count("/") > 1 or parts.query or parts.fragment:
            raise ValueError(_EXPECTED_URL)
        return url


def read_settings(environment: Mapping[str, str]) -> ShipperSettings:
    """Read and check the environment. Raises SettingsError, which names the variable but never quotes its value."""
    try:
        return ShipperSettings.model_validate(dict(environment))
    except ValidationError as error:
        problems = "; ".join(f"{one['loc'][0]}: {one['msg']}" for one in error.errors(include_input=False))
        raise SettingsError(problems) from error
