"""PHP values as Python holds them: what a decoder makes, and nothing that could run code of theirs.

| PHP | here |
| --- | --- |
| null, bool, int, float | the same |
| string | `str`, bytes that are not UTF-8 as in `contracts.php.text` |
| array | `list` if its keys are 0, 1, 2 … in order (so if empty), else `dict` with int and str keys |
| object | `PhpObject`; nothing of the class is known or loaded |
| reference (`&`) | what it refers to; `PhpReference` where a decoder is asked to keep them |
| enum case | `PhpEnum` (the case's name, not its backing value) |
| old Serializable (`C:`) | `PhpOpaque` with the bytes that the class wrote |
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

Visibility = Literal["public", "protected", "private"]

PHP_NAME = r"[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*"
"""Of a method, property or case, as a regular expression; PHP takes any byte from 0x80 on."""
PHP_CLASS = rf"\\?{PHP_NAME}(?:\\{PHP_NAME})*"
"""With its namespace, perhaps with a first backslash."""

_MANGLED = re.compile("\0([^\0]+)\0(.*)", re.DOTALL)


@dataclass(slots=True)  # not frozen: an object may contain itself, so it is there before what is in it
class PhpObject:
    """An object as it was written: its class's name and its properties, whatever their visibility, by plain name.

    Where a private property of a parent class has the same name as another one, it is under `Parent\\Class::name`. Keys
    are ints where the class wrote a list (`__serialize`).
    """

    class_name: str
    properties: dict[int | str, Any] = field(repr=False)  # values are personal: they stay out of logs and tracebacks
    written: Mapping[int | str, str] = field(default_factory=dict, repr=False, compare=False)
    r"""How PHP writes the names of those that are not public: `\0*\0name`, `\0Declaring\Class\0name`."""

    def visibility(self, name: int | str) -> Visibility:
        """Of a property, by its name here."""
        written = self.written.get(name)
        if written is None:
            return "public"
        return "protected" if written.startswith("\0*\0") else "private"

    def declared_in(self, name: int | str) -> str | None:
        """The class that a private property belongs to: the object's own, or one of its parents; else None."""
        written = self.written.get(name, "")
        match = _MANGLED.fullmatch(written)
        return None if match is None or match[1] == "*" else match[1]


@dataclass(frozen=True, slots=True)
class PhpEnum:
    """A case of an enum: its class's name and its own."""

    class_name: str
    case: str


@dataclass(frozen=True, slots=True)
class PhpOpaque:
    """An object that wrote itself in a way of its own (interface Serializable)."""

    class_name: str
    body: bytes = field(repr=False)


@dataclass(slots=True, eq=False)
class PhpReference:
    """What `&` shares: every place that holds this same cell is a reference to the one value in it."""

    value: Any = field(repr=False)


PhpValue = (
    None | bool | int | float | str | list[Any] | dict[int | str, Any] | PhpObject | PhpEnum | PhpOpaque | PhpReference
)


def std_class(properties: Mapping[Any, Any] = MappingProxyType({})) -> PhpObject:
    """`(object) $properties`: an object of no class of its own, all of whose properties are public."""
    return PhpObject("stdClass", dict(properties))


def type_name(value: Any) -> str:
    """What PHP's errors call the type of a value: `int`, `array`, an object's class."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case str() | bytes():
            return "string"
        case list() | tuple() | dict():
            return "array"
        case _:
            return str(getattr(value, "class_name", type(value).__name__))


Layout = tuple[tuple[int | str, ...], Mapping[int | str, str]]
"""Names of an object's properties, and how those are written that are not public."""


def lay_out(class_name: str, keys: tuple[int | str, ...]) -> Layout | None:
    r"""How the properties of an object are called here, in their order, and how PHP wrote them where that is different.

    Private ones are written as `\0Class\0name`, protected ones as `\0*\0name`. None if one of them has no name that PHP
    would have written, or two the same.
    """
    names: dict[int | str, int | str] = {}
    inherited: dict[int | str, tuple[str, str]] = {}
    for key in keys:
        names[key] = key
        if not isinstance(key, str) or not key.startswith("\0"):
            continue
        match = _MANGLED.fullmatch(key)
        if match is None:
            return None
        scope, name = match[1], match[2]
        if scope == "*" or scope.lower() == class_name.lower():
            names[key] = name
        else:
            inherited[key] = scope, name
    taken = {str(name) for key, name in names.items() if key not in inherited}  # 7 and "7" are one property
    for key, (scope, name) in inherited.items():
        chosen = f"{scope}::{name}" if name in taken else name
        names[key] = chosen
        taken.add(chosen)
    if len(taken) < len(names):
        return None
    return tuple(names.values()), {name: str(key) for key, name in names.items() if name != key}


layout = lru_cache(maxsize=1024)(lay_out)
"""The same, remembered: classes are few and their objects many. For objects of a size that classes have."""
