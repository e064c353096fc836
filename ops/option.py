"""What the commands' options have in common: their checks, before anything runs, and how each help ends."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape

from contracts.registry import UnknownTypeError, type_named
from ops.exit_code import ExitCode

_HELP_WIDTH = 76
DEFAULT_STACK = "strangler"
_SECRET_ARN = re.compile(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+")  # as infra.stack has it
_ORIGIN = re.compile(r"(https?://[^/?#@\s]+)?")  # as infra.stack has it
_STACK = re.compile(r"[a-z][a-z0-9-]{0,30}")  # as bridge.settings has it: queue and function names are made of it

READS_AWS = (ExitCode.SETTINGS, ExitCode.NO_DEPLOYMENT, ExitCode.UNREACHABLE, ExitCode.FAILED, ExitCode.REFUSED)
"""How every command can end that reads a deployment."""


class Output(StrEnum):
    """How a result is written."""

    TABLE = "table"
    JSON = "json"


def _stack(value: str | None) -> str | None:
    if value is not None and not _STACK.fullmatch(value):
        raise typer.BadParameter("a small letter, then up to 30 small letters, digits or dashes")
    return value


def _type(value: str | None) -> str | None:
    if value is not None:
        try:
            type_named(value)
        except UnknownTypeError as error:
            raise typer.BadParameter(f"{error}; `strangler types list` names them all") from error
    return value


def _message_id(value: str) -> str:
    if not value:
        raise typer.BadParameter("empty")
    return value


def _secret_arn(value: str | None) -> str | None:
    if value is not None and not _SECRET_ARN.fullmatch(value):
        raise typer.BadParameter("not the ARN of a secret: arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME")
    return value


def _origin(value: str | None) -> str | None:
    if value is not None and not _ORIGIN.fullmatch(value):
        raise typer.BadParameter("scheme, host and port alone, as http://127.0.0.1:8080; or empty")
    return value


StackOption = Annotated[
    str,
    typer.Option("--stack", envvar="STRANGLER_STACK", callback=_stack, metavar="NAME", help="The deployment's name."),
]
OptionalStackOption = Annotated[
    str | None,
    typer.Option(
        "--stack",
        envvar="STRANGLER_STACK",
        callback=_stack,
        metavar="NAME",
        help="The deployment's name; that of the file, or `strangler`, where it is left out.",
    ),
]
OutputOption = Annotated[
    Output,
    typer.Option("--output", "-o", help="A table to read, or JSON for a script (one document on standard output)."),
]
TypeOption = Annotated[
    str | None,
    typer.Option("--type", callback=_type, metavar="TYPE", help="Only this message type, as `payin.create`."),
]
MessageIdArgument = Annotated[
    str,
    typer.Argument(metavar="ID", callback=_message_id, help="The message's identity, as its type's contract names it."),
]
WebhookOriginOption = Annotated[
    str | None,
    typer.Option(
        "--webhook-origin",
        callback=_origin,
        metavar="ORIGIN",
        help="For rehearsals: send all webhooks there instead. Kept unless given; empty sends them to their receivers.",
    ),
]
SecretArnOption = Annotated[
    str | None,
    typer.Option(
        "--secret-arn",
        envvar="STRANGLER_WEBHOOK_SECRET_ARN",
        callback=_secret_arn,
        metavar="ARN",
        help="Secret that signs outgoing webhooks. Needed once; then the present one is kept.",
    ),
]


def lesson(
    examples: Sequence[tuple[str, str]], codes: Sequence[ExitCode], special: Mapping[ExitCode, str] | None = None
) -> str:
    """The end of a command's help, as rich markup.

    Args:
        examples: command lines, each with what it is for.
        codes: how the command can end, beside OK and USAGE.
        special: what a code means for this command, where it can be said better than in general.
    """
    lines = ["[bold]Examples[/bold]"]
    for command, purpose in examples:
        lines += [f"  [cyan]{escape(command)}[/cyan]", *_wrapped(purpose, "      ", "      ")]
    lines += ["", "[bold]Exit codes[/bold]"]
    for code in sorted({ExitCode.OK, ExitCode.USAGE, *codes}):
        lines += _wrapped((special or {}).get(code, code.sentence), f"  {code.value:>3}  ", " " * 7)
    return "\n".join(lines)


def _wrapped(text: str, first: str, other: str) -> list[str]:
    return [escape(line) for line in textwrap.wrap(text, _HELP_WIDTH, initial_indent=first, subsequent_indent=other)]
