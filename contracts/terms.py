"""What the outcomes of one message type are judged by."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.rule import Rule

ListOrder = str
"""How two lists are compared: `ordered`, by position; `multiset`, with repetition; `key:NAME`, by a field of items."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Of a type without a contract there are none: everything counts."""

    rules: tuple[Rule, ...] = ()
    """Tolerated differences."""
    derived: Mapping[str, str] = field(default_factory=dict)
    """Path to the path that it is computed from (a signature from its body): a difference there is left out where its
    origin differs too, so that one bug is one difference."""
    lists: Mapping[str, ListOrder] = field(default_factory=dict)
    """Generalised path of a list to how it is compared; by position where nothing is said."""
    maps: frozenset[str] = frozenset()
    """Generalised paths of objects whose keys are data: they are told as `*`, for they may be personal."""
