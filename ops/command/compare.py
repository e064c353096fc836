"""`strangler compare`: what both sides made of the same messages."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from contracts.verdict import Verdict
from ops.comparison import Comparison, compare
from ops.document import document
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.ledger import DIFFERING, Ledger
from ops.option import DEFAULT_STACK, READS_AWS, Output, OutputOption, StackOption, TypeOption, lesson
from ops.output import note, show, show_json
from ops.report import Fact, Report, render
from ops.session import dynamodb_client
from ops.table import comparison_tables

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
    try:
        file.write_text(render(Report(title, facts, comparison.types, comparison.groups)), "utf-8")
    except OSError as error:
        raise CommandError(ExitCode.CANNOT_WRITE, f"{file} cannot be written: {error.strerror}") from error
    note(f"report: {file}")
