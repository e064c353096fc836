"""`strangler cutover` as far as it moves: to shadow, live, back, and half-way home."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import typer

from contracts.authority import Stage
from ops.cutover import Cutover
from ops.cutover_bootstrap import look, open_desk, open_store, sign, terminating
from ops.cutover_option import (
    ConfirmTimeoutOption,
    FamilyArgument,
    MonolithOption,
    OperatorOption,
    PreflightTimeoutOption,
    QuiesceTimeoutOption,
    ReleaseTimeoutOption,
)
from ops.cutover_table import ended_tables, plan_tables, standing_tables
from ops.document import document
from ops.errand import Ended, Patience, Result, Who
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.letter_option import ExecuteOption, ReasonOption, TicketOption
from ops.option import DEFAULT_STACK, READS_AWS, Output, OutputOption, StackOption, lesson
from ops.output import note, show, show_json

_MOVES = (ExitCode.OBJECTED, ExitCode.UNFINISHED, *READS_AWS, ExitCode.INTERRUPTED)
_ENDINGS: Mapping[Result, ExitCode] = {
    "done": ExitCode.OK,
    "nothing": ExitCode.OK,
    "refused": ExitCode.OBJECTED,
    "undone": ExitCode.OBJECTED,
    "unfinished": ExitCode.UNFINISHED,
}
_SPECIAL = {
    ExitCode.OK: "done, or was so already; without --execute: nothing stands against it",
    ExitCode.OBJECTED: "something stands against it: nothing was begun, or what was begun is undone",
    ExitCode.UNFINISHED: "routers did not answer in time; the same command again carries it on",
    ExitCode.INTERRUPTED: "stopped by Ctrl-C; the same command carries it on, `strangler cutover abort` undoes it",
}

SHADOW_EPILOG = lesson(
    [("strangler cutover shadow payin --execute --reason 'begin to compare'", "let the new side get copies")],
    _MOVES,
    _SPECIAL,
)
LIVE_EPILOG = lesson(
    [
        ("strangler cutover live payin", "what would happen, and what stands against it"),
        ("strangler cutover live payin --execute --reason 'agreed in CHG-17' --ticket CHG-17", "move authority"),
    ],
    _MOVES,
    _SPECIAL,
)
CATCH_UP_EPILOG = lesson(
    [("strangler cutover catch-up payin --execute --reason 'before going back'", "so that going back takes less time")],
    _MOVES,
    {
        ExitCode.OK: "the monolith has ended what was owed at the start; without --execute: how much that is",
        ExitCode.OBJECTED: "the family is not live: it has nothing to catch up with",
        ExitCode.UNFINISHED: "the monolith has not ended all of it in time; the same command again carries it on",
        ExitCode.INTERRUPTED: "stopped by Ctrl-C; the same command carries it on",
    },
)
BACK_EPILOG = lesson(
    [
        ("strangler cutover back payin", "what would happen, and what stands against it"),
        ("strangler cutover back payin --execute --reason 'fees are wrong' --ticket INC-9", "move authority back"),
    ],
    _MOVES,
    _SPECIAL,
)
ABORT_EPILOG = lesson(
    [("strangler cutover abort payin --execute --reason 'takes too long'", "undo a move that has not switched")],
    [ExitCode.UNFINISHED, *READS_AWS, ExitCode.INTERRUPTED],
    {
        ExitCode.OK: "undone, released, or there was nothing to undo; without --execute: what it would do",
        ExitCode.UNFINISHED: "routers did not answer in time; the same command again carries it on",
        ExitCode.INTERRUPTED: "stopped by Ctrl-C; the same command carries it on",
    },
)


def go_shadow(  # noqa: PLR0913  # each is an option of the command line
    *,
    family: FamilyArgument,
    execute: ExecuteOption = False,
    reason: ReasonOption = None,
    ticket: TicketOption = None,
    operator: OperatorOption = None,
    monolith: MonolithOption = None,
    patience: PreflightTimeoutOption = 30.0,
    confirm_timeout: ConfirmTimeoutOption = 30.0,
    quiesce_timeout: QuiesceTimeoutOption = 300.0,
    release_timeout: ReleaseTimeoutOption = 300.0,
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """Let the new side get copies of a family's messages. The monolith acts.

    Of a family that is live this is `strangler cutover back`.
    """
    asked = _Asked(stack, family, monolith, execute, reason, ticket, operator, output)
    patient = Patience(confirm_timeout, quiesce_timeout, release_timeout, patience)

    def act(cutover: Cutover) -> Ended:
        record = open_store(stack).standing(family).record
        observing = record.authority == "legacy" and record.phase == "steady"
        return cutover.observe() if observing else cutover.move("shadow")

    _move(asked, "shadow", patient, act)


def go_live(  # noqa: PLR0913  # each is an option of the command line
    *,
    family: FamilyArgument,
    execute: ExecuteOption = False,
    reason: ReasonOption = None,
    ticket: TicketOption = None,
    operator: OperatorOption = None,
    monolith: MonolithOption = None,
    patience: PreflightTimeoutOption = 30.0,
    confirm_timeout: ConfirmTimeoutOption = 30.0,
    quiesce_timeout: QuiesceTimeoutOption = 300.0,
    release_timeout: ReleaseTimeoutOption = 300.0,
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """Give the new side authority over a family, from shadow.

    Messages are held while all that were stamped before come to their end
    on both sides; then verdicts and state must agree for every message and
    every key, or the move is undone. The same command again carries on what
    was interrupted. Nothing can be overridden but the wait for a message
    that a router names (waive).
    """
    asked = _Asked(stack, family, monolith, execute, reason, ticket, operator, output)
    patient = Patience(confirm_timeout, quiesce_timeout, release_timeout, patience)
    _move(asked, "live", patient, lambda cutover: cutover.move("live"))


def go_back(  # noqa: PLR0913  # each is an option of the command line
    *,
    family: FamilyArgument,
    execute: ExecuteOption = False,
    reason: ReasonOption = None,
    ticket: TicketOption = None,
    operator: OperatorOption = None,
    monolith: MonolithOption = None,
    patience: PreflightTimeoutOption = 30.0,
    confirm_timeout: ConfirmTimeoutOption = 30.0,
    quiesce_timeout: QuiesceTimeoutOption = 300.0,
    release_timeout: ReleaseTimeoutOption = 300.0,
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """Give authority over a family back to the monolith; the new side gets copies again.

    The monolith first catches up with what the new side has processed: each
    message is replayed into it with its effects muted. Authority moves only
    once all of it has arrived and both sides' state agrees for every key.
    AMQP_URL says where RabbitMQ is.
    """
    asked = _Asked(stack, family, monolith, execute, reason, ticket, operator, output)
    patient = Patience(confirm_timeout, quiesce_timeout, release_timeout, patience)
    _move(asked, "shadow", patient, lambda cutover: cutover.move("shadow"))


def catch_up(
    *,
    family: FamilyArgument,
    execute: ExecuteOption = False,
    reason: ReasonOption = None,
    ticket: TicketOption = None,
    operator: OperatorOption = None,
    quiesce_timeout: QuiesceTimeoutOption = 300.0,
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """Let the monolith catch up while the new side goes on acting.

    What is done now need not be done while messages are held. May be
    repeated, and stopped at any time. AMQP_URL says where RabbitMQ is.
    """
    asked = _Asked(stack, family, None, execute, reason, ticket, operator, output)
    desk = open_desk(stack, family, None)
    if not execute:
        record = desk.store.standing(family).record
        owed = len(desk.catch_up.owed(record)) if record.authority == "new" else 0
        show_json({"family": family, "owed": owed}) if output is Output.JSON else note(
            f"{family}: {owed:,} to catch up"
        )
        note("nothing was published; --execute --reason TEXT does it")
        return
    who = asked.who()
    _ensure_broker()
    with _resumable(family):
        published, objections = desk.cutover(who, Patience(quiesce_s=quiesce_timeout)).catch_up()
    result: Result = "unfinished" if objections else "done"
    if objections and objections[0].against == "stage":
        result = "refused"
    ended = Ended(result, desk.store.standing(family).record, objections)
    note(f"{family}: {published:,} published")
    _tell(ended, output)


def abort_move(
    *,
    family: FamilyArgument,
    execute: ExecuteOption = False,
    reason: ReasonOption = None,
    ticket: TicketOption = None,
    operator: OperatorOption = None,
    release_timeout: ReleaseTimeoutOption = 300.0,
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """Undo a move that is behind its fence: what is held goes where it would have gone.

    A move that has switched is not undone: its release is carried on, and
    `strangler cutover back`, or `live`, moves authority again.
    """
    asked = _Asked(stack, family, None, execute, reason, ticket, operator, output)
    store = open_store(stack)
    if not execute:
        views = look(store, family)
        show_json(document(views)) if output is Output.JSON else show(standing_tables(views))
        undoes = views[0].phase == "fenced"
        note(f"nothing was changed; --execute --reason TEXT would {'undo this move' if undoes else 'undo nothing'}")
        return
    cutover = open_desk(stack, family, None).cutover(asked.who(), Patience(release_s=release_timeout))
    with _resumable(family):
        ended = cutover.abort()
    _tell(ended, output)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for."""

    stack: str
    family: str
    monolith: str | None
    execute: bool
    reason: str | None
    ticket: str | None
    operator: str | None
    output: Output

    def who(self) -> Who:
        """In whose name it is done."""
        return sign(self.operator, self.reason, self.ticket)


