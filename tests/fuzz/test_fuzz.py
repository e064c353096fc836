"""A little of `python -m tests.fuzz` in every run."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.mutant import inputs
from tests.fuzz.target import SEEDS, TARGETS, timed


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_no_findings(name: str) -> None:
    for seed in SEEDS:
        timed(name, seed)


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(list(TARGETS)), inputs)
def test_whatever_comes_is_decoded_or_refused_and_nothing_else(name: str, data: bytes) -> None:
    timed(name, data)
