"""Whether a comparison is good enough: what stands against it, in words."""

from collections.abc import Collection, Iterator
from enum import StrEnum

from contracts.rule import LONGEST_DAYS
from contracts.verdict import BY_CLOCK, Verdict
from ops.comparison import Comparison, total
from ops.exit_code import ExitCode
from ops.wording import nines, number, plural


class FailOn(StrEnum):
    """What makes a comparison fail."""

    DIFFERENCE = "difference"
    """A message on which both sides do not agree."""
    NEW = "new-difference"
    """A group of differences that the run compared with did not have; any, where there is none to compare with."""
    EXPIRED_RULE = "expired-rule"
    """A rule that has ended, or whose end is too far off to be one: neither tolerates anything."""
    UNUSED_RULE = "unused-rule"
    """A rule that tolerated nothing: it is no longer needed, or its path is wrong."""
    UNDECIDED = "undecided"
    """A message on which a side has not told, or nothing at all was compared."""
    UNPROVEN = "unproven"
    """A type whose wanted agreement is not proven."""


def objections(comparison: Comparison, fail_on: Collection[FailOn], *, may_be_empty: bool = False) -> Iterator[str]:
    """What stands against it. A comparison that is void always fails, as does one of nothing unless it may be empty."""
    if comparison.agreement is None and not may_be_empty:
        yield "nothing was compared"
    yield from _void(comparison)
    if FailOn.DIFFERENCE in fail_on and comparison.groups:
        messages = sum(one.count for one in comparison.groups)
        verb = "differs" if messages == 1 else "differ"
        yield f"{plural(messages, 'message')} {verb}, in {plural(len(comparison.groups), 'group')}"
    if FailOn.NEW in fail_on and (new := [one for one in comparison.groups if one.since != "still there"]):
        yield f"{plural(len(new), 'new group')} of differences"
    for rule in comparison.rules:
        if FailOn.EXPIRED_RULE in fail_on and rule.problem == "expired":
            yield f"the rule on {rule.path} of {rule.type} has ended ({rule.expires}, {rule.owner})"
        if FailOn.EXPIRED_RULE in fail_on and rule.problem == "ends too late":
            yield (
                f"the rule on {rule.path} of {rule.type} ends more than {LONGEST_DAYS} days from now "
                f"({rule.expires}, {rule.owner}), and tolerates nothing: set a nearer end"
            )
        if FailOn.UNUSED_RULE in fail_on and rule.problem == "never hit":
            yield f"the rule on {rule.path} of {rule.type} was never hit ({rule.owner}): take it out, or mend its path"
    if FailOn.UNDECIDED in fail_on:
        yield from _undecided(comparison)
    if FailOn.UNPROVEN in fail_on:
        yield from _unproven(comparison)


def _undecided(comparison: Comparison) -> Iterator[str]:
    counts = total(comparison.types)
    undecided = sum(counts.get(verdict, 0) for verdict in (Verdict.PENDING, *BY_CLOCK))
    if undecided:
        yield f"{number(undecided)} undecided"
    if comparison.agreement is not None:
        yield from (f"nothing was compared of {one.type}" for one in comparison.types if one.agreement is None)


def _unproven(comparison: Comparison) -> Iterator[str]:
    for one in comparison.types:
        proof = one.confidence
        if proof is not None and not proof.proven:
            yield (
                f"{one.type}: {nines(proof.target)} is not proven, {nines(proof.agreement_at_least)} is; "
                f"{plural(proof.messages_needed, 'more agreeing message')} needed"
            )


def _void(comparison: Comparison) -> Iterator[str]:
    for one in comparison.survivors:
        yield f"void: a mutant survived, {one.kind} in {one.path} of {one.type}, {plural(one.count, 'time')}"
    for name in comparison.unprobed:
        yield f"void: no mutant was made of {name}, so that nobody knows what is seen of it"


def exit_code(comparison: Comparison, *, objected: bool) -> ExitCode:
    """How the command ends."""
    if comparison.void:
        return ExitCode.FAILED
    return ExitCode.ATTENTION if objected else ExitCode.OK
