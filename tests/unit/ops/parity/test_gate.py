from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

import pytest

from contracts.confidence import confidence_of
from contracts.liveness import Survivor
from contracts.verdict import Verdict
from ops.comparison import Comparison, DifferingGroup, RuleUse, TypeAgreement
from ops.exit_code import ExitCode
from ops.parity.gate import FailOn, exit_code, objections

NAME = "payin.create"
GROUP = DifferingGroup(f"{NAME} | row:payins.fee | value | float -> float", 3, (), ())
USE = RuleUse(NAME, "row:payins.at", "uuid", "random", "payments", date(2026, 12, 31), 0, None)
SURVIVOR = Survivor(NAME, "one cent", "row:payins.fee", 2)


def comparison(groups: Iterable[DifferingGroup] = (), *, rules: Iterable[RuleUse] = (), **counts: int) -> Comparison:
    verdicts = {Verdict[name.upper()]: count for name, count in counts.items()} or {Verdict.MATCH: 5}
    proof = confidence_of(verdicts, target=0.9999, alpha=0.05)
    return Comparison((TypeAgreement(NAME, verdicts, confidence=proof),), tuple(groups), rules=tuple(rules))


def against(one: Comparison, *fail_on: FailOn) -> list[str]:
    return list(objections(one, fail_on))


@pytest.mark.parametrize(
    ("one", "fail_on", "told"),
    [
        (comparison([GROUP]), FailOn.DIFFERENCE, "3 messages differ, in 1 group"),
        (comparison([replace(GROUP, since="new")]), FailOn.NEW, "1 new group of differences"),
        (comparison([GROUP]), FailOn.NEW, "1 new group of differences"),
        (comparison(rules=[replace(USE, problem="expired")]), FailOn.EXPIRED_RULE, "has ended (2026-12-31, payments)"),
        (
            comparison(rules=[replace(USE, expires=date.max, problem="ends too late")]),
            *(FailOn.EXPIRED_RULE, "ends more than 366 days from now (9999-12-31, payments), and tolerates nothing"),
        ),
        (comparison(rules=[replace(USE, problem="never hit")]), FailOn.UNUSED_RULE, "was never hit (payments)"),
        (comparison(match=5, pending=2), FailOn.UNDECIDED, "2 undecided"),
        (comparison(match=5, control_only=1), FailOn.UNDECIDED, "1 undecided"),
        (comparison(match=5, candidate_only=1, expired=1), FailOn.UNDECIDED, "2 undecided"),
        (comparison(match=5), FailOn.UNPROVEN, "99.99 % is not proven"),
    ],
)
def test_each_reason_to_fail_stands_against_what_it_is_about_and_the_others_do_not(
    one: Comparison, fail_on: FailOn, told: str
) -> None:
    (text,) = against(one, fail_on)
    assert told in text
    assert against(one) == []


@pytest.mark.parametrize("fail_on", FailOn)
def test_nothing_stands_against_a_comparison_that_is_whole(fail_on: FailOn) -> None:
    whole = comparison(match=100_000, rules=[USE])
    assert against(whole, fail_on) == []
    assert exit_code(whole, objected=False) is ExitCode.OK


@pytest.mark.parametrize("fail_on", [[], *([one] for one in FailOn)])
def test_no_data_is_no_success_whatever_was_asked_for(fail_on: list[FailOn]) -> None:
    assert against(Comparison((), ()), *fail_on)[0] == "nothing was compared"


def test_a_type_of_which_nothing_was_compared_stands_against_it_beside_others() -> None:
    two = replace(comparison(match=5), types=(*comparison(match=5).types, TypeAgreement("payout.update", {})))
    assert against(two, FailOn.UNDECIDED) == ["nothing was compared of payout.update"]
    assert against(two) == []


def test_a_group_that_was_there_before_is_not_new() -> None:
    assert against(comparison([replace(GROUP, since="still there")]), FailOn.NEW) == []


def test_a_void_comparison_always_fails_whatever_is_asked_for() -> None:
    void = replace(comparison(), survivors=(SURVIVOR,))
    assert against(void) == ["void: a mutant survived, one cent in row:payins.fee of payin.create, 2 times"]
    for objected in (True, False):
        assert exit_code(void, objected=objected) is ExitCode.FAILED


@pytest.mark.parametrize("fail_on", [(), tuple(FailOn)])
def test_a_type_of_which_no_mutant_was_made_voids_the_comparison_whatever_is_asked_for(
    fail_on: Sequence[FailOn],
) -> None:
    unprobed = replace(comparison(), unprobed=("payin.create", "payout.update"))
    assert unprobed.void
    assert against(unprobed, *fail_on)[:2] == [
        "void: no mutant was made of payin.create, so that nobody knows what is seen of it",
        "void: no mutant was made of payout.update, so that nobody knows what is seen of it",
    ]
    assert exit_code(unprobed, objected=True) is ExitCode.FAILED


def test_an_objection_asks_for_a_look() -> None:
    assert exit_code(comparison(), objected=True) is ExitCode.ATTENTION
