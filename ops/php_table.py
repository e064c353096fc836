"""The scoreboard of a replay as tables for a terminal."""

from collections.abc import Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from contracts.php.value import type_name
from ops.php_vectors import Difference, Scoreboard, Thrown, Unreadable
from ops.wording import number, percent, printable

_SHOWN = 120
"""Characters of a value."""


def scoreboard_tables(board: Scoreboard, differences: int) -> Iterator[RenderableType]:
    """Agreement by function, then some of the differences."""
    table = Table(box=SIMPLE_HEAD)
    table.add_column("Function")
    for name in ("In scope", "Agreed", "Agreement"):
        table.add_column(name, justify="right")
    for name, tally in sorted(board.per_function.items()):
        tone = "green" if tally.agreed == tally.in_scope else "red"
        cells = (number(tally.in_scope), number(tally.agreed), percent(tally.agreed / tally.in_scope))
        table.add_row(name, *(Text(cell, tone) for cell in cells))
    if board.in_scope:
        table.add_section()
        table.add_row("all", number(board.in_scope), number(board.agreed), percent(board.agreed / board.in_scope))
    yield table
    for one in board.differences[:differences]:
        yield _difference(one)


def _difference(one: Difference) -> Text:
    vector = one.vector
    arguments = ", ".join(map(_shown, vector.arguments))
    text = Text(f"\nline {vector.line}, {vector.test}: {vector.function}({arguments})\n")
    return text.append(f"  PHP   {_shown(vector.expected)}\n").append(f"  here  {_shown(one.answer)}")


def _shown(value: Any) -> str:
    if isinstance(value, Thrown):
        return f"throws {value.php_class}"
    if isinstance(value, Unreadable):
        return f"cannot be read here: {value.why}"
    try:
        text = printable(repr(value))
    except RecursionError:
        text = "nested too deeply to be shown"
    return f"{type_name(value)} {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}"
