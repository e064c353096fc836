"""Bars 4 and 5: a line that is there twice in a list without order, and cents that a double has no room for."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from random import Random

from contracts.terms import Terms
from tests.bench.parity.bar import Measured
from tests.bench.parity.comparer import lines_differ

Differs = Callable[[bytes, bytes], bool]
"""Says whether two outcomes, each a line of bytes, differ."""

ours: Differs = partial(lines_differ, terms=Terms(lists={"row:invoices.lines": "multiset"}))
_HEAD = b'{"format":1,"message_id":"%d","type":"invoice.close","attempt":1,"ending":"done","effects":'
_Line = tuple[str, str]


def find_doubled_line(cases: int, differs: Differs) -> Measured:
    """Lists whose items are the same and come more or less often: as rows, and within a value."""
    random, seen, alarms = Random(4), {"rows": 0, "a list": 0}, 0
    for number in range(cases):
        control, candidate = _ledgers(random)
        for name, written in (("rows", _as_rows), ("a list", _as_list)):
            seen[name] += differs(written(number, control), written(number, candidate))
            alarms += differs(written(number, control), written(number, random.sample(control, len(control))))
    told = ", ".join(f"{count:,} of {cases:,} as {name}" for name, count in seen.items())
    return Measured(
        f"{told}; of {2 * cases:,} that were shuffled only, {alarms} are called different",
        set(seen.values()) == {cases} and not alarms,
    )


def _ledgers(random: Random) -> tuple[list[_Line], list[_Line]]:
    """Two lists of the same lines: one of them once more, and every other time another one of them once less."""
    lines = [(f"account {account}", f"{random.randrange(1, 10_000)}.00") for account in range(random.randrange(2, 7))]
    control = [one for one in lines for _ in range(random.randrange(1, 4))]
    more = random.choice(lines)
    candidate = [*control, more]
    fewer = [one for one in lines if one != more and control.count(one) > 1]
    if fewer and random.random() < 0.5:
        candidate.remove(random.choice(fewer))
    random.shuffle(control)
    random.shuffle(candidate)
    return control, candidate


def _as_rows(number: int, lines: list[_Line]) -> bytes:
    effects = [
        {"kind": "row", "name": "ledger", "key": account, "value": {"account": account, "amount": amount}}
        for account, amount in lines
    ]
    return _HEAD % number + json.dumps(effects).encode() + b"}"


def _as_list(number: int, lines: list[_Line]) -> bytes:
    listed = [{"account": account, "amount": amount} for account, amount in lines]
    effects = [{"kind": "row", "name": "invoices", "key": "1", "value": {"lines": listed}}]
    return _HEAD % number + json.dumps(effects).encode() + b"}"


def find_lost_cents(cases: int, differs: Differs) -> Measured:
    """Two amounts that are one double: as a number of a row, and within a body that is a text of JSON."""
    pairs, seen, alarms = list(_pairs(cases)), {"a row": 0, "a body": 0}, 0
    for number, (one, other) in enumerate(pairs):
        for name, written in (("a row", _as_number), ("a body", _as_body)):
            seen[name] += differs(written(number, one), written(number, other))
            alarms += differs(written(number, one), written(number, one))
    told = ", ".join(f"{count:,} of {len(pairs):,} pairs in {name}" for name, count in seen.items())
    return Measured(f"{told}; {alarms} of those with themselves", set(seen.values()) == {len(pairs)} and not alarms)


def _pairs(cases: int) -> Iterator[tuple[str, str]]:
    yield "10000000000000001.1", "10000000000000001.9"
    random, left = Random(5), cases
    while left:
        one = Decimal(random.randrange(10**15, 10**19)).scaleb(-2)
        other = one + Decimal(random.randrange(1, 100)).scaleb(-2)
        if float(one) == float(other):
            left -= 1
            yield str(one), str(other)


def _as_number(number: int, amount: str) -> bytes:
    effect = b'[{"kind":"row","name":"invoices","key":"1","value":{"total":%b}}]'
    return _HEAD % number + effect % amount.encode() + b"}"


def _as_body(number: int, amount: str) -> bytes:
    effect = b'[{"kind":"message","name":"invoices/closed","key":"","value":{"body":"{\\"total\\":%b}"}}]'
    return _HEAD % number + effect % amount.encode() + b"}"
