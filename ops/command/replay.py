"""`strangler replay`: plans, runs, watches and cancels replays of dead letters."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts import point
from ops.audit_chain import Act
from ops.cutover_bootstrap import name_operator
from ops.document import document
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.letter import Choice, Letter
from ops.letter_option import (
    CauseOption,
    ExecuteOption,
    FamilyOption,
    FingerprintOption,
    LettersOption,
    ReasonOption,
    SinceOption,
    TicketOption,
    needed,
    parse_since,
)
from ops.letter_table import plan_tables, progress_table, run_tables
from ops.option import DEFAULT_STACK, READS_AWS, Output, OutputOption, StackOption, TypeOption, lesson
from ops.output import note, show, show_json
from ops.plan_file import Plan, PlanError, failures_allowed, read_plan, write_plan
from ops.replay_admission import against
from ops.replay_bar import progress_bar
from ops.replay_bootstrap import Desk, open_desk
from ops.replay_course import Progress
from ops.replay_planning import Wish, done_already, make_plan
from ops.replay_run import ReplayRun
from ops.session import sqs_client
from ops.wording import plural, seconds

PLAN_EPILOG = lesson(
    [
        ("strangler replay plan -o p.json --fingerprint 9c1f... --reason 'contract mended' --ticket OPS-17", "a group"),
        ("strangler replay plan -o p.json --letter 5f0c... --reason 'try one first'", "one letter"),
        ("strangler replay plan -o p.json --family payin --since 2h --limit 20 --rate 2 --reason '...'", "a sample"),
    ],
    [ExitCode.ATTENTION, ExitCode.CANNOT_WRITE, ExitCode.OBJECTED, *READS_AWS],
    {
        ExitCode.OK: "planned; nothing stands against any of the letters",
        ExitCode.ATTENTION: "planned, without those letters that something stands against",
        ExitCode.OBJECTED: "no plan: no such letters, or something stands against all of them",
    },
)
RUN_EPILOG = lesson(
    [
        ("strangler replay run p.json", "what it would do, and whether anything stands against it now"),
        ("strangler replay run p.json --execute", "replay; the same line again carries on what was stopped or killed"),
    ],
    [ExitCode.ATTENTION, ExitCode.OBJECTED, ExitCode.UNFINISHED, ExitCode.INTERRUPTED, *READS_AWS],
    {
        ExitCode.OK: "every message was processed, was so already, or was handed to the router",
        ExitCode.ATTENTION: "every message was answered, and some have failed",
        ExitCode.OBJECTED: "the plan was changed, authority has moved, or the run was cancelled; nothing was sent",
        ExitCode.UNFINISHED: "stopped, or some messages got no answer; the same command carries it on",
        ExitCode.INTERRUPTED: "stopped by Ctrl-C; the same command carries it on",
    },
)
STATUS_EPILOG = lesson(
    [
        ("strangler replay status", "all runs, the latest first"),
        ("strangler replay status 4be1... -o json", "one of them, for a script"),
    ],
    [ExitCode.UNKNOWN_MESSAGE, *READS_AWS],
    {ExitCode.OK: "the runs are shown", ExitCode.UNKNOWN_MESSAGE: "there is no run of that id"},
)
CANCEL_EPILOG = lesson(
    [("strangler replay cancel 4be1... --reason 'the mend does not hold' --execute", "send nothing further")],
    [ExitCode.UNKNOWN_MESSAGE, ExitCode.OBJECTED, *READS_AWS],
    {
        ExitCode.OK: "cancelled, or what would be cancelled",
        ExitCode.UNKNOWN_MESSAGE: "there is no run of that id",
        ExitCode.OBJECTED: "the run has ended already",
    },
)


def _budget(value: str) -> str:
    try:
        failures_allowed(value, 100)
    except ValueError as error:
        raise typer.BadParameter("a number of letters, or a percentage as 5%") from error
    return value


def plan_replay(  # noqa: PLR0913  # options of a command line, all by name
    *,
    file: Annotated[Path, typer.Option("-o", "--file", dir_okay=False, metavar="FILE", help="Where the plan goes.")],
    letter: LettersOption = None,
    message_type: TypeOption = None,
    family: FamilyOption = None,
    cause: CauseOption = None,
    since: SinceOption = None,
    fingerprint: FingerprintOption = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="The N oldest of them.")] = None,
    rate: Annotated[float, typer.Option(min=0.1, max=500, metavar="R", help="Messages a second.")] = 10.0,
    max_failures: Annotated[
        str,
        typer.Option(callback=_budget, metavar="N|P%", help="More failures than that stop the run."),
    ] = "5",
    rehome: Annotated[
        bool,
        typer.Option("--rehome", help="Hand messages whose authority has moved to the router, to be stamped anew."),
    ] = False,
    reason: ReasonOption = None,
    ticket: TicketOption = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Plan a replay: write down which letters, where they go, and how fast. Sends nothing.

    The file is the plan: frozen letters with the digests of their bodies,
    and a digest over all of it. Where a message goes follows from its
    letter. Each obeys the stamp that it carries; letters that something
    stands against are named and left out.
    """
    why = needed(reason, "a plan")
    desk = open_desk(stack)
    now = desk.now()
    choice = Choice(message_type, family, cause, fingerprint, None if since is None else parse_since(since, now))
    if not letter and choice == Choice():
        raise CommandError(
            ExitCode.USAGE, "which letters? --letter, --fingerprint, --type, --family, --cause or --since says it"
        )
    letters, chosen = _chosen(desk, choice, letter)
    wish = Wish(stack, name_operator(), why, ticket, chosen, limit, rate, max_failures, rehome)
    running = frozenset(one.run for one in desk.runs.all() if not one.ended)
    plan, weighed = make_plan(letters, wish, desk.families, desk.opener, desk.record, running, now)
    glances = desk.ledger.glances([one.message_id for one in weighed.letters if one.message_id is not None])
    show(plan_tables(plan, weighed, done_already(weighed.letters, glances)))
    if plan is None:
        what = "something stands against every letter" if letters else "there are no such letters"
        raise CommandError(ExitCode.OBJECTED, f"no plan was made: {what}")
    write_plan(plan, file)
    note(f"plan: {file}; `strangler replay run {file} --execute` runs it")
    raise typer.Exit(ExitCode.ATTENTION if weighed.objections else ExitCode.OK)


