"""Results as tables for a terminal. Texts from outside are `Text`, never markup, and hold nothing unprintable."""

from collections.abc import Iterable, Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contracts.verdict import Verdict
from ops.catalogue import FamilyEntry, RuleEntry
from ops.comparison import Comparison, DifferingGroup, Example, TypeAgreement, total
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
_ALSO_SHOWN = 5


def catalogue_tables(families: Sequence[FamilyEntry]) -> Iterator[RenderableType]:
    """Types by family, then the rules."""
    table = _table("Family", "Type", "From", "Identity", "Business key", "Order", "Effects compared")
    rules = []
    for family in families:
        for position, one in enumerate(family.types):
            origin = f"{one.exchange} / {one.routing_key}" if one.routing_key else f"{one.exchange} (fanout)"
            order = "by business key" if family.ordered else f"none: {family.unordered_because}"
            effects = "\n".join(one.effects)
            name = family.name if position == 0 else ""
            table.add_row(name, one.name, origin, one.identity, one.business_key, order, effects)
            rules += [(one.name, rule) for rule in one.rules]
        table.add_section()
    yield table
    yield _rules(rules)


def _rules(rules: Iterable[tuple[str, RuleEntry]]) -> RenderableType:
    table = _table("Type", "Place", "Envelope", "Until", "Owner", "Reason", title="Tolerated differences")
    for name, rule in rules:
        envelope = f"{rule.kind} {seconds(rule.tolerance_s)}" if rule.tolerance_s else rule.kind
        until = Text(f"{rule.expires} (expired)", "red") if rule.expired else Text(str(rule.expires))
        table.add_row(name, rule.path, envelope, until, rule.owner, rule.reason)
    return table if table.rows else Text("No difference is tolerated.")


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
    yield Padding(Text(" · ".join(part for part in (where.type, where.kind, where.shapes) if part)), (0, 0, 0, 3))
    if one.also:
        also = [printable(signature) for signature in one.also[:_ALSO_SHOWN]]
        more = [f"and {len(one.also) - _ALSO_SHOWN} more"] if len(one.also) > _ALSO_SHOWN else []
        yield Padding(Text("\n".join(["they also differ in", *(f"  {line}" for line in (*also, *more))])), (0, 0, 0, 3))
    for example in one.examples:
        yield Padding(_example(example), (0, 0, 0, 3))


def _example(example: Example) -> RenderableType:
    title = Text.assemble(printable(example.message_id), ("  " + example.verdict, "bright_black"))
    if not example.differences:
        return title
    table = _table("Place", "Kind", "Control", "Candidate")
    table.title, table.title_justify = title, "left"
    for one in example.differences:
        table.add_row(printable(one.path), one.kind, control_value(one), candidate_value(one))
    return table


def _table(*columns: str, title: str | None = None) -> Table:
    return Table(
        *columns, title=title, title_justify="left", title_style="bold", header_style="bright_black", box=SIMPLE_HEAD
    )
