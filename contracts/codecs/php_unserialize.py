"""PHP's `unserialize`, for bytes from outside: reads what `serialize` of PHP 4 to 8.4 writes, and instantiates nothing.

What comes out is described in `contracts.php.value`. As in PHP 8.2, bytes after the value are ignored.

References (`r:` to an object, `R:` to any value) count the places of values in the text; as in PHP, a key that comes
twice is one place with two numbers, and a reference means what is there by then. They give the same Python value again.
Refused, though PHP can read it: a value that contains itself (nothing downstream could walk it), a reference behind a
`C:` body (only PHP with the class at hand can number the values there), and an integer past 64 bits. With
`references="keep"` the graph stays as it is: what `R:` shares is one `PhpReference`, values may contain themselves, and
`php_serialize` gives back the same bytes.

Lengths are checked against what is there before anything is allocated; references count as if written out, so that a
kilobyte of nested references cannot become a gigabyte; nothing recurses.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.php_token import Tokens
from contracts.codecs.php_usual import UNUSUAL, read_usual
from contracts.php.ordered_map import text_key
from contracts.php.text import to_bytes
from contracts.php.value import PhpEnum, PhpObject, PhpOpaque, PhpReference, PhpValue, lay_out

__all__ = ["DEFAULT_LIMITS", "PhpEnum", "PhpObject", "PhpOpaque", "PhpValue", "References", "php_unserialize"]

DEFAULT_LIMITS = Limits()

References = Literal["resolve", "keep"]

DEEPEST = 4096
"""PHP's unserialize_max_depth."""

_PENDING: Any = object()
"""Stands for a value that is still being read."""


def php_unserialize(
    data: bytes,
    limits: Limits = DEFAULT_LIMITS,
    *,
    references: References = "resolve",
    as_php: bool = False,
) -> PhpValue:
    """`unserialize($data)` as values of `contracts.php.value`. Raises `DecodeError` and nothing else.

    Args:
        data: what `serialize` wrote.
        limits: what may be spent on it.
        references: whether to replace references by what they refer to, or to keep them.
        as_php: be no stricter than PHP: take the nearest for an integer past 64 bits (PHP warns) instead of refusing
            it, and let references add nothing to the depth; past PHP's deepest, 4096, they are `too_large`.
    """
    if not data:
        raise DecodeError("empty")
    if len(data) > limits.max_bytes:
        raise DecodeError("too_large")
    text = data.decode("latin-1")
    value = read_usual(text, limits)
    if value is not UNUSUAL:
        return value  # type: ignore[no-any-return]
    return _Decoder(text, limits, keeps=references == "keep", as_php=as_php).decode()


@dataclass(slots=True, eq=False)
class _Open:
    """An array or object whose elements are being read; first of all, a place for the whole value."""

    start: int
    class_name: str | None
    borrowed: int
    """Bytes that the references before it stand for."""
    missing: int
    items: dict[int | str, Any] = field(default_factory=dict)
    key: int | str = 0
    height: int = 0
    spelled: dict[str, int | str] = field(default_factory=dict)
    """Of an object: 7 and "7" are one property, called as it was first."""
    done: Any = None
    """What it has become."""
    names: Mapping[int | str, int | str] = field(default_factory=dict)
    """Of an object that is done: what its properties are called there."""

    def share(self, key: int | str) -> PhpReference:
        """The cell that references to this place have in common."""
        value = self.items[key]
        if isinstance(value, PhpReference):
            return value
        cell = self.items[key] = PhpReference(value)
        if isinstance(self.done, list):
            self.done[key] = cell  # type: ignore[index]  # a list's keys are its positions
        elif isinstance(self.done, PhpObject):
            self.done.properties[self.names[key]] = cell
        return cell


