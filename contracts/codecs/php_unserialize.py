"""PHP's `unserialize`, for bytes from outside: reads what `serialize` of PHP 4 to 8.4 writes, and instantiates nothing.

What comes out is described in `contracts.php.value`. As in PHP 8.2, bytes after the value are ignored.

References (`r:` to an object, `R:` to any value) give the same Python value again. Refused, though PHP can read it: a
value that contains itself (nothing downstream could walk it), a reference behind a `C:` body or a repeated key (only
PHP with the class at hand can number the values there), and an integer past 64 bits. With `references="keep"` the
graph stays as it is: what `R:` shares is one `PhpReference`, values may contain themselves, and `php_serialize` gives
back the same bytes.

Lengths are checked against what is there before anything is allocated; references count as if written out, so that a
kilobyte of nested references cannot become a gigabyte; nothing recurses.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.php_token import Tokens
from contracts.codecs.php_usual import UNUSUAL, read_usual
from contracts.php.json_reader import array_key
from contracts.php.text import to_bytes
from contracts.php.value import PhpEnum, PhpObject, PhpOpaque, PhpReference, PhpValue, lay_out

__all__ = ["DEFAULT_LIMITS", "PhpEnum", "PhpObject", "PhpOpaque", "PhpValue", "References", "php_unserialize"]

DEFAULT_LIMITS = Limits()

References = Literal["resolve", "keep"]

_PENDING: Any = object()
"""Stands for a value that is still being read."""


def php_unserialize(
    data: bytes,
    limits: Limits = DEFAULT_LIMITS,
    *,
    references: References = "resolve",
    saturate: bool = False,
) -> PhpValue:
    """`unserialize($data)` as values of `contracts.php.value`. Raises `DecodeError` and nothing else.

    Args:
        data: what `serialize` wrote.
        limits: what may be spent on it.
        references: whether to replace references by what they refer to, or to keep them.
        saturate: take the nearest for an integer past 64 bits, as PHP does (and warns), instead of refusing it.
    """
    if not data:
        raise DecodeError("empty")
    if len(data) > limits.max_bytes:
        raise DecodeError("too_large")
    text = data.decode("latin-1")
    value = read_usual(text, limits)
    if value is not UNUSUAL:
        return value  # type: ignore[no-any-return]
    if references == "resolve":
        return _Decoder(text, limits, saturate=saturate).decode()
    scout = _Decoder(text, limits, saturate=saturate, cells={})
    value = scout.decode()
    if not scout.referred:
        return value
    cells = {slot: PhpReference(None) for slot in scout.referred}
    return _Decoder(text, limits, saturate=saturate, cells=cells).decode()


@dataclass(slots=True)
class _Open:
    """An array or object whose elements are being read; first of all, a place for the whole value."""

    start: int
    slot: int
    count: int
    class_name: str | None
    borrowed: int
    """Bytes that the references before it stand for."""
    missing: int
    items: dict[int | str, Any] = field(default_factory=dict)
    key: int | str = 0
    height: int = 0

    @property
    def repeats(self) -> bool:
        """Whether a key came twice: the last value wins, but what would a reference to the first one mean?"""
        return len(self.items) + self.missing != self.count


class _Decoder:
    """Reads one value. With `cells` (references by slot) it keeps references, and notes to which slots they refer."""

    def __init__(
        self, text: str, limits: Limits, *, saturate: bool, cells: dict[int, PhpReference] | None = None
    ) -> None:
        self._tokens = Tokens(text, saturate=saturate)
        self._limits = limits
        self._cells = cells
        self.referred: set[int] = set()
        """Slots that `R:` refers to."""
        self._slots: list[Any] = []
        self._extents: dict[int, tuple[int, int]] = {}
        """Of arrays and objects by slot: bytes, written out in full, and levels of arrays and objects in it."""
        self._borrowed = 0
        self._reliable_slots: int | None = None
        """Slots up to here are certainly numbered as PHP numbers them; None: all."""
        self._stack = [_Open(0, -1, 1, None, 0, missing=1)]
        self._elements = 0

    def decode(self) -> PhpValue:
        """The value. Raises DecodeError."""
        while True:
            parent = self._stack[-1]
            if parent.missing:
                value = self._value(parent)
                if value is _PENDING:
                    continue
            elif len(self._stack) > 1:
                value = self._close()
                parent = self._stack[-1]
            else:
                value = parent.items[0]
                return value.value if isinstance(value, PhpReference) else value  # type: ignore[no-any-return]
            parent.items[parent.key] = value
            parent.missing -= 1

    def _close(self) -> Any:
        tokens = self._tokens
        tokens.end()
        done = self._stack.pop()
        if done.repeats:
            self._reliable_slots = 0
        value: Any = done.items
        if done.class_name is not None:
            value = self._object(done.class_name, done)
        elif all(key == index for index, key in enumerate(done.items)):
            value = list(done.items.values())
        extent_bytes = tokens.position - done.start + self._borrowed - done.borrowed
        self._extents[done.slot] = extent_bytes, done.height + 1
        self._stack[-1].height = max(self._stack[-1].height, done.height + 1)
        self._slots[done.slot] = value
        return self._shared(done.slot, value)

    def _value(self, parent: _Open) -> Any:
        """Reads the next value (and its key); `_PENDING` if it is one that has elements to be read first."""
        tokens, slot = self._tokens, len(self._slots)
        if len(self._stack) > 1:
            key = tokens.key()
            is_element = parent.class_name is None and isinstance(key, str)
            parent.key = array_key(key) if is_element else key  # type: ignore[arg-type]  # a property "7" is no element 7
        start = tokens.position
        token = tokens.next()
        if token["reference"]:
            return self._reference(token, start)
        value: Any = _PENDING
        if token["array"]:
            self._open(int(token["array"]), start, None)
        elif token["named"] == "O":
            class_name = tokens.class_name(token, start)
            self._open(tokens.count(), start, class_name)
        elif token["named"] == "E":
            value = tokens.enum(token, start)
        elif token["named"] == "C":
            value = tokens.opaque(token, start)
            if value.body and self._reliable_slots is None:  # values in there may have been numbered, too
                self._reliable_slots = slot + 1
        else:
            value = tokens.scalar(token, start)
        if value is _PENDING:
            return value
        self._slots.append(value)
        return self._shared(slot, value)

    def _open(self, elements: int, start: int, class_name: str | None) -> None:
        if elements > len(self._tokens.text) - self._tokens.position:  # each takes several bytes
            raise DecodeError("truncated", start)
        self._elements += elements
        if self._elements > self._limits.max_elements:
            raise DecodeError("too_many_elements", start)
        if len(self._stack) > self._limits.max_depth:
            raise DecodeError("too_deep", start)
        if self._stack[-1].repeats:
            self._reliable_slots = 0
        self._stack.append(_Open(start, len(self._slots), elements, class_name, self._borrowed, missing=elements))
        # Where references are kept, an object is there as soon as it has begun: what is in it may refer to it.
        early = class_name is not None and self._cells is not None
        self._slots.append(PhpObject(class_name, {}, {}) if early else _PENDING)  # type: ignore[arg-type]

    def _object(self, class_name: str, done: _Open) -> PhpObject:
        found = lay_out(class_name, tuple(done.items))
        if found is None:
            raise DecodeError("name", done.start)
        names, written = found
        properties = dict(zip(names, done.items.values(), strict=True))
        if self._cells is None:
            return PhpObject(class_name, properties, written)
        value = self._slots[done.slot]
        value.properties.update(properties)
        value.written = written
        return value  # type: ignore[no-any-return]

    def _reference(self, token: re.Match[str], start: int) -> Any:
        slots, slot, parent = self._slots, int(token["slot"]) - 1, self._stack[-1]
        if parent.repeats:
            self._reliable_slots = 0
        if not 0 <= slot < len(slots) or (self._reliable_slots is not None and slot >= self._reliable_slots):
            raise DecodeError("reference", start)
        value = slots[slot]
        if self._cells is not None and token["reference"] == "R":
            self.referred.add(slot)
            return self._cells.get(slot)
        if value is _PENDING:
            is_array = any(one.slot == slot and one.class_name is None for one in self._stack)
            raise DecodeError("reference" if is_array and token["reference"] == "r" else "cycle", start)
        extent = self._extents.get(slot) or (_scalar_bytes(value), 0)
        if token["reference"] == "r":
            if not isinstance(value, PhpObject | PhpEnum | PhpOpaque):
                raise DecodeError("reference", start)
            self._extents[len(slots)] = extent
            slots.append(value)
            if self._cells is not None:
                return self._shared(len(slots) - 1, value)
        extent_bytes, height = extent
        self._borrowed += extent_bytes
        if len(self._tokens.text) + self._borrowed > self._limits.max_bytes:
            raise DecodeError("too_large", start)
        if len(self._stack) - 1 + height > self._limits.max_depth:
            raise DecodeError("too_deep", start)
        parent.height = max(parent.height, height)
        return value

    def _shared(self, slot: int, value: Any) -> Any:
        """The value as it is put into its place: a reference, if others refer to that."""
        if not self._cells or slot not in self._cells:
            return value
        cell = self._cells[slot]
        cell.value = value
        return cell


def _scalar_bytes(value: Any) -> int:
    if isinstance(value, PhpOpaque):
        return len(value.class_name) + len(value.body)
    return len(to_bytes(value)) if isinstance(value, str) else 16
