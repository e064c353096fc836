"""What is agreed about a message type and its family: the shape of the registry's entries."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from pydantic import BaseModel

from contracts.rule import Rule, refusal
from contracts.terms import ListOrder, Terms

NormalForm = Mapping[Any, Any]
"""What a codec makes of a body: the fields of the notification, or of the message object."""

DEFAULT_TENANT = "default"

ReplaySafety = Literal["safe", "forbidden"]
"""What replaying a message of a type that failed would do. `safe`: what its first processing would have done, and no
more. `forbidden`: harm, whenever it is not processed in its time."""


_REJECTING = ("reject-publish", "reject-publish-dlx")
"""What a full queue may do to its publishers (RabbitMQ, "Queue Length Limit")."""


class ContractError(ValueError):
    """A contract contradicts itself; found when the registry is read, before anything runs."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the monolith publishes a type on RabbitMQ."""

    exchange: str
    routing_key: str | None
    """None where the exchange is a fanout and carries this one type."""
    legacy_queue: str
    """The monolith's own queue: the router takes it over; a tap stands beside it."""
    legacy_queue_arguments: Mapping[str, Any] = field(default_factory=dict)
    """Arguments that the monolith declares that queue with; the one that it consumes behind the router has them too."""

    def __post_init__(self) -> None:
        """Refuse a queue that rejects: ours would have its arguments, and the router could not get rid of a message."""
        overflow = self.legacy_queue_arguments.get("x-overflow")
        if overflow in _REJECTING:
            raise ContractError(
                f"{self.legacy_queue}: x-overflow {overflow}: the queue behind the router would have it too, and no "
                "queue of ours may reject what is published"
            )


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
    lists: Mapping[str, ListOrder] = field(default_factory=dict)
    """How to compare a list whose order says nothing, by its place relative to the path; else by position."""
    maps: frozenset[str] = frozenset()
    """Places, relative to the path, of objects whose keys are data, such as tags that customers make up."""


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
    plain: frozenset[str] = frozenset()
    """Names of the body's fields that are neither personal nor secret; identity and business key are so anyway."""
    replay: ReplaySafety = "safe"
    replay_because: str | None = None
    """Why a replay is forbidden; whoever is refused one reads it."""
    lateness_s: int | None = None
    """Seconds that one side may tell after the other, where the deployment's own figure does not suit the type."""
    terms: Terms = field(init=False, repr=False, compare=False)
    """What its outcomes are judged by."""

    def __post_init__(self) -> None:
        """Refuse what must never be tolerated, and what is forbidden without a reason."""
        if self.replay not in get_args(ReplaySafety):
            raise ContractError(f"{self.name}: replay: {' or '.join(get_args(ReplaySafety))}")
        if (self.replay == "forbidden") != bool((self.replay_because or "").strip()):
            raise ContractError(f"{self.name}: replay: a forbidden one has a reason, a safe one needs none")
        if self.lateness_s is not None and self.lateness_s < 1:
            raise ContractError(f"{self.name}: lateness_s: a second at least; None for the deployment's own")
        for rule in self.rules:
            signed = [f"{one.path}.{origin}" for one in self.effects for origin in one.derived.values()]
            reason = refusal(rule, (effect.path for effect in self.effects), self.guarded, signed)
            if reason is not None:
                raise ContractError(f"{self.name}: rule on {rule.path}: {reason}")
        for effect in self.effects:
            for place, order in effect.lists.items():
                if order not in ("ordered", "multiset") and not order.startswith("key:"):
                    raise ContractError(f"{self.name}: {effect.path}.{place}: ordered, multiset or key:NAME")
        object.__setattr__(self, "terms", self._terms())

    def _terms(self) -> Terms:
        return Terms(
            self.rules,
            {
                f"{one.path}.{name}": f"{one.path}.{origin}"
                for one in self.effects
                for name, origin in one.derived.items()
            },
            {f"{one.path}.{place}": order for one in self.effects for place, order in one.lists.items()},
            frozenset(f"{one.path}.{place}" for one in self.effects for place in one.maps),
        )

    def shows(self, name: str) -> bool:
        """Whether the value of a field of the body may be shown, by its name."""
        known = (one.name for one in (self.identity, self.business_key) if isinstance(one, BodyField))
        return name in self.plain or name in known

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
        """Refuse types that disagree on which columns of a table are stored in clear, or on the monolith's queue."""
        known: dict[str, frozenset[str]] = {}
        for effect in (effect for message_type in self.types for effect in message_type.effects):
            if known.setdefault(effect.path, effect.plain) != effect.plain:
                raise ContractError(f"{self.name}: its types disagree on what is plain in {effect.path}")
        if any(
            (one.origin.legacy_queue, one.origin.legacy_queue_arguments)
            != (self.legacy_queue, self.legacy_queue_arguments)
            for one in self.types
        ):
            raise ContractError(f"{self.name}: its types disagree on the monolith's queue: they move together, or not")

    @property
    def legacy_queue(self) -> str:
        """The monolith's queue of all types of this family."""
        return self.types[0].origin.legacy_queue

    @property
    def legacy_queue_arguments(self) -> Mapping[str, Any]:
        """Arguments of the monolith's queue."""
        return self.types[0].origin.legacy_queue_arguments

    def plain_columns(self, table: str) -> frozenset[str]:
        """Columns of a table that are stored unsealed; none of a table that no contract names."""
        effects = (effect for message_type in self.types for effect in message_type.effects)
        return next((effect.plain for effect in effects if effect.path == f"row:{table}"), frozenset())

    @property
    def ordered(self) -> bool:
        """Whether messages of one business key are processed in the order of their publishing."""
        return self.unordered_because is None
