"""`strangler status`: one look at a deployment."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from contracts.registry import FAMILIES
from ops.document import document
from ops.exit_code import ExitCode
from ops.fates import MutantFates
from ops.ledger import Ledger
from ops.letter_index import LetterIndex
from ops.option import DEFAULT_STACK, READS_AWS, Output, OutputOption, StackOption, lesson
from ops.output import show, show_json
from ops.queue import Queues
from ops.session import cloudwatch_client, dynamodb_client, sqs_client
from ops.status import read_status
from ops.table import status_tables

EPILOG = lesson(
    [
        ("strangler status", "queues, dead letters and verdicts of the deployment `strangler`"),
        ("strangler status --stack rehearsal -o json", "another deployment, for a script"),
        ("strangler status >/dev/null || page-somebody", "the exit code alone: 1 as soon as something needs a look"),
    ],
    [ExitCode.ATTENTION, *READS_AWS],
    {
        ExitCode.OK: "no dead letters, no message on which both sides differ, no mutant that survived",
        ExitCode.ATTENTION: "there are dead letters, messages on which both sides differ, or mutants that survived",
    },
)


def status(
    *,
    pending: Annotated[
        bool, typer.Option("--pending", help="Also count messages without verdict. Reads the whole ledger.")
    ] = False,
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show queues, dead letters and verdicts of a deployment, and whether any of it needs a look.

    Per family: messages that wait, that are in flight, the age of the
    oldest where CloudWatch tells, and dead letters; the same for the
    monolith's outcomes; dead letters of the judge. Per type: verdicts and
    agreement. Receives and changes nothing.
    """
    now = datetime.now(UTC)
    ledger = Ledger(dynamodb_client(stack), stack)
    queues = Queues(sqs_client(stack), cloudwatch_client(stack), stack)
    letters = LetterIndex(dynamodb_client(stack), stack).count_open()
    types = [one.name for family in FAMILIES for one in family.types]
    survivors = MutantFates(dynamodb_client(stack), stack).of(types).survivors
    found = read_status(ledger, queues, stack, now, count_pending=pending, open_letters=letters, survivors=survivors)
    if output is Output.JSON:
        show_json(document(found))
    else:
        show(status_tables(found))
    raise typer.Exit(ExitCode.ATTENTION if found.attention else ExitCode.OK)
