"""Authority, plans and history as tables for a terminal. Texts from outside hold nothing unprintable."""

from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ops.comparison_table import differences_table
from ops.cutover_view import FamilyView, History, Plan
from ops.errand import Ended, Result
from ops.objection import Objection, in_words
from ops.state import StateComparison
from ops.wording import number, plural, printable, seconds

_ENDED: dict[Result, tuple[str, str]] = {
    "done": ("done", "green"),
    "nothing": ("nothing to do", "green"),
    "refused": ("refused, nothing was begun", "red"),
    "undone": ("undone: authority is where it was", "red"),
    "unfinished": ("not ended yet: the same command carries it on", "red"),
}


def standing_tables(views: Sequence[FamilyView]) -> Iterator[RenderableType]:
    """Every family, then its routers."""
    table = _table("Family", "Stage", "Authority", "Phase", "Epoch", "Since", "By", "Held")
    for one in views:
        phase = Text(one.phase if one.target is None else f"{one.phase} to {one.target}")
        if one.phase != "steady":
            phase.stylize("red")
        since, by = one.changed_at or "", printable(one.operator or "")
        table.add_row(one.family, one.stage, one.authority, phase, str(one.epoch), since, by, number(one.held))
    yield table
    routers = _table("Router", "Family", "State", "Heard", "Confirmed", "Released", "Not final", "Doubts", "Backlog")
    for view in views:
        for router in view.routers:
            heard = Text(f"{seconds(max(router.age_s, 0))} ago", "red" if router.silent else "")
            figures = (router.confirmed_epoch, router.released_epoch, router.unsettled, router.doubts)
            cells = map(number, (*figures, router.legacy_backlog))
            routers.add_row(printable(router.router), view.family, router.state, heard, *cells)
    if routers.row_count:
        yield routers
    for view in views:
        if view.waived:
            yield Text(f"{view.family}: waived: {printable(', '.join(view.waived))}")
    for sentence in (sentence for view in views for sentence in view.attention):
        yield Text(f"! {printable(sentence)}", "red")


def plan_tables(plan: Plan) -> Iterator[RenderableType]:
    """What a move would do, and what stands against it."""
    view = plan.standing
    yield Text(f"{view.family} is in stage {view.stage}, epoch {view.epoch}; {view.authority} has authority.", "bold")
    for step in _steps(plan):
        yield Text(f"  {step}")
    if plan.letters:
        letters = plural(plan.letters, "dead letter")
        yield Text(f"i {letters} open, which does not stand against it: such messages are on neither side", "yellow")
        yield Text("  until they are rehomed (strangler replay plan --rehome) or closed")
    yield from _objections(plan.objections)


def ended_tables(ended: Ended) -> Iterator[RenderableType]:
    """How a move ended."""
    text, style = _ENDED[ended.result]
    record = ended.record
    yield Text(f"{record.family}: {text}", style)
    yield Text(f"  stage {record.stage}, epoch {record.epoch}, {record.phase}; {record.authority} has authority")
    if ended.objections:
        yield from _objections(ended.objections)


def history_tables(history: History) -> Iterator[RenderableType]:
    """The chain."""
    table = _table("No", "At", "Family", "Action", "By", "Reason", "Ticket")
    for one in history.entries:
        act = one.act
        texts = (act.family or "", act.action, act.by, act.reason, act.ticket or "")
        table.add_row(str(one.sequence), printable(one.at), *map(printable, texts))
    yield table
    if history.broken is not None:
        yield Text(f"! the chain is broken: {history.broken.text}", "red")
    elif history.last is not None:
        yield Text(f"The chain holds: {plural(history.last.sequence, 'entry').replace('entrys', 'entries')}.", "green")
    if history.last is not None:
        yield Text(f"last: {history.last.sequence} {printable(history.last.hash)}", "bright_black")


def state_tables(found: StateComparison) -> Iterator[RenderableType]:
    """Both sides' state, compared."""
    table = _table("Table")
    for name in ("Keys", "Missing on the new side", "Extra on the new side", "Differing"):
        table.add_column(name, justify="right")
    for one in found.tables:
        counts = (one.compared, one.missing, one.extra, one.differing)
        table.add_row(printable(one.table), *map(number, counts))
    yield table
    if found.agrees:
        yield Text(f"{found.family}: both sides have the same rows.", "green")
        return
    for row in found.rows:
        yield Text(f"{printable(row.table)}/{printable(row.key)}: {row.unlike}", "bold")
        if row.differences:
            yield differences_table(row.differences)
    hidden = found.count - len(found.rows)
    if hidden > 0:
        yield Text(f"and {plural(hidden, 'row')} more (--examples)", "bright_black")


def _steps(plan: Plan) -> Iterator[str]:
    view = plan.standing
    if plan.target == "shadow" and view.authority == "legacy":
        yield "shadow: routers would send a copy of each message to the new side; no authority moves"
        return
    yield f"fence: routers would hold {view.family}'s messages, from epoch {view.epoch + 1} on"
    yield "quiesce: all that were stamped before would come to their end on every side"
    if plan.target == "live":
        yield "compare: every verdict and every row would have to agree"
    else:
        yield f"catch up: about {plural(plan.owed, 'message')} would be replayed into the monolith, muted"
        yield "compare: every row would have to agree"
    yield f"switch: {'the new side' if plan.target == 'live' else 'the monolith'} would have authority"
    yield "release: what was held would go first, in order"


def _objections(objections: Sequence[Objection]) -> Iterator[RenderableType]:
    if not objections:
        yield Text("Nothing stands against it.", "green")
    for one in objections:
        yield Text(f"! {printable(in_words(one))}", "red")


def _table(*columns: str) -> Table:
    return Table(*columns, header_style="bright_black", box=SIMPLE_HEAD)
