"""`strangler bridge reconcile`: the proof that the bridge has lost nothing, out of its own journals."""

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from bridge.delivery_reading import read_deliveries
from bridge.journal_file import JournalError, database_path
from bridge.reconciliation import JournalReading, reconcile
from ops.document import document
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.option import Output, OutputOption, lesson
from ops.output import show, show_json
from ops.reconciliation_table import reconciliation_tables

EPILOG = lesson(
    [
        ("strangler bridge reconcile --since 24h", "the journals of this folder's shipper and router"),
        (
            "strangler bridge reconcile --journal /srv/ship-1 --journal /srv/ship-2 -o json",
            "two shippers: what one gave back, the other may have got",
        ),
    ],
    [ExitCode.ATTENTION, ExitCode.SETTINGS],
    {
        ExitCode.OK: "every delivery is accounted for",
        ExitCode.ATTENTION: "at least one delivery has no decision; it is listed",
        ExitCode.SETTINGS: "there is no journal there, or it cannot be read",
    },
)
_KINDS = ("shipper", "router")
_DEFAULTS = (Path("var/shipper"), Path("var/router"))
_AGE = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SHOWN = 20


def _since(value: str | None) -> str | None:
    if value is not None:
        read_since(value, datetime.now(UTC))
    return value


def read_since(value: str, now: datetime) -> datetime:
    """A time from an age (`90m`, `24h`, `7d`) or from ISO 8601, UTC where it names no zone. Raises BadParameter."""
    if age := _AGE.fullmatch(value):
        return now - timedelta(**{_UNITS[age[2]]: int(age[1])})
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise typer.BadParameter("expected an age as 90m, 24h or 7d, or a time as 2026-11-27T08:00") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def reconcile_journals(
    *,
    journal: Annotated[
        list[Path],
        typer.Option(
            "--journal", metavar="FOLDER", help="A journal's folder; repeat it. STRANGLER_JOURNAL, or those in var/."
        ),
    ] = [],  # noqa: B006  # typer's way to say that there may be none
    since: Annotated[
        str | None,
        typer.Option("--since", callback=_since, metavar="AGE|TIME", help="Deliveries taken since: 24h, 7d, a time."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="List the N oldest without a decision.")] = (
        _SHOWN
    ),
    output: OutputOption = Output.TABLE,
) -> None:
    """Add up what the bridge has consumed and what became of it; list what has no decision.

    Every delivery is counted once by its decision: accepted by SQS, handed
    to the queue of legacy or of the new side, held, quarantined. One that
    was given back to the broker (a lost connection, a killed process) is
    accounted for when its message has come again, to any of the journals.
    Give the journals of all processes that share a queue. Changes nothing,
    and may be run while they work.
    """
    at = None if since is None else read_since(since, datetime.now(UTC))
    found = reconcile(_read(journal, 0.0 if at is None else at.timestamp()))
    show_json(document(found)) if output is Output.JSON else show(reconciliation_tables(found, limit))
    raise typer.Exit(ExitCode.ATTENTION if found.missing else ExitCode.OK)


def _read(named: Sequence[Path], since: float) -> Sequence[JournalReading]:
    own = os.environ.get("STRANGLER_JOURNAL")
    folders = list(dict.fromkeys(named)) or ([Path(own)] if own else [one for one in _DEFAULTS if one.exists()])
    readings: list[JournalReading] = []
    for folder in folders:
        kinds = [kind for kind in _KINDS if database_path(folder, kind).exists()]
        if not kinds:
            raise CommandError(ExitCode.SETTINGS, f"{folder}: no journal of a shipper or a router")
        try:
            readings += [read_deliveries(folder, kind, since) for kind in kinds]
        except JournalError as error:
            raise CommandError(ExitCode.SETTINGS, f"{folder}: cannot be read: {error}") from error
    if not readings:
        raise CommandError(ExitCode.SETTINGS, "no journal in var/shipper or var/router: name its folder with --journal")
    return readings
