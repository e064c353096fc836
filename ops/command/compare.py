"""`strangler compare`: what both sides made of the same messages, and what state they are in."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from contracts.registry import family_named
from contracts.verdict import Verdict
from ops.comparison import Comparison, compare
from ops.comparison_table import comparison_tables
from ops.cutover_bootstrap import compare as compare_sides
from ops.cutover_option import FamilyArgument, MonolithOption, PreflightTimeoutOption
from ops.cutover_table import state_tables
from ops.document import document
from ops.exit_code import ExitCode
from ops.export import Export
from ops.fault import CommandError
from ops.ledger import DIFFERING, Ledger
from ops.option import DEFAULT_STACK, READS_AWS, Output, OutputOption, StackOption, TypeOption, lesson
from ops.output import note, show, show_json
from ops.parity.gate import FailOn, objections
from ops.report import Fact, Report, render
from ops.session import dynamodb_client

EPILOG = lesson(
    [
        ("strangler compare show", "verdicts and agreement of all types, and what the differing messages share"),
        ("strangler compare show --type payin.create --examples 10", "one type, more messages of each group"),
        ("strangler compare show --html report.html", "the same as a page to mail or archive"),
    ],
    [ExitCode.ATTENTION, *READS_AWS, ExitCode.CANNOT_WRITE],
    {
        ExitCode.OK: "wherever both sides have told, they agree",
        ExitCode.ATTENTION: "there is at least one group of differences",
    },
)
STATE_EPILOG = lesson(
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


def show_comparison(
    *,
    message_type: TypeOption = None,
    verdict: Annotated[
        Verdict | None, typer.Option("--verdict", help="Group only messages of this verdict.", metavar="VERDICT")
    ] = None,
    signature_limit: Annotated[
        int, typer.Option(min=1, metavar="N", help="Show the N largest groups; the rest is counted.")
    ] = 20,
    examples: Annotated[int, typer.Option(min=0, max=100, metavar="N", help="Messages shown of each group.")] = 3,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", dir_okay=False, help="Also write it as one HTML page.")
    ] = None,
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show how far both sides agree, and group where they do not: one bug, one group.

    A group is named by its signature: type, place, kind of difference, and
    what both values look like. Values are shown only where the contract
    names the field as plain; all others are masked. Counts come from an
    index that may be a second behind.
    """
    comparison = compare(
        Ledger(dynamodb_client(stack), stack),
        types=None if message_type is None else (message_type,),
        verdicts=DIFFERING if verdict is None else (verdict,),
        detailed_groups=signature_limit,
        examples=examples,
    )
    if html is not None:
        _write(html, comparison, stack)
    if output is Output.JSON:
        show_json(document(comparison))
    else:
        show(comparison_tables(comparison, signature_limit))
    raise typer.Exit(ExitCode.ATTENTION if comparison.groups else ExitCode.OK)


def _write(file: Path, comparison: Comparison, stack: str) -> None:
    facts = (
        Fact("Deployment", stack),
        Fact("Made at", datetime.now(UTC).isoformat(" ", "seconds")),
    )
    title = f"{stack}: both sides compared"
    against = tuple(objections(comparison, [FailOn.DIFFERENCE]))
    try:
        file.write_text(render(Report(title, facts, comparison, against)), "utf-8")
    except OSError as error:
        raise CommandError(ExitCode.CANNOT_WRITE, f"{file} cannot be written: {error.strerror}") from error
    note(f"report: {file}")


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
