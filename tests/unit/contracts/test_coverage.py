import json
import math
from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.branch import branches
from contracts.coverage import Coverage, MalformedCoverageError, stratum
from contracts.registry import type_named

PENDING, CANCELED = frozenset({"status=PENDING", "ending done"}), frozenset({"status=CANCELED", "ending done"})
SETS = st.lists(st.frozensets(st.sampled_from("abcd")), max_size=30)


def coverage(*messages: frozenset[str], limit: int = 100) -> Coverage:
    counted = Coverage(limit=limit)
    for exercised in messages:
        counted.add(exercised)
    return counted


def test_messages_are_counted_by_branch_and_by_stratum() -> None:
    counted = coverage(PENDING, CANCELED, PENDING)
    assert counted.messages == 3
    assert counted.branches == {"status=PENDING": 2, "status=CANCELED": 1, "ending done": 3}
    assert counted.strata == {stratum(PENDING): 2, stratum(CANCELED): 1}


def test_a_stratum_is_the_same_in_every_process_and_whatever_the_order() -> None:
    assert stratum(frozenset({"b", "a"})) == stratum(frozenset({"a", "b"})) == "a76de9f2d561975f"
    assert stratum(frozenset({"a", "b"})) != stratum(frozenset({"ab"}))


def test_branches_that_no_message_took_are_named() -> None:
    payin = type_named("payin.create")
    every = branches(payin)
    assert coverage().never_exercised(payin) == tuple(sorted(every))
    assert coverage(every - {"ending rejected"}).never_exercised(payin) == ("ending rejected",)
    assert coverage(every | {"of another type"}).never_exercised(payin) == ()


def test_the_missing_mass_is_the_share_of_strata_seen_once() -> None:
    assert coverage().missing_mass == 1.0
    assert coverage(PENDING).missing_mass == 1.0
    assert coverage(PENDING, PENDING, CANCELED, PENDING).missing_mass == 0.25
    assert coverage(PENDING, PENDING).missing_mass == 0.0


def test_the_missing_mass_tells_how_often_the_next_messages_are_of_a_new_stratum() -> None:
    random, counted = Random(1), Coverage()
    kinds = [frozenset({str(number)}) for number in range(3_000)]
    often = [1 / (1 + number) for number in range(3_000)]
    for exercised in random.choices(kinds, often, k=5_000):
        counted.add(exercised)
    new = sum(stratum(exercised) not in counted.strata for exercised in random.choices(kinds, often, k=20_000))
    assert new / 20_000 == pytest.approx(counted.missing_mass, abs=3 * math.sqrt(0.1 * 0.9 / 5_000))
    assert counted.missing_mass > 0.05


@given(SETS, SETS)
def test_counting_apart_and_adding_up_is_counting_at_once(
    left: list[frozenset[str]], right: list[frozenset[str]]
) -> None:
    assert coverage(*left).merged(coverage(*right)) == coverage(*left, *right)


@given(SETS, SETS, st.integers(0, 4))
def test_past_the_limit_the_missing_mass_is_never_told_too_low(
    left: list[frozenset[str]], right: list[frozenset[str]], limit: int
) -> None:
    exact = coverage(*left, *right)
    for bounded in (
        coverage(*left, *right, limit=limit),
        coverage(*left, limit=limit).merged(coverage(*right, limit=limit)),
    ):
        assert len(bounded.strata) <= limit
        assert bounded.strata.total() + bounded.untold == bounded.messages == exact.messages
        assert bounded.branches == exact.branches
        assert exact.missing_mass <= bounded.missing_mass <= 1


def test_of_too_many_strata_the_most_frequent_are_told_apart() -> None:
    merged = coverage(CANCELED, limit=1).merged(coverage(PENDING, PENDING))
    assert (merged.strata, merged.untold) == ({stratum(PENDING): 2}, 1)


@given(SETS)
def test_what_was_stored_is_read_again(messages: list[frozenset[str]]) -> None:
    counted = coverage(*messages, limit=3)
    assert Coverage.from_dict(json.loads(json.dumps(counted.to_dict()))) == counted


def test_what_was_stored_under_a_higher_limit_is_cut_when_it_is_read() -> None:
    read = Coverage.from_dict(coverage(PENDING, CANCELED, CANCELED).to_dict(), limit=1)
    assert (read.strata, read.untold, read.messages) == (Counter({stratum(CANCELED): 2}), 1, 3)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"messages": "1"},
        {"messages": True},
        {"messages": 2},
        {"untold": -1},
        {"strata": None},
        {"strata": {"0": 2}},
        {"branches": []},
        {"branches": {"ending done": 1.0}},
        {"branches": {"ending done": 2}},
    ],
)
def test_a_stored_form_that_contradicts_itself_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedCoverageError, match="coverage"):
        Coverage.from_dict(coverage(PENDING).to_dict() | change)
