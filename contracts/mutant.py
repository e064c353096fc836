"""Seeded mutants: outcomes that are wrong in one known way, so that it shows whether the comparison sees it.

A comparer that masks too much says *match* to everything, and nobody notices. So beside every comparison copies of
agreeing outcomes are altered, each in one place, and judged by the same judge and rules: a mutant that is not called
different has survived. Every kind has its places in an effect; text that holds JSON is altered inside.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from itertools import pairwise
from typing import Any, Literal

from contracts.difference import child, effect_path
from contracts.effect import Effect, parse_json, write_json
from contracts.judged_type import JudgedType

MutantKind = Literal[
    "one cent",
    "swapped parties",
    "lost row",
    "doubled row",
    "one hour",
    "other notation",
    "null to empty",
    "reordered pair",
    "dropped event",
    "wrong signature",
    "other writing",
    "altered value",
]

_CENT = Decimal("0.01")
_DIGITS_MOST = 40
"""Before and behind the point: of a number with more, and no amount has them, none of the added cent might be left."""
_EXACT = Context(prec=3 * _DIGITS_MOST)
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)([T ])(\d\d:\d\d:\d\d)((?:\.\d+)?)((?:Z|[+-]\d\d:\d\d)?)")
_OF_UTC = {"Z": "+00:00", "+00:00": "Z"}
_SIGNATURE = re.compile(r"[A-Za-z0-9+/=_:-]{16,}")
_Steps = tuple[str | int | None, ...]
"""The way to a place: a key, a position, or None into a text that holds JSON."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mutant can be made."""

    kind: MutantKind
    path: str
    """Generalised path; of the effect, where that is what becomes wrong."""
    position: int
    """Of the effect."""
    steps: _Steps = ()
    value: Any = None
    """What will stand there."""


def places(effects: Sequence[Effect], message_type: JudgedType) -> Iterator[Place]:
    """Every place of a message's effects in which a mutant can be made; a *reordered pair* takes two messages."""
    for position, effect in enumerate(effects):
        path = effect_path(effect)
        if effect.kind == "row":
            yield Place("lost row", path, position)
            yield Place("doubled row", path, position)
        else:
            yield Place("dropped event", path, position)
        for kind, where, steps, value in _altered(path, effect.value, message_type):
            yield Place(kind, where, position, steps, value)


def mutate(effects: Sequence[Effect], place: Place) -> tuple[Effect, ...]:
    """The effects, wrong in that place."""
    one = effects[place.position]
    before, after = effects[: place.position], effects[place.position + 1 :]
    if place.kind in ("lost row", "dropped event"):
        return (*before, *after)
    if place.kind == "doubled row":
        return (*effects, one)
    return (*before, Effect(one.kind, one.name, one.key, _replaced(one.value, place.steps, place.value)), *after)


def _replaced(value: Any, steps: _Steps, new: Any) -> Any:
    if not steps:
        return new
    first, rest = steps[0], steps[1:]
    if first is None:
        return write_json(_replaced(parse_json(value), rest, new))
    if isinstance(first, int):
        return [*value[:first], _replaced(value[first], rest, new), *value[first + 1 :]]
    return {**value, first: _replaced(value[first], rest, new)}


_Alterations = Iterator[tuple[MutantKind, str, _Steps, Any]]
"""Kind, generalised path, way and new value."""


def _altered(path: str, value: Any, message_type: JudgedType) -> _Alterations:
    if isinstance(value, Mapping):
        for name, item in value.items():
            for kind, where, steps, new in _altered(child(path, name, message_type.terms.maps), item, message_type):
                yield kind, where, (name, *steps), new
        yield from _swapped(path, value, message_type)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            for kind, where, steps, new in _altered(f"{path}[]", item, message_type):
                yield kind, where, (position, *steps), new
    elif (parsed := _within(value)) is not None:
        yield "other writing", path, (), f"{value[0]} {value[1:]}"
        for kind, where, steps, new in _altered(path, parsed, message_type):
            yield kind, where, (None, *steps), new
    else:
        yield from _altered_leaf(path, value, message_type)


