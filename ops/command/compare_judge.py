"""`strangler compare judge`: any two files of outcomes."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ops.comparison_table import comparison_tables
from ops.document import document
from ops.exit_code import ExitCode
from ops.option import Output, OutputOption, lesson
from ops.output import note, show, show_json
from ops.parity.files import JudgedFiles, judge_files
from ops.parity.finding import DEFAULT_ALPHA, DEFAULT_TARGET, finding
from ops.parity.gate import FailOn, exit_code, objections
from ops.parity.option import (
    AlphaOption,
    FailOnOption,
    HtmlOption,
    JsonOption,
    JUnitOption,
    SignatureLimitOption,
    TargetOption,
    TypesOption,
    asked,
    write_reports,
)
from ops.report import Fact
from ops.wording import number, plural

EPILOG = lesson(
    [
        ("strangler compare judge php.ndjson python.ndjson", "every message that either file tells of"),
        ("strangler compare judge php.ndjson python.ndjson --type payin.create --json", "one type, for a script"),
        ("strangler compare judge php.ndjson python.ndjson --html report.html --junit report.xml", "with reports"),
    ],
    [ExitCode.ATTENTION, ExitCode.FAILED, ExitCode.CANNOT_WRITE],
    {
        ExitCode.OK: "both files tell the same of every message",
        ExitCode.ATTENTION: "something of --fail-on stands against it; the last lines say what",
        ExitCode.USAGE: "a file cannot be read, or one of its lines is no outcome; nothing was judged",
        ExitCode.FAILED: "void: a mutant survived, or none was made, so that nobody knows what was not seen",
    },
)


def judge_outcomes(  # noqa: PLR0913  options are arguments here
    *,
    control: Annotated[Path, typer.Argument(metavar="CONTROL", help="The monolith's outcomes, NDJSON.")],
    candidate: Annotated[Path, typer.Argument(metavar="CANDIDATE", help="Ours, NDJSON.")],
    types: TypesOption = None,
    signature_limit: SignatureLimitOption = 20,
    fail_on: FailOnOption = [FailOn.DIFFERENCE, FailOn.EXPIRED_RULE, FailOn.UNDECIDED],  # noqa: B006  read only
    target: TargetOption = DEFAULT_TARGET,
    alpha: AlphaOption = DEFAULT_ALPHA,
    html: HtmlOption = None,
    junit: JUnitOption = None,
    output: OutputOption = Output.TABLE,
    json: JsonOption = False,
) -> None:
    """Judge two files of outcomes, message by message, whatever the order of their lines.

    A line is an outcome document: {"format":1,"message_id","type",
    "attempt":1,"ending":"done","effects":[{"kind","name","key","value":{}}]}, as
    recorder and workers write it (docs/side-by-side.md). The rules of the
    type's contract hold; a type without one has none, and none of its values
    is shown.
    """
    judged = judge_files(control, candidate, types, datetime.now(UTC).date())
    comparison = finding(judged.judging.tally, judged.judging.liveness, asked(target, alpha, types=types))
    against = [*objections(comparison, fail_on), *_unlike(judged, fail_on)]
    facts = (
        Fact("Control", control.name),
        Fact("Candidate", candidate.name),
        Fact("Messages", number(judged.messages)),
        Fact("Asked for", ", ".join(fail_on) or "nothing"),
    )
    write_reports(comparison, against, "Two files of outcomes, compared", facts, html=html, junit=junit)
    if json or output is Output.JSON:
        show_json(_document(judged) | document(comparison) | {"objections": against})
    else:
        show(comparison_tables(comparison, signature_limit))
        for name, count in sorted(judged.of_other_types.items()):
            note(f"left out: {number(count)} of {name}")
        _complain(against)
    raise typer.Exit(exit_code(comparison, objected=bool(against)))


def _unlike(judged: JudgedFiles, fail_on: Collection[FailOn]) -> Iterator[str]:
    for (theirs, ours), count in sorted(judged.types_unlike.items()) if FailOn.DIFFERENCE in fail_on else ():
        yield f"{plural(count, 'message')} of {theirs} that the candidate calls {ours}"


def _document(judged: JudgedFiles) -> dict[str, object]:
    return {
        "messages": judged.messages,
        "of_other_types": dict(judged.of_other_types),
        "types_unlike": [
            {"control": theirs, "candidate": ours, "messages": count}
            for (theirs, ours), count in sorted(judged.types_unlike.items())
        ],
        "verdicts": document(judged.verdicts),
        "verdicts_left_out": judged.messages - len(judged.verdicts),
    }


def _complain(against: Sequence[str]) -> None:
    for one in against:
        note(f"against it: {one}")
