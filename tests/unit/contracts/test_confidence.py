import math
from random import Random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.confidence import (
    Confidence,
    agreement_at_least,
    confidence,
    confidence_of,
    e_value_below,
    messages_needed,
    proven,
    share_alpha,
)
from contracts.verdict import Verdict, agreement
from tests.simulation import first_pass, needed_anytime, needed_at_one_look, passing_share

TARGET = 0.9999
RATE = 1e-4

COUNTS = st.integers(0, 10**6).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, min(n, 1000))))
ALPHAS = st.sampled_from([0.1, 0.05, 0.01, 0.001, 1e-9])


@pytest.mark.parametrize(
    ("mismatches", "at_5_percent", "at_1_percent"),
    [
        (0, 33_519, 50_702),
        (1, 67_260, 86_764),
        (2, 89_892, 110_864),
        (3, 109_833, 131_932),
        (5, 146_125, 169_992),
        (10, 227_627, 254_577),
    ],
)
def test_so_many_messages_prove_9999_in_10000(mismatches: int, at_5_percent: int, at_1_percent: int) -> None:
    for alpha, needed in ((0.05, at_5_percent), (0.01, at_1_percent)):
        assert proven(needed, mismatches, TARGET, alpha)
        assert not proven(needed - 1, mismatches, TARGET, alpha)
        assert messages_needed(needed - 1000, mismatches, TARGET, alpha) == 1000
        assert messages_needed(needed, mismatches, TARGET, alpha) == 0


def test_the_evidence_is_a_fair_bet_at_the_tolerated_rate() -> None:
    for rate in (1e-4, 0.02, 0.7):
        expected = sum(
            math.comb(20, known) * rate**known * (1 - rate) ** (20 - known) * e_value_below(20, known, rate)
            for known in range(21)
        )
        assert expected == pytest.approx(1, rel=1e-9)


def test_a_billion_messages_neither_overflow_nor_vanish() -> None:
    assert e_value_below(10**9, 0, RATE) == math.inf
    assert e_value_below(10**9, 10**6, RATE) == 0.0
    assert proven(10**9, 50_000, TARGET, 1e-9)
    assert not proven(10**9, 100_000, TARGET, 0.05)
    assert messages_needed(0, 0, 1 - 1e-9, 0.05) == pytest.approx(3.352e9, rel=1e-3)
    assert 0 < 1 - agreement_at_least(10**18, 0, 0.05) < 1e-15


@given(COUNTS, ALPHAS)
def test_the_agreement_that_is_told_is_proven_and_hardly_more_is(counts: tuple[int, int], alpha: float) -> None:
    told = agreement_at_least(*counts, alpha)
    if told > 0:
        assert proven(*counts, told, alpha)
        assert not proven(*counts, 1 - (1 - told) * 0.999_999, alpha)
    else:
        assert not proven(*counts, 1e-9, alpha)


@given(COUNTS, ALPHAS)
def test_more_agreeing_messages_prove_more_and_another_mismatch_less(counts: tuple[int, int], alpha: float) -> None:
    messages, mismatches = counts
    told = agreement_at_least(messages, mismatches, alpha)
    assert agreement_at_least(messages + 1, mismatches + 1, alpha) <= told
    assert agreement_at_least(messages + 1, mismatches, alpha) >= told


@given(COUNTS, ALPHAS, st.floats(0.5, 0.999_999))
def test_as_many_messages_as_are_needed_prove_it_and_one_fewer_does_not(
    counts: tuple[int, int], alpha: float, target: float
) -> None:
    messages, mismatches = counts
    needed = messages_needed(messages, mismatches, target, alpha)
    assert proven(messages + needed, mismatches, target, alpha)
    assert needed == 0 or not proven(messages + needed - 1, mismatches, target, alpha)


def test_nothing_is_proven_by_no_message_or_by_mismatches_alone() -> None:
    assert agreement_at_least(0, 0, 0.05) == 0.0
    assert agreement_at_least(1_000, 1_000, 0.05) == 0.0


def test_what_is_not_agreed_on_is_a_mismatch_unless_it_is_undecided() -> None:
    counts = {Verdict.MATCH: 40_000, Verdict.MATCH_BY_RULE: 27_258, Verdict.EXPIRED: 1}
    undecided = {Verdict.PENDING: 7, Verdict.SINGLE: 9}
    told = confidence_of(counts | undecided, target=TARGET, alpha=0.05)
    assert told == confidence(67_259, 1, target=TARGET, alpha=0.05)
    assert (told.proven, told.messages_needed) == (False, 1)
    assert told.agreement_at_least < (agreement(counts) or 0)
    for verdict in set(Verdict) - set(counts) - set(undecided):
        assert confidence_of(counts | {verdict: 1}, target=TARGET, alpha=0.05).mismatches == 2


def test_a_confidence_says_all_that_it_was_made_from() -> None:
    told = confidence(33_519, 0, target=TARGET, alpha=0.05)
    least = agreement_at_least(33_519, 0, 0.05)
    assert told == Confidence(33_519, 0, 0.05, TARGET, proven=True, agreement_at_least=least, messages_needed=0)
    assert least == pytest.approx(TARGET, abs=1e-8)


def test_types_share_an_alpha() -> None:
    assert share_alpha(0.05, 5) == pytest.approx(0.01)
    assert share_alpha(0.05, 1) == 0.05
    with pytest.raises(ValueError, match="types"):
        share_alpha(0.05, 0)


@pytest.mark.parametrize(
    ("messages", "mismatches", "target", "alpha", "named"),
    [
        (1, 2, TARGET, 0.05, "mismatches"),
        (1, -1, TARGET, 0.05, "mismatches"),
        (1, 0, 1.0, 0.05, "target"),
        (1, 0, 0.0, 0.05, "target"),
        (1, 0, TARGET, 0.0, "alpha"),
        (1, 0, TARGET, 1.0, "alpha"),
    ],
)
def test_what_makes_no_sense_is_refused(
    messages: int, mismatches: int, target: float, alpha: float, named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        confidence(messages, mismatches, target=target, alpha=alpha)


@pytest.mark.parametrize(("most_mismatches", "at_one_look"), [(0, 29_956), (1, 47_437), (10, 169_619)])
def test_the_simulated_exact_bound_is_that_of_clopper_and_pearson(most_mismatches: int, at_one_look: int) -> None:
    assert needed_at_one_look(most_mismatches, TARGET, 0.05)[-1] == at_one_look


@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_looking_after_every_message_passes_a_bad_type_no_more_often_than_alpha(alpha: float) -> None:
    runs = 10_000
    share = passing_share(needed_anytime(200, TARGET, alpha), RATE, runs=runs, seed=1)
    assert alpha / 2 < share <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)


def test_looking_after_every_message_breaks_the_exact_bound_several_times_over() -> None:
    assert passing_share(needed_at_one_look(80, TARGET, 0.05), RATE, runs=5_000, seed=1) > 4 * 0.05


def test_a_type_twice_as_bad_as_tolerated_hardly_ever_passes() -> None:
    assert passing_share(needed_anytime(200, TARGET, 0.05), 2 * RATE, runs=10_000, seed=2) < 0.004


@pytest.mark.parametrize(("rate", "typical"), [(RATE / 100, 33_519), (RATE / 5, 67_260), (RATE / 2, 196_000)])
def test_a_good_type_passes_before_long(rate: float, typical: int) -> None:
    needed, random = needed_anytime(300, TARGET, 0.05), Random(3)
    passed = [first_pass(needed, rate, random) for _ in range(2_000)]
    assert median(math.inf if at is None else at for at in passed) == pytest.approx(typical, rel=0.03)
