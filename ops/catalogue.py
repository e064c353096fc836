"""The registry as an operator reads it: what a type is bound to, compared by and forgiven."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from contracts.message_type import AmqpProperty, BodyField, Family, MessageType
from contracts.registry import FAMILIES
from contracts.rule import Rule


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """One tolerated difference."""

    path: str
    kind: str
    tolerance_s: float
    """For `time within`; else 0."""
    reason: str
    owner: str
    expires: date
    expired: bool
    """Whether it tolerates nothing any more."""
    ends_too_late: bool
    """Whether it tolerates nothing for an end that is none."""


@dataclass(frozen=True, slots=True)
class TypeEntry:
    """One message type."""

    name: str
    exchange: str
    routing_key: str | None
    legacy_queue: str
    identity: str
    business_key: str
    tenant: str
    effects: tuple[str, ...]
    rules: tuple[RuleEntry, ...]


@dataclass(frozen=True, slots=True)
class FamilyEntry:
    """One family."""

    name: str
    ordered: bool
    unordered_because: str | None
    types: tuple[TypeEntry, ...]


def catalogue(today: date, families: Sequence[Family] = FAMILIES) -> tuple[FamilyEntry, ...]:
    """All families. `today` tells which rules have expired."""
    return tuple(
        FamilyEntry(
            family.name,
            family.ordered,
            family.unordered_because,
            tuple(_type(message_type, today) for message_type in family.types),
        )
        for family in families
    )


def _type(message_type: MessageType, today: date) -> TypeEntry:
    origin = message_type.origin
    return TypeEntry(
        name=message_type.name,
        exchange=origin.exchange,
        routing_key=origin.routing_key,
        legacy_queue=origin.legacy_queue,
        identity=_place(message_type.identity),
        business_key=_place(message_type.business_key),
        tenant=message_type.tenant,
        effects=tuple(effect.path for effect in message_type.effects),
        rules=tuple(_rule(rule, today) for rule in message_type.rules),
    )


def _place(one: BodyField | AmqpProperty) -> str:
    return f"body {one.name}" if isinstance(one, BodyField) else f"AMQP {one.name}"


def _rule(rule: Rule, today: date) -> RuleEntry:
    return RuleEntry(
        *(rule.path, rule.kind, rule.tolerance_s, rule.reason, rule.owner, rule.expires),
        expired=rule.expired(today),
        ends_too_late=rule.ends_too_late(today),
    )
