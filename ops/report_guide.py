"""The part of a page that quotes the porting guide: the sections that its groups name, and no link leads out."""

import re
from collections.abc import Iterable, Mapping

from contracts.trap import Trap
from ops.comparison import Comparison
from ops.guide import Block, Section
from ops.report_markup import text

_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")


def link(trap: Trap, guide: Mapping[str, Section]) -> str:
    """Where to read on: in this page, or, where that does not hold the section, its name."""
    name = f"<code>{text(trap.link)}</code>"
    return f'<a href="#{_id(trap.anchor)}">{name}</a>' if trap.anchor in guide else name


def quoted(comparison: Comparison, shown: int, guide: Mapping[str, Section]) -> str:
    """The sections that the first groups name, in the order of the guide; nothing where they name none."""
    named = {one.trap.anchor for one in comparison.groups[:shown] if one.trap is not None}
    return "".join(_section(anchor, one) for anchor, one in guide.items() if anchor in named)


def _id(anchor: str) -> str:
    return f"porting-{text(anchor)}"


def _section(anchor: str, one: Section) -> str:
    return f'<article class="guide"><h3 id="{_id(anchor)}">{text(one.title)}</h3>{_blocks(one.blocks)}</article>'


def _blocks(blocks: Iterable[Block]) -> str:
    return "".join(_code(one.text) if one.code else f"<p>{_words(one.text)}</p>" for one in blocks)


def _code(code: str) -> str:
    """Line by line: what has no glyph is shown as its escape, but for the ends of lines."""
    return f"<pre><code>{chr(10).join(map(text, code.split(chr(10))))}</code></pre>"


def _words(paragraph: str) -> str:
    """Names of code stay such; links lead out of the page, and are words."""
    return _CODE.sub(r"<code>\1</code>", text(_LINK.sub(r"\1", paragraph)))
