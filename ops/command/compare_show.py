"""`strangler compare show`: what both sides of a deployment have made of the same messages."""

from pathlib import Path
from typing import Annotated

import typer

from contracts.registry import FAMILIES
from contracts.verdict import Verdict
from ops.comparison_table import comparison_tables
from ops.document import document
from ops.exit_code import ExitCode
from ops.fates import MutantFates
from ops.ledger import DIFFERING, Ledger
from ops.ledger_comparison import compare
from ops.option import DEFAULT_STACK, READS_AWS, Output, OutputOption, StackOption, TypeOption, lesson
from ops.output import note, show, show_json
from ops.parity.finding import DEFAULT_ALPHA, DEFAULT_TARGET
from ops.parity.gate import FailOn, exit_code, objections
from ops.parity.option import (
    AlphaOption,
    FailOnOption,
    HtmlOption,
    JUnitOption,
    SignatureLimitOption,
    TargetOption,
    asked,
    known_signatures,
    write_reports,
)
from ops.report import Fact
from ops.session import dynamodb_client

EPILOG = lesson(
    [
        ("strangler compare show", "verdicts and agreement of all types, and what the differing messages share"),
        ("strangler compare show --type payin.create --examples 10", "one type, more messages of each group"),
        ("strangler compare show --html report.html", "the same as a page to mail or archive"),
        ("strangler compare show --since monday.json --fail-on new-difference", "only what is new since then fails"),
    ],
    [ExitCode.ATTENTION, *READS_AWS, ExitCode.CANNOT_WRITE],
    {
        ExitCode.OK: "nothing of --fail-on stands against it",
        ExitCode.ATTENTION: "something of --fail-on stands against it; the last lines say what",
        ExitCode.SETTINGS: "a setting is missing or wrong, or the file of --since cannot be read",
        ExitCode.FAILED: "void: a mutant survived beside live verdicts, or none was made; or a service failed",
    },
)


def show_comparison(  # noqa: PLR0913  options are arguments here
    *,
    message_type: TypeOption = None,
    verdict: Annotated[
        Verdict | None, typer.Option("--verdict", help="Group only messages of this verdict.", metavar="VERDICT")
    ] = None,
    signature_limit: SignatureLimitOption = 20,
    examples: Annotated[int, typer.Option(min=0, max=100, metavar="N", help="Messages shown of each group.")] = 3,
    since: Annotated[
        Path | None,
        typer.Option("--since", metavar="FILE", dir_okay=False, help="Earlier JSON of this, to tell what is new from."),
    ] = None,
    fail_on: FailOnOption = [FailOn.DIFFERENCE, FailOn.EXPIRED_RULE],  # noqa: B006  read only
    target: TargetOption = DEFAULT_TARGET,
    alpha: AlphaOption = DEFAULT_ALPHA,
    html: HtmlOption = None,
    junit: JUnitOption = None,
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show how far both sides agree, and group where they do not: one bug, one group.

    A group is named by its signature: type, place, kind of difference, and
    what both values look like. Values are shown only where the contract
    names the field as plain; all others are masked. Counts come from an
    index that may be a second behind. Mutants are those that the judge has
    made of agreeing messages, by its present code and rules; where one
    survived, or none was made of what agrees, the comparison is void.
    """
    known = None if since is None else known_signatures(since)
    names = [one.name for family in FAMILIES for one in family.types] if message_type is None else [message_type]
    comparison = compare(
        Ledger(dynamodb_client(stack), stack),
        MutantFates(dynamodb_client(stack), stack).of(names),
        asked(target, alpha, known),
        types=names,
        verdicts=DIFFERING if verdict is None else (verdict,),
        detailed_groups=signature_limit,
        examples=examples,
    )
    against = list(objections(comparison, fail_on, may_be_empty=True))
    title = f"{stack}: both sides compared"
    write_reports(comparison, against, title, (Fact("Deployment", stack),), html=html, junit=junit)
    if output is Output.JSON:
        show_json(document(comparison) | {"objections": against})
    else:
        show(comparison_tables(comparison, signature_limit))
        for one in against:
            note(f"against it: {one}")
    raise typer.Exit(exit_code(comparison, objected=bool(against)))
