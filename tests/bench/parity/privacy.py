"""Bar 14: nothing personal in whatever a comparison prints or writes."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from io import StringIO
from itertools import count
from typing import Any

from rich.console import Console

from contracts.effect import parse_json, write_json
from contracts.judged_type import JudgedType
from ops.comparison import Comparison
from ops.comparison_table import comparison_tables
from ops.document import document
from ops.parity.gate import FailOn, objections
from ops.parity.junit import junit_xml
from ops.report import Fact, Report, render
from tests.bench.parity.bar import Measured
from tests.bench.parity.comparer import found_by, judge_pair, judging_by
from tests.leak import MARKS, leaks

Pair = tuple[bytes, bytes]
"""Both sides' outcomes of one message, each a line of bytes."""

_IBAN = f"{MARKS[1]}861234567877235114665"


def show_nothing_personal(pairs: Iterable[Pair], *, revealed: bool, known: JudgedType | None = None) -> Measured:
    """Judge messages, and look through all that is shown of it.

    Args:
        pairs: outcomes in which everything personal bears a mark (`tests.leak`).
        revealed: whether values are shown as they are.
        known: contract of a type, whatever the registry says of it.
    """
    judging, planted = judging_by(*(() if known is None else (known,))), 0
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
    """Amounts by person: what is personal is the key in an object, and the amount beneath it differs, or is lacking.

    Names, where the contract says that keys are data; IBANs anywhere.
    """
    keys = (_IBAN, MARKS[0], f"Zoé {MARKS[0]}", f"{MARKS[2]}_{MARKS[0]}")
    cases = [(place, key) for place in _MAPS for key in keys]
    cases += [(place, key) for place in (*_MAPS, *_ELSEWHERE) for key in (_IBAN, _IBAN.lower())]
    for number, (place, key) in enumerate(cases):
        for control in ({key: 1}, {}):
            yield _outcome(number, place(control)), _outcome(number, place({key: 2}))


def _outcome(number: int, effect: Mapping[str, Any]) -> bytes:
    return json.dumps({"message_id": f"w{number}", "type": "payout.update", "effects": [effect]}).encode()


_Amounts = Mapping[str, int]
_Placed = Callable[[_Amounts], Mapping[str, Any]]
"""An effect with amounts by person in it."""


def _settled(tags: _Amounts) -> Mapping[str, Any]:
    body = json.dumps({"payout": "1", "tags": tags})
    return {"kind": "message", "name": "accounting/payout.settled", "value": {"body": body}}


def _sent(tags: _Amounts) -> Mapping[str, Any]:
    body = json.dumps({"object_payload": {"payouts": [{"payoutId": "1", "tags": tags}]}})
    return {"kind": "webhook", "name": "payout.settled", "value": {"body": body}}


def _written(amounts: _Amounts) -> Mapping[str, Any]:
    return {"kind": "row", "name": "payouts", "key": _IBAN, "value": {"note": MARKS[0], "by": amounts}}


_MAPS: Sequence[_Placed] = (_settled, _sent)
_ELSEWHERE: Sequence[_Placed] = (_written,)


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
