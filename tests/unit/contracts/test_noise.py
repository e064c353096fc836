import math
from fractions import Fraction
from random import Random
from statistics import quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.noise import PairedCounts, e_value, flagged, log_e_value
from tests.simulation import first_flag, flagging_counts


def exact(candidate_differs: int, secondary_differs: int) -> Fraction:
    """The integral in whole numbers: the beta function, and its share above 1/2 as a sum of binomials."""
    pairs = candidate_differs + secondary_differs
    above = sum(math.comb(pairs + 1, known) for known in range(candidate_differs + 1))
    return Fraction(above, (pairs + 1) * math.comb(pairs, candidate_differs))


@pytest.mark.parametrize(
    ("candidate_differs", "secondary_differs", "evidence"),
    [(0, 0, 1), (7, 0, 31.9), (8, 1, 11.3), (300, 100, 5.7e21), (520, 480, 0.16), (1200, 1000, 478)],
)
def test_evidence_of_a_bug_in_noise(candidate_differs: int, secondary_differs: int, evidence: float) -> None:
    assert e_value(candidate_differs, secondary_differs) == pytest.approx(evidence, rel=0.02)


@given(st.integers(0, 600), st.integers(0, 600))
def test_the_evidence_is_the_integral_to_twelve_digits(candidate_differs: int, secondary_differs: int) -> None:
    fraction = exact(candidate_differs, secondary_differs)
    logarithm = math.log(fraction.numerator) - math.log(fraction.denominator)
    assert log_e_value(candidate_differs, secondary_differs) == pytest.approx(logarithm, abs=1e-11, rel=1e-12)


def test_the_exact_value_is_the_integral_itself() -> None:
    steps = 20_000
    for more, fewer in ((7, 0), (8, 1), (30, 40)):
        middles = (0.5 + (step + 0.5) / (2 * steps) for step in range(steps))
        area = math.fsum(2 * (2 * t) ** more * (2 - 2 * t) ** fewer for t in middles) / (2 * steps)
        assert float(exact(more, fewer)) == pytest.approx(area, rel=1e-6)


def test_the_evidence_is_a_fair_bet_where_both_sides_are_equal() -> None:
    for pairs in (1, 2, 17, 60):
        expected = sum(math.comb(pairs, one) * e_value(one, pairs - one) for one in range(pairs + 1)) / 2**pairs
        assert expected == pytest.approx(1, rel=1e-9)


def test_a_billion_pairs_neither_overflow_nor_vanish() -> None:
    assert e_value(10**9, 0) == math.inf
    assert log_e_value(10**9, 0) == pytest.approx(10**9 * math.log(2), rel=1e-6)
    assert e_value(0, 10**9) == pytest.approx(1e-9)
    assert -20 < log_e_value(5 * 10**8, 5 * 10**8) < 0


def test_counts_below_zero_are_refused() -> None:
    with pytest.raises(ValueError, match="counts"):
        e_value(-1, 0)


def test_only_a_message_in_which_one_side_alone_differs_counts() -> None:
    counts = PairedCounts()
    for candidate, secondary in ((True, True), (False, False), (True, False), (True, False), (False, True)):
        counts = counts.after(candidate_differs=candidate, secondary_differs=secondary)
    assert counts == PairedCounts(candidate_differs=2, secondary_differs=1)
    assert counts + PairedCounts(5, 0) == PairedCounts(7, 1)
    assert PairedCounts(7, 0).e_value == e_value(7, 0)


def test_a_field_among_many_needs_more_evidence() -> None:
    noise = {f"row:payins.noise{n}": 1.0 for n in range(9)}
    assert flagged({"row:payins.fee": 20.0}, 0.05) == {"row:payins.fee"}
    assert flagged(noise | {"row:payins.fee": 199.0}, 0.05) == frozenset()
    assert flagged(noise | {"row:payins.fee": 200.0}, 0.05) == {"row:payins.fee"}


def test_fields_with_evidence_help_each_other() -> None:
    noise = {f"row:payins.noise{n}": 1.0 for n in range(8)}
    both = {"row:payins.fee": math.inf, "row:payins.net": 100.0}
    assert flagged(noise | both, 0.05) == set(both)
    assert flagged({}, 0.05) == frozenset()
    with pytest.raises(ValueError, match="alpha"):
        flagged(both, 0)


def test_a_bug_of_2_percent_shows_through_10_percent_of_noise_within_ten_thousand_messages() -> None:
    counts, random = flagging_counts(8_000, 0.05), Random(1)
    found = [first_flag(counts, noise=0.1, bug=0.02, messages=40_000, random=random) for _ in range(1_000)]
    tenths = quantiles([math.inf if at is None else at for at in found], n=10)
    assert tenths[4] == pytest.approx(4_000, rel=0.1)
    assert tenths[8] <= 10_000


def test_noise_alone_is_flagged_no_more_often_than_alpha() -> None:
    alpha, runs = 0.05, 2_000
    counts, random = flagging_counts(2_000, alpha), Random(2)
    found = [first_flag(counts, noise=0.1, bug=0.0, messages=10_000, random=random) for _ in range(runs)]
    share = sum(at is not None for at in found) / runs
    assert 0 < share <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)
