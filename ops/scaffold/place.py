"""What was seen in one place of many messages: kinds, forms, fields. Nothing of it leaves but by a rule of `meaning`.

Names of fields can be data, too (a map by customer). A key counts as a field's name if it looks like one, by the rules
of `strangler types inspect`, and is in enough of the records; of an object of a class every property is one.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from contracts.php.value import PhpEnum, PhpObject, PhpReference
from ops.scaffold.form import Form, form_of, template_of

FEW = 24
"""Distinct values that are remembered; with more of them a set is not closed."""
ENOUGH = 20
"""Values from which on something can be said that is true of all of them."""
_LONGEST_WORD = 100
"""A longer text is no word of a closed set, and nothing that is the same in every message."""
_DEEPEST = 12
_ITEMS = 20
_MOST_KEYS = 300
_MOST_DISTINCT_DIGITS = 4
_SMALL = re.compile(r"[a-z_][A-Za-z0-9_]{0,39}")
_CAPITAL = re.compile(r"[A-Z][A-Za-z0-9_-]{0,39}")
_PROPERTY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_SHARE = 0.005
_CAPITAL_SHARE = 0.2


@dataclass(slots=True)
class Place:
    """One place, and what is below it."""

    depth: int = 0
    seen: int = 0
    """Values, null among them."""
    nulls: int = 0
    kinds: "Counter[str]" = field(default_factory=Counter)
    """`bool`, `int`, `float`, `str`, `list`, `record`, `map`, `object`, `enum`, `other`; null is none of them."""
    forms: "Counter[Form]" = field(default_factory=Counter)
    """Of its texts."""
    values: "Counter[str]" = field(default_factory=Counter)
    """Texts and cases, while they are few."""
    open: bool = False
    """Whether they are not."""
    classes: "Counter[str]" = field(default_factory=Counter)
    """Of objects and enums."""
    written: dict[int | str, str] = field(default_factory=dict)
    """Properties that are not public, as PHP writes their names."""
    widths: "Counter[int]" = field(default_factory=Counter)
    """Digits of whole numbers, and of texts that are nothing else."""
    templates: "Counter[str]" = field(default_factory=Counter)
    """How times are written."""
    lengths: "Counter[int]" = field(default_factory=Counter)
    """Of lists."""
    keys: "dict[str, Place]" = field(default_factory=dict)
    """All keys of records: see `fields`."""
    records: int = 0
    item: "Place | None" = None
    """Of a list, or of a map by data."""

    def take(self, value: Any) -> None:
        """See one more value."""
        while isinstance(value, PhpReference):
            value = value.value
        self.seen += 1
        match value:
            case None:
                self.nulls += 1
            case bool():
                self.kinds["bool"] += 1
            case int():
                self.kinds["int"] += 1
                self.widths[len(str(abs(value)))] += 1
            case float() | Decimal():
                self.kinds["float"] += 1
            case str():
                self._text(value)
            case list():
                self.kinds["list"] += 1
                self.lengths[len(value)] += 1
                self._items(value)
            case dict():
                self._record(value)
            case PhpObject():
                self.kinds["object"] += 1
                self.classes[value.class_name] += 1
                self.written.update(value.written)
                self._fields(value.properties)
            case PhpEnum():
                self.kinds["enum"] += 1
                self.classes[value.class_name] += 1
                self._value(value.case)
            case _:
                self.kinds["other"] += 1

    @property
    def filled(self) -> int:
        """Values that are not null."""
        return self.seen - self.nulls

    @property
    def is_leaf(self) -> bool:
        """Whether only scalars were seen here."""
        return bool(self.kinds) and self.kinds.keys() <= {"bool", "int", "float", "str", "enum"}

    @property
    def fields(self) -> "Mapping[str, Place]":
        """Keys that are names of fields, in the order of their first occurrence."""
        named = self.kinds.keys() & {"object"}
        return {name: place for name, place in self.keys.items() if self._is_field(name, place, bool(named))}

    def always(self, place: "Place") -> bool:
        """Whether a field was there, and not null, in so many records that it may be asked for."""
        return self.records >= ENOUGH and place.filled == self.records

    def _is_field(self, name: str, place: "Place", of_class: bool) -> bool:  # noqa: FBT001  its one caller names it
        if sum(map(str.isdigit, name)) >= _MOST_DISTINCT_DIGITS:
            return False
        if of_class:
            return _PROPERTY.fullmatch(name) is not None
        if _SMALL.fullmatch(name):
            return self.records < ENOUGH or place.seen >= max(2, _SHARE * self.records)
        return bool(_CAPITAL.fullmatch(name)) and self.records >= ENOUGH and place.seen >= _CAPITAL_SHARE * self.records

    def _text(self, text: str) -> None:
        self.kinds["str"] += 1
        form = form_of(text)
        self.forms[form] += 1
        if form == "digits":
            self.widths[len(text)] += 1
        elif form == "time":
            self.templates[template_of(text)] += 1
        self._value(text)

    def _value(self, text: str) -> None:
        if self.open:
            return
        self.values[text] += 1
        if len(self.values) > FEW or len(text) > _LONGEST_WORD:
            self.values.clear()
            self.open = True

    def _items(self, values: Iterable[Any]) -> None:
        if self.depth >= _DEEPEST:
            return
        self.item = self.item or Place(self.depth + 1)
        for value in list(values)[:_ITEMS]:
            self.item.take(value)

    def _record(self, value: Mapping[Any, Any]) -> None:
        records = [frozenset(one) for one in value.values() if isinstance(one, dict)]
        by_data = not all(isinstance(name, str) for name in value) or (
            len(records) == len(value) > 1 and len(set(records)) == 1
        )
        if by_data:
            self.kinds["map"] += 1
            self._items(value.values())
        else:
            self.kinds["record"] += 1
            self._fields(value)

    def _fields(self, value: Mapping[Any, Any]) -> None:
        self.records += 1
        if self.depth >= _DEEPEST:
            return
        for name, one in value.items():
            place = self.keys.get(str(name))
            if place is None:
                if len(self.keys) >= _MOST_KEYS:
                    continue
                place = self.keys[str(name)] = Place(self.depth + 1)
            place.take(one)
