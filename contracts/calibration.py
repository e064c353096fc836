"""Learns what is noise from the monolith compared with itself, and proposes rules that a person may accept.

What two runs of the same program differ in is no bug. Of each place the *shape* of the noise is learnt (a UUID, a time
within so many seconds, another order, a counter), never that anything goes: a candidate outside of that shape differs.
What has no shape, and what may never be tolerated, is told with the reason and stays a difference.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from contracts.difference import Difference
from contracts.noise import PairedCounts
from contracts.rule import Rule, RuleKind, refusal
from contracts.shape import is_uuid, seconds_apart, whole_number

_MARGIN = 1.5
"""By how much an envelope is wider than what was seen: the rarest noise was not in the sample."""


@dataclass
class Noise:
    """What was seen in one place, the monolith beside itself."""

    path: str
    messages: int = 0
    """In which it differed."""
    kinds: Counter[str] = field(default_factory=Counter)
    uuids: int = 0
    times: int = 0
    most_apart_s: float = 0.0
    counters: int = 0
    furthest: int = 0
    paired: PairedCounts = field(default_factory=PairedCounts)
    """Beside the candidate, where there is one."""

    def add(self, differences: Sequence[Difference]) -> None:
        """Take in how the monolith differed from itself in one message: all of a shape, or the message has none."""
        self.messages += 1
        self.kinds.update(one.kind for one in differences)
        self.uuids += all(is_uuid(one.control) and is_uuid(one.candidate) for one in differences)
        apart = [_apart(one.control, one.candidate) for one in differences]
        if None not in apart:
            self.times += 1
            self.most_apart_s = max(self.most_apart_s, *(one for one in apart if one is not None))
        distances = [_distance(one.control, one.candidate) for one in differences]
        if None not in distances:
            self.counters += 1
            self.furthest = max(self.furthest, *(one for one in distances if one is not None))

    def proposal(
        self,
        effect_paths: Iterable[str],
        guarded: frozenset[str],
        signed: Iterable[str] = (),
        *,
        owner: str,
        expires: date,
        lag_s: float,
    ) -> Rule | str:
        """The rule that would tolerate it, or why there is none.

        Args:
            effect_paths: of the type's contract.
            guarded: names of money, identity and state.
            signed: paths that signatures are over.
            owner: who is to answer for the rule.
            expires: when it is to end.
            lag_s: how far our side may be behind the monolith; an envelope of time is at least so wide.
        """
        kind = self.kind
        if kind is None:
            return self._shapeless()
        rule = Rule(
            self.path,
            kind,
            reason=f"noise of the monolith itself: seen in {self.messages:,} messages",
            owner=owner,
            expires=expires,
            tolerance_s=max(lag_s, _up(self.most_apart_s * _MARGIN)) if kind == "time within" else 0.0,
            tolerance=int(_up(self.furthest * _MARGIN)) if kind == "counter within" else 0,
        )
        return refusal(rule, effect_paths, guarded, signed) or rule

    @property
    def kind(self) -> RuleKind | None:
        """The shape that all of it has: of the rule that would tolerate it; None where it has none."""
        if set(self.kinds) == {"order"}:
            return "permutation"
        if set(self.kinds) != {"value"}:
            return None
        if self.uuids == self.messages:
            return "uuid"
        if self.times == self.messages:
            return "time within"
        return "counter within" if self.counters == self.messages else None

    def _shapeless(self) -> str:
        if self.kinds.keys() & {"missing effect", "extra effect"}:
            return "no such effect, or a whole effect"
        if self.kinds.keys() & {"type"}:
            return "the monolith itself writes values of different types there"
        if self.kinds.keys() & {"missing", "extra", "repetition"}:
            return "the monolith itself writes another number of items or fields there"
        return "no shape: its values have nothing in common"


def _up(number: float) -> float:
    """Rounded up to two digits."""
    if number <= 0:
        return 1.0
    unit = 10.0 ** max(0, len(str(int(number))) - 2)
    return float(-(-number // unit) * unit)


def _apart(one: object, other: object) -> float | None:
    return seconds_apart(one, other) if isinstance(one, str) and isinstance(other, str) else None


def _distance(one: object, other: object) -> int | None:
    numbers = whole_number(one), whole_number(other)
    return None if numbers[0] is None or numbers[1] is None else abs(numbers[0] - numbers[1])
