from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import partial

from contracts.liveness import Liveness, Survivor
from contracts.shown import MASKED, ShownDifference
from contracts.tally import UNPLACED, Sighting
from contracts.trap import ROUNDING
from contracts.verdict import Verdict
from ops.comparison import MutantCount, total
from ops.ledger import LedgerVerdict
from ops.ledger_comparison import compare as compare_with
from ops.parity.finding import Asked

ASKED = Asked(date(2026, 11, 28), target=0.99, alpha=0.05)
TRIED = Liveness(Counter({("payin.create", "one cent", "row:payins.fee", "killed"): 1}))
compare = partial(compare_with, liveness=TRIED, asked=ASKED)

FEE = 'payin.create | row:payins.fee | value | "9.9" -> "9.9"'
WEBHOOK = 'payin.create | webhook:payin.booked.body.fee | value | "9.9" -> "9.9"'
DIFFERENCE = ShownDifference("row:payins.fee", "value", '"9.9"', '"9.9"', "0.13", "0.12")


class MemoryLedger:
    """The reads of a comparison, over a list; remembers what details were asked for."""

    def __init__(self, *messages: LedgerVerdict, difference: ShownDifference = DIFFERENCE) -> None:
        self.difference = difference
        self._messages = messages
        self.detailed_ids: list[str] = []

    def counts(self) -> Mapping[str, Mapping[Verdict, int]]:
        counts: dict[str, dict[Verdict, int]] = {"payin.create": {Verdict.MATCH: 90}, "payout.update": {}}
        for one in self._messages:
            counts[one.type][one.verdict] = counts[one.type].get(one.verdict, 0) + 1
        return counts

    def verdicts(self, message_type: str, verdict: Verdict) -> Iterator[LedgerVerdict]:
        return (one for one in self._messages if (one.type, one.verdict) == (message_type, verdict))

    def detailed(self, verdicts: Iterable[LedgerVerdict]) -> Iterator[LedgerVerdict]:
        for one in verdicts:
            self.detailed_ids.append(one.message_id)
            yield replace(one, differences=(self.difference,))


def _messages(count: int) -> list[LedgerVerdict]:
    return [
        LedgerVerdict(
            f"m{number}", "payin.create", Verdict.MISMATCH, (FEE, WEBHOOK), judged_at=f"2026-11-21T10:0{number}:00.000Z"
        )
        for number in range(count)
    ]


def test_one_bug_is_one_group_with_the_places_that_differ_along() -> None:
    comparison = compare(MemoryLedger(*_messages(10)))
    (group,) = comparison.groups
    assert (group.signature, group.count, group.also) == (FEE, 10, (WEBHOOK,))
    assert comparison.agreement == 0.9


def test_details_are_read_only_for_the_examples_that_are_shown() -> None:
    ledger = MemoryLedger(*_messages(10))
    (group,) = compare(ledger, examples=2).groups
    assert [example.message_id for example in group.examples] == ledger.detailed_ids == ["m0", "m1"]
    assert group.examples[0].differences == (DIFFERENCE,)


def test_groups_beyond_the_limit_are_counted_without_examples() -> None:
    other = LedgerVerdict("other", "payin.create", Verdict.MISMATCH, ("elsewhere",))
    comparison = compare(MemoryLedger(*_messages(2), other), detailed_groups=1)
    assert [(group.count, len(group.examples)) for group in comparison.groups] == [(2, 2), (1, 0)]


def test_a_message_that_differs_without_a_difference_is_grouped_by_its_verdict() -> None:
    conflict = LedgerVerdict("m", "payout.update", Verdict.ID_CONFLICT, ())
    (group,) = compare(MemoryLedger(conflict)).groups
    assert group.signature == "payout.update | id conflict"


def test_one_type_is_compared_without_the_others() -> None:
    comparison = compare(MemoryLedger(*_messages(3)), types=["payout.update"])
    assert comparison.groups == ()
    assert [one.type for one in comparison.types] == ["payout.update"]
    assert comparison.agreement is None


def test_one_verdict_is_grouped_without_the_others() -> None:
    conflict = LedgerVerdict("m", "payout.update", Verdict.ID_CONFLICT, ())
    comparison = compare(MemoryLedger(*_messages(3), conflict), verdicts=[Verdict.ID_CONFLICT])
    assert [group.count for group in comparison.groups] == [1]
    assert total(comparison.types)[Verdict.MISMATCH] == 3


