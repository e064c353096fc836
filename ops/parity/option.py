"""Options of the commands that compare, and the reports that all of them write."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from infra.local.php import InstalledPhp
from infra.local.process import LocalProgramError
from ops.comparison import Comparison
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.guide import read_guide
from ops.output import note
from ops.parity.finding import Asked
from ops.parity.gate import FailOn
from ops.parity.junit import junit_xml
from ops.parity.oracle import oracle_command
from ops.private_file import owner_only
from ops.report import Fact, Report, render

FailOnOption = Annotated[
    list[FailOn],
    typer.Option("--fail-on", help="What makes the command end with 1; repeatable. A void comparison always fails."),
]
TargetOption = Annotated[
    float, typer.Option("--target", min=0.5, max=0.999999, metavar="SHARE", help="Agreement that is to be proven.")
]
AlphaOption = Annotated[
    float,
    typer.Option(
        "--alpha", min=1e-6, max=0.5, metavar="SHARE", help="Probability that any type is called proven and is not."
    ),
]
HtmlOption = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", dir_okay=False, help="Also write it as one HTML page.")
]
JUnitOption = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", dir_okay=False, help="Also write it as JUnit XML.")
]


OracleOption = Annotated[
    str | None,
    typer.Option(
        "--oracle",
        envvar="STRANGLER_ORACLE",
        metavar="COMMAND",
        help="A program that answers as the monolith does; the reference monolith by default.",
        show_default=False,
    ),
]
TypesOption = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="TYPE", help="Only messages of this type; repeatable. All by default."),
]
SignatureLimitOption = Annotated[
    int, typer.Option(min=1, metavar="N", help="Show the N largest groups; the rest is counted.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="The same as --output json.")]


def chosen_oracle(text: str | None, *reference_options: str) -> tuple[str, ...]:
    """The oracle that was named, or the reference monolith that comes with us, with these options.

    Raises CommandError.
    """
    if text:
        return tuple(oracle_command(text))
    try:
        return tuple(InstalledPhp().command("oracle.php", reference_options, {}))
    except LocalProgramError as error:
        raise CommandError(ExitCode.SETTINGS, f"{error}; or name a program of your own with --oracle") from error


def asked(
    target: float,
    alpha: float,
    known: Collection[str] | None = None,
    *,
    revealed: bool = False,
    types: Collection[str] | None = None,
) -> Asked:
    """How the comparison is to be looked at, today."""
    return Asked(datetime.now(UTC).date(), target, alpha, known, revealed, types or ())


def known_signatures(report: Path) -> frozenset[str]:
    """Signatures of the groups in an earlier comparison's JSON. Raises CommandError."""
    try:
        return frozenset(str(one["signature"]) for one in orjson.loads(report.read_bytes())["groups"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(
            ExitCode.SETTINGS, f"{report} cannot be read: is that the JSON of an earlier comparison?"
        ) from error


def write_reports(
    comparison: Comparison,
    against: Sequence[str],
    title: str,
    facts: Sequence[Fact],
    *,
    html: Path | None,
    junit: Path | None,
    say: bool = True,
) -> None:
    """Write the files that were asked for. Raises CommandError."""
    facts = (*facts, Fact("Made at", datetime.now(UTC).isoformat(" ", "seconds")))
    if html is not None:
        _write(html, say, render(Report(title, tuple(facts), comparison, tuple(against), read_guide())))
    if junit is not None:
        _write(junit, say, junit_xml(comparison, against))


def _write(file: Path, say: bool, text: str) -> None:  # noqa: FBT001  its two callers have it by name
    try:
        with open(file, "w", encoding="utf-8", opener=owner_only) as page:
            page.write(text)
    except OSError as error:
        raise CommandError(ExitCode.CANNOT_WRITE, f"{file} cannot be written: {error.strerror}") from error
    if say:
        note(f"report: {file}")
