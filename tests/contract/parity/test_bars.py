"""The parity bars that need real PHP, small; the others are in tests/unit/bench."""

import pytest

from tests.bench.parity.bar import Bar
from tests.bench.parity.suite import SMALL, with_php


@pytest.mark.parametrize("bar", with_php(SMALL), ids=lambda bar: f"{bar.number} {bar.name}")
def test_a_bar_holds_and_its_planted_case_does_not(bar: Bar) -> None:
    measured, planted = bar.measure(), bar.plant()
    assert not planted.passed, planted.text
    assert measured.passed, measured.text
