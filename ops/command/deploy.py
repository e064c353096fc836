"""`strangler deploy`: the new side's channels, tables, functions, roles and alarms."""

from typing import Annotated

import typer

from infra.deploy import DeployError, deploy, plan
from infra.package import Target
from ops.deployment import Wish, in_operator_words, prepare
from ops.document import document
from ops.exit_code import ExitCode
from ops.option import (
    DEFAULT_STACK,
    READS_AWS,
    Output,
    OutputOption,
    SecretArnOption,
    StackOption,
    WebhookOriginOption,
    lesson,
)
from ops.output import note, show, show_json
from ops.session import in_plain_words, open_session
from ops.table import outputs_table, plan_tables

EPILOG = lesson(
    [
        ("strangler deploy --secret-arn arn:aws:secretsmanager:...", "what the first deployment would create"),
        ("strangler deploy --secret-arn arn:aws:secretsmanager:... --execute", "create it"),
        ("strangler deploy --execute", "bring new code to what is there; keeps all parameters"),
        ("strangler deploy --package local --disposable --execute", "to an embedded AWS (AWS_ENDPOINT_URL)"),
    ],
    [code for code in READS_AWS if code is not ExitCode.NO_DEPLOYMENT],
    {
        ExitCode.OK: "planned, or deployed; also where there was nothing to change",
        ExitCode.FAILED: "the package, the template or the deployment failed; what failed is listed, and "
        "CloudFormation rolls back what it has begun",
    },
)


def deploy_stack(  # noqa: PLR0913  # what can be asked for, each an option
    *,
    execute: Annotated[bool, typer.Option("--execute", help="Deploy. Without it, only the plan is shown.")] = False,
    secret_arn: SecretArnOption = None,
    worker_concurrency: Annotated[
        int | None,
        typer.Option(
            min=2, max=1000, metavar="N", help="Batches of one queue at once. Kept unless given; 10 at first."
        ),
    ] = None,
    webhook_origin: WebhookOriginOption = None,
    allowed_lateness: Annotated[
        int | None,
        typer.Option(
            min=60, max=604_800, metavar="S", help="How late a side may tell. Kept unless given; 3600 s at first."
        ),
    ] = None,
    probe_one_in: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1_000_000,
            metavar="N",
            help="Try the judge with mutants of one agreeing message in N. Kept unless given; 500 at first.",
        ),
    ] = None,
    package: Annotated[
        Target,
        typer.Option(help="What the functions run on: AWS Lambda (Linux arm64), or this machine's Python."),
    ] = Target.LAMBDA,
    disposable: Annotated[
        bool,
        typer.Option("--disposable", help="Tables, keys and logs go with the stack. Never where real payments are."),
    ] = False,
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show what a deployment would change; with --execute, deploy it.

    Builds the functions' package and the template from the contracts'
    registry, uploads both to the deployment's code bucket, and lets
    CloudFormation say what would change. The plan leaves the stack as it
    is. Resources that would be replaced are marked: their data would go.
    """
    session = open_session()
    with in_plain_words(stack):
        cloudformation = session.client("cloudformation")
    wish = Wish(
        stack, package, secret_arn, worker_concurrency, disposable, webhook_origin, allowed_lateness, probe_one_in
    )
    deployment = prepare(wish, cloudformation)
    try:
        if execute:
            note(f"deploying {stack}; this takes minutes on AWS")
            outputs = deploy(deployment, session)
        else:
            changes = plan(deployment, session)
    except DeployError as error:
        raise in_operator_words(error, stack) from error
    if execute:
        show_json(document(outputs)) if output is Output.JSON else show(outputs_table(outputs))
    else:
        show_json(document(changes)) if output is Output.JSON else show(plan_tables(stack, changes))
        if changes:
            note("nothing was changed; --execute deploys this")
