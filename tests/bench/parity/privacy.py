"""Bar 14: nothing personal in whatever a comparison prints or writes."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from io import StringIO
from itertools import count
from typing import Any

from rich.console import Console

from contracts.effect import parse_json, write_json
from ops.comparison import Comparison
from ops.comparison_table import comparison_tables
from ops.document import document
from ops.parity.gate import FailOn, objections
from ops.parity.judging import Judging
from ops.parity.junit import junit_xml
from ops.report import Fact, Report, render
from tests.bench.parity.bar import Measured
from tests.bench.parity.comparer import TODAY, found_by, judge_pair
from tests.leak import MARKS, leaks

Pair = tuple[bytes, bytes]
"""Both sides' outcomes of one message, each a line of bytes."""

_IBAN = f"{MARKS[1]}861234567877235114665"


def show_nothing_personal(pairs: Iterable[Pair], *, revealed: bool) -> Measured:
    """Judge messages, and look through all that is shown of it.

    Args:
        pairs: outcomes in which everything personal bears a mark (`tests.leak`).
        revealed: whether values are shown as they are.
    """
    judging, planted = Judging(TODAY), 0
    for position, (control, candidate) in enumerate(pairs):
        planted += sum(control.count(mark.encode()) for mark in MARKS)
        judge_pair(judging, control, candidate, position)
    comparison = found_by(judging, revealed=revealed)
    hits = leaks(_shown(comparison))
    examples = sum(len(example.differences) for one in comparison.groups for example in one.examples)
    return Measured(
        f"{len(hits)} hits of {len(MARKS)} marks in a terminal, HTML, JSON and JUnit; these show {examples:,} "
        f"differences in {len(comparison.groups):,} groups; {planted:,} marks were compared",
        not hits and examples > 0 and planted > 0,
    )


def wrong_values(lines: Sequence[bytes]) -> Iterator[Pair]:
    """Names, IBANs and labels that differ, in one place of each outcome."""
    return ((line, _spoilt(line, position)) for position, line in enumerate(lines))


def wrong_under_keys() -> Iterator[Pair]:
    """Amounts by person: what is personal is the key in an object, and the amount beneath it differs."""
    for number, key in enumerate((_IBAN, f"Zoé {MARKS[0]}", MARKS[0])):
        yield _by_key(number, {key: 1}), _by_key(number, {key: 2})
        yield _by_key(number, {}), _by_key(number, {key: 1})


def _by_key(number: int, amounts: Mapping[str, int]) -> bytes:
    effect = {"kind": "row", "name": "payins", "key": _IBAN, "value": {"note": MARKS[0], "by": amounts}}
    return json.dumps({"message_id": f"w{number}", "type": "payin.create", "effects": [effect]}).encode()


def _shown(comparison: Comparison) -> Iterator[tuple[str, str]]:
    against = list(objections(comparison, list(FailOn)))
    terminal = Console(file=StringIO(), width=1_000, highlight=False, markup=False, emoji=False)
    for one in comparison_tables(comparison, limit=len(comparison.groups)):
        terminal.print(one)
    assert isinstance(terminal.file, StringIO)
    facts = (Fact("Control", "php.ndjson"), Fact("Candidate", "python.ndjson"))
    yield "terminal", terminal.file.getvalue()
    yield "HTML", render(Report("Two files of outcomes, compared", facts, comparison, tuple(against)))
    yield "JSON", json.dumps(document(comparison) | {"objections": against}, ensure_ascii=False, default=str)
    yield "JUnit", junit_xml(comparison, against)


def _spoilt(line: bytes, position: int) -> bytes:
    """The outcome with something wrong in one text that bears a mark: in another one, and otherwise, each time."""
    document, places, turn = parse_json(line), count(), count()
    _changed(document, lambda _: next(places))
    chosen, wrong = position % max(1, next(places)), _WRONG[position % len(_WRONG)]
    return write_json(_changed(document, lambda text: wrong(text) if next(turn) == chosen else text)).encode()


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