class _Decoder:
    """Reads one value."""

    def __init__(self, text: str, limits: Limits, *, keeps: bool, as_php: bool) -> None:
        self._tokens = Tokens(text, saturate=as_php)
        self._limits = limits
        self._keeps = keeps
        self._as_php = as_php
        self._slots: list[tuple[_Open, int | str]] = []
        """Places by number, less one."""
        self._extents: dict[int, tuple[Any, int, int]] = {}
        """Arrays and objects by their ids, with their bytes, written out in full, and the levels in them."""
        self._borrowed = 0
        self._reliable_slots: int | None = None
        """Slots up to here are certainly numbered as PHP numbers them; None: all."""
        self._stack = [_Open(0, None, 0, missing=1)]
        self._elements = 0

    def decode(self) -> PhpValue:
        """The value. Raises DecodeError."""
        while True:
            parent = self._stack[-1]
            if parent.missing:
                parent.missing -= 1
                self._read(parent)
            elif len(self._stack) > 1:
                self._close()
            else:
                value = parent.items[0]
                return value.value if isinstance(value, PhpReference) else value  # type: ignore[no-any-return]

    def _close(self) -> None:
        tokens = self._tokens
        tokens.end()
        done = self._stack.pop()
        parent = self._stack[-1]
        value: Any = done.items
        if done.class_name is not None:
            value = self._object(done, parent.items[parent.key])
        elif all(key == index for index, key in enumerate(done.items)):
            value = list(done.items.values())
        done.done = value
        height = done.height + 1 if done.items or done.class_name is not None else 0
        parent.height = max(parent.height, height)
        held = parent.items[parent.key]
        if isinstance(held, PhpReference):  # something within refers to it
            held.value = value
            return
        parent.items[parent.key] = value
        if not self._keeps:
            extent_bytes = tokens.position - done.start + self._borrowed - done.borrowed
            self._extents[id(value)] = value, extent_bytes, height

    def _read(self, parent: _Open) -> None:
        """Reads the next value (and its key) into its place, or begins to."""
        tokens = self._tokens
        if len(self._stack) > 1:
            key = tokens.key()
            if parent.class_name is not None:
                parent.key = parent.spelled.setdefault(str(key), key)  # a property "7" is no element 7
            else:
                parent.key = text_key(key) if isinstance(key, str) else key
        start = tokens.position
        token = tokens.next()
        if token["reference"] != "R":
            self._slots.append((parent, parent.key))
        if token["reference"]:
            self._refer(parent, token, start)
        elif token["array"]:
            self._open(parent, int(token["array"]), start, None)
        elif token["named"] == "O":
            class_name = tokens.class_name(token, start)
            self._open(parent, tokens.count(), start, class_name)
        elif token["named"] == "E":
            parent.items[parent.key] = tokens.enum(token, start)
        elif token["named"] == "C":
            parent.items[parent.key] = value = tokens.opaque(token, start)
            if value.body and self._reliable_slots is None:  # values in there may have been numbered, too
                self._reliable_slots = len(self._slots)
        else:
            parent.items[parent.key] = tokens.scalar(token, start)

    def _open(self, parent: _Open, elements: int, start: int, class_name: str | None) -> None:
        if elements > len(self._tokens.text) - self._tokens.position:  # each takes several bytes
            raise DecodeError("truncated", start)
        self._elements += elements
        if self._elements > self._limits.max_elements:
            raise DecodeError("too_many_elements", start)
        is_level = elements > 0 or class_name is not None  # as in PHP, an empty array is none
        if is_level and len(self._stack) > self._limits.max_depth:
            raise DecodeError("too_deep", start)
        # Where references are kept, an object is there as soon as it has begun: what is in it may refer to it.
        early = class_name if self._keeps else None
        parent.items[parent.key] = _PENDING if early is None else PhpObject(early, {}, {})
        self._stack.append(_Open(start, class_name, self._borrowed, missing=elements))

    def _object(self, done: _Open, held: Any) -> PhpObject:
        class_name: str = done.class_name  # type: ignore[assignment]
        found = lay_out(class_name, tuple(done.items))
        if found is None:
            raise DecodeError("name", done.start)
        names, written = found
        properties = dict(zip(names, done.items.values(), strict=True))
        if not self._keeps:
            return PhpObject(class_name, properties, written)
        done.names = dict(zip(done.items, names, strict=True))
        value: PhpObject = held.value if isinstance(held, PhpReference) else held
        value.properties.update(properties)
        value.written = written
        return value

    def _refer(self, parent: _Open, token: re.Match[str], start: int) -> None:
        slot = int(token["slot"]) - 1
        if not 0 <= slot < len(self._slots) or (self._reliable_slots is not None and slot >= self._reliable_slots):
            raise DecodeError("reference", start)
        holder, key = self._slots[slot]
        if holder is parent and key == parent.key:  # to itself
            raise DecodeError("reference", start)
        if self._keeps and token["reference"] == "R":
            parent.items[parent.key] = holder.share(key)
            return
        value = holder.items[key]
        if isinstance(value, PhpReference):
            value = value.value
        if value is _PENDING:
            to_array = token["reference"] == "r" and (self._keeps or self._within(holder).class_name is None)
            raise DecodeError("reference" if to_array else "cycle", start)
        if token["reference"] == "r" and not isinstance(value, PhpObject | PhpEnum | PhpOpaque):
            raise DecodeError("reference", start)
        parent.items[parent.key] = value
        if not self._keeps:
            self._borrow(parent, value, start)

    def _within(self, holder: _Open) -> _Open:
        """What is being read in it."""
        return self._stack[self._stack.index(holder) + 1]

    def _borrow(self, parent: _Open, value: Any, start: int) -> None:
        _, extent_bytes, height = self._extents.get(id(value)) or (None, _scalar_bytes(value), 0)
        self._borrowed += extent_bytes
        if len(self._tokens.text) + self._borrowed > self._limits.max_bytes:
            raise DecodeError("too_large", start)
        deepest = DEEPEST if self._as_php else self._limits.max_depth
        if len(self._stack) - 1 + height > deepest:
            raise DecodeError("too_large" if self._as_php else "too_deep", start)
        parent.height = max(parent.height, height)


def _scalar_bytes(value: Any) -> int:
    if isinstance(value, PhpOpaque):
        return len(value.class_name) + len(value.body)
    return len(to_bytes(value)) if isinstance(value, str) else 16
