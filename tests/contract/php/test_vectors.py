"""Replays calls of PHP functions with what PHP 8.2 answered, traced while php-src's own tests ran (see README.md)."""

from functools import cache
from pathlib import Path

import pytest

from contracts.php.functions import FUNCTIONS, IN_SCOPE, LEFT_OUT
from contracts.php.runtime import PHP_8_2
from ops.php_vectors import Scoreboard, open_lines, replay

VECTORS = Path(__file__).parent / "vectors.jsonl.gz"
_RESOURCE = "an argument was a resource, which the trace holds as the integer 0"
EXCEPTIONS: dict[int, str] = {
    220: _RESOURCE,
    1006: "unserialize was called within another unserialize, whose references it shared",
    2582: "$GLOBALS, which held itself when it was imploded, and not any more when it was traced",
    3953: _RESOURCE,
    4470: _RESOURCE,
    4570: _RESOURCE,
    5337: _RESOURCE,
    5338: _RESOURCE,
}
"""Lines on which we differ from PHP, each with its reason. They count as disagreeing."""
AT_MOST = 0.01
"""Of all calls may be such exceptions."""
LEFT_OUT_AT_MOST = 0.15


@cache
def board() -> Scoreboard:
    return replay(open_lines(VECTORS), PHP_8_2)


def test_every_function_in_scope_is_here_or_left_out_for_a_reason() -> None:
    assert IN_SCOPE - FUNCTIONS.keys() == LEFT_OUT.keys()
    assert all(LEFT_OUT.values())


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_every_call_that_php_answered_is_answered_the_same(function: str) -> None:
    wrong = {
        one.vector.line: (one.vector.test, one.vector.expected, one.answer)
        for one in board().differences
        if one.vector.function == function and one.vector.line not in EXCEPTIONS
    }
    assert wrong == {}


def test_exceptions_are_few_and_still_are_exceptions() -> None:
    assert {one.vector.line for one in board().differences} == EXCEPTIONS.keys()
    assert all(EXCEPTIONS.values())
    assert len(EXCEPTIONS) <= AT_MOST * board().in_scope


def test_little_is_left_out() -> None:
    left_out = sum(board().left_out.values())
    assert left_out <= LEFT_OUT_AT_MOST * (left_out + board().in_scope)
    assert board().in_scope == 7_320
    assert board().left_out == {"object": 303, "current time": 30, "holds itself": 9}
