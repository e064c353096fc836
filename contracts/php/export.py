"""`var_export`: a value as PHP source code. Caches, configuration and snapshots of legacy code are made of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from contracts.php.error import UnknownValueError
from contracts.php.number import INT_MIN, float_repr, general_text
from contracts.php.runtime import PhpRuntime
from contracts.php.value import PhpEnum, PhpObject, PhpOpaque, PhpValue

_END: Any = object()


def var_export(value: PhpValue, *, runtime: PhpRuntime) -> str:
    r"""`var_export($value, true)`; nothing is printed. Python's `repr` has no form in common with it.

    Floats always have a point (`1.0`), the smallest int is a difference, NUL bytes are concatenated (`'' . "\0" . ''`),
    objects of stdClass are cast arrays, others calls of `\Class::__set_state`, enum cases their constants. Known since
    PHP 7.3. Raises UnknownValueError for a `PhpOpaque`, UnknownRuleError.
    """
    runtime.must_know("var_export", since=(7, 3))
    pieces: list[str] = []
    stack: list[_Open] = []
    while True:
        indent = "  " * len(stack)
        if isinstance(value, list | dict | PhpObject):
            opened = _open(value, len(stack) + 1)
            pieces.append((f"\n{indent}" if stack else "") + opened.first)
            stack.append(opened)
        elif isinstance(value, PhpEnum):
            pieces.append((f"\n{indent}" if stack else "") + f"\\{value.class_name}::{value.case}")
        else:
            pieces.append(_scalar(value, runtime.serialize_precision))
        if stack and value is not stack[-1].source:
            pieces.append(",\n")
        while stack and (item := next(stack[-1].items, _END)) is _END:
            pieces.append(stack.pop().last)
            if stack:
                pieces.append(",\n")
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


def _open(value: list[Any] | dict[int | str, Any] | PhpObject, level: int) -> _Open:
    outside = "  " * (level - 1)
    if not isinstance(value, PhpObject):
        items = iter(value.items() if isinstance(value, dict) else enumerate(value))
        return _Open(value, items, "array (\n", f"{outside})", "  " * level)
    is_plain = value.class_name == "stdClass"
    first = "(object) array(\n" if is_plain else f"\\{value.class_name}::__set_state(array(\n"
    last = outside + (")" if is_plain else "))")
    return _Open(value, iter(value.properties.items()), first, last, "  " * level + " ")


def _key(key: int | str, *, is_property: bool) -> str:
    if isinstance(key, int):
        return str(key)
    return f"'{_escaped(key)}'" if is_property else _text(key)


def _scalar(value: Any, serialize_precision: int) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int():
            return f"{INT_MIN + 1}-1" if value == INT_MIN else str(value)
        case float():
            return _float(value, serialize_precision)
        case str():
            return _text(value)
        case PhpOpaque():
            raise UnknownValueError("var_export", value.class_name)
        case _:
            raise TypeError("not a PHP value")


def _float(value: float, serialize_precision: int) -> str:
    if serialize_precision == -1 or value - value != 0:  # infinite, or no number
        return float_repr(value, e="E", zero_fraction=True)
    text = general_text(value, max(1, serialize_precision), e="E")
    return text if "." in text else f"{text}.0"


def _text(text: str) -> str:
    return "'" + _escaped(text).replace("\0", "' . \"\\0\" . '") + "'"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
