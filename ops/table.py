"""Results as tables for a terminal. Texts from outside are `Text`, never markup, and hold nothing unprintable."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from infra.deploy import Change
from ops.catalogue import FamilyEntry, TypeEntry
from ops.comparison_table import STYLES, agreement_table, differences_table, plain_table
from ops.doctor import Check, State
from ops.ledger import LedgerEntry
from ops.life import Step
from ops.queue import QueueDepth
from ops.status import Status
from ops.wording import number, plural, printable, seconds

_STATES = {State.FINE: ("fine", "green"), State.OPTIONAL: ("none", "bright_black"), State.MISSING: ("MISSING", "red")}


def catalogue_tables(families: Sequence[FamilyEntry]) -> Iterator[RenderableType]:
    """One block a type, under its family."""
    for family in families:
        order = "in order of each business key" if family.ordered else f"in no order: {family.unordered_because}"
        yield Text.assemble((f"\n{family.name}", "bold"), f"  {order}")
        for one in family.types:
            yield Padding(Text(one.name, "cyan"), (0, 0, 0, 2), expand=False)
            yield Padding(_facts(_type_facts(one)), (0, 0, 0, 4), expand=False)


def _type_facts(one: TypeEntry) -> Iterator[tuple[str, Text]]:
    key = f", routing key {one.routing_key}" if one.routing_key else " (fanout)"
    yield "from", Text(f"exchange {one.exchange}{key}; the monolith's queue is {one.legacy_queue}")
    yield "identity", Text(one.identity)
    yield "business key", Text(one.business_key)
    yield "compared", Text("\n".join(one.effects))
    for rule in one.rules:
        envelope = f"{rule.kind} {seconds(rule.tolerance_s)}" if rule.tolerance_s else rule.kind
        text = Text(f"{rule.path}: {envelope}; {rule.reason} ({rule.owner}, until {rule.expires})")
        mark = "  EXPIRED" if rule.expired else "  ENDS TOO LATE" if rule.ends_too_late else ""
        yield "tolerated", text.append(mark, "red")


def status_tables(status: Status) -> Iterator[RenderableType]:
    """Queues, verdicts, and what needs a look."""
    table = plain_table(f"Deployment {status.stack}")
    for name in ("Waiting", "In flight", "Delayed", "Oldest", "Dead letters"):
        table.add_column(name, justify="right")
    for channel in status.channels:
        queue, dead_letters = channel.queue, channel.dead_letters.total
        figures = ("", "", "", "") if queue is None else _depth(queue)
        table.add_row(channel.name, *figures, Text(number(dead_letters), "red" if dead_letters else "bright_black"))
    yield table
    if status.open_letters is not None:
        yield Text(f"{plural(status.open_letters, 'open dead letter')} in the index")
    yield agreement_table(status.types)
    if not status.attention:
        yield Text("Nothing needs a look.", "green")
    for sentence in status.attention:
        yield Text(f"! {sentence}", "red")


def _depth(queue: QueueDepth) -> tuple[str, str, str, str]:
    return number(queue.waiting), number(queue.in_flight), number(queue.delayed), seconds(queue.oldest_s)


def life_tables(entry: LedgerEntry, steps: Sequence[Step]) -> Iterator[RenderableType]:
    """One message: what it is, what happened, where both sides differ."""
    of = f"{entry.type or 'type unknown'}, {entry.family or 'family unknown'} {entry.business_key or ''}".strip()
    yield Text.assemble(("\nmessage ", "bright_black"), (printable(entry.message_id), "bold"), f"  {printable(of)}\n")
    grid = Table.grid(padding=(0, 2))
    for step in steps:
        text = Text(printable(step.text), STYLES[step.tone] if step.tone != "neutral" else "")
        grid.add_row(Text(step.name, "bright_black"), Text(step.at or "", "bright_black"), text)
    yield grid
    if entry.differences:
        yield Text(f"\n{plural(len(entry.differences), 'difference')}, personal values masked", "bold")
        yield differences_table(entry.differences)


def checks_table(checks: Sequence[Check]) -> Iterator[RenderableType]:
    """What was checked, and what to do where something is missing."""
    grid = Table.grid(padding=(0, 2))
    for check in checks:
        word, style = _STATES[check.state]
        text = Text(printable(check.found))
        if check.remedy:
            text.append(f"\n{printable(check.remedy)}", "bright_black")
        grid.add_row(Text(word, style), Text(check.name, "bold"), text)
    yield grid


def plan_tables(stack: str, changes: Sequence[Change]) -> Iterator[RenderableType]:
    """What a deployment would change."""
    if not changes:
        yield Text(f"{stack}: nothing to change.", "green")
        return
    table = plain_table("Action", "Resource", "Kind", title=f"{stack}: {plural(len(changes), 'change')}")
    for change in changes:
        style = "red" if change.replaced or change.action == "Remove" else ""
        action = f"{change.action} (REPLACES: its data goes)" if change.replaced else change.action
        table.add_row(Text(action, style), printable(change.resource), printable(change.kind))
    yield table


def outputs_table(outputs: Mapping[str, str]) -> Iterator[RenderableType]:
    """What a deployment has to tell."""
    yield _facts((name, Text(printable(value))) for name, value in sorted(outputs.items()))


def _facts(facts: Iterable[tuple[str, Text]]) -> Table:
    """Names and values in two columns."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bright_black", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in facts:
        grid.add_row(name, value)
    return grid
