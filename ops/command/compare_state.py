"""`strangler compare state`: what state both sides are in."""

from typing import Annotated

import typer

from contracts.registry import family_named
from ops.cutover_bootstrap import compare as compare_sides
from ops.cutover_option import FamilyArgument, MonolithOption, PreflightTimeoutOption
from ops.cutover_table import state_tables
from ops.document import document
from ops.exit_code import ExitCode
from ops.export import Export
from ops.fault import CommandError
from ops.option import DEFAULT_STACK, READS_AWS, Output, OutputOption, StackOption, lesson
from ops.output import show, show_json
from ops.session import dynamodb_client

EPILOG = lesson(
    [
        ("strangler compare state payin --monolith 'php state.php --family {family}'", "every row, on both sides"),
        ("strangler compare state payin --patience 0", "as it is at this moment, messages under way or not"),
    ],
    [ExitCode.ATTENTION, *READS_AWS],
    {
        ExitCode.OK: "both sides have the same rows, for every key",
        ExitCode.ATTENTION: "there is at least one row that is not the same",
        ExitCode.FAILED: "the monolith's program, or a service, failed: nobody knows whether they are the same",
    },
)


def show_state(
    *,
    family: FamilyArgument,
    monolith: MonolithOption = None,
    patience: PreflightTimeoutOption = 30.0,
    examples: Annotated[int, typer.Option(min=0, max=1000, metavar="N", help="Rows that are named.")] = 20,
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """Compare both sides' rows of a family, for every key of every table.

    COMMAND writes the monolith's rows to its standard output, one JSON
    object a line, as the recorder writes row effects. The new side's are
    read from its records, and opened. What the contracts' rules tolerate is
    no difference. While messages arrive one side is ahead of the other: a
    row counts only if it is never the same while patience lasts. Values are
    shown only where the contract names the column as plain.
    """
    if monolith is None:
        raise CommandError(ExitCode.USAGE, "--monolith, or STRANGLER_MONOLITH_STATE, names the monolith's export")
    known = family_named(family)
    found = compare_sides(dynamodb_client(stack), stack, known, Export(monolith, family), patience, shown=examples)
    show_json(document(found)) if output is Output.JSON else show(state_tables(found))
    raise typer.Exit(ExitCode.OK if found.agrees else ExitCode.ATTENTION)
