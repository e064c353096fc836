"""From what a comparison has counted to what it has found: groups, proofs, uses of rules, fates of mutants."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from contracts.branch import branches
from contracts.confidence import confidence_of, share_alpha
from contracts.coverage import Coverage
from contracts.difference import Difference
from contracts.group import group_classes
from contracts.judged_type import judged_type
from contracts.liveness import Liveness
from contracts.message_type import MessageType
from contracts.rule import Rule
from contracts.shown import show
from contracts.tally import EXAMPLES, Tally, TypeTally
from contracts.tally import Example as TalliedExample
from contracts.trap import Trap, recognise
from ops.comparison import (
    Comparison,
    DifferingGroup,
    Example,
    Exercised,
    MutantCount,
    RuleProblem,
    RuleUse,
    TypeAgreement,
)

DEFAULT_TARGET = 0.9999
DEFAULT_ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Asked:
    """How a comparison is to be looked at."""

    today: date
    target: float = DEFAULT_TARGET
    """Agreement that is to be proven, 0 to 1."""
    alpha: float = DEFAULT_ALPHA
    """Largest probability that one of all types is called proven which is not."""
    known: Collection[str] | None = None
    """Signatures of an earlier run's groups; None where there is none."""
    revealed: bool = False
    """Whether personal values are shown."""
    types: Collection[str] = ()
    """That were asked for: each is told of, compared or not."""


def finding(
    tally: Tally, liveness: Liveness, asked: Asked, coverage: Mapping[str, Coverage] | None = None
) -> Comparison:
    """What was found."""
    for name in asked.types:
        tally.of(name)
    alpha = share_alpha(asked.alpha, max(1, len(tally.types)))
    groups = [one for name in sorted(tally.types) for one in _groups(name, tally.types[name], asked)]
    signatures = {one.signature for one in groups}
    return Comparison(
        types=tuple(
            TypeAgreement(
                name,
                dict(one.counts),
                confidence=confidence_of(one.counts, target=asked.target, alpha=alpha),
                exercised=_exercised(name, (coverage or {}).get(name)),
            )
            for name, one in sorted(tally.types.items())
        ),
        groups=tuple(sorted(groups, key=lambda one: (-one.count, one.signature))),
        mutants=mutant_counts(liveness),
        survivors=liveness.survivors,
        unprobed=liveness.unprobed,
        rules=tuple(
            use for name in sorted(tally.types) for use in rule_uses(name, tally.types[name].rules, asked.today)
        ),
        fixed=tuple(sorted(one for one in asked.known or () if one not in signatures)),
    )


def _groups(name: str, tally: TypeTally, asked: Asked) -> Iterable[DifferingGroup]:
    seen = sum(tally.counts.values())
    for one in group_classes({signatures: found.count for signatures, found in tally.classes.items()}):
        classes = [tally.classes[signatures] for signatures in one.classes]
        examples = sorted((example for found in classes for example in found.examples), key=lambda one: one.rank)
        yield DifferingGroup(
            signature=one.signature,
            count=one.count,
            also=one.also,
            examples=tuple(_example(name, example, asked) for example in examples[:EXAMPLES]),
            share=one.count / seen,
            first=min(found.first for found in classes),
            last=max(found.last for found in classes),
            trap=leading_trap(one.signature, (each for example in examples for each in example.differences)),
            since=None if asked.known is None else "still there" if one.signature in asked.known else "new",
        )


def _example(name: str, example: TalliedExample, asked: Asked) -> Example:
    known = judged_type(name)
    shown = (show(one, plain=known.is_plain(one.path), revealed=asked.revealed) for one in example.differences)
    return Example(example.message_id, example.verdict, tuple(shown))


def leading_trap(signature: str, differences: Iterable[Difference]) -> Trap | None:
    """What most of a group's differences look like in its leading place."""
    name = signature.split(" | ", 1)[0]
    seen = Counter(
        trap for one in differences if one.signature(name) == signature and (trap := recognise(one)) is not None
    )
    return max(seen, key=lambda trap: (seen[trap], trap.title)) if seen else None


def _exercised(name: str, coverage: Coverage | None) -> Exercised | None:
    known = judged_type(name)
    if coverage is None or not isinstance(known, MessageType):
        return None
    return Exercised(len(branches(known)), coverage.never_exercised(known), len(coverage.strata), coverage.missing_mass)


def mutant_counts(liveness: Liveness) -> tuple[MutantCount, ...]:
    """Fates by type and kind."""
    killed, tolerated, survived = (liveness.counts(fate) for fate in ("killed", "tolerated", "survived"))
    return tuple(
        MutantCount(name, kind, killed.get(key, 0), tolerated.get(key, 0), survived.get(key, 0))
        for key in sorted({*killed, *tolerated, *survived})
        for name, kind in (key,)
    )


def rule_uses(name: str, hits_by_path: Mapping[str, int], today: date) -> Iterable[RuleUse]:
    """The rules of a type, each with the number of messages in which it tolerated something."""
    for rule in judged_type(name).terms.rules:
        hits = hits_by_path.get(rule.path, 0)
        problem = _problem(rule, hits, today)
        yield RuleUse(name, rule.path, rule.kind, rule.reason, rule.owner, rule.expires, hits, problem)


def _problem(rule: Rule, hits: int, today: date) -> RuleProblem | None:
    if rule.expired(today):
        return "expired"
    if rule.ends_too_late(today):
        return "ends too late"
    return None if hits else "never hit"
