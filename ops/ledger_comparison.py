"""Gathers a comparison from the ledger: counts, groups, uses of rules, and what the judge has counted of mutants."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from contracts.confidence import confidence_of, share_alpha
from contracts.group import Group, group
from contracts.judged_type import judged_type
from contracts.liveness import Liveness
from contracts.shown import restore
from contracts.tally import UNPLACED, Sighting
from contracts.verdict import AGREED, Verdict
from ops.comparison import Comparison, DifferingGroup, Example, RuleUse, TypeAgreement
from ops.ledger import DIFFERING, LedgerVerdict
from ops.parity.finding import Asked, leading_trap, mutant_counts, rule_uses


class Verdicts(Protocol):
    """What a comparison reads; `ops.ledger.Ledger` is one."""

    def counts(self) -> Mapping[str, Mapping[Verdict, int]]:
        """Number of messages by type and verdict."""

    def verdicts(self, message_type: str, verdict: Verdict) -> Iterator[LedgerVerdict]:
        """Messages of one type and verdict."""

    def detailed(self, verdicts: Iterable[LedgerVerdict]) -> Iterator[LedgerVerdict]:
        """The same with their differences."""


def compare(
    ledger: Verdicts,
    liveness: Liveness,
    asked: Asked,
    *,
    types: Sequence[str] | None = None,
    verdicts: Sequence[Verdict] = DIFFERING,
    detailed_groups: int = 20,
    examples: int = 3,
) -> Comparison:
    """Gather a comparison.

    Args:
        ledger: where to read.
        liveness: fates of mutants, of the types that are looked at.
        asked: what is to be proven, and an earlier comparison's groups.
        types: names of the types to look at, all known ones unless given.
        verdicts: which verdicts' messages to group.
        detailed_groups: how many groups, from the largest, get examples.
        examples: how many messages a group.
    """
    counts = ledger.counts()
    names = tuple(counts) if types is None else tuple(types)
    differing = {
        one.message_id: one
        for name in names
        for verdict in verdicts
        if counts.get(name, {}).get(verdict)
        for one in ledger.verdicts(name, verdict)
    }
    found = group({one.message_id: one.groups or (f"{one.type} | {one.verdict}",) for one in differing.values()})
    shown = [differing[message_id] for one in found[:detailed_groups] for message_id in one.message_ids[:examples]]
    details = {one.message_id: one for one in ledger.detailed(shown)}
    signatures = {one.signature for one in found}
    known = asked.known or () if set(verdicts) == set(DIFFERING) else ()  # of others nobody has looked for them
    return Comparison(
        prove([TypeAgreement(name, counts.get(name, {})) for name in names], asked),
        tuple(_group(one, differing, details, counts, asked, examples) for one in found),
        mutants=mutant_counts(liveness),
        survivors=liveness.survivors,
        rules=tuple(use for name in names if counts.get(name) for use in _rules(ledger, name, counts[name], asked)),
        unprobed=Liveness(liveness.fates, _agreed(counts, names)).unprobed,
        fixed=tuple(sorted(one for one in known if one not in signatures and one.split(" | ", 1)[0] in names)),
    )


def _rules(ledger: Verdicts, name: str, counts: Mapping[Verdict, int], asked: Asked) -> Iterable[RuleUse]:
    """Uses of a type's rules: of one that has any, every message that is not plainly equal is read."""
    hits: Counter[str] = Counter()
    if judged_type(name).terms.rules:
        for verdict in (Verdict.MATCH_BY_RULE, *DIFFERING):
            for one in ledger.verdicts(name, verdict) if counts.get(verdict) else ():
                hits.update(one.rules)
    return rule_uses(name, hits, asked.today)


def _agreed(counts: Mapping[str, Mapping[Verdict, int]], names: Iterable[str]) -> Counter[str]:
    """Agreeing messages by type. Which of them have effects nobody sees: if none has, nothing was proven by them."""
    return Counter({name: sum(counts.get(name, {}).get(one, 0) for one in AGREED) for name in names})


def prove(types: Sequence[TypeAgreement], asked: Asked) -> tuple[TypeAgreement, ...]:
    """The types with what their verdicts prove, the probability of error shared among them."""
    alpha = share_alpha(asked.alpha, max(1, len(types)))
    return tuple(replace(one, confidence=confidence_of(one.counts, target=asked.target, alpha=alpha)) for one in types)


def _group(
    one: Group,
    differing: Mapping[str, LedgerVerdict],
    details: Mapping[str, LedgerVerdict],
    counts: Mapping[str, Mapping[Verdict, int]],
    asked: Asked,
    examples: int,
) -> DifferingGroup:
    times = [differing[message_id].judged_at for message_id in one.message_ids]
    of_type = counts.get(differing[one.message_ids[0]].type, {})
    shown = [details[message_id] for message_id in one.message_ids[:examples] if message_id in details]
    return DifferingGroup(
        one.signature,
        one.count,
        one.also,
        tuple(Example(each.message_id, each.verdict, each.differences) for each in shown),
        share=min(1.0, one.count / max(1, sum(of_type.values()))),  # both are read one after the other
        first=Sighting(UNPLACED, min(times)),
        last=Sighting(UNPLACED, max(times)),
        trap=leading_trap(one.signature, (restore(difference) for each in shown for difference in each.differences)),
        since=None if asked.known is None else "still there" if one.signature in asked.known else "new",
    )
