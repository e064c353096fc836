"""What a message is, in words, for a terminal."""

from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ops.inspection import FieldType, Inspection
from ops.wording import number, plural, printable


def inspection_tables(one: Inspection) -> Iterator[RenderableType]:
    """The message as a whole, then its fields, its job's record, its stamps."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bright_black", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, text in _facts(one):
        facts.add_row(name, printable(text))
    yield facts
    yield _fields("Field", one.fields)
    if one.more_fields:
        yield Text(f"and {plural(one.more_fields, 'field')} more", "bright_black")
    if one.job:
        yield _fields("Job's record", one.job)
    for stamp in one.stamps:
        title = f"Stamp {stamp.class_name}" + (f", {stamp.count} times" if stamp.count > 1 else "")
        yield _fields(title, stamp.fields)


def _facts(one: Inspection) -> Iterator[tuple[str, str]]:
    yield "written by", one.written_by
    yield "class", one.name or "not told by the message"
    yield "size", f"{number(one.body_bytes)} bytes"
    if one.attempts is not None:
        yield "attempt", str(one.attempts)
    if one.sealed:
        yield "encrypted", "its job was not opened: give Laravel's application key (--key, or APP_KEY)"
    if one.serialize_precision is None:
        yield "written again", "not to the same bytes: not as PHP writes it"
    else:
        yield "written again", f"to the same bytes (serialize_precision {one.serialize_precision})"


def _fields(title: str, fields: Sequence[FieldType]) -> RenderableType:
    if not fields:
        return Text(f"\n{printable(title)}: no fields", "bright_black")
    visible = any(field.visibility for field in fields)
    table = Table(printable(title), "Type", *(["Visibility"] if visible else []), box=SIMPLE_HEAD)
    for field in fields:
        cells = [printable(field.path), printable(" or ".join(field.types))]
        table.add_row(*cells, *([field.visibility or ""] if visible else []))
    return table
