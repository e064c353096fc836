"""`strangler cutover` as far as it moves nothing: who has authority, what a move would do, waits for, did."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from ops.audit_chain import NotAsReadError, verify
from ops.cutover_bootstrap import look, open_chain, open_desk, open_store, sign
from ops.cutover_option import (
    FamilyArgument,
    MonolithOption,
    OperatorOption,
    OptionalFamilyArgument,
    PreflightTimeoutOption,
)
from ops.cutover_table import history_tables, plan_tables, standing_tables
from ops.cutover_view import history_of
from ops.document import document
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.letter_option import ExecuteOption, ReasonOption, TicketOption
from ops.option import DEFAULT_STACK, READS_AWS, Output, OutputOption, StackOption, lesson
from ops.output import note, show, show_json
from ops.waiver import ensure_named, waive_messages
from ops.wording import plural, seconds

SHOW_EPILOG = lesson(
    [
        ("strangler cutover show", "every family: stage, since when, by whom, its routers"),
        ("strangler cutover show payin -o json", "one family, for a script"),
    ],
    [ExitCode.ATTENTION, *READS_AWS],
    {
        ExitCode.OK: "no move is under way, and every router that counts is heard",
        ExitCode.ATTENTION: "a move is under way, or a router is silent, in doubt or has stopped with messages open",
    },
)
PLAN_EPILOG = lesson(
    [
        ("strangler cutover plan payin", "what stands against going live"),
        ("strangler cutover plan payin --to legacy", "what stands against going back"),
    ],
    [ExitCode.OBJECTED, *READS_AWS],
    {ExitCode.OK: "nothing stands against it", ExitCode.OBJECTED: "something stands against it"},
)
FORGET_EPILOG = lesson(
    [("strangler cutover forget payin router-3f2a --execute --reason 'its disk is lost'", "go on without it")],
    [ExitCode.OBJECTED, *READS_AWS],
    {
        ExitCode.OK: "forgotten; without --execute: it would be",
        ExitCode.OBJECTED: "there is no such router, or it was heard within the broker's delivery timeout",
    },
)
WAIVE_EPILOG = lesson(
    [
        ("strangler cutover waive payin w17 w18", "whether a router waits for them"),
        (
            "strangler cutover waive payin w17 w18 --execute --reason 'dropped by a full queue' --ticket OPS-4",
            "wait for them no longer",
        ),
    ],
    [ExitCode.OBJECTED, *READS_AWS],
    {
        ExitCode.OK: "waived; without --execute: they would be",
        ExitCode.OBJECTED: "no router names one of them as not final, or too many would be waived; nothing was",
    },
)
HISTORY_EPILOG = lesson(
    [
        ("strangler cutover history", "who did what, when and why; verified"),
        ("strangler cutover history payin -o json", "one family's part of it, for a script"),
    ],
    [ExitCode.ATTENTION, *READS_AWS],
    {ExitCode.OK: "the chain holds", ExitCode.ATTENTION: "the chain is broken; the output says where"},
)


def show_authority(
    *,
    family: OptionalFamilyArgument = None,
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show who has authority over each family, since when, and what its routers say.

    A router that has not spoken for 15 seconds is silent. Held messages are
    those in the hold queue, about.
    """
    views = look(open_store(stack), family)
    show_json(document(views)) if output is Output.JSON else show(standing_tables(views))
    raise typer.Exit(ExitCode.ATTENTION if any(view.attention for view in views) else ExitCode.OK)


def plan_move(
    *,
    family: FamilyArgument,
    to: Annotated[
        str, typer.Option("--to", metavar="live|legacy", help="The side that is to have authority.")
    ] = "live",
    monolith: MonolithOption = None,
    patience: PreflightTimeoutOption = 30.0,
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """Say what a move would do, and all that stands against it. Changes nothing.

    Reads the whole ledger and, for going live, both sides' whole state.
    """
    if to not in ("live", "legacy"):
        raise typer.BadParameter("live or legacy", param_hint="--to")
    plan = open_desk(stack, family, monolith).plan("live" if to == "live" else "shadow", patience)
    show_json(document(plan)) if output is Output.JSON else show(plan_tables(plan))
    raise typer.Exit(ExitCode.OBJECTED if plan.objections else ExitCode.OK)


def forget_router(
    *,
    family: FamilyArgument,
    router: Annotated[str, typer.Argument(metavar="ROUTER", help="Its name, as `strangler cutover show` has it.")],
    execute: ExecuteOption = False,
    reason: ReasonOption = None,
    ticket: TicketOption = None,
    operator: OperatorOption = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Go on without a router that will never come back: its machine, or the disk with its journal, is lost.

    Only after the broker's delivery timeout of silence (30 minutes, unless
    the router says another), also of one that has stopped with messages
    open: until then what it had in hand may come again, and its journal is
    what knows where it went. See docs/cut-over.md first.
    """
    store = open_store(stack)
    found = next((one for one in store.routers(family, datetime.now(UTC)) if one.row.router == router), None)
    if found is None:
        raise CommandError(ExitCode.OBJECTED, f"{family} has no router {router!r}; `strangler cutover show` names them")
    if not found.forgettable:
        raise CommandError(
            ExitCode.OBJECTED,
            f"router {router} was heard {seconds(found.age_s)} ago: it is forgotten only after "
            f"{seconds(found.row.delivery_timeout_s)}, the broker's delivery timeout",
        )
    if not execute:
        note(
            f"{family}: router {router} would be forgotten, with {found.row.unsettled:,} messages not known to be final"
        )
        return
    who = sign(operator, reason, ticket)
    detail = {"router": router, "unsettled": found.row.unsettled, "sample": list(found.row.unsettled_sample)}
    try:
        store.forget(found.row, who.act("forget router", family, detail))
    except NotAsReadError as error:
        raise CommandError(ExitCode.OBJECTED, f"router {router} has spoken since: nothing was done") from error
    note(f"{family}: router {router} is forgotten")


def waive_unsettled(
    *,
    family: FamilyArgument,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Messages that a router names as not final.")],
    execute: ExecuteOption = False,
    reason: ReasonOption = None,
    ticket: TicketOption = None,
    operator: OperatorOption = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Wait no longer for messages that will never become final: a copy that was dropped, a message that expired.

    Look each up first (`strangler messages show ID`): on every side that it
    was sent to it counts as final then. Each router names its ten oldest
    only; of more, waive those first. Rows and verdicts are compared all the
    same. Ends with the move after it. See docs/cut-over.md first.
    """
    store, chosen = open_store(stack), list(dict.fromkeys(ids))
    if not execute:
        ensure_named(family, chosen, store.routers(family, datetime.now(UTC)))
        note(f"{family}: {plural(len(chosen), 'message')} would be waived; --execute --reason TEXT does it")
        return
    waive_messages(store, family, chosen, sign(operator, reason, ticket), lambda: datetime.now(UTC))
    note(f"{family}: {plural(len(chosen), 'message')} waived; routers take it up within seconds")


def show_history(
    *,
    family: OptionalFamilyArgument = None,
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show the audit chain: who did what, when and why. Verifies the whole of it.

    An entry that was altered, taken out or put in breaks the chain there.
    Keep number and hash of the last entry elsewhere: that it was cut off at
    its end is the one thing that a chain cannot tell of itself.
    """
    entries = tuple(open_chain(stack).entries())
    history = history_of(entries, verify(entries), family)
    show_json(document(history)) if output is Output.JSON else show(history_tables(history))
    raise typer.Exit(ExitCode.OK if history.broken is None else ExitCode.ATTENTION)