def _move(asked: _Asked, target: Stage, patience: Patience, act: Callable[[Cutover], Ended]) -> None:
    if not asked.execute:
        plan = open_desk(asked.stack, asked.family, asked.monolith).plan(target, patience.preflight_s)
        show_json(document(plan)) if asked.output is Output.JSON else show(plan_tables(plan))
        note("nothing was changed; --execute --reason TEXT does it")
        raise typer.Exit(ExitCode.OBJECTED if plan.objections else ExitCode.OK)
    who = asked.who()
    desk = open_desk(asked.stack, asked.family, asked.monolith)
    if target != "live" and desk.store.standing(asked.family).record.authority == "new":
        _ensure_broker()
    with _resumable(asked.family):
        ended = act(desk.cutover(who, patience))
    _tell(ended, asked.output)


def _tell(ended: Ended, output: Output) -> None:
    told: Any = {"result": ended.result, "record": document(ended.record), "objections": document(ended.objections)}
    show_json(told) if output is Output.JSON else show(ended_tables(ended))
    raise typer.Exit(_ENDINGS[ended.result])


def _ensure_broker() -> None:
    if not os.environ.get("AMQP_URL"):
        raise CommandError(
            ExitCode.SETTINGS,
            "AMQP_URL is not set: the monolith catches up through RabbitMQ (amqp://user:password@host:port/vhost)",
        )


@contextmanager
def _resumable(family: str) -> Iterator[None]:
    """Whatever ends the command, it says what it leaves behind."""
    try:
        with terminating():
            yield
    except KeyboardInterrupt:
        note(f"{family}: stopped. {_LEFT.format(family=family)}")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except CommandError:
        note(f"{family}: ended by a fault. {_LEFT.format(family=family)}")
        raise


_LEFT = (
    "The same command carries on where it was; `strangler cutover show {family}` says where that is, "
    "`strangler cutover abort {family}` undoes what has not switched."
)
