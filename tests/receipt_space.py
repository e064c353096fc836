"""Entries of any text, what SQS answers where it has accepted them, and whatever is nearly that."""

import hashlib
from collections import UserDict
from collections.abc import Sequence
from random import Random
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from bridge.port import Entry

LARGE_BYTES = 65_536
"""The most that a text has that is summed in C."""
TEXTS = ("body", "envelope", "id", "type")
FIELDS = ("Id", "MessageId", "MD5OfMessageBody", "MD5OfMessageAttributes")
LONE = "\ud800"
"""A text that no bytes stand for."""

_letters = st.sampled_from("a0é\0ŁЖ世\U0001f600") | st.characters(exclude_categories=["Cs"])
_texts = st.text(_letters, max_size=70) | st.builds(str.__mul__, _letters, st.integers(0, 300))
entries = st.lists(st.builds(Entry, _texts, _texts | st.just(""), _texts, _texts, st.none() | _texts), max_size=25)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS) | _texts, inner, max_size=4),
)


class Text(str):
    """Says of itself what it is not."""

    __slots__ = ()

    def encode(self, *_: str) -> bytes:
        """Of another."""
        return b"another"

    def __bool__(self) -> bool:
        return False


class Table(dict[Any, Any]):
    """Does not tell what it has."""

    def get(self, *_: object) -> None:
        """Nothing."""


class Misfit:
    """A key that is found in the place of another, and cannot be compared with it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __hash__(self) -> int:
        return hash(self._name)

    def __eq__(self, other: object) -> bool:
        raise ValueError(self._name)


_VALUES: Sequence[Any] = (
    *(None, True, 0, 1, 0.0, "", "0", "1", "01", "é", "0" * 32, "0" * 31, "é" * 32, LONE, b"0", [], {}, ()),
    *(Text(""), Text("0"), [{}], [{"Id": "0", "Code": "InternalError"}], [{"Id": "77"}]),
)


def md5(data: bytes) -> str:
    """In hex."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def written_attributes(entry: Entry) -> bytes:
    """What SQS sums up (developer guide, "Calculating the MD5 message digest for message attributes")."""
    texts = {"envelope": entry.envelope, "id": entry.id, "type": entry.type}
    if not entry.envelope:
        del texts["envelope"]
    found = b""
    for name, text in texts.items():
        value = text.encode()
        found += len(name).to_bytes(4) + name.encode() + b"\0\0\0\6String\1" + len(value).to_bytes(4) + value
    return found


def right_answer(sent: Sequence[Entry]) -> dict[Any, Any]:
    """Everything was accepted as it was sent."""
    sums = [(md5(one.body.encode()), md5(written_attributes(one))) for one in sent]
    return {"Successful": [dict(zip(FIELDS, (str(at), f"m{at}", *one), strict=True)) for at, one in enumerate(sums)]}


def nearly(choose: Random, sent: Sequence[Entry], answer: dict[Any, Any]) -> tuple[Sequence[Any], Any]:
    """Entries and an answer of which a few things are others."""
    told: list[Any] = [dict(one) for one in answer["Successful"]]
    changed: dict[Any, Any] = {"Successful": told}
    others: list[Any] = list(sent)
    for _ in range(choose.choice([0, 1, 1, 1, 2, 3])):
        match choose.randrange(8):
            case 0 if others:
                _change_entry(choose, others)
            case 1:
                changed["Failed"] = choose.choice(_VALUES)
            case 2:
                kinds = [choose.choice([str, str, Text, Misfit]) for _ in changed]
                return others, {kind(name): one for kind, (name, one) in zip(kinds, changed.items(), strict=True)}
            case 3 if choose.randrange(4) == 0:
                changed["Successful"] = choose.choice([*_VALUES, tuple(told)])
            case 3:
                return others, choose.choice([UserDict(changed), Table(changed), *_VALUES])
            case 4 | 5 if told:
                _change_list(choose, told)
            case _ if told and _is_plain(one := choose.choice(told)):
                _change_field(choose, one)
    return others, changed


def _is_plain(one: object) -> bool:
    """Whether it is a table that can be looked into."""
    return isinstance(one, dict) and not any(isinstance(name, Misfit) for name in one)


def _change_entry(choose: Random, sent: list[Any]) -> None:
    at = choose.randrange(len(sent))
    one, field = sent[at], choose.choice(TEXTS)
    text: Any = getattr(one, field, "")
    value = choose.choice([*_VALUES, Text(text), f"{text}{LONE}", "x" * (LARGE_BYTES + 1)])
    sent[at] = replace(one, **{field: value}) if isinstance(one, Entry) and choose.randrange(8) else value


def _change_list(choose: Random, told: list[Any]) -> None:
    at, other = choose.randrange(len(told)), choose.randrange(len(told))
    one = told[other]
    near = [one, choose.choice(_VALUES)]
    if _is_plain(one):
        near += [Table(one), UserDict(one), {**one, "MD5OfMessageBody": ""}]
    match choose.randrange(4):
        case 0:
            told[at], told[other] = told[other], told[at]
        case 1:
            told.insert(choose.choice([at, len(told)]), choose.choice(near))
        case 2:
            del told[at]
        case 3:
            told[choose.choice([at, other])] = choose.choice(near)


def _change_field(choose: Random, one: dict[Any, Any]) -> None:
    name = choose.choice(FIELDS)
    value = one.pop(name, None)
    match choose.randrange(4):
        case 0:
            one[choose.choice([Misfit(name), Text(name), "Failed"])] = value
        case 1 | 2:
            near = Text(value), f"{value}".upper(), f"{value}0", f"{value}"[:-1], f"{value}é", one.get("Id")
            one[name] = choose.choice([*near, *_VALUES])
