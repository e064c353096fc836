"""The bars that need no PHP, small: each holds, and the case that is planted in the product's place does not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.message_type import ContractError
from contracts.registry import type_named
from tests.bench.parity import __main__ as program
from tests.bench.parity.bar import Bar, Measured, take
from tests.bench.parity.comparer import mask
from tests.bench.parity.rival import Diffy
from tests.bench.parity.sight import FEES
from tests.bench.parity.suite import SMALL, without_php


@pytest.mark.parametrize("bar", without_php(SMALL), ids=lambda bar: f"{bar.number} {bar.name}")
def test_a_bar_holds_and_its_planted_case_does_not(bar: Bar) -> None:
    measured, planted = bar.measure(), bar.plant()
    assert not planted.passed, planted.text
    assert measured.passed, measured.text


def test_the_registry_refuses_the_mask_that_is_planted() -> None:
    with pytest.raises(ContractError, match="money, identity and state are never tolerated"):
        replace(type_named("payin.create"), rules=(mask(FEES[0]),))


def _bar(name: str, *, passed: bool, planted_passed: bool) -> Bar:
    return Bar(
        1, name, "all", lambda: Measured("1 of 1", passed), "nothing", lambda: Measured("0 of 1", planted_passed)
    )


GOOD, LOW = _bar("good", passed=True, planted_passed=False), _bar("low", passed=False, planted_passed=False)
BLIND = _bar("blind", passed=True, planted_passed=True)


def test_a_bar_whose_planted_case_passes_does_not_hold() -> None:
    assert [take(one).holds for one in (GOOD, LOW, BLIND)] == [True, False, False]


@pytest.mark.parametrize(("bars", "code"), [((GOOD,), 0), ((GOOD, LOW), 1), ((BLIND, GOOD), 1), ((), 1)])
def test_the_program_writes_what_it_measured_and_ends_with_1_unless_all_hold(
    bars: tuple[Bar, ...], code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(program, "bars", lambda _: bars)
    monkeypatch.setattr(program, "FILE", tmp_path / "parity" / "bars.json")
    monkeypatch.setattr("sys.argv", ["bars"])
    assert program.main() == code
    written = json.loads(program.FILE.read_text("utf-8"))
    assert [one["name"] for one in written] == [f"1. {one.name}" for one in bars]
    if bars == (GOOD,):
        assert written == [
            {
                "name": "1. good",
                "bar": "all",
                "measured": "1 of 1",
                "pass": True,
                "planted": "nothing: 0 of 1",
                "planted_pass": False,
            }
        ]


@pytest.mark.parametrize(
    ("counts", "flagged"),
    [
        (Diffy(200, 0, 1_000_000), False),
        (Diffy(301, 0, 1_000_000), True),
        (Diffy(1200, 1000, 10_000), False),
        (Diffy(1000, 1200, 10_000), False),
        (Diffy(0, 0, 10), False),
    ],
)
def test_diffys_formula_flags_what_its_thresholds_say(counts: Diffy, flagged: bool) -> None:  # noqa: FBT001
    assert counts.flagged is flagged
