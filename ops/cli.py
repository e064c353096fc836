"""The operator's command `strangler`: its tree of commands, and how any of them ends.

Commands live in `ops.command`; nothing may import this module but whoever starts it.
"""

import sys
import traceback

import typer

from ops.command import bridge, compare, demo, deploy, doctor, messages, status, types
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.output import complain

_HELP = """Move message processing from a PHP monolith to Lambdas, one message type at a time, with proof.

Account, region and endpoint come from the standard AWS environment
variables (AWS_PROFILE, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL, ...). Every command
takes --help, which ends with examples and exit codes."""


def build() -> typer.Typer:
    """The tree of commands."""
    app = _group(_HELP)
    app.command("demo", epilog=demo.EPILOG)(demo.demo)
    app.command("doctor", epilog=doctor.EPILOG)(doctor.doctor)
    app.command("deploy", epilog=deploy.EPILOG)(deploy.deploy_stack)
    app.command("status", epilog=status.EPILOG)(status.status)
    groups = (
        ("compare", "What both sides made of the same messages.", "show", compare.EPILOG, compare.show_comparison),
        ("messages", "What became of one message.", "show", messages.EPILOG, messages.show_message),
        ("types", "What the contracts' registry knows.", "list", types.EPILOG, types.list_types),
        ("bridge", "The Messaging Bridge from RabbitMQ to SQS.", "ship", bridge.EPILOG, bridge.ship),
    )
    for name, text, command, epilog, function in groups:
        group = _group(text)
        group.command(command, epilog=epilog)(function)
        app.add_typer(group, name=name)
    return app


def main() -> int:
    """Run the command line; returns the exit code."""
    try:
        typer.main.get_command(build()).main(prog_name="strangler")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.OK
    except CommandError as error:
        complain(error)
        return error.code
    except Exception:  # noqa: BLE001  # a bug of ours must not look like ATTENTION, which is Python's 1
        traceback.print_exc()
        return ExitCode.FAILED
    return ExitCode.OK


def _group(text: str) -> typer.Typer:
    return typer.Typer(
        help=text,
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


if __name__ == "__main__":
    sys.exit(main())
