"""`strangler compare report`: what a run has found, once more."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from ops.command.compare_run import FAIL_ON, TITLE, tell
from ops.corpus_option import KeyOption, corpus_key
from ops.document import document
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.letter_option import ReasonOption, needed
from ops.option import Output, OutputOption, lesson
from ops.parity.audit_file import append_act
from ops.parity.finding import DEFAULT_ALPHA, DEFAULT_TARGET, finding
from ops.parity.gate import exit_code, objections
from ops.parity.manifest import REPORT
from ops.parity.option import (
    AlphaOption,
    FailOnOption,
    HtmlOption,
    JsonOption,
    JUnitOption,
    SignatureLimitOption,
    TargetOption,
    asked,
    write_reports,
)
from ops.parity.run import merged
from ops.report import Fact

EPILOG = lesson(
    [
        ("strangler compare report var/compare/20261121T100000Z", "what the run has found, once more"),
        (
            "strangler compare report var/compare/20261121T100000Z --reveal --reason 'OPS-17: odd label'",
            "with personal values of the examples, for your eyes only",
        ),
    ],
    [ExitCode.ATTENTION, ExitCode.SETTINGS, ExitCode.FAILED, ExitCode.CANNOT_WRITE, ExitCode.REFUSED],
    {
        ExitCode.OK: "nothing of --fail-on stands against it",
        ExitCode.ATTENTION: "something of --fail-on stands against it",
        ExitCode.SETTINGS: "no key was named, or the key or the run cannot be read",
        ExitCode.FAILED: "void: a mutant survived, or none was made; or a file of the run was altered",
        ExitCode.REFUSED: "the run was sealed with another key",
    },
)


def report_run(  # noqa: PLR0913  options are arguments here
    *,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The run's folder.")],
    key: KeyOption = None,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show personal values of the examples. Audited first; asks for --reason.")
    ] = False,
    reason: ReasonOption = None,
    signature_limit: SignatureLimitOption = 20,
    fail_on: FailOnOption = FAIL_ON,
    target: TargetOption = DEFAULT_TARGET,
    alpha: AlphaOption = DEFAULT_ALPHA,
    html: HtmlOption = None,
    junit: JUnitOption = None,
    output: OutputOption = Output.TABLE,
    json: JsonOption = False,
) -> None:
    """Show once more what a run has found.

    Values of persons are masked. --reveal shows those of the examples, on
    standard output alone: who did that, when and why stands in audit.ndjson
    beside the runs, each line with the hash of the one before.
    """
    if not (folder / REPORT).exists():
        raise CommandError(ExitCode.SETTINGS, f"{folder} holds no finished run")
    if reveal and (html or junit):
        raise CommandError(ExitCode.USAGE, "--reveal shows values on standard output alone: without --html and --junit")
    corpus_key(key)
    folder = folder.resolve()
    if reveal:
        append_act(folder.parent, "compare: reveal", needed(reason, "--reveal"), {"run": folder.name})
    told, found = _told(folder), merged(folder, key or "")
    comparison = finding(
        found.tally,
        found.liveness,
        asked(target, alpha, told.known, revealed=reveal, types=told.counts),
        found.coverage,
    )
    if told.counts != {one.type: document(one.counts) for one in comparison.types}:
        raise CommandError(ExitCode.FAILED, f"{folder}: its parts hold other messages than {REPORT} tells of")
    against = list(objections(comparison, fail_on))
    write_reports(comparison, against, TITLE, (Fact("Run", folder.name),), html=html, junit=junit)
    tell(comparison, against, signature_limit, in_json=json or output is Output.JSON, folder=folder)
    raise typer.Exit(exit_code(comparison, objected=bool(against)))


@dataclass(frozen=True, slots=True)
class _Told:
    """What a run's own report tells of it."""

    counts: Mapping[str, Mapping[str, int]]
    """Messages by type and verdict: parts that hold others were taken away, or put there."""
    known: frozenset[str] | None
    """Signatures of the run that it was compared with; None where there was none."""


def _told(folder: Path) -> _Told:
    """Read the report. Raises CommandError."""
    try:
        report: Mapping[str, Any] = orjson.loads((folder / REPORT).read_bytes())
        counts = {one["type"]: one["counts"] for one in report["types"]}
        since = {one["signature"]: one["since"] for one in report["groups"]}
        known = frozenset(report["fixed"]).union(name for name, how in since.items() if how == "still there")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(ExitCode.FAILED, f"{folder / REPORT} cannot be read") from error
    return _Told(counts, known if known or any(since.values()) else None)
