"""The only place that writes to the terminal: results to standard output, everything else to standard error."""

import json
import os
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, RenderableType

from ops.fault import CommandError

_WIDTH_OF_A_FILE = 140
"""Columns where nobody says how wide the other side is: a pipe, a file, a log."""


def show(renderables: Iterable[RenderableType]) -> None:
    """Write a result for people."""
    console = _console()
    for renderable in renderables:
        console.print(renderable)


def show_json(document: Any) -> None:
    """Write a result for a script: ASCII only, so that no value in it can steer a terminal."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=True, default=str) + "\n")


def show_lines(lines: Iterable[str]) -> None:
    """Write texts as they are, a line each; whoever calls has made them printable."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def note(text: str) -> None:
    """Say what is going on, beside the result."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def complain(error: CommandError) -> None:
    """Say why there is no result: what a tool has printed first, the one line that counts last."""
    if error.detail:
        sys.stderr.write(f"{error.detail}\n")
    sys.stderr.write(f"strangler: {error}\n")


def _console() -> Console:
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDTH_OF_A_FILE
    return Console(file=sys.stdout, highlight=False, markup=False, emoji=False, width=width)
