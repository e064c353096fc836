"""A scaffold in words, for a terminal: what was inferred, what is written, what a person has to do."""

from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from contracts.message_type import AmqpProperty
from ops.scaffold.change import FileChange
from ops.scaffold.design import Design
from ops.scaffold.meaning import counted
from ops.wording import number, plural, printable


def scaffold_tables(design: Design, wanted: Sequence[FileChange], following: Sequence[str]) -> Iterator[RenderableType]:
    """The design, doubts, files, edits as diffs, and next steps."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bright_black", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, text in _facts(design):
        facts.add_row(name, printable(text))
    yield facts
    if design.doubts:
        yield Text("\nDoubtful, look at it first", "yellow")
        yield from (Text(f"  {printable(one)}") for one in design.doubts)
    files = Table("File", "", box=SIMPLE_HEAD)
    for one in wanted:
        files.add_row(one.path, "edited" if one.before is not None else f"new, {plural(one.lines, 'line')}")
    yield files
    yield from (Text(one.diff) for one in wanted if one.diff)
    yield Text("Then", "bold")
    yield from (Text(f"  {one}") for one in following)


def _facts(design: Design) -> Iterator[tuple[str, str]]:
    seen, codec, origin = design.seen, design.codec, design.origin
    yield "type", f"{design.naming.type}, family {design.naming.family}"
    masked = ", pseudonymised" if seen.pseudonymised else ""
    yield "messages", f"{number(seen.deliveries)} in the corpus{masked}, {number(seen.read)} looked at"
    yield "codec", f"{codec.framework}{f', class {codec.class_name}' if codec.class_name else ''}"
    kind = "AMQP property" if isinstance(design.identity, AmqpProperty) else "field"
    yield "identity", f"{kind} {design.identity.name}"
    yield "business key", design.business_key.name
    yield "from", f"exchange {origin.exchange or '(not told)'}, routing key {origin.routing_key or '(any)'}"
    yield "body", _shown(len(counted(design.body)), len(design.plain))
    for one in design.told_effects:
        derived = f", signed: {', '.join(sorted(one.derived))}" if one.derived else ""
        yield one.path, f"{_shown(len(counted(one.place)), len(design.plain_of(one)))}{derived}"


def _shown(fields: int, plain: int) -> str:
    return f"{plural(fields, 'field')}, {number(fields - plain)} personal"
