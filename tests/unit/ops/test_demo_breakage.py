"""Seeded bugs: each can be put beside any other that leaves its line alone."""

from pathlib import Path

import pytest

from infra.package import REPOSITORY
from ops.demo.breakage import Break, BreakConflictError, patches
from tests.unit.ops.conftest import Strangler


@pytest.mark.parametrize("bug", Break)
def test_what_a_bug_replaces_stands_once_in_the_handler(bug: Break) -> None:
    [patch] = patches([bug])

    assert (REPOSITORY / patch.file).read_text("utf-8").count(patch.old) == 1


def test_bugs_of_different_handlers_go_together_and_a_repeated_one_is_there_once() -> None:
    chosen = patches([Break.CENTS, Break.LOST_ROW, Break.CENTS, Break.SIGNATURE])

    assert [patch.file for patch in chosen] == [
        "workers/logic/card_transaction.py",
        "workers/logic/balance.py",
        "workers/logic/payout.py",
    ]


def test_two_bugs_of_one_line_are_refused_by_name() -> None:
    with pytest.raises(BreakConflictError, match="lost-row and double-row"):
        patches([Break.LOST_ROW, Break.CENTS, Break.DOUBLE_ROW])


def test_the_command_refuses_them_before_anything_starts(strangler: Strangler, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    ended = strangler("demo", "--break", "lost-row", "--break", "double-row", "--folder", str(folder))

    assert ended.code == 2
    assert "--break: lost-row and double-row break the same line" in ended.err
    assert not folder.exists()
