from collections.abc import Collection
from datetime import date, timedelta

from contracts import trap
from contracts.branch import branches
from contracts.coverage import Coverage
from contracts.difference import Difference
from contracts.judge import Judgement
from contracts.liveness import Liveness, Survivor
from contracts.registry import type_named
from contracts.shown import MASKED
from contracts.tally import Sighting, Tally
from contracts.verdict import Verdict
from ops.comparison import Comparison, MutantCount
from ops.parity.finding import Asked, finding
from tests.fakes.message import NAME

PAYIN = "payin.create"
TODAY = date(2026, 11, 21)
RULE = type_named(PAYIN).rules[0]
FEE = Difference("row:payins.fee", "value", "float", "float", "8.99", "8.98")
NOTE = Difference("row:payins.debtor_name", "value", '"a"', '"a"', NAME, NAME[:3])


def tallied(*judgements: Judgement, name: str = PAYIN) -> Tally:
    tally = Tally()
    for position, one in enumerate(judgements):
        seen = Sighting(position, f"2026-11-21T10:00:0{position}.000Z")
        tally.of(name).add(one, name, f"w{position}", seen, 100 - position)
    return tally


def found(tally: Tally, known: Collection[str] | None = None, *, revealed: bool = False) -> Comparison:
    return finding(tally, Liveness(), Asked(TODAY, known=known, revealed=revealed))


def differing(*differences: Difference) -> Judgement:
    return Judgement(Verdict.MISMATCH, differences)


MATCH = Judgement(Verdict.MATCH)


def test_a_group_tells_its_share_and_where_it_was_seen_first_and_last() -> None:
    (group,) = found(tallied(MATCH, differing(FEE), MATCH, differing(FEE, NOTE))).groups
    assert (group.signature, group.count, group.also) == (FEE.signature(PAYIN), 2, (NOTE.signature(PAYIN),))
    assert (group.share, group.first, group.last) == (
        0.5,
        Sighting(1, "2026-11-21T10:00:01.000Z"),
        Sighting(3, "2026-11-21T10:00:03.000Z"),
    )


def test_a_group_shows_the_three_smallest_examples_of_all_its_classes() -> None:
    (group,) = found(tallied(differing(FEE), differing(FEE, NOTE), differing(FEE), differing(FEE, NOTE))).groups
    assert [one.message_id for one in group.examples] == ["w3", "w2", "w1"]


def test_values_are_masked_unless_the_contract_calls_them_plain_or_they_are_revealed() -> None:
    tally = tallied(differing(FEE, NOTE))
    for revealed, shown in ((False, MASKED), (True, NAME)):
        (group,) = found(tally, revealed=revealed).groups
        fee, name = group.examples[0].differences
        assert (fee.control, fee.candidate) == ("8.99", "8.98")
        assert name.control == shown


def test_of_a_type_without_a_contract_nothing_is_shown() -> None:
    (group,) = found(tallied(differing(FEE), name="refund.create")).groups
    assert group.examples[0].differences[0].control == MASKED


def test_a_group_is_told_by_the_trap_that_most_of_its_examples_look_like() -> None:
    notation = Difference(FEE.path, "value", "float", "float", "10.00", "10.0")
    (group,) = found(tallied(differing(FEE), differing(notation), differing(FEE))).groups
    assert group.trap is trap.ROUNDING
    (group,) = found(tallied(differing(Difference("row:payins.fee", "value", "", "", "left", "right")))).groups
    assert group.trap is None


def test_groups_are_new_or_still_there_or_fixed_beside_an_earlier_run() -> None:
    tally = tallied(differing(FEE), differing(NOTE), differing(NOTE))
    assert [one.since for one in found(tally).groups] == [None, None]
    comparison = found(tally, {FEE.signature(PAYIN), "payin.create | gone"})
    assert [(one.signature, one.since) for one in comparison.groups] == [
        (NOTE.signature(PAYIN), "new"),
        (FEE.signature(PAYIN), "still there"),
    ]
    assert comparison.fixed == ("payin.create | gone",)


