"""The scoreboard's bookkeeping: what it keeps of earlier runs, and when a run is a failure."""

import sys
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from tests.bench.scoreboard import __main__ as scoreboard
from tests.bench.scoreboard.board import Row, merge, passed, read_board, write_board
from tests.bench.scoreboard.case import Case
from tests.bench.scoreboard.contender import Contender
from tests.bench.scoreboard.suite import CASES

OURS = Row("ours", "1", CASES[0].name, passed=True, note="", date="2026-01-01", seconds=1.0)
RIVAL = replace(OURS, contender="mq-bridge", passed=False)


class NoNode:
    """In the place of a broker that nobody asks."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str, failing: str) -> int:
    """The program, in which one contender fails whatever it plays."""

    def play(case: Case, contender: Contender, *_: object, **__: Any) -> Row:
        return replace(OURS, contender=contender.name, case=case.name, passed=contender.name != failing)

    monkeypatch.chdir(folder)
    monkeypatch.setattr(scoreboard, "play", play)
    monkeypatch.setattr(scoreboard, "RabbitNode", NoNode)
    monkeypatch.setattr(sys, "argv", ["scoreboard", *arguments])
    return scoreboard.main()


def test_what_is_seen_again_takes_the_place_of_what_was_seen() -> None:
    again = replace(OURS, passed=False)
    assert merge([OURS, RIVAL], again) == [RIVAL, again]


def test_a_contender_has_passed_what_it_was_in() -> None:
    assert passed([OURS, RIVAL], "ours")
    assert not passed([OURS, RIVAL], "mq-bridge")
    assert passed([], "ours")


def test_a_run_in_which_ours_fails_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert run(monkeypatch, tmp_path, "--case", CASES[0].name, failing="ours") == 1


def test_a_run_in_which_a_rival_fails_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert run(monkeypatch, tmp_path, "--case", CASES[0].name, failing="mq-bridge") == 0


def test_what_was_not_played_this_time_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / scoreboard.FILE
    earlier = replace(RIVAL, case=CASES[1].name)
    write_board(file, [earlier])
    assert run(monkeypatch, tmp_path, "--contender", "ours", "--case", CASES[0].name, failing="") == 0
    assert read_board(file) == [OURS, earlier]


def test_an_earlier_failure_of_ours_that_was_not_played_again_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_board(tmp_path / scoreboard.FILE, [replace(OURS, case=CASES[1].name, passed=False)])
    assert run(monkeypatch, tmp_path, "--case", CASES[0].name, failing="") == 0
