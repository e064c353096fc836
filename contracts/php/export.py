"""`var_export`: a value as PHP source code. Caches, configuration and snapshots of legacy code are made of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from contracts.php.error import UnknownValueError
from contracts.php.number import INT_MIN, write_float
from contracts.php.runtime import PhpRuntime
from contracts.php.value import PhpEnum, PhpObject, PhpOpaque, PhpValue

_END: Any = object()


def var_export(value: PhpValue, *, runtime: PhpRuntime) -> str:
    r"""`var_export($value, true)`; nothing is printed. Python's `repr` has no form in common with it.

    Floats always have a point (`1.0`), the smallest int is a difference, NUL bytes are concatenated (`'' . "\0" . ''`),
    objects of stdClass are cast arrays, others calls of `\Class::__set_state`, enum cases their constants (both without
    the first backslash before 8.2); what is within itself is NULL there, and PHP warns. Known since PHP 7.3. Raises
    UnknownValueError for a `PhpOpaque`, UnknownRuleError.
    """
    runtime.must_know("var_export", since=(7, 3))
    pieces: list[str] = []
    stack: list[_Open] = []
    inside: set[int] = set()
    while True:
        line = f"\n{'  ' * len(stack)}" if stack else ""
        if isinstance(value, list | dict | PhpObject) and id(value) not in inside:
            stack.append(_open(value, len(stack) + 1, runtime))
            inside.add(id(value))
            pieces.append(line + stack[-1].first)
        else:
            shown = "NULL" if id(value) in inside else _scalar(value, runtime)
            pieces.append((line if isinstance(value, PhpEnum) else "") + shown + (",\n" if stack else ""))
        while stack and (item := next(stack[-1].items, _END)) is _END:
            closed = stack.pop()
            inside.remove(id(closed.source))
            pieces.append(closed.last + (",\n" if stack else ""))
        if not stack:
            return "".join(pieces)
        key, value = item
        pieces.append(f"{stack[-1].indent}{_key(key, is_property=isinstance(stack[-1].source, PhpObject))} => ")


@dataclass(frozen=True, slots=True)
class _Open:
    """An array or object that is being written."""

    source: Any
    items: Iterator[tuple[int | str, Any]]
    first: str
    last: str
    indent: str


def _open(value: list[Any] | dict[int | str, Any] | PhpObject, level: int, runtime: PhpRuntime) -> _Open:
    outside = "  " * (level - 1)
    if not isinstance(value, PhpObject):
        items = iter(value.items() if isinstance(value, dict) else enumerate(value))
        return _Open(value, items, "array (\n", f"{outside})", "  " * level)
    is_plain = value.class_name == "stdClass"
    first = "(object) array(\n" if is_plain else f"{_class(value.class_name, runtime)}::__set_state(array(\n"
    last = outside + (")" if is_plain else "))")
    return _Open(value, iter(value.properties.items()), first, last, "  " * level + " ")


def _class(name: str, runtime: PhpRuntime) -> str:
    return f"\\{name}" if runtime.since(8, 2) else name


def _key(key: int | str, *, is_property: bool) -> str:
    if isinstance(key, int):
        return str(key)
    return f"'{_escaped(key)}'" if is_property else _text(key)


def _scalar(value: Any, runtime: PhpRuntime) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int():
            return f"{INT_MIN + 1}-1" if value == INT_MIN else str(value)
        case float():
            return write_float(value, runtime.serialize_precision or 1, zero_fraction=True)
        case str():
            return _text(value)
        case PhpEnum():
            return f"{_class(value.class_name, runtime)}::{value.case}"
        case PhpOpaque():
            raise UnknownValueError("var_export", value.class_name)
        case _:
            raise TypeError("not a PHP value")


def _text(text: str) -> str:
    return "'" + _escaped(text).replace("\0", "' . \"\\0\" . '") + "'"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