def test_a_rule_that_was_never_hit_has_ended_or_never_ends_is_a_problem() -> None:
    hit = finding(tallied(Judgement(Verdict.MATCH_BY_RULE, rules=(RULE,))), Liveness(), Asked(TODAY))
    unused, ended = (finding(tallied(MATCH), Liveness(), Asked(day)) for day in (TODAY, date(2028, 1, 1)))
    endless = finding(tallied(MATCH), Liveness(), Asked(RULE.expires - timedelta(days=367)))
    assert [(one.hits, one.problem) for (one,) in (hit.rules, unused.rules, ended.rules, endless.rules)] == [
        (1, None),
        (0, "never hit"),
        (0, "expired"),
        (0, "ends too late"),
    ]
    assert (hit.rules[0].path, hit.rules[0].owner) == (RULE.path, RULE.owner)


def test_rules_of_types_that_were_not_compared_are_no_problem() -> None:
    assert found(tallied(MATCH, name="balance.update")).rules == ()


def test_what_agreement_is_proven_takes_all_types_into_account() -> None:
    alone = found(tallied(*[MATCH] * 5)).types[0].confidence
    tally = tallied(*[MATCH] * 5)
    tally.merge(tallied(*[MATCH] * 5, name="balance.update"))
    among_two = found(tally).types[0].confidence
    assert alone is not None
    assert among_two is not None
    assert not alone.proven
    assert among_two.messages_needed > alone.messages_needed > 20_000


def test_what_of_the_contract_was_gone_through_is_told_where_it_is_known() -> None:
    coverage = Coverage()
    coverage.add(frozenset({"ending done"}))
    comparison = finding(tallied(MATCH), Liveness(), Asked(TODAY), {PAYIN: coverage})
    exercised = comparison.types[0].exercised
    assert exercised is not None
    assert exercised.branches == len(branches(type_named(PAYIN)))
    assert len(exercised.never) == exercised.branches - 1
    assert found(tallied(MATCH)).types[0].exercised is None
    assert finding(tallied(MATCH, name="x"), Liveness(), Asked(TODAY), {"x": coverage}).types[0].exercised is None


def test_mutants_are_told_by_type_and_kind_and_a_survivor_voids() -> None:
    liveness = Liveness()
    payin = type_named(PAYIN)
    for path in ("row:payins.fee", "row:payins.net"):
        liveness.note(payin, "one cent", path, Verdict.MISMATCH)
    liveness.note(payin, "one hour", RULE.path, Verdict.MATCH_BY_RULE)
    comparison = finding(tallied(MATCH), liveness, Asked(TODAY))
    assert comparison.mutants == (MutantCount(PAYIN, "one cent", 2, 0, 0), MutantCount(PAYIN, "one hour", 0, 1, 0))
    assert not comparison.void
    liveness.note(payin, "one cent", "row:payins.fee", Verdict.MATCH)
    assert finding(tallied(MATCH), liveness, Asked(TODAY)).void


def test_a_type_that_agrees_and_of_which_no_mutant_was_made_voids() -> None:
    tally = tallied(MATCH)
    tally.merge(tallied(MATCH, name="payout.update"))
    liveness = Liveness()
    liveness.agreed[PAYIN] = 1
    liveness.note(type_named(PAYIN), "altered value", "row:payins.label", Verdict.MISMATCH)
    tried = finding(tally, liveness, Asked(TODAY))
    assert (tried.unprobed, tried.void) == ((), False)
    liveness.agreed["payout.update"] = 1
    comparison = finding(tally, liveness, Asked(TODAY))
    assert (comparison.unprobed, comparison.survivors, comparison.void) == (("payout.update",), (), True)
    assert comparison.mutants == (MutantCount(PAYIN, "altered value", 1, 0, 0),)


def test_a_guarded_place_that_a_rule_tolerates_is_a_survivor() -> None:
    liveness = Liveness()
    for path in ("row:payins.status", RULE.path):
        liveness.note(type_named(PAYIN), "altered value", path, Verdict.MATCH_BY_RULE)
    comparison = finding(tallied(MATCH), liveness, Asked(TODAY))
    assert comparison.survivors == (Survivor(PAYIN, "altered value", "row:payins.status", 1),)
    assert comparison.mutants == (MutantCount(PAYIN, "altered value", 0, 1, 1),)


def test_nothing_found_is_a_comparison_all_the_same() -> None:
    comparison = found(Tally())
    assert (comparison.types, comparison.groups, comparison.agreement, comparison.void) == ((), (), None, False)
