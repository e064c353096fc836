"""Bar 14: nothing personal in whatever a comparison prints or writes."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from io import StringIO
from itertools import count
from typing import Any

from rich.console import Console

from contracts.effect import parse_json, write_json
from ops.comparison import Comparison
from ops.document import document
from ops.parity.gate import FailOn, objections
from ops.parity.judging import Judging
from ops.parity.junit import junit_xml
from ops.report import Fact, Report, render
from ops.table import comparison_tables
from tests.bench.parity.bar import Measured
from tests.bench.parity.comparer import TODAY, found_by, judge_pair
from tests.leak import MARKS, leaks


def show_nothing_personal(lines: Sequence[bytes], *, revealed: bool) -> Measured:
    """Names, IBANs and labels that differ, in one place of each outcome; then all that is shown of it.

    Args:
        lines: outcomes in which everything personal bears a mark (`tests.leak`).
        revealed: whether values are shown as they are.
    """
    judging, planted = Judging(TODAY), 0
    for position, line in enumerate(lines):
        planted += sum(line.count(mark.encode()) for mark in MARKS)
        judge_pair(judging, line, _spoilt(line, position), position)
    comparison = found_by(judging, revealed=revealed)
    hits = leaks(_shown(comparison))
    examples = sum(len(example.differences) for one in comparison.groups for example in one.examples)
    return Measured(
        f"{len(hits)} hits of {len(MARKS)} marks in a terminal, HTML, JSON and JUnit that show {examples:,} differences "
        f"in {len(comparison.groups):,} groups; {planted:,} marks were in what was compared",
        not hits and examples > 0 and planted > 0,
    )


def _shown(comparison: Comparison) -> Iterator[tuple[str, str]]:
    against = list(objections(comparison, list(FailOn)))
    terminal = Console(file=StringIO(), width=1_000, highlight=False, markup=False, emoji=False)
    for one in comparison_tables(comparison, limit=len(comparison.groups)):
        terminal.print(one)
    assert isinstance(terminal.file, StringIO)
    facts = (Fact("Control", "php.ndjson"), Fact("Candidate", "python.ndjson"))
    yield "terminal", terminal.file.getvalue()
    yield "HTML", render(Report("Two files of outcomes, compared", facts, comparison.types, comparison.groups))
    yield "JSON", json.dumps(document(comparison) | {"objections": against}, ensure_ascii=False, default=str)
    yield "JUnit", junit_xml(comparison, against)


def _spoilt(line: bytes, position: int) -> bytes:
    """The outcome with something wrong in one of its texts that bear a mark: in another one, and otherwise, each time."""
    document, marked = parse_json(line), list[str]()
    _changed(document, lambda text: marked.append(text) or text)
    turn, wrong = count(), _WRONG[position % len(_WRONG)]
    changed = _changed(document, lambda text: wrong(text) if next(turn) == position % len(marked) else text)
    return write_json(changed).encode()


def _changed(value: Any, change: Callable[[str], Any]) -> Any:
    """The value with every text that bears a mark changed, those within bodies of JSON too."""
    if isinstance(value, dict):
        return {name: _changed(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_changed(item, change) for item in value]
    if not isinstance(value, str):
        return value
    if value[:1] in ("{", "["):
        with suppress(ValueError):
            return write_json(_changed(parse_json(value), change))
    return change(value) if any(mark in value for mark in MARKS) else value


_WRONG: Sequence[Callable[[str], Any]] = (
    lambda text: f"{text} {MARKS[0]}",
    lambda text: text[:-1],
    lambda text: text.upper(),
    lambda text: [text],
    lambda text: {text: text},
    lambda _: None,
    lambda _: 7,
)
