"""`strangler types`: what the registry knows, and what a message is that it does not know."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts.codecs.error import DecodeError
from contracts.codecs.json_body import decode_json
from contracts.codecs.laravel_seal import KeyFormatError, read_key
from contracts.codecs.legacy import read_message
from ops.catalogue import catalogue
from ops.document import document
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.inspection import PROBLEMS, inspect
from ops.inspection_table import inspection_tables
from ops.option import Output, OutputOption, lesson
from ops.output import show, show_json
from ops.table import catalogue_tables

EPILOG = lesson(
    [
        ("strangler types list", "what is known, and which differences are tolerated until when"),
        ("strangler types list -o json | jq '.[].types[].name'", "names only, for a script"),
    ],
    [],
)
INSPECT_EPILOG = lesson(
    [
        ("strangler types inspect body.bin", "framework, class, fields and stamps"),
        (
            "strangler types inspect body.json --header 'type=App\\Message\\Paid'",
            "Symfony's JSON: its class is in a header",
        ),
        ("strangler types inspect job.json --header 'laravel={\"attempts\": 2}'", "Laravel: attempts are in a header"),
        ("APP_KEY=base64:... strangler types inspect job.json -o json", "an encrypted job, for a script"),
    ],
    [ExitCode.ATTENTION, ExitCode.SETTINGS],
    {
        ExitCode.OK: "the message could be read",
        ExitCode.ATTENTION: "it could not; the last line says why, and at which byte",
        ExitCode.SETTINGS: "the file cannot be read",
    },
)


def _headers(values: list[str]) -> list[str]:
    if not all("=" in value[1:] for value in values):
        raise typer.BadParameter("expected as NAME=VALUE")
    return values


def _key(value: str | None) -> str | None:
    try:
        read_key(value) if value else None
    except KeyFormatError as error:
        raise typer.BadParameter(str(error)) from error
    return value


def list_types(*, output: OutputOption = Output.TABLE) -> None:
    """List the message types that the contracts' registry knows.

    A family is what shares records, queue, function and authority; its
    types are listed with their origin on RabbitMQ, what identifies a
    message, which field is the business key, the effects that are
    compared, and the rules: differences that are tolerated, each with its
    reason, its owner and the day on which that ends. Reads no AWS.
    """
    families = catalogue(datetime.now(UTC).date())
    if output is Output.JSON:
        show_json(document(families))
    else:
        show(catalogue_tables(families))


def inspect_message(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The message's body, as it is; - for standard input.")],
    header: Annotated[
        list[str],
        typer.Option("--header", callback=_headers, metavar="NAME=VALUE", help="An AMQP header; a table as JSON."),
    ] = [],  # noqa: B006  # typer's way to say that there may be none
    key: Annotated[
        str | None,
        typer.Option(
            "--key", envvar="APP_KEY", callback=_key, metavar="base64:...", help="Laravel's key, for encrypted jobs."
        ),
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Say what an unknown message of the monolith's is.

    Who has written it (Symfony Messenger, Laravel's queue, plain JSON or
    PHP's serialize), its class, its fields with their types, its stamps
    and attempts, and whether it can be written again to the same bytes.
    Values are never shown: they may be personal. So may names be: a key
    that cannot be a field's name is {key}, and a class is told only by a
    name that can be one. Reads no AWS, and runs none of the message's
    classes.
    """
    try:
        body = sys.stdin.buffer.read() if file == Path("-") else file.read_bytes()
    except OSError as error:
        raise CommandError(ExitCode.SETTINGS, f"{file} cannot be read: {error.strerror or error}") from error
    application_key = read_key(key) if key else None
    try:
        message = read_message(body, _parsed(header), key=application_key)
    except DecodeError as error:
        where = "" if error.position is None else f" (at byte {error.position})"
        raise CommandError(ExitCode.ATTENTION, f"{file} is no message: {PROBLEMS[error.code]}{where}") from error
    inspection = inspect(message, key=application_key)
    if output is Output.JSON:
        show_json(document(inspection))
    else:
        show(inspection_tables(inspection))


def _parsed(headers: list[str]) -> Mapping[str, Any]:
    return {name: _value(text) for name, _, text in (header.partition("=") for header in headers)}


def _value(text: str) -> Any:
    """A table, where it is written as one."""
    if not text.startswith("{"):
        return text
    try:
        return decode_json(text.encode("utf-8", "surrogateescape"))
    except DecodeError:
        return text
