"""`strangler compare run`: recorded messages through both sides, and what came of it."""

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from ops.comparison import Comparison
from ops.comparison_table import comparison_tables
from ops.corpus_option import CorpusOption, KeyOption, UnfinishedOption, corpus_key
from ops.document import document
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.option import Output, OutputOption, lesson
from ops.output import note, show, show_json
from ops.parity.finding import DEFAULT_ALPHA, DEFAULT_TARGET, finding
from ops.parity.gate import FailOn, exit_code, objections
from ops.parity.manifest import MANIFEST, REPORT, earlier
from ops.parity.option import (
    AlphaOption,
    FailOnOption,
    HtmlOption,
    JsonOption,
    JUnitOption,
    OracleOption,
    SignatureLimitOption,
    TargetOption,
    TypesOption,
    asked,
    chosen_oracle,
    known_signatures,
    write_reports,
)
from ops.parity.oracle import SECRET_VARIABLE
from ops.parity.part import Sides
from ops.parity.progress import progress_bar
from ops.parity.run import Run, Wanted
from ops.private_file import owner_only
from ops.report import Fact
from ops.wording import number, plural

RUNS = Path("var/compare")
EPILOG = lesson(
    [
        (
            "strangler compare run --corpus payments.corpus --key corpus.key",
            "every type, against the reference monolith",
        ),
        (
            "strangler compare run --type payin.create --corpus payments.corpus --oracle 'php bin/oracle.php'",
            "one type, against a monolith of your own",
        ),
        ("strangler compare run --corpus payments.corpus --resume var/compare/20261121T100000Z", "go on with a run"),
        ("strangler compare run --corpus payments.corpus --fail-on new-difference", "for CI: only what is new fails"),
    ],
    [
        ExitCode.ATTENTION,
        ExitCode.SETTINGS,
        ExitCode.FAILED,
        ExitCode.CANNOT_WRITE,
        ExitCode.OBJECTED,
        ExitCode.UNFINISHED,
        ExitCode.REFUSED,
        ExitCode.INTERRUPTED,
    ],
    {
        ExitCode.OK: "nothing of --fail-on stands against it",
        ExitCode.ATTENTION: "something of --fail-on stands against it; the last lines say what",
        ExitCode.SETTINGS: "no key was named, or the key or the corpus cannot be read",
        ExitCode.FAILED: "void: a mutant survived, or none was made; or the oracle failed: the run can be gone on with",
        ExitCode.OBJECTED: "--resume: that run was begun with another corpus, oracle or code, or somebody is at it",
        ExitCode.UNFINISHED: "the corpus was cut short; --unfinished is content with what is whole",
        ExitCode.REFUSED: "the corpus was sealed with another key",
        ExitCode.INTERRUPTED: "stopped by Ctrl-C; --resume goes on",
    },
)
TITLE = "Both sides compared"
"""Of a run's reports."""
FAIL_ON = [FailOn.DIFFERENCE, FailOn.EXPIRED_RULE, FailOn.UNUSED_RULE, FailOn.UNDECIDED]


