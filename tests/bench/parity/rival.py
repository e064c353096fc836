"""What others would say of the same counts or values, so that it can stand beside what we say."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deepdiff import DeepDiff

_LEAST_RELATIVE = 20.0
_LEAST_ABSOLUTE = 0.03


@dataclass(frozen=True, slots=True)
class Diffy:
    """One field of Twitter's Diffy, by the formula that its documentation gives, with its default thresholds.

    It compares two rates over all requests: how often the candidate differs from the primary, and how often the
    secondary, which runs the primary's code, does.
    """

    raw: int
    """Requests in which the candidate differs from the primary."""
    noise: int
    """Requests in which the secondary does."""
    total: int

    @property
    def absolute(self) -> float:
        """Difference of both rates, in per cent of all requests."""
        return 100 * abs(self.raw - self.noise) / self.total

    @property
    def relative(self) -> float:
        """Difference of both rates, in per cent of their sum; 0 where nothing differs."""
        return 100 * abs(self.raw - self.noise) / (self.raw + self.noise) if self.raw + self.noise else 0.0

    @property
    def flagged(self) -> bool:
        """Whether the field is shown as one with a bug."""
        return self.raw > self.noise and self.relative > _LEAST_RELATIVE and self.absolute > _LEAST_ABSOLUTE

    def __str__(self) -> str:
        """In words."""
        return "flags it" if self.flagged else "hides it"


def deepdiff_differs(control: bytes, candidate: bytes) -> bool:
    """DeepDiff 9.1.0 over two outcomes' effects, told that order says nothing."""
    return bool(DeepDiff(_effects(control), _effects(candidate), ignore_order=True))


def json_differs(control: bytes, candidate: bytes) -> bool:
    """Python's own JSON, in which a number with a fraction is a double."""
    return _effects(control) != _effects(candidate)


def _effects(line: bytes) -> Sequence[Any]:
    effects: Sequence[Any] = json.loads(line)["effects"]
    return effects
