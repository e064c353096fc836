"""PHP's `unserialize`, for bytes from outside: reads what `serialize` of PHP 4 to 8.2 writes, and instantiates nothing.

What comes out is described in `contracts.php.value`.

References (`r:` to an object, `R:` to any value) give the same Python value again. As in PHP 8.2, bytes after the value
are ignored. Refused, though PHP can read it: a value that contains itself (nothing downstream could walk it), a
reference behind a `C:` body or a repeated key (only PHP with the class at hand can number the values there), and an
integer past 64 bits.

Lengths are checked against what is there before anything is allocated; references count as if written out, so that a
kilobyte of nested references cannot become a gigabyte; nothing recurses.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from contracts.codecs.error import DecodeError, DecodeErrorCode, Limits
from contracts.php.json_reader import array_key
from contracts.php.number import INT_MAX, INT_MIN
from contracts.php.text import from_bytes
from contracts.php.value import PhpEnum, PhpObject, PhpOpaque, PhpValue, demangle

__all__ = ["DEFAULT_LIMITS", "PhpEnum", "PhpObject", "PhpOpaque", "PhpValue", "php_unserialize"]

DEFAULT_LIMITS = Limits()

_TOKEN = re.compile(
    rb"(?P<null>N;)"
    rb"|b:(?P<bool>[01]);"
    rb"|i:(?P<int>[+-]?[0-9]++);"
    rb"|d:(?P<float>NAN|-?INF|[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?);"
    rb"|(?P<string>[sS]):(?P<string_length>[0-9]{1,19}):\""
    rb"|a:(?P<array>[0-9]{1,19}):\{"
    rb"|(?P<named>[OCE]):(?P<name_length>[0-9]{1,19}):\""
    rb"|(?P<reference>[rR]):(?P<slot>[0-9]{1,19});"
)
_COUNT = re.compile(rb":([0-9]{1,19}):\{")
_UNFINISHED = re.compile(rb"[A-Za-z](?::[-+.0-9A-Za-z]{0,400}(?::\"?)?)?\Z|:(?:[0-9]{1,19}:?)?\Z")
_CLASS_NAME = re.compile(rb"[A-Za-z0-9_\x80-\xff][A-Za-z0-9_\x80-\xff\\]*")
_ENUM_CASE = re.compile(rb"([A-Za-z0-9_\x80-\xff][A-Za-z0-9_\x80-\xff\\]*):([A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)")
_HEX_PAIR = re.compile(rb"[0-9A-Fa-f]{2}")


def php_unserialize(data: bytes, limits: Limits = DEFAULT_LIMITS) -> PhpValue:
    """`unserialize($data)` as values of this module. Raises `DecodeError` and nothing else."""
    if not data:
        raise DecodeError("empty")
    if len(data) > limits.max_bytes:
        raise DecodeError("too_large")
    return _Decoder(data, limits).decode()


@dataclass(frozen=True, slots=True)
class _Slot:
    """A value that references can point to."""

    value: PhpValue
    size: int
    """Bytes, written out in full."""
    height: int
    """Levels of arrays and objects in it; 0 for a scalar."""


@dataclass(slots=True)
class _Open:
    """An array or object whose elements are being read."""

    start: int
    slot: int
    missing: int
    class_name: str | None
    items: dict[int | str, Any] = field(default_factory=dict)
    key: int | str = 0
    borrowed: int = 0
    """Bytes that its references stand for."""
    height: int = 0


class _Decoder:
    def __init__(self, data: bytes, limits: Limits) -> None:
        self._data = data
        self._limits = limits
        self._position = 0
        self._slots: list[_Slot | None] = []
        """None while the value is being read."""
        self._reliable_slots: int | None = None
        """Slots up to here are certainly numbered as PHP numbers them; None: all."""
        self._stack: list[_Open] = []
        self._elements = 0
        self._written_out = len(data)

    def decode(self) -> PhpValue:
        while True:
            finished = self._close() if self._stack and not self._stack[-1].missing else self._value()
            if finished is None:  # something was opened
                continue
            if not self._stack:
                return finished.value
            self._put(finished)

    def _put(self, finished: _Slot) -> None:
        parent = self._stack[-1]
        if parent.key in parent.items:  # the last value wins, but what does a reference to the first one mean?
            self._reliable_slots = 0
        parent.items[parent.key] = finished.value
        parent.height = max(parent.height, finished.height)
        parent.missing -= 1

    def _close(self) -> _Slot:
        if self._data[self._position : self._position + 1] != b"}":
            raise self._error("syntax")
        self._position += 1
        done = self._stack.pop()
        value: PhpValue
        if done.class_name is not None:
            value = _php_object(done.class_name, done)
        elif all(key == index for index, key in enumerate(done.items)):
            value = list(done.items.values())
        else:
            value = done.items
        slot = _Slot(value, self._position - done.start + done.borrowed, done.height + 1)
        self._slots[done.slot] = slot
        if self._stack:
            self._stack[-1].borrowed += done.borrowed
        return slot

    def _value(self) -> _Slot | None:
        """Reads the next value (and its key, within an array); None if it is one that has elements to be read first."""
        if self._stack:
            self._stack[-1].key = self._key()
        start = self._position
        token = self._token()
        if token["reference"]:
            return self._reference(token, start)
        slot = len(self._slots)
        self._slots.append(None)
        if token["array"]:
            self._open(int(token["array"]), start, slot, None)
            return None
        if token["named"]:
            name = self._quoted(int(token["name_length"]))
            if token["named"] == b"O":
                self._open_object(name, start, slot)
                return None
            value: PhpValue = self._enum(name, start) if token["named"] == b"E" else self._opaque(name, start, slot)
        else:
            value = self._scalar(token, start)
        finished = _Slot(value, self._position - start, 0)
        self._slots[slot] = finished
        return finished

    def _token(self) -> re.Match[bytes]:
        token = _TOKEN.match(self._data, self._position)
        if token is None:
            raise self._error("syntax")
        self._position = token.end()
        return token

    def _key(self) -> int | str:
        start = self._position
        token = self._token()
        if token["int"]:
            return self._integer(token["int"], start)
        if token["string"]:
            key = self._string(token)
            return array_key(key) if self._stack[-1].class_name is None else key  # a property "7" is no element 7
        self._position = start
        raise self._error("syntax")

    def _scalar(self, token: re.Match[bytes], start: int) -> PhpValue:
        if token["string"]:
            return self._string(token)
        if token["int"]:
            return self._integer(token["int"], start)
        if token["float"]:
            return float(token["float"])
        return None if token["null"] else token["bool"] == b"1"

    def _integer(self, digits: bytes, start: int) -> int:
        if len(digits) > 400 or not INT_MIN <= (number := int(digits)) <= INT_MAX:
            raise DecodeError("number", start)
        return number

    def _string(self, token: re.Match[bytes]) -> str:
        length = int(token["string_length"])
        data = self._quoted(length, b'";') if token["string"] == b"s" else self._escaped(length)
        return from_bytes(data)

    def _quoted(self, length: int, end: bytes = b'"') -> bytes:
        """So many bytes, and what must come after them."""
        start = self._position
        stop = start + length
        if stop + len(end) > len(self._data):
            raise DecodeError("truncated", start)
        if not self._data.startswith(end, stop):
            raise DecodeError("syntax", stop)
        self._position = stop + len(end)
        return self._data[start:stop]

    def _escaped(self, length: int) -> bytes:
        r"""The old `S:` form: every byte may be written as `\` and two hexadecimal digits."""
        start = self._position
        if start + length + 2 > len(self._data):
            raise DecodeError("truncated", start)
        text = bytearray()
        position = start
        while len(text) < length:
            if position >= len(self._data):
                raise DecodeError("truncated", start)
            if self._data[position] != 0x5C:
                text.append(self._data[position])
                position += 1
                continue
            pair = _HEX_PAIR.match(self._data, position + 1)
            if pair is None:
                raise DecodeError("syntax", position)
            text.append(int(pair[0], 16))
            position = pair.end()
        self._position = position
        self._quoted(0, b'";')
        return bytes(text)

    def _open(self, elements: int, start: int, slot: int, class_name: str | None) -> None:
        if elements > len(self._data) - self._position:  # each takes several bytes
            raise DecodeError("truncated", start)
        self._elements += elements
        if self._elements > self._limits.max_elements:
            raise DecodeError("too_many_elements", start)
        if len(self._stack) >= self._limits.max_depth:
            raise DecodeError("too_deep", start)
        self._stack.append(_Open(start, slot, elements, class_name))

    def _open_object(self, name: bytes, start: int, slot: int) -> None:
        class_name = self._class_name(name, start)
        count = _COUNT.match(self._data, self._position)
        if count is None:
            raise self._error("syntax")
        self._position = count.end()
        self._open(int(count[1]), start, slot, class_name)

    def _opaque(self, name: bytes, start: int, slot: int) -> PhpOpaque:
        class_name = self._class_name(name, start)
        count = _COUNT.match(self._data, self._position)
        if count is None:
            raise self._error("syntax")
        self._position = count.end()
        body = self._quoted(int(count[1]), b"}")
        if body and self._reliable_slots is None:  # values in there may have been numbered, too
            self._reliable_slots = slot + 1
        return PhpOpaque(class_name, body)

    def _enum(self, name: bytes, start: int) -> PhpEnum:
        match = _ENUM_CASE.fullmatch(name)
        if match is None:
            raise DecodeError("name", start)
        self._quoted(0, b";")
        return PhpEnum(from_bytes(match[1]), from_bytes(match[2]))

    def _class_name(self, name: bytes, start: int) -> str:
        if not _CLASS_NAME.fullmatch(name):
            raise DecodeError("name", start)
        return from_bytes(name)

    def _reference(self, token: re.Match[bytes], start: int) -> _Slot:
        number = int(token["slot"])
        if not 1 <= number <= len(self._slots):
            raise DecodeError("reference", start)
        if self._reliable_slots is not None and number > self._reliable_slots:
            raise DecodeError("reference", start)
        target = self._slots[number - 1]
        if target is None:
            raise DecodeError("cycle", start)
        if token["reference"] == b"r":
            if not isinstance(target.value, PhpObject | PhpEnum | PhpOpaque):
                raise DecodeError("reference", start)
            self._slots.append(target)
        self._written_out += target.size
        if self._written_out > self._limits.max_bytes:
            raise DecodeError("too_large", start)
        if len(self._stack) + target.height > self._limits.max_depth:
            raise DecodeError("too_deep", start)
        if self._stack:
            self._stack[-1].borrowed += target.size
        return target

    def _error(self, code: DecodeErrorCode) -> DecodeError:
        """Nothing that PHP writes is here; if the data ends here, it may have been cut off."""
        rest = self._data[self._position : self._position + 500]
        if not rest or _UNFINISHED.match(rest):
            return DecodeError("truncated", self._position)
        return DecodeError(code, self._position)


def _php_object(class_name: str, done: _Open) -> PhpObject:
    properties = demangle(class_name, done.items)
    if properties is None:
        raise DecodeError("name", done.start)
    return PhpObject(class_name, properties)
