"""What a judgement asks of a message type: its contract, or the strictest there is where it has none yet."""

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Protocol

from contracts.registry import UnknownTypeError, type_named
from contracts.terms import Terms


class JudgedType(Protocol):
    """A `contracts.message_type.MessageType`, or `Uncontracted`."""

    @property
    def name(self) -> str:
        """Of the type."""

    @property
    def terms(self) -> Terms:
        """What its outcomes are judged by."""

    @property
    def guarded(self) -> Container[str]:
        """Names of fields of money, identity and state."""

    def is_plain(self, path: str) -> bool:
        """Whether the value at a generalised path may be shown."""


class _Every:
    """Holds every name."""

    def __contains__(self, _name: object) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Uncontracted:
    """A type without a contract: nothing is tolerated, nothing may be shown, and every field is guarded."""

    name: str
    terms: Terms = field(default=Terms())
    guarded: Container[str] = field(default=_Every())

    def is_plain(self, _path: str) -> bool:
        """Nothing is."""
        return False


def judged_type(name: str) -> JudgedType:
    """The contract of that name, or none."""
    try:
        return type_named(name)
    except UnknownTypeError:
        return Uncontracted(name)
