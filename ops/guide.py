"""The porting guide's sections, so that a report can hold those that it names: a page is sent to people without it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.trap import GUIDE

_FILE = Path(__file__).resolve().parents[1] / GUIDE
"""Beside the packages, as in a checkout, which is what `make install` installs; a wheel has no docs."""
_FENCE = "```"
_HEADING = re.compile(r"(#+) (.+)")
_LEVEL = 3
"""Of the headings of sections."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph in Markdown, on one line; or code."""

    text: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """What stands below one heading."""

    title: str
    blocks: tuple[Block, ...]


def read_guide(file: Path = _FILE) -> Mapping[str, Section]:
    """The guide's sections by their anchors; none where it does not lie beside this program."""
    try:
        return parse_guide(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}


def parse_guide(text: str) -> Mapping[str, Section]:
    """Sections by their anchors, as GitHub makes them, in the order of the guide."""
    below: dict[str, list[str]] = {}
    lines: list[str] = []
    within = False
    for line in text.splitlines():
        within ^= line.startswith(_FENCE)
        heading = None if within else _HEADING.match(line)
        if heading is None:
            lines.append(line)
        else:
            lines = []  # of a heading of another level nothing is kept
            if len(heading[1]) == _LEVEL:
                below[heading[2]] = lines
    return {_anchor(title): Section(title, tuple(_blocks(lines))) for title, lines in below.items()}


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    kept, within = list[str](), False
    for line in [*lines, ""]:
        fence = line.startswith(_FENCE)
        if (fence or not (line or within)) and kept:
            yield Block("\n".join(kept).strip("\n"), code=True) if within else Block(" ".join(kept))
            kept = []
        if fence:
            within = not within
        elif line or within:
            kept.append(line)
