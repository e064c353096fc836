"""A corpus as tables for a terminal: what is in it, and none of its values."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ops.corpus import Outline
from ops.corpus_format import Tally
from ops.wording import number, plural, printable


def corpus_tables(one: Outline, tally: Tally | None, *, torn: bool) -> Iterator[RenderableType]:
    """Header, then records by type where the corpus was opened.

    Args:
        one: what stands in clear.
        tally: what its segments say; None where it was not opened.
        torn: whether its last segment does not open.
    """
    header = one.header
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="bright_black")
    facts.add_column()
    types = "all that came" if header.types is None else ", ".join(map(printable, header.types))
    facts.add_row("corpus", Text(printable(header.corpus)))
    facts.add_row("begun", Text(printable(header.created)))
    facts.add_row("key", Text(printable(f"{header.key_kind}: {header.key_name}")))
    facts.add_row("types", Text(types))
    facts.add_row("personal values", Text("replaced by pseudonyms" if header.pseudonymised else "as they were", "bold"))
    facts.add_row("records", Text(f"{number(one.records)} in {plural(one.segments, 'segment')}"))
    state = Text("finished") if one.finished else Text("no end marker: cut short", "red")
    facts.add_row("end", state.append("; its last segment is torn") if torn else state)
    if tally is None:
        facts.add_row("", Text("not opened: --key tells types and times, and that it is as it was written"))
    else:
        facts.add_row("captured", Text(f"{tally.first or 'unknown'} to {tally.last or 'unknown'}"))
    yield facts
    if tally is not None:
        counts = Table(box=SIMPLE_HEAD, pad_edge=False)
        counts.add_column("type")
        counts.add_column("records", justify="right")
        for name, count in sorted(tally.types.items()):
            counts.add_row(Text(printable(name)), number(count))
        yield counts