def test_what_became_of_mutants_is_told_and_a_survivor_voids_it() -> None:
    liveness = Liveness()
    liveness.fates["payin.create", "one cent", "row:payins.fee", "killed"] = 7
    liveness.fates["payin.create", "one cent", "row:payins.net", "survived"] = 2
    comparison = compare(MemoryLedger(), liveness=liveness)
    assert comparison.mutants == (MutantCount("payin.create", "one cent", 7, 0, 2),)
    assert comparison.survivors == (Survivor("payin.create", "one cent", "row:payins.net", 2),)
    assert comparison.void


def test_a_type_that_agrees_and_was_never_tried_voids_it_and_one_that_was_not_seen_does_not() -> None:
    comparison = compare(MemoryLedger(), liveness=Liveness())
    assert (comparison.unprobed, comparison.void) == (("payin.create",), True)
    assert not compare(MemoryLedger(), types=["payout.update"], liveness=Liveness()).void
    assert not compare(MemoryLedger()).void


def test_each_type_tells_what_is_proven_and_how_many_messages_are_needed() -> None:
    payin, payout = compare(MemoryLedger()).types
    assert payin.confidence is not None
    assert payout.confidence is not None
    assert (payin.confidence.messages, payin.confidence.target) == (90, 0.99)
    assert payin.confidence.alpha == ASKED.alpha / 2, "shared among the types"
    assert 0 < payin.confidence.agreement_at_least < 0.99
    assert payout.confidence.messages_needed > payin.confidence.messages_needed > 0


def test_a_group_tells_its_share_and_when_it_was_seen_first_and_last() -> None:
    (group,) = compare(MemoryLedger(*_messages(10))).groups
    assert group.share == 0.1
    assert group.first == Sighting(UNPLACED, "2026-11-21T10:00:00.000Z")
    assert group.last == Sighting(UNPLACED, "2026-11-21T10:09:00.000Z")


def test_the_trap_of_a_group_is_recognised_in_values_that_are_shown_and_in_no_others() -> None:
    (group,) = compare(MemoryLedger(*_messages(1))).groups
    assert group.trap == ROUNDING
    masked = replace(DIFFERENCE, control=MASKED, candidate=MASKED)
    (group,) = compare(MemoryLedger(*_messages(1), difference=masked)).groups
    assert group.trap is None


def test_what_is_new_since_an_earlier_comparison_what_is_still_there_and_what_is_gone() -> None:
    other = LedgerVerdict("other", "payin.create", Verdict.MISMATCH, ("payin.create | elsewhere",), judged_at="x")
    ledger = MemoryLedger(*_messages(2), other)
    gone, of_others = "payin.create | gone", "balance.update | gone"
    asked = replace(ASKED, known=frozenset({FEE, gone, of_others}))
    comparison = compare(ledger, asked=asked, types=["payin.create"])
    assert [group.since for group in comparison.groups] == ["still there", "new"]
    assert comparison.fixed == (gone,), "of a type that was not looked at nothing is known"
    assert [group.since for group in compare(ledger).groups] == [None, None]


def test_uses_of_rules_are_counted_over_all_messages_and_one_that_was_never_used_is_told() -> None:
    path = "row:payins.recorded_at"
    by_rule = [LedgerVerdict(f"r{n}", "payin.create", Verdict.MATCH_BY_RULE, (), rules=(path,)) for n in range(3)]
    besides = LedgerVerdict("m", "payin.create", Verdict.MISMATCH, (FEE,), judged_at="x", rules=(path,))
    (use,) = compare(MemoryLedger(*by_rule, besides)).rules
    assert (use.type, use.path, use.hits, use.problem) == ("payin.create", path, 4, None)
    only = MemoryLedger(*_messages(1))
    (unused,) = compare(only).rules
    assert (unused.hits, unused.problem) == (0, "never hit")
    late = compare_with(only, TRIED, Asked(date(2100, 1, 1)), types=["payin.create"])
    assert [one.problem for one in late.rules] == ["expired"]
    assert compare(only, types=["payout.update"]).rules == (), "nothing was seen of it"


def test_nothing_is_called_gone_where_only_some_verdicts_were_looked_at() -> None:
    asked = replace(ASKED, known=frozenset({FEE}))
    assert compare(MemoryLedger(), asked=asked, verdicts=[Verdict.ID_CONFLICT]).fixed == ()
