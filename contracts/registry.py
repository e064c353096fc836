"""The registry: all families with their message types. Each stands in a module of its own, in `contracts/family`.

The bridge, the workers, the infrastructure and the operator's tool all read it, so that a new type is made known once.
"""

from contracts.family.balance import BALANCE
from contracts.family.card_transaction import CARD_TRANSACTION
from contracts.family.monolith import NOTIFICATIONS, PAYOUTS
from contracts.family.payin import PAYIN
from contracts.family.payout import PAYOUT
from contracts.message_type import Family, MessageType

__all__ = [
    "BALANCE",
    "CARD_TRANSACTION",
    "FAMILIES",
    "NOTIFICATIONS",
    "PAYIN",
    "PAYOUT",
    "PAYOUTS",
    "UnknownTypeError",
    "family_named",
    "family_of",
    "type_named",
]

FAMILIES: tuple[Family, ...] = (
    PAYIN,
    PAYOUT,
    CARD_TRANSACTION,
    BALANCE,
)


class UnknownTypeError(LookupError):
    """No contract of that name."""


def family_named(name: str) -> Family:
    """The family of that name. Raises UnknownTypeError."""
    for family in FAMILIES:
        if family.name == name:
            return family
    raise UnknownTypeError(f"no family {name!r}; known: {', '.join(family.name for family in FAMILIES)}")


def type_named(name: str) -> MessageType:
    """The type of that name. Raises UnknownTypeError."""
    for family in FAMILIES:
        for message_type in family.types:
            if message_type.name == name:
                return message_type
    raise UnknownTypeError(f"no message type {name!r}")


def family_of(type_name: str) -> Family:
    """The family that a type belongs to. Raises UnknownTypeError."""
    for family in FAMILIES:
        if any(message_type.name == type_name for message_type in family.types):
            return family
    raise UnknownTypeError(f"no message type {type_name!r}")
