"""A comparison as tables for a terminal: an agreeing one on one screen, a differing one by what is to be mended first.

Texts from outside are `Text`, never markup, and hold nothing unprintable.
"""

from collections.abc import Iterable, Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contracts.shown import MASKED, ShownDifference
from contracts.verdict import Verdict
from ops.apart import Parted, part
from ops.comparison import Comparison, DifferingGroup, Example, TypeAgreement, total
from ops.trust_table import fixed_text, mutants_tables, never_exercised, rules_table, void_texts
from ops.wording import (
    candidate_value,
    control_value,
    nines,
    number,
    occurring,
    percent,
    place,
    plural,
    portion,
    printable,
    seconds,
    sighting,
    tone,
)

STYLES = {"good": "green", "neutral": "bright_black", "bad": "red"}
_SOFT = "bright_black"
_ALSO_SHOWN = 5
_DIFFERENCES_SHOWN = 12


def comparison_tables(comparison: Comparison, limit: int) -> Iterator[RenderableType]:
    """Verdicts by type, groups, then what the comparison stands on."""
    yield from void_texts(comparison)
    yield agreement_table(comparison.types, void=comparison.void)
    yield from _groups(comparison, limit)
    yield from fixed_text(comparison.fixed)
    yield from rules_table(comparison.rules)
    yield from never_exercised(comparison.types)
    yield from mutants_tables(comparison)


def _groups(comparison: Comparison, limit: int) -> Iterator[RenderableType]:
    if not comparison.groups:
        if not comparison.void:
            calm = "No differences: wherever both sides have told, they agree."
            yield Text("Nothing was compared.", "red") if comparison.agreement is None else Text(calm, "green")
        return
    count = sum(one.count for one in comparison.groups)
    yield Text(f"\n{plural(len(comparison.groups), 'group')} of differences, {plural(count, 'message')}", "bold")
    for position, one in enumerate(comparison.groups[:limit], 1):
        yield from _group(position, one)
    hidden = comparison.groups[limit:]
    if hidden:
        messages = plural(sum(one.count for one in hidden), "message")
        yield Text(f"\nand {plural(len(hidden), 'smaller group')} of {messages} (--signature-limit)", _SOFT)


def agreement_table(types: Sequence[TypeAgreement], *, void: bool = False) -> Table:
    """Verdicts by type; times and proofs only where somebody has measured them."""
    counts = total(types)
    verdicts = occurring(counts)
    timed = any(one.p50_s is not None for one in types)
    proofs = any(one.confidence is not None for one in types)
    table = plain_table("Type")
    proof_names = ("Proven at least", "Still needed") if proofs else ()
    for name in ("Seen", "Agreement", *map(str, verdicts), *proof_names, *(("p50", "p99") if timed else ())):
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
        style = "" if one.agreement is None or void else "green" if one.agreement == 1 else "red"
        name = one.type if one is rows[-1] else printable(one.type)
        proof = _proof(one, void=void) if proofs else ()
        table.add_row(Text(name), number(one.seen), Text(percent(one.agreement), style), *cells, *proof, *times)
    return table


def _style(count: int, verdict: Verdict) -> str:
    return STYLES[tone(verdict)] if count else _SOFT


def _proof(one: TypeAgreement, *, void: bool) -> tuple[Text, Text]:
    proof = one.confidence
    if proof is None:
        return Text(), Text()
    if void:
        return Text("void", "red"), Text()
    needed = Text("proven", "green") if proof.proven else Text(number(proof.messages_needed))
    return Text(nines(proof.agreement_at_least)), needed


def _group(position: int, one: DifferingGroup) -> Iterator[RenderableType]:
    where = place(one.signature)
    share = "" if one.share is None else f", {portion(one.share)} of its type"
    title = Text.assemble(
        (f"\n{position}. {where.path or where.type}", "bold"), f"  {plural(one.count, 'message')}{share}"
    )
    if one.since is not None:
        title.append(f"  {one.since}", "red" if one.since == "new" else _SOFT)
    yield title
    yield _indented(Text(" · ".join(part for part in (where.type, where.kind, where.shapes) if part)))
    if one.trap is not None:
        yield _indented(Text(f"looks like {printable(one.trap.title)}: {printable(one.trap.link)}"))
    if one.first is not None and one.last is not None:
        to = "" if one.first == one.last else f" to {sighting(one.last)}"
        yield _indented(Text(f"seen from {sighting(one.first)}{to}", _SOFT))
    if one.also:
        also = [printable(signature) for signature in one.also[:_ALSO_SHOWN]]
        more = [f"and {len(one.also) - _ALSO_SHOWN} more"] if len(one.also) > _ALSO_SHOWN else []
        yield _indented(Text("\n".join(["they also differ in", *(f"  {line}" for line in (*also, *more))])))
    for example in one.examples:
        yield _indented(_example(example, where.path))


def _indented(one: RenderableType) -> Padding:
    return Padding(one, (0, 0, 0, 3), expand=False)


def _example(example: Example, leading: str) -> RenderableType:
    title = Text.assemble(printable(example.message_id), ("  " + example.verdict, _SOFT))
    if not example.differences:
        return title
    ordered = sorted(example.differences, key=lambda one: printable(one.path) != leading)
    left_out = len(ordered) - _DIFFERENCES_SHOWN
    more = [Text(f"  and {left_out} more places", _SOFT)] if left_out > 0 else []
    return Group(title, differences_table(ordered[:_DIFFERENCES_SHOWN]), *more)


def differences_table(differences: Iterable[ShownDifference]) -> Table:
    """Differences as the judge has left them to be shown."""
    table = plain_table()
    for name in ("Place", "Kind", "Control", "Candidate"):
        table.add_column(name, overflow="fold")  # cut short, the place in which they differ would be gone
    for one in differences:
        table.add_row(Text(printable(one.path)), Text(printable(one.kind)), *_sides(one))
    return table


def _sides(one: ShownDifference) -> tuple[Text, Text]:
    control, candidate = one.control, one.candidate
    if not isinstance(control, str) or not isinstance(candidate, str) or MASKED in (control, candidate):
        return Text(control_value(one)), Text(candidate_value(one))
    parted = part(control, candidate)
    return _parted(parted[0]), _parted(parted[1])


def _parted(value: Parted) -> Text:
    shown = value.shortened()
    style = "" if value.whole else "bold"
    return Text.assemble(printable(shown.before), (printable(shown.apart), style), printable(shown.after))


def plain_table(*columns: str, title: str | None = None) -> Table:
    """A table without rules between its rows."""
    return Table(*columns, title=title, title_justify="left", title_style="bold", header_style=_SOFT, box=SIMPLE_HEAD)
