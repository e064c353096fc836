from collections.abc import Collection
from dataclasses import replace

import pytest

from contracts.verdict import Verdict
from ops.comparison import Comparison
from ops.exit_code import ExitCode
from ops.parity.gate import FailOn, exit_code, objections
from tests.fakes import comparison

UNPROBED = replace(comparison.agreeing(), mutants=(), unprobed=("payin.create", "payout.update"))


@pytest.mark.parametrize("fail_on", [(), tuple(FailOn)])
def test_a_type_of_which_no_mutant_was_made_voids_the_comparison_whatever_was_asked(
    fail_on: Collection[FailOn],
) -> None:
    against = list(objections(UNPROBED, fail_on))
    assert against[:2] == [
        "void: no mutant was made of payin.create, so that nobody knows what is seen of it",
        "void: no mutant was made of payout.update, so that nobody knows what is seen of it",
    ]
    assert UNPROBED.void
    assert exit_code(UNPROBED, objected=bool(against)) is ExitCode.FAILED


def test_a_survivor_voids_it_as_well() -> None:
    found = comparison.void()
    assert next(objections(found, ())) == (
        "void: a mutant survived, one cent in row:payins.net of payin.create, 31 times"
    )
    assert exit_code(found, objected=True) is ExitCode.FAILED


def test_one_that_agrees_and_was_tried_passes() -> None:
    found = comparison.agreeing()
    assert list(objections(found, [FailOn.DIFFERENCE, FailOn.UNDECIDED])) == []
    assert exit_code(found, objected=False) is ExitCode.OK


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Comparison((comparison.of_type("a", {Verdict.MATCH: 1, Verdict.PENDING: 2}),), ()), "2 undecided"),
    ],
)
def test_what_is_undecided_stands_against_it_where_that_was_asked(found: Comparison, said: str) -> None:
    assert list(objections(found, [FailOn.UNDECIDED])) == [said]
    assert list(objections(found, ())) == []
    assert exit_code(found, objected=True) is ExitCode.ATTENTION