def run_comparison(  # noqa: PLR0913  options are arguments here
    *,
    corpus: CorpusOption,
    types: TypesOption = None,
    key: KeyOption = None,
    oracle: OracleOption = None,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=256, metavar="N", help="Parts compared at a time; one a core.")
    ] = os.cpu_count() or 1,
    parts: Annotated[
        int | None,
        typer.Option(
            "--parts",
            min=1,
            max=4096,
            metavar="N",
            help="Divide by business key into N; 1 keeps the order of all messages.",
        ),
    ] = None,
    runs: Annotated[Path, typer.Option("--runs", metavar="DIR", file_okay=False, help="Where runs are kept.")] = RUNS,
    resume: Annotated[
        Path | None, typer.Option("--resume", metavar="DIR", file_okay=False, help="Go on with this run.")
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option(
            "--since", metavar="DIR", file_okay=False, help="Run to tell what is new from; the last by default."
        ),
    ] = None,
    unfinished: UnfinishedOption = False,
    signature_limit: SignatureLimitOption = 20,
    fail_on: FailOnOption = FAIL_ON,
    target: TargetOption = DEFAULT_TARGET,
    alpha: AlphaOption = DEFAULT_ALPHA,
    html: HtmlOption = None,
    junit: JUnitOption = None,
    output: OutputOption = Output.TABLE,
    json: JsonOption = False,
) -> None:
    """Send recorded messages through the monolith and through our handlers, and judge what both make of them.

    The monolith is a program that speaks the oracle's protocol; ours runs in
    this process, as in production but for its stores. Messages of one
    business key stay in the corpus' order, and find what those before them
    have left, on both sides. The corpus is divided by business key and
    compared in several processes; what a part has found is kept, so that an
    interrupted run goes on. The run's folder holds report.json, report.html
    and junit.xml; no value of a person is in them.
    """
    corpus_key(key)  # says what is wrong with it before anything runs
    since_report = since / REPORT if since else None
    known = None if since_report is None else known_signatures(since_report)
    if resume and not (resume / MANIFEST).exists():
        raise CommandError(ExitCode.SETTINGS, f"{resume} holds no run to go on with")
    command = chosen_oracle(oracle)
    secret = os.environ.get(SECRET_VARIABLE) or secrets.token_hex(16)
    now = datetime.now(UTC)
    sides = Sides(corpus, key or "", unfinished, command, secret, now.date())
    folder = resume or _free(runs, f"{now:%Y%m%dT%H%M%SZ}")
    try:
        run = Run.begin(folder, Wanted(sides, None if types is None else tuple(sorted(set(types))), workers, parts))
    except CommandError:
        if resume is None:
            _forget(folder)
        raise
    if since_report is None:
        report = earlier(runs, run.manifest, folder)
        known = None if report is None else known_signatures(report)
    for name, count in sorted(run.plan.left_out.items()):
        note(f"left out: {plural(count, 'message')} of {name}")
    if run.left:
        note(f"run: {folder}")
        try:
            with progress_bar(run.plan.messages) as progress:
                run.compare(progress)
        except (KeyboardInterrupt, CommandError):
            note(f"{number(run.messages_of(run.done))} are kept: --resume {folder} goes on")
            raise
    found = run.found()
    comparison = finding(found.tally, found.liveness, asked(target, alpha, known, types=types), found.coverage)
    facts = (
        Fact("Corpus", f"{corpus.name} ({run.manifest.corpus})"),
        Fact("Messages", number(run.plan.messages)),
        Fact("Oracle", Path(command[0]).name),
        Fact("Code", run.manifest.code[:12]),
    )
    against = list(objections(comparison, fail_on))
    _keep(folder, comparison, against, facts)
    write_reports(comparison, against, TITLE, facts, html=html, junit=junit)
    tell(comparison, against, signature_limit, in_json=json or output is Output.JSON, folder=folder)
    raise typer.Exit(exit_code(comparison, objected=bool(against)))


def _forget(folder: Path) -> None:
    """Take away a folder in which nothing has begun, and the one around it if nothing else is there."""
    with suppress(OSError):
        folder.rmdir()
        folder.parent.rmdir()


def _free(runs: Path, name: str) -> Path:
    """A folder of one's own: two runs may begin in one second. Raises CommandError."""
    for one in (runs / name, *(runs / f"{name}-{count}" for count in range(2, 1_000))):
        try:
            one.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise CommandError(ExitCode.CANNOT_WRITE, f"{one} cannot be made: {error.strerror}") from error
        return one
    raise CommandError(ExitCode.CANNOT_WRITE, f"{runs} has a thousand runs of this second")


def _keep(folder: Path, comparison: Comparison, against: Sequence[str], facts: Sequence[Fact]) -> None:
    report = document(comparison) | {"objections": list(against), "facts": document(facts)}
    unfinished = folder / f"{REPORT}.unfinished"
    try:
        with open(unfinished, "wb", opener=owner_only) as file:
            file.write(orjson.dumps(report, option=orjson.OPT_INDENT_2))
        unfinished.replace(folder / REPORT)
    except OSError as error:
        raise CommandError(ExitCode.CANNOT_WRITE, f"{folder / REPORT} cannot be written: {error.strerror}") from error
    write_reports(
        comparison,
        against,
        TITLE,
        facts,
        html=folder / "report.html",
        junit=folder / "junit.xml",
        say=False,
    )


def tell(comparison: Comparison, against: Sequence[str], signature_limit: int, *, in_json: bool, folder: Path) -> None:
    """What a run has found, on standard output."""
    if in_json:
        show_json(document(comparison) | {"objections": list(against), "run": str(folder)})
        return
    show(comparison_tables(comparison, signature_limit))
    for one in against:
        note(f"against it: {one}")
    note(f"report: {folder / 'report.html'}")
