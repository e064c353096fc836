import pytest

from contracts.verdict import AGREED, BY_CLOCK, UNDECIDED, Verdict, agreement


def test_agreement_is_the_share_of_matches_among_what_is_decided() -> None:
    counts = {
        Verdict.MATCH: 5,
        Verdict.MATCH_BY_RULE: 1,
        Verdict.MISMATCH: 1,
        Verdict.EXPIRED: 1,
        Verdict.PENDING: 100,
        Verdict.SINGLE: 50,
    }
    assert agreement(counts) == 0.75


@pytest.mark.parametrize("counts", [{}, {Verdict.PENDING: 3, Verdict.SINGLE: 1}])
def test_there_is_no_agreement_where_nothing_is_decided(counts: dict[Verdict, int]) -> None:
    assert agreement(counts) is None


@pytest.mark.parametrize("verdict", sorted(set(Verdict) - AGREED - UNDECIDED))
def test_every_other_verdict_is_a_disagreement(verdict: Verdict) -> None:
    assert agreement({verdict: 1}) == 0.0


def test_what_the_clock_decides_is_decided_and_counts_against_agreement() -> None:
    assert not BY_CLOCK & (AGREED | UNDECIDED)
