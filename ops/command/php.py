"""`strangler php`: how far the ported functions agree with PHP itself."""

from pathlib import Path
from typing import Annotated

import typer

from contracts.php.runtime import PHP_8_2
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.option import lesson
from ops.output import note, show, show_json
from ops.php_table import scoreboard_tables
from ops.php_vectors import VectorError, open_lines, replay

VECTORS_EPILOG = lesson(
    [
        ("strangler php vectors tests/contract/php/vectors.jsonl.gz", "the scoreboard, function by function"),
        ("strangler php vectors FILE.jsonl.gz --json | jq .agreed", "a figure for a script"),
    ],
    [ExitCode.ATTENTION, ExitCode.SETTINGS],
    {
        ExitCode.OK: "agreement is at least as high as asked for (--at-least)",
        ExitCode.ATTENTION: "agreement is lower, or there was nothing to replay",
        ExitCode.SETTINGS: "the file cannot be read, or a line of it is no vector",
    },
)


def replay_vectors(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Calls with PHP's answers, one JSON object a line.")],
    json: Annotated[bool, typer.Option("--json", help="Print nothing but the figures, as JSON.")] = False,
    differences: Annotated[int, typer.Option("--differences", min=0, help="How many differences to print.")] = 0,
    at_least: Annotated[float, typer.Option("--at-least", min=0, max=100, help="Agreement in percent.")] = 99.0,
) -> None:
    """Replay calls of PHP functions with what PHP answered.

    Agreement is in value and type, and in the class of what is thrown.
    Calls that depend on the current time or hold objects are left out, and
    counted; those with resources, which a trace has as integers, are not.
    """
    try:
        board = replay(open_lines(file), PHP_8_2)
    except OSError as error:
        raise CommandError(ExitCode.SETTINGS, f"{file} cannot be read: {error.strerror or error}") from error
    except VectorError as error:
        raise CommandError(ExitCode.SETTINGS, f"{file}: {error}") from error
    if json:
        show_json(board.document())
    else:
        show(scoreboard_tables(board, differences))
        left_out = ", ".join(f"{count:,} {name}" for name, count in sorted(board.left_out.items())) or "none"
        note(f"left out: {left_out}")
    if not board.in_scope:
        note("no call of a function in scope is left")
    agrees = board.in_scope > 0 and board.agreed * 100 >= at_least * board.in_scope
    raise typer.Exit(ExitCode.OK if agrees else ExitCode.ATTENTION)
