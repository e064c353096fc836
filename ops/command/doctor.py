"""`strangler doctor`: what this machine lacks."""

import typer

from ops.doctor import State, examine
from ops.document import document
from ops.exit_code import ExitCode
from ops.option import Output, OutputOption, lesson
from ops.output import show, show_json
from ops.table import checks_table

EPILOG = lesson(
    [
        ("strangler doctor", "what is there, what is missing, what to do about it"),
        ("strangler doctor -o json | jq '.[] | select(.state == \"missing\")'", "only what is missing"),
    ],
    [ExitCode.ATTENTION],
    {
        ExitCode.OK: "nothing that is needed is missing; what is optional does not count",
        ExitCode.ATTENTION: "something is missing, or set and does not work",
    },
)


def doctor(*, output: OutputOption = Output.TABLE) -> None:
    """Check this machine: Python, RabbitMQ, PHP, Node, Docker, AWS, AMQP_URL.

    Only looks: starts nothing, installs nothing, declares no queue. AWS is
    asked who we are if credentials are set; whatever listens at AMQP_URL
    is asked whether it speaks AMQP if that is set. Neither is needed for
    `strangler demo`.
    """
    checks = tuple(examine())
    if output is Output.JSON:
        show_json(document(checks))
    else:
        show(checks_table(checks))
    missing = any(check.state is State.MISSING for check in checks)
    raise typer.Exit(ExitCode.ATTENTION if missing else ExitCode.OK)
