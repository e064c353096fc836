"""Invented values: of the kind, form and width that were seen, and of nobody. No value of a corpus leaves through here.

The only exceptions are closed sets: words of a status, cases of an enum, which stand in the contract as well.
"""

import base64
from typing import TYPE_CHECKING, Any
from zlib import crc32

from contracts.php.value import PhpEnum, PhpObject
from ops.scaffold.design import Design
from ops.scaffold.meaning import is_closed_set, meaning_of
from ops.scaffold.place import Place

if TYPE_CHECKING:
    from collections import Counter

_MOMENT = "20240115102030000000000100"
"""Digits that a time is filled with, in their order."""
_DATES = ("DateTime", "DateTimeImmutable")
_DIGEST = base64.b64encode(bytes(32)).decode()


class Invention:
    """One invented message of a type."""

    def __init__(self, design: Design, number: int, *, whole: bool) -> None:
        """Args: number: from 1 on; each has ids of its own. whole: with every field that was seen, or the fewest."""
        self._design = design
        self._whole = whole
        self._stem = crc32(design.naming.type.encode())
        self._number = number

    @property
    def id(self) -> str:
        """Its identity."""
        place = self._design.body.fields.get(self._design.identity.name)
        return (
            f"{self._design.naming.module.replace('_', '-')}-first-{self._number}"
            if place is None
            else self._key(place)
        )

    def body(self) -> dict[str, Any]:
        """Its fields."""
        return self._record(self._design.body, top=True)

    def _record(self, record: Place, *, top: bool = False) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, place in record.fields.items():
            key = top and name in (self._design.identity.name, self._design.business_key.name)
            if place.seen < record.records and not self._whole and not key:
                continue
            found[name] = self._key(place) if key else self._value(name, place)
        return found

    def _key(self, place: Place) -> Any:
        if place.forms["uuid"]:
            return f"{self._stem:08x}-0000-4000-8000-{self._number:012}"
        text = f"{self._stem % 10**6 + 10**6}{self._number:02}"
        return int(text) if place.kinds.keys() == {"int"} else text

    def _value(self, name: str, place: Place) -> Any:
        if not place.kinds or (place.nulls and not self._whole):
            return None
        kind = _most(place.kinds)
        match kind:
            case "bool":
                return True
            case "int":
                return self._int(name, place)
            case "float":
                return 12.5
            case "str":
                return self._text(name, place)
            case "list":
                return self._list(name, place)
            case "record":
                return self._record(place)
            case "object":
                return self._object(place)
            case "enum":
                return PhpEnum(_most(place.classes), min(place.values)) if place.values else None
        return {} if kind == "map" else None

    def _int(self, name: str, place: Place) -> int:
        width = _most(place.widths)
        if meaning_of(name, place) == "id":
            return int(self._key(place))
        return int("17" + "0" * (width - 2)) if width >= 10 else min(12, 10**width - 1)

    def _text(self, name: str, place: Place) -> str:
        if is_closed_set(name, place):
            return min(place.values)
        if meaning_of(name, place, self._design.known) == "constant":
            return next(iter(place.values))
        form = _most(place.forms)
        match form:
            case "empty":
                return ""
            case "uuid":
                return f"{self._stem:08x}-0000-4000-8000-{self._number:012}"
            case "digest":
                return _DIGEST
            case "digits":
                width = _most(place.widths)
                return "1".ljust(width, "0")
            case "number" | "money":
                return "12.50"
            case "time":
                return _filled(_most(place.templates))
            case "currency":
                return "EUR"
            case "word":
                return "Invented"
        return "Invented text"

    def _list(self, name: str, place: Place) -> list[Any]:
        if place.item is None or not place.item.seen or (0 in place.lengths and not self._whole):
            return []
        return [self._value(name, place.item)]

    def _object(self, place: Place) -> PhpObject:
        class_name = _most(place.classes)
        properties: dict[int | str, Any] = dict(self._record(place).items())
        if class_name in _DATES:
            properties = {"date": "2024-01-15 10:20:30.000000", "timezone_type": 3, "timezone": "UTC"}
        return PhpObject(
            class_name, properties, {name: place.written[name] for name in properties if name in place.written}
        )


def _most(seen: "Counter[Any]") -> Any:
    """The most frequent; the same one of several that are as frequent."""
    return max(seen, key=lambda one: (seen[one], str(one)))


def _filled(template: str) -> str:
    if template.startswith("99:"):
        return "10:20:30"
    digits = iter(_MOMENT)
    return "".join(next(digits, "0") if character == "9" else character for character in template)
