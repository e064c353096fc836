"""What a terminal shows of a comparison: enough to find the next bug, and one screen where there is none."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from rich.console import RenderableType

from contracts.shown import ShownDifference
from contracts.verdict import Verdict
from ops import output
from ops.comparison import Comparison, DifferingGroup, Example, Exercised, TypeAgreement
from ops.comparison_table import comparison_tables
from tests.fakes import comparison

HOSTILE = "\x1b]0;title\x07[bold red]x[/]"
SHOWN = "\\u{1b}]0;title\\u{7}[bold red]x[/]"


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")


def _written(renderables: Iterable[RenderableType], capsys: pytest.CaptureFixture[str]) -> str:
    output.show(renderables)
    return capsys.readouterr().out


def test_a_hostile_comparison_is_shown_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    difference = ShownDifference(HOSTILE, HOSTILE, "-", "-", HOSTILE, HOSTILE)
    group = DifferingGroup(HOSTILE, 1, (HOSTILE,), (Example(HOSTILE, Verdict.MISMATCH, (difference,)),))
    rules = (replace(comparison.RULES[1], type=HOSTILE, path=HOSTILE, owner=HOSTILE),)
    exercised = Exercised(84, (HOSTILE,), 212, 0.00031)
    types = (replace(comparison.of_type(HOSTILE, {Verdict.MATCH: 1}), exercised=exercised),)
    survivors = (replace(comparison.void().survivors[0], path=HOSTILE, type=HOSTILE),)
    mutants = (replace(comparison.MUTANTS[0], type=HOSTILE, survived=1),)
    whole = Comparison(types, (group,), mutants, survivors, rules, (HOSTILE,))
    written = _written(comparison_tables(whole, 1), capsys)
    assert "\x1b" not in written
    assert written.count(SHOWN) >= 16


def test_an_agreeing_run_fits_one_screen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    written = _written(comparison_tables(comparison.agreeing(), 20), capsys)
    assert len(written.splitlines()) <= 24
    for said in (
        "99.9908 %         proven",
        "No differences: wherever both sides have told, they agree.",
        "mutants: 588 made, all critical ones killed, 12 tolerated by rule",
        "rules: 1, hit 48,211 times, none with a problem",
        "3 of 84 branches  0.03 %  as object_payload.payins[].payinDate: absent",
    ):
        assert said in written


def test_a_group_says_what_it_looks_like_since_when_and_how_often(capsys: pytest.CaptureFixture[str]) -> None:
    written = _written(comparison_tables(comparison.differing(), 20), capsys)
    for said in (
        "1. row:payins.fee  1,204 messages, 2.18 % of its type  still there",
        "looks like rounding half a cent: docs/porting.md#rounding-is-not-pythons-and-changed-with-php-84",
        "seen from message 412 (2026-11-21T10:00:00Z) to message 54,903 (2026-11-27T18:31:07Z)",
        "4 messages, under 0.01 % of its type  new",
        "[853 the same]",
        "2 groups of the earlier run gone:",
        "868,591",
    ):
        assert said in written


def test_only_rules_with_a_problem_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    written = _written(comparison_tables(comparison.differing(), 20), capsys)
    assert "rules: 3, hit 48,211 times, 2 with a problem" in written
    assert "expired     payout.update" in written
    assert "row:payins.recorded_at" not in written


def test_a_long_difference_is_never_cut_where_it_differs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    written = _written(comparison_tables(comparison.differing(), 20), capsys)
    assert "…" not in written.partition("4. row:payins.history")[2].partition("5. ")[0]


def test_a_void_comparison_says_so_first_and_proves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    written = _written(comparison_tables(comparison.void(), 20), capsys)
    assert written.startswith("VOID: this comparison is blind in 2 places.")
    assert "proven" not in written.lower().replace("proven at least", "")
    assert "No differences" not in written
    assert "one cent in row:payins.net of payin.create, 31 times" in written
    assert "mutants: 588 made, 101 SURVIVED, 12 tolerated by rule" in written


def test_groups_beyond_the_limit_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    groups = tuple(DifferingGroup(f"payin.create | {number}", 2, (), ()) for number in range(5))
    written = _written(comparison_tables(Comparison((), groups), 3), capsys)
    assert "5 groups of differences, 10 messages" in written
    assert "and 2 smaller groups of 4 messages" in written


def test_what_differs_everywhere_is_shown_in_part(capsys: pytest.CaptureFixture[str]) -> None:
    difference = ShownDifference("row:payins.fee", "value", "int", "int", "1", "2")
    group = DifferingGroup("payin.create | x", 1, (), (Example("m", Verdict.MISMATCH, 30 * (difference,)),))
    written = _written(comparison_tables(Comparison((), (group,)), 1), capsys)
    assert written.count("row:payins.fee") == 12
    assert "and 18 more places" in written


def test_the_sum_of_all_types_stands_below_them(capsys: pytest.CaptureFixture[str]) -> None:
    types = (TypeAgreement("a", {Verdict.MATCH: 1500}, 1.0, 2.5), TypeAgreement("b", {Verdict.MISMATCH: 500}))
    rows = _written(comparison_tables(Comparison(types, ()), 1), capsys).splitlines()
    (last,) = [row.split() for row in rows if row.split()[:1] == ["all"]]
    assert last[:4] == ["all", "2,000", "75.00", "%"]
    assert any("2.5 s" in row for row in rows)
