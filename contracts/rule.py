"""Tolerated differences: each with its reason, its owner and the day on which it ends.

A rule is an *envelope* around a value, never a mask: both sides must still have a time, or a UUID, in that place.
Money, identity and state are never tolerated; the registry refuses such a rule when it is read.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

RuleKind = Literal["uuid", "time within"]

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


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

    def tolerates(self, control: object, candidate: object, today: date) -> bool:
        """Whether both values lie in the envelope. An expired rule tolerates nothing."""
        if today > self.expires or not isinstance(control, str) or not isinstance(candidate, str):
            return False
        if self.kind == "uuid":
            return bool(_UUID.fullmatch(control) and _UUID.fullmatch(candidate))
        try:
            distance = _utc(control) - _utc(candidate)
        except ValueError:
            return False
        return abs(distance.total_seconds()) <= self.tolerance_s


def _utc(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
