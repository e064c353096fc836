"""What is agreed about a message type and its family: the shape of the registry's entries."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from contracts.rule import Rule

NormalForm = Mapping[Any, Any]
"""What a codec makes of a body: the fields of the notification, or of the message object."""

DEFAULT_TENANT = "default"


class ContractError(ValueError):
    """A contract contradicts itself; found when the registry is read, before anything runs."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the monolith publishes a type on RabbitMQ."""

    exchange: str
    routing_key: str | None
    """None where the exchange is a fanout and carries this one type."""
    legacy_queue: str
    """The monolith's own queue. We never consume it in shadow; named for those who read."""


@dataclass(frozen=True, slots=True)
class BodyField:
    """An identity or key in the decoded body."""

    name: str


@dataclass(frozen=True, slots=True)
class AmqpProperty:
    """An identity in an AMQP basic property."""

    name: Literal["message_id", "correlation_id"]


@dataclass(frozen=True, slots=True)
class EffectContract:
    """What is agreed about one effect of a type: a table, a message or a webhook."""

    path: str
    """`row:payins`, `message:accounting/payin.booked`, `webhook:payin.booked`."""
    plain: frozenset[str]
    """Names of fields that are neither personal nor secret. Every other field is sealed at rest and masked on sight."""
    derived: Mapping[str, str] = field(default_factory=dict)
    """Field to the field that it is computed from (a signature from its body), relative to the path."""


@dataclass(frozen=True, slots=True)
class MessageType:
    """The contract of one message type."""

    name: str
    origin: Origin
    decode: Callable[[bytes], NormalForm]
    """The type's codec. Raises `contracts.codecs.error.DecodeError`."""
    model: type[BaseModel]
    identity: BodyField | AmqpProperty
    business_key: BodyField
    effects: tuple[EffectContract, ...]
    guarded: frozenset[str]
    """Fields of money, identity and state: no rule may tolerate a difference in them."""
    rules: tuple[Rule, ...] = ()
    tenant: str = DEFAULT_TENANT

    def __post_init__(self) -> None:
        """Refuse what must never be tolerated."""
        paths = tuple(effect.path for effect in self.effects)
        for rule in self.rules:
            owner = next((path for path in paths if rule.path.startswith(f"{path}.")), None)
            if owner is None:
                raise ContractError(f"{self.name}: rule on {rule.path}: no such effect, or a whole effect")
            if _leaf(rule.path) in self.guarded:
                raise ContractError(f"{self.name}: rule on {rule.path}: money, identity and state are never tolerated")

    @property
    def derived(self) -> Mapping[str, str]:
        """Paths to the paths that they are computed from, of all effects."""
        return {
            f"{effect.path}.{name}": f"{effect.path}.{origin}"
            for effect in self.effects
            for name, origin in effect.derived.items()
        }

    def is_plain(self, path: str) -> bool:
        """Whether the value at a generalised path may be shown. What no contract names is personal."""
        return any(path.startswith(f"{effect.path}.") and _leaf(path) in effect.plain for effect in self.effects)


def _leaf(path: str) -> str:
    """Name of the field at a generalised path, be it one value or a list of them."""
    return path.rsplit(".", 1)[-1].rstrip("[]")


@dataclass(frozen=True, slots=True)
class Family:
    """Types that write the same records: one queue, one function, one role, one authority."""

    name: str
    types: tuple[MessageType, ...]
    unordered_because: str | None = None
    """Why the order of this family's messages does not matter; None where it does."""

    def __post_init__(self) -> None:
        """Refuse types that disagree on which columns of a table are stored in clear."""
        known: dict[str, frozenset[str]] = {}
        for effect in (effect for message_type in self.types for effect in message_type.effects):
            if known.setdefault(effect.path, effect.plain) != effect.plain:
                raise ContractError(f"{self.name}: its types disagree on what is plain in {effect.path}")

    def plain_columns(self, table: str) -> frozenset[str]:
        """Columns of a table that are stored unsealed; none of a table that no contract names."""
        effects = (effect for message_type in self.types for effect in message_type.effects)
        return next((effect.plain for effect in effects if effect.path == f"row:{table}"), frozenset())

    @property
    def ordered(self) -> bool:
        """Whether messages of one business key are processed in the order of their publishing."""
        return self.unordered_because is None