def _within(value: Any) -> Any:
    """The object or list that a text holds; None of anything else, and of a text that only begins as JSON does."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return None
    try:
        return parse_json(value)
    except ValueError:
        return None


def _swapped(path: str, value: Mapping[str, Any], message_type: JudgedType) -> _Alterations:
    """Two personal texts that stand beside each other, exchanged: the debtor for the creditor.

    What a rule is about is no party: two tolerated UUIDs may well change places.
    """
    ruled = {rule.path for rule in message_type.terms.rules}

    def personal(name: str, item: object) -> bool:
        where = child(path, name, message_type.terms.maps)
        return (
            isinstance(item, str)
            and item[:1] not in ("", "{", "[")
            and not (message_type.is_plain(where) or where in message_type.terms.derived or where in ruled)
        )

    names = [name for name, item in value.items() if personal(name, item)]
    for one, other in pairwise(names):
        if value[one] != value[other]:
            yield (
                "swapped parties",
                child(path, one, message_type.terms.maps),
                (),
                {**value, one: value[other], other: value[one]},
            )


def _altered_leaf(path: str, value: Any, message_type: JudgedType) -> _Alterations:
    name = path.rpartition(".")[2].rstrip("[]")
    if value is None:
        yield "null to empty", path, (), ""
    elif path in message_type.terms.derived:
        if isinstance(value, str) and _SIGNATURE.fullmatch(value):
            yield "wrong signature", path, (), _another_signature(value)
    elif isinstance(value, str) and (found := _TIME.fullmatch(value)):
        if (later := _an_hour_later(found)) is not None:
            yield "one hour", path, (), later
        if (otherwise := _in_other_notation(found)) is not None:
            yield "other notation", path, (), otherwise
    elif name in message_type.guarded and (dearer := _a_cent_more(value)) is not None:
        yield "one cent", path, (), dearer
    if value is not None:
        yield "altered value", path, (), _another(value)


def _another(value: Any) -> Any:
    """Another value of the same type, to the judge too; as like the first as can be, so that an envelope may cover it.

    The last digit or character is another one: that of a UUID is still a hexadecimal one, and a number of hundreds of
    digits, or with an exponent, loses none of them.
    """
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value - 1 if value > 0 else value + 1
    if isinstance(value, Decimal):
        sign, digits, exponent = value.as_tuple()
        return Decimal((sign, (*digits[:-1], 9 - digits[-1]), int(exponent)))
    last = value[-1:]
    return f"{value[:-1]}{'1' if last == '0' else '0' if last.isdigit() else 'a' if last == 'b' else 'b'}"


def _a_cent_more(value: Any) -> Any:
    """The amount with a cent more, of the same type and notation; None where it is no amount."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value + 1
    if isinstance(value, Decimal):
        within = value.adjusted() < _DIGITS_MOST and -int(value.as_tuple().exponent) <= _DIGITS_MOST
        return _EXACT.add(value, _CENT) if within else None
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return None
    return f"{_EXACT.add(Decimal(value), _CENT if '.' in value else Decimal(1)):f}"


def _an_hour_later(time: re.Match[str]) -> str | None:
    day, between, clock, fraction, offset = time.groups()
    try:
        later = datetime.fromisoformat(f"{day} {clock}") + timedelta(hours=1)
    except (ValueError, OverflowError):
        return None
    return f"{later:%Y-%m-%d}{between}{later:%H:%M:%S}{fraction}{offset}"


def _in_other_notation(time: re.Match[str]) -> str | None:
    """The same instant, written as another program might: what compares times, and no texts, calls it equal.

    `Z` and `+00:00` change places, any other offset becomes that of UTC; without an offset `T` and a blank do.
    """
    day, between, clock, fraction, offset = time.groups()
    try:
        instant = datetime.fromisoformat(f"{day} {clock}{offset}")
        if not offset:
            return f"{day}{'T' if between == ' ' else ' '}{clock}{fraction}"
        if offset in _OF_UTC:
            return f"{day}{between}{clock}{fraction}{_OF_UTC[offset]}"
        utc = instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return f"{utc:%Y-%m-%d}{between}{utc:%H:%M:%S}{fraction}+00:00"


def _another_signature(text: str) -> str:
    """Of the same length, and wrong."""
    return f"{'B' if text[0] == 'A' else 'A'}{text[1:]}"
