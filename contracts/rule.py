"""Tolerated differences: each with its reason, its owner and the day on which it ends, within a year.

A rule is an *envelope* around a value, never a mask: both sides must still have a time, or a UUID, in that place.
Money, identity and state are never tolerated; the registry refuses such a rule when it is read.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from contracts.shape import is_uuid, layout, seconds_apart, whole_number

if TYPE_CHECKING:
    from contracts.difference import Difference  # which is for who judges; contracts are read by others too

RuleKind = Literal["uuid", "time within", "permutation", "counter within"]
"""`permutation`: a list with the same items in another order. `counter within`: whole numbers that are not far apart,
as a sequence gives them."""

WIDEST_S = 7 * 86_400
"""An envelope of time is no wider than an outcome may be late at most."""
WIDEST = 1_000_000
LONGEST_DAYS = 366
"""From the day on which it is asked to the day on which it ends. Further off is for ever: nobody looks at it again."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One tolerated difference of a message type."""

    path: str
    """Generalised path, as in `row:payins.recorded_at` or `message:payouts/payout.settled.body.reference`."""
    kind: RuleKind
    reason: str
    owner: str
    expires: date
    tolerance_s: float = 0.0
    """For `time within`: largest distance of both times, in seconds."""
    tolerance: int = 0
    """For `counter within`: largest distance of both numbers."""

    def expired(self, today: date) -> bool:
        """Whether it has ended: it tolerates nothing then."""
        return today > self.expires

    def ends_too_late(self, today: date) -> bool:
        """Whether its end is so far off that it is none: it tolerates nothing until somebody has set a nearer one."""
        return (self.expires - today).days > LONGEST_DAYS

    def in_force(self, today: date) -> bool:
        """Whether it tolerates anything on that day."""
        return not (self.expired(today) or self.ends_too_late(today))

    def tolerates(self, one: "Difference", today: date) -> bool:
        """Whether a difference lies in the envelope of a rule that is in force."""
        if one.path != self.path or one.kind != ("order" if self.kind == "permutation" else "value"):
            return False
        return self.in_force(today) and self._covers(one.control, one.candidate)

    def _covers(self, control: object, candidate: object) -> bool:
        match self.kind:
            case "uuid":
                return is_uuid(control) and is_uuid(candidate)
            case "time within":
                if not isinstance(control, str) or not isinstance(candidate, str):
                    return False
                apart = seconds_apart(control, candidate)
                return apart is not None and apart <= self.tolerance_s and layout(control) == layout(candidate)
            case "counter within":
                one, other = whole_number(control), whole_number(candidate)
                return one is not None and other is not None and abs(one - other) <= self.tolerance
            case "permutation":
                return True


def refusal(rule: Rule, effect_paths: Iterable[str], guarded: frozenset[str], signed: Iterable[str] = ()) -> str | None:
    """Why a rule may not be: the reason in words; None where it may. Args: signed: paths that signatures are over."""
    owner = next((path for path in effect_paths if rule.path.startswith(f"{path}.")), None)
    if owner is None:
        return "no such effect, or a whole effect"
    steps = [step.rstrip("[]") for step in rule.path.removeprefix(f"{owner}.").split(".")]
    if any(step in guarded for step in steps):
        return "money, identity and state are never tolerated"
    if any(rule.path == one or rule.path.startswith(f"{one}.") for one in signed):
        return "a signature is over it, and could not be judged any more"
    if "*" in steps:
        return "too broad: every key that is data would be tolerated"
    if not rule.reason.strip() or not rule.owner.strip():
        return "a rule has a reason and an owner"
    if rule.kind == "time within" and not 0 < rule.tolerance_s <= WIDEST_S:
        return f"time within: how far, above 0 and at most {WIDEST_S:,} seconds"
    if rule.kind == "counter within" and not 0 < rule.tolerance <= WIDEST:
        return f"counter within: how far, above 0 and at most {WIDEST:,}"
    return None