def run_replay(
    *,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help="A plan's file.")
    ],
    answer_timeout: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="How long each message is waited for.")
    ] = 120.0,
    execute: ExecuteOption = False,
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """Run a plan, exactly as it is: send each message, and wait for its answer.

    In the order of each business key, the next only when the one before is
    answered. Ends when the workers have answered, not when messages were
    sent. Whatever stops it, Ctrl-C or a killed machine, the same command
    carries it on, and no message is processed twice.
    """
    plan = _read(file)
    desk = open_desk(stack)
    objections = against(plan, stack, desk.families, {one.name: desk.record(one.name) for one in plan.families})
    if objections:
        raise CommandError(ExitCode.OBJECTED, f"{file} is not run: {'; '.join(objections)}. Make a new plan")
    if not execute:
        eta = seconds(len(plan.letters) / plan.rate_per_s)
        letters = plural(len(plan.letters), "letter")
        note(f"would replay {letters} in {eta} at least; nothing was sent (--execute does it)")
        return
    operator = name_operator()
    desk.chain.append(_act("replay: run", operator, plan))
    point.reach("replay.audited")
    if not desk.runs.begin(plan, operator, desk.now()):
        raise CommandError(ExitCode.OBJECTED, f"run {plan.run} was cancelled, which is for good: make a new plan")
    with _graceful() as interrupted, progress_bar(len(plan.letters)) as draw:
        surroundings = desk.surroundings(plan, sqs_client(stack), interrupted, draw)
        progress = ReplayRun(plan, surroundings, answer_timeout_s=answer_timeout).execute()
    if output is Output.JSON:
        show_json({"run": plan.run, **document(progress)})
    else:
        show(progress_table(plan.run, progress))
    raise typer.Exit(ended(progress))


