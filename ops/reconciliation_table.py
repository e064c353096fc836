"""What the bridge's journals add up to, as tables."""

from collections.abc import Iterator
from datetime import UTC, datetime

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from bridge.reconciliation import Missing, Reconciliation
from ops.wording import number, printable

_COLUMNS = (
    ("Accepted by SQS", "accepted"),
    ("Legacy", "legacy"),
    ("New", "new"),
    ("Held", "held"),
    ("Quarantined", "quarantined"),
    ("Came again", "redelivered"),
    ("In hand", "in_hand"),
    ("Missing", "missing"),
)
_LOWER = {name: title.lower() for title, name in _COLUMNS} | {
    "accepted": "accepted by SQS",
    "legacy": "handed to legacy",
    "new": "handed to the new side's queue",
    "redelivered": "given back and come again",
}


def reconciliation_tables(found: Reconciliation, limit: int) -> Iterator[RenderableType]:
    """Each queue's account, then what has no decision, then one line that says it all."""
    yield _accounts(found)
    if found.missing:
        yield _missing(found.missing[:limit])
    yield Text(_sentence(found), "red" if found.missing else "green")


def _accounts(found: Reconciliation) -> Table:
    shown = [(title, name) for title, name in _COLUMNS if any(getattr(one, name) for one in found.queues)]
    table = Table(box=SIMPLE_HEAD)
    table.add_column("Queue")
    for title in ("Consumed", *(title for title, _ in shown)):
        table.add_column(title, justify="right")
    for account in found.queues:
        figures = (account.consumed, *(getattr(account, name) for _, name in shown))
        table.add_row(printable(account.queue), *map(number, figures))
    return table


def _missing(entries: tuple[Missing, ...]) -> Table:
    table = Table("Queue", "Type", "Id", "Taken", "Body (SHA-256)", "Why", "Journal", box=SIMPLE_HEAD)
    for one in entries:
        taken = datetime.fromtimestamp(one.taken_at, UTC).isoformat(timespec="seconds")
        texts = (one.queue, one.type or "—", one.id or "—", taken, one.digest[:16], one.why, one.journal)
        table.add_row(*(Text(printable(text)) for text in texts))
    return table


def _sentence(found: Reconciliation) -> str:
    consumed = sum(one.consumed for one in found.queues)
    totals = {name: sum(getattr(one, name) for one in found.queues) for _, name in _COLUMNS}
    parts = [f"{number(totals[name])} {_LOWER[name]}" for _, name in _COLUMNS if totals[name]]
    missing = [] if found.missing else ["none missing"]
    return ", ".join([f"consumed {number(consumed)}", *parts, *missing])
