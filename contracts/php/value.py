"""PHP values as Python holds them: what a decoder makes, and nothing that could run code of theirs.

| PHP | here |
| --- | --- |
| null, bool, int, float | the same |
| string | `str`, bytes that are not UTF-8 as in `contracts.php.text` |
| array | `list` if its keys are 0, 1, 2 … in order (so if empty), else `dict` with int and str keys |
| object | `PhpObject`; nothing of the class is known or loaded |
| enum case | `PhpEnum` (the case's name, not its backing value) |
| old Serializable (`C:`) | `PhpOpaque` with the bytes that the class wrote |
"""

import re
from dataclasses import dataclass, field
from typing import Any

_MANGLED = re.compile("\0([^\0]+)\0(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PhpObject:
    """An object as it was written: its class's name and its properties, whatever their visibility, by plain name.

    Where a private property of a parent class has the same name as another one, it is under `Parent\\Class::name`. Keys
    are ints where the class wrote a list (`__serialize`).
    """

    class_name: str
    properties: dict[int | str, Any] = field(repr=False)  # values are personal: they stay out of logs and tracebacks


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


PhpValue = None | bool | int | float | str | list[Any] | dict[int | str, Any] | PhpObject | PhpEnum | PhpOpaque


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


def demangle(class_name: str, items: dict[int | str, Any]) -> dict[int | str, Any] | None:
    r"""Properties by plain name; None if one of them has no name that PHP would have written.

    Private ones are written as `\0Class\0name`, protected ones as `\0*\0name`.
    """
    if not any(isinstance(key, str) and key.startswith("\0") for key in items):
        return items
    properties: dict[int | str, Any] = {}
    inherited: list[tuple[str, str, Any]] = []
    for key, value in items.items():
        if not isinstance(key, str) or not key.startswith("\0"):
            properties[key] = value
            continue
        match = _MANGLED.fullmatch(key)
        if match is None:
            return None
        scope, name = match[1], match[2]
        if scope == "*" or scope.lower() == class_name.lower():
            properties[name] = value
        else:
            inherited.append((scope, name, value))
    for scope, name, value in inherited:
        properties[f"{scope}::{name}" if name in properties else name] = value
    return properties