def show_runs(
    *,
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="Only this run.")] = None,
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show replay runs: what they are, how far they have come, how they ended."""
    desk = open_desk(stack)
    if run is None:
        found = list(desk.runs.all())
    else:
        one = desk.runs.find(run)
        if one is None:
            raise CommandError(ExitCode.UNKNOWN_MESSAGE, f"{stack!r} has no replay run {run!r}")
        found = [one]
    if output is Output.JSON:
        show_json(document(found))
    else:
        show(run_tables(found))


def cancel_replay(
    *,
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")],
    reason: ReasonOption = None,
    ticket: TicketOption = None,
    execute: ExecuteOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Cancel a replay, wherever it runs: nothing further is sent, what is out is still waited for. For good."""
    why = needed(reason, "cancelling")
    desk = open_desk(stack)
    found = desk.runs.find(run)
    if found is None:
        raise CommandError(ExitCode.UNKNOWN_MESSAGE, f"{stack!r} has no replay run {run!r}")
    if not execute:
        note(f"would cancel run {run}, now {found.state}; nothing was done (--execute does it)")
        return
    desk.chain.append(Act("replay: cancel", name_operator(), why, None, ticket, {"run": run}))
    if not desk.runs.cancel(run, why, desk.now()):
        raise CommandError(ExitCode.OBJECTED, f"run {run} has ended already: {found.state}")
    note(f"run {run} is cancelled: it sends nothing further")


def ended(progress: Progress) -> ExitCode:
    """How a run's end is told to the shell."""
    if progress.stop == "interrupted":
        return ExitCode.INTERRUPTED
    if progress.clean:
        return ExitCode.OK
    if progress.not_sent or progress.answers.get("no answer"):
        return ExitCode.UNFINISHED
    return ExitCode.ATTENTION


def _chosen(desk: Desk, choice: Choice, letter_ids: Sequence[str] | None) -> tuple[Sequence[Letter], dict[str, Any]]:
    """The letters, read consistently, and what they were chosen by. Raises CommandError."""
    if letter_ids:
        found = desk.letters.found(letter_ids)
        missing = [one for one in letter_ids if one not in found]
        if missing:
            raise CommandError(ExitCode.OBJECTED, f"no plan was made: there is no letter {', '.join(missing)}")
        return [one for one in found.values() if choice.takes(one)], {**choice.document(), "letters": list(found)}
    # The index is a moment behind: what it names is read again. Letters of a run that was killed can be taken over.
    named = [one.letter_id for one in desk.letters.chosen(choice, ("open", "replaying"))]
    letters = [one for one in desk.letters.found(named).values() if one.state != "resolved" and choice.takes(one)]
    return letters, choice.document()


def _read(file: Path) -> Plan:
    try:
        return read_plan(file.read_text("utf-8"))
    except (PlanError, UnicodeDecodeError) as error:
        text = str(error) if isinstance(error, PlanError) else "no text"
        raise CommandError(ExitCode.OBJECTED, f"{file} is not run: {text}") from error
    except OSError as error:
        raise CommandError(ExitCode.USAGE, f"{file} cannot be read: {error.strerror}") from error


def _act(action: str, operator: str, plan: Plan) -> Act:
    detail = {
        "run": plan.run,
        "digest": plan.digest,
        "letters": len(plan.letters),
        "rate_per_s": plan.rate_per_s,
        "rehome": plan.rehome,
        "planned_by": plan.operator,
    }
    families = sorted({one.family for one in plan.letters})
    return Act(action, operator, plan.reason, families[0] if len(families) == 1 else None, plan.ticket, detail)


@contextmanager
def _graceful() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C or SIGTERM stops in good order; the second Ctrl-C at once."""
    asked = False

    def stop(*_: object) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, before[signal.SIGINT])

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, stop)
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
