"""Results as tables for a terminal. Texts from outside are `Text`, never markup, and hold nothing unprintable."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contracts.shown import ShownDifference
from contracts.verdict import Verdict
from infra.deploy import Change
from ops.catalogue import FamilyEntry, TypeEntry
from ops.comparison import Comparison, DifferingGroup, Example, TypeAgreement, total
from ops.doctor import Check, State
from ops.ledger import LedgerEntry
from ops.life import Step
from ops.queue import QueueDepth
from ops.status import Status
from ops.wording import (
    candidate_value,
    control_value,
    number,
    occurring,
    percent,
    place,
    plural,
    printable,
    seconds,
    tone,
)

_STYLES = {"good": "green", "neutral": "bright_black", "bad": "red"}
_STATES = {State.FINE: ("fine", "green"), State.OPTIONAL: ("none", "bright_black"), State.MISSING: ("MISSING", "red")}
_ALSO_SHOWN = 5


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
        yield "tolerated", text.append("  EXPIRED", "red") if rule.expired else text


def comparison_tables(comparison: Comparison, limit: int) -> Iterator[RenderableType]:
    """Verdicts by type, then the groups."""
    yield agreement_table(comparison.types)
    if not comparison.groups:
        yield Text("No differences: wherever both sides have told, they agree.", "green")
        return
    count = sum(one.count for one in comparison.groups)
    yield Text(f"\n{plural(len(comparison.groups), 'group')} of differences, {plural(count, 'message')}", "bold")
    for position, one in enumerate(comparison.groups[:limit], 1):
        yield from _group(position, one)
    hidden = comparison.groups[limit:]
    if hidden:
        messages = plural(sum(one.count for one in hidden), "message")
        yield Text(f"\nand {plural(len(hidden), 'smaller group')} of {messages} (--signature-limit)", "bright_black")


def agreement_table(types: Sequence[TypeAgreement]) -> Table:
    """Verdicts by type; times only where somebody has measured them."""
    counts = total(types)
    verdicts = occurring(counts)
    timed = any(one.p50_s is not None for one in types)
    table = _table("Type")
    for name in ("Seen", "Agreement", *map(str, verdicts), *(("p50", "p99") if timed else ())):
        table.add_column(name, justify="right")
    rows = [*types, TypeAgreement("all", counts)]
    for one in rows:
        if one is rows[-1]:
            table.add_section()
        cells = [
            Text(number(one.counts.get(verdict, 0)), _style(one.counts.get(verdict, 0), verdict))
            for verdict in verdicts
        ]
        times = (seconds(one.p50_s), seconds(one.p99_s)) if timed else ()
        style = "" if one.agreement is None else "green" if one.agreement == 1 else "red"
        table.add_row(one.type, number(one.seen), Text(percent(one.agreement), style), *cells, *times)
    return table


def _style(count: int, verdict: Verdict) -> str:
    return _STYLES[tone(verdict)] if count else "bright_black"


def _group(position: int, one: DifferingGroup) -> Iterator[RenderableType]:
    where = place(one.signature)
    title = Text.assemble((f"\n{position}. {where.path or where.type}", "bold"), f"  {plural(one.count, 'message')}")
    yield title
    yield Padding(
        Text(" · ".join(part for part in (where.type, where.kind, where.shapes) if part)), (0, 0, 0, 3), expand=False
    )
    if one.also:
        also = [printable(signature) for signature in one.also[:_ALSO_SHOWN]]
        more = [f"and {len(one.also) - _ALSO_SHOWN} more"] if len(one.also) > _ALSO_SHOWN else []
        yield Padding(
            Text("\n".join(["they also differ in", *(f"  {line}" for line in (*also, *more))])),
            (0, 0, 0, 3),
            expand=False,
        )
    for example in one.examples:
        yield Padding(_example(example), (0, 0, 0, 3), expand=False)


def _example(example: Example) -> RenderableType:
    title = Text.assemble(printable(example.message_id), ("  " + example.verdict, "bright_black"))
    if not example.differences:
        return title
    return Group(title, differences_table(example.differences))


def differences_table(differences: Iterable[ShownDifference]) -> Table:
    """Differences as the judge has left them to be shown."""
    table = _table("Place", "Kind", "Control", "Candidate")
    for one in differences:
        table.add_row(printable(one.path), printable(one.kind), control_value(one), candidate_value(one))
    return table


def status_tables(status: Status) -> Iterator[RenderableType]:
    """Queues, verdicts, and what needs a look."""
    table = _table(f"Deployment {status.stack}")
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
        text = Text(printable(step.text), _STYLES[step.tone] if step.tone != "neutral" else "")
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
    table = _table("Action", "Resource", "Kind", title=f"{stack}: {plural(len(changes), 'change')}")
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


def _table(*columns: str, title: str | None = None) -> Table:
    return Table(
        *columns, title=title, title_justify="left", title_style="bold", header_style="bright_black", box=SIMPLE_HEAD
    )
