"""The few forms that all parts of a page are made of. Whatever comes from outside goes through `text`."""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape

from ops.wording import printable


def text(foreign: str) -> str:
    """A text from outside, fit for an element and for an attribute in double quotes."""
    return escape(printable(foreign), quote=True)


def hashed(inline: str) -> str:
    """What a Content-Security-Policy calls an inline script or sheet (CSP 3, `hash-source`)."""
    return f"sha256-{b64encode(hashlib.sha256(inline.encode()).digest()).decode()}"


def table(label: str, heads: Sequence[tuple[str, str]], rows: Iterable[str], foot: str = "") -> str:
    """A table in a box of its own that scrolls sideways, by keyboard too.

    Args:
        label: what a screen reader calls it.
        heads: names of columns with the class of their cells, `n` for figures.
        rows: made by `row`.
        foot: a row of sums.
    """
    head = "".join(f'<th scope="col"{_class(name)}>{text(title)}</th>' for title, name in heads)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{text(label)}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>{f'<tfoot>{foot}</tfoot>' if foot else ''}"
        "</table></div>"
    )


def row(head: str, cells: Iterable[tuple[str, str]], attributes: str = "") -> str:
    """A row: the markup of its head, and the markup of its cells with their classes."""
    rest = "".join(f"<td{_class(name)}>{cell}</td>" for cell, name in cells)
    return f'<tr{attributes}><th scope="row">{head}</th>{rest}</tr>'


def bullets(items: Iterable[str]) -> str:
    """A list of markup."""
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def chip(name: str, tone: str = "") -> str:
    """A word that is seen before all others."""
    return f'<span class="chip{f" {tone}" if tone else ""}">{text(name)}</span>'


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""
