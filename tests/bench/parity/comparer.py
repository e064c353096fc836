"""The product's comparer, and the same with masks that the registry would refuse."""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, replace
from datetime import date

from contracts.difference import Difference
from contracts.judge import judge_lines
from contracts.judged_type import JudgedType
from contracts.message_type import MessageType
from contracts.outcome_line import read_line
from contracts.registry import type_named
from contracts.rule import Rule
from contracts.tally import Sighting
from contracts.terms import Terms
from contracts.verdict import AGREED, Verdict
from ops.comparison import Comparison
from ops.parity.finding import Asked, finding
from ops.parity.judging import Judging

TODAY = date(2026, 11, 21)


@dataclass(frozen=True, slots=True)
class Mask(Rule):
    """What a rule may not be: whatever stands there, or beneath it, is tolerated."""

    def tolerates(self, one: Difference, today: date) -> bool:
        """Everything, for ever."""
        return one.path == self.path or one.path.startswith((f"{self.path}.", f"{self.path}["))


def mask(path: str) -> Mask:
    """A mask, with all that a rule needs to look like one."""
    return Mask(path, "uuid", reason="noise, somebody said", owner="nobody", expires=date.max)


def with_rules(name: str, rules: Iterable[Rule]) -> MessageType:
    """A type of the registry with other rules, built past its refusal."""
    known = type_named(name)
    other = copy(known)
    object.__setattr__(other, "rules", tuple(rules))
    object.__setattr__(other, "terms", replace(known.terms, rules=other.rules))
    return other


def without_maps(name: str) -> MessageType:
    """A type of the registry that takes the keys of every object for names of fields."""
    known = type_named(name)
    other = copy(known)
    object.__setattr__(other, "terms", replace(known.terms, maps=frozenset()))
    return other


def masked(name: str, *paths: str) -> MessageType:
    """A type of the registry with masks beside its rules."""
    return with_rules(name, (*type_named(name).rules, *map(mask, paths)))


def judging_by(*types: JudgedType) -> Judging:
    """A comparison in which types have these terms, whatever the registry says."""
    return Judging(TODAY, _types={one.name: one for one in types})


def judge_pair(judging: Judging, control: bytes, candidate: bytes, position: int) -> Verdict:
    """Judge one message, each side's outcome a line of bytes."""
    size_bytes = len(control) + len(candidate)
    theirs, ours = read_line(control), read_line(candidate)
    return judging.judge([theirs], [ours], Sighting(position), size_bytes).verdict


def found_by(judging: Judging, *, revealed: bool = False) -> Comparison:
    """What a comparison has found."""
    return finding(judging.tally, judging.liveness, Asked(TODAY, revealed=revealed))


def lines_differ(control: bytes, candidate: bytes, terms: Terms) -> bool:
    """Whether two outcomes are called different."""
    return judge_lines([read_line(control)], [read_line(candidate)], terms, today=TODAY).verdict not in AGREED
