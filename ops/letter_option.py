"""Options that choose dead letters, and those of commands that change something: checked before anything runs."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from contracts.letter import STATES
from contracts.registry import UnknownTypeError, family_named
from ops.exit_code import ExitCode
from ops.fault import CommandError

_DURATION = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LETTER = re.compile(r"[0-9a-f]{32}")
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_REASON_MOST = 500


def parse_since(value: str, now: datetime) -> datetime:
    """`2h`, `3d`, or a time of RFC 3339. Raises ValueError."""
    found = _DURATION.fullmatch(value)
    if found:
        return now - timedelta(**{_UNITS[found[2]]: int(found[1])})
    at = datetime.fromisoformat(value)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _since(value: str | None) -> str | None:
    if value is not None:
        try:
            parse_since(value, datetime.now(UTC))
        except (ValueError, OverflowError) as error:
            raise typer.BadParameter("a duration as 30m, 2h, 3d, or a time as 2026-11-21T10:00:00Z") from error
    return value


def _family(value: str | None) -> str | None:
    if value is not None:
        try:
            family_named(value)
        except UnknownTypeError as error:
            raise typer.BadParameter(str(error)) from error
    return value


def _state(value: str) -> str:
    if value not in (*STATES, "all"):
        raise typer.BadParameter(f"one of {', '.join(STATES)}, all")
    return value


def _letter(value: str) -> str:
    if not _LETTER.fullmatch(value):
        raise typer.BadParameter("a letter's id has 32 hexadecimal digits; `strangler dlq list` shows them")
    return value


def _letters(values: list[str] | None) -> list[str] | None:
    return None if values is None else [_letter(value) for value in values]


def _fingerprint(value: str | None) -> str | None:
    if value is not None and not _FINGERPRINT.fullmatch(value):
        raise typer.BadParameter("16 hexadecimal digits; `strangler dlq groups` shows them")
    return value


def _reason(value: str | None) -> str | None:
    if value is not None and not 0 < len(value.strip()) <= _REASON_MOST:
        raise typer.BadParameter(f"1 to {_REASON_MOST} characters")
    return value


FamilyOption = Annotated[
    str | None, typer.Option("--family", callback=_family, metavar="FAMILY", help="Only this family, as `payin`.")
]
CauseOption = Annotated[
    str | None, typer.Option("--cause", metavar="CAUSE", help="Only this cause: whole, or its first word, as `model`.")
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", callback=_since, metavar="WHEN", help="Seen last since then: 30m, 2h, 3d or a time."),
]
FingerprintOption = Annotated[
    str | None,
    typer.Option("--fingerprint", callback=_fingerprint, metavar="DIGITS", help="Only this group's letters."),
]
StateOption = Annotated[
    str, typer.Option("--state", callback=_state, metavar="STATE", help="open, replaying, resolved or all.")
]
LetterArgument = Annotated[str, typer.Argument(metavar="LETTER", callback=_letter, help="The letter's id.")]
LettersArgument = Annotated[list[str], typer.Argument(metavar="LETTER...", callback=_letters, help="Letters' ids.")]
LettersOption = Annotated[
    list[str] | None,
    typer.Option("--letter", callback=_letters, metavar="LETTER", help="This letter, whatever its state. Repeatable."),
]
ReasonOption = Annotated[
    str | None,
    typer.Option("--reason", callback=_reason, metavar="TEXT", help="Why. Kept in the audit chain: no personal data."),
]
TicketOption = Annotated[str | None, typer.Option("--ticket", metavar="ID", help="Ticket that this belongs to.")]
ExecuteOption = Annotated[bool, typer.Option("--execute", help="Do it; without this, only say what would be done.")]


def needed(reason: str | None, what: str) -> str:
    """The reason, which this cannot be done without. Raises CommandError."""
    if reason is None:
        raise CommandError(ExitCode.USAGE, f"{what} needs --reason: it is kept in the audit chain")
    return reason
