"""What `json_encode` does step by step, with all its flags; see `contracts.php.json`."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any, TypedDict

from contracts.php.error import UnknownValueError
from contracts.php.json_reader import JsonError, JsonErrorCode
from contracts.php.number import INT_MAX, INT_MIN, numeric_value, write_float
from contracts.php.ordered_map import as_value, text_key
from contracts.php.text import from_bytes, is_utf8, to_bytes
from contracts.php.utf8 import BROKEN_UTF_8, UTF_8
from contracts.php.value import PhpEnum, PhpObject, PhpOpaque

_END: Any = object()
_INVALID = re.compile(b"(" + UTF_8 + b")|" + BROKEN_UTF_8)
_HEX = {
    "hex_tag": (("<", "\\u003C"), (">", "\\u003E")),
    "hex_amp": (("&", "\\u0026"),),
    "hex_apos": (("'", "\\u0027"),),
    "hex_quot": (('\\"', "\\u0022"),),
}


class JsonOptions(TypedDict, total=False):
    """PHP's JSON_* flags by their names; all are off by default."""

    unescaped_slashes: bool
    unescaped_unicode: bool
    unescaped_line_terminators: bool
    preserve_zero_fraction: bool
    pretty_print: bool
    force_object: bool
    numeric_check: bool
    """Since 8.0, texts with whitespace behind the number are numbers, too."""
    hex_tag: bool
    hex_amp: bool
    hex_apos: bool
    hex_quot: bool
    invalid_utf8_ignore: bool
    """Since 7.2, as the next one."""
    invalid_utf8_substitute: bool
    partial_output_on_error: bool
    """Writes null, 0 or nothing for what cannot be written; nothing is raised, and nothing tells what was lost."""


def write(value: Any, depth: int, serialize_precision: int, options: JsonOptions) -> str:
    """One value as JSON. Raises JsonError, UnknownValueError."""
    return _Writer(depth, serialize_precision, options).write(value)


def public(instance: PhpObject) -> dict[int | str, Any]:
    """The properties that are public."""
    if not instance.written:
        return instance.properties
    return {name: value for name, value in instance.properties.items() if instance.visibility(name) == "public"}


@dataclass(slots=True)
class _Open:
    """A list or object that is being written."""

    source: Any
    items: Iterator[Any]
    """Values of a list, pairs of an object."""
    is_object: bool
    separator: str
    """What comes before the next item."""
    between: str
    last: str


class _Writer:
    """Writes one value, without recursion."""

    def __init__(self, depth: int, serialize_precision: int, options: JsonOptions) -> None:
        self._depth = depth
        self._precision = serialize_precision
        self._options = options
        self._partial = options.get("partial_output_on_error", False)
        self._pretty = options.get("pretty_print", False)
        self._colon = ": " if self._pretty else ":"
        self._force_object = options.get("force_object", False)
        self._numeric_check = options.get("numeric_check", False)

    def write(self, value: Any) -> str:
        pieces: list[str] = []
        stack: list[_Open] = []
        inside: set[int] = set()
        while True:
            if isinstance(value, str):
                pieces.append(self._text(value))
            elif not isinstance(value, list | tuple | Mapping | PhpObject):
                pieces.append(self._scalar(value))
            elif id(value) in inside:
                pieces.append(self._fail("recursion", "null"))
            else:
                stack.append(self._open(value, len(stack) + 1))
                inside.add(id(value))
            while stack and (item := next(stack[-1].items, _END)) is _END:
                closed = stack.pop()
                inside.remove(id(closed.source))
                pieces.append(closed.last)
            if not stack:
                return "".join(pieces)
            array = stack[-1]
            pieces.append(array.separator)
            array.separator = array.between
            if array.is_object:
                key, value = item
                pieces.append(self._key(key) + self._colon)
            else:
                value = item

    def _fail(self, code: JsonErrorCode, instead: str) -> str:
        if not self._partial:
            raise JsonError(code)
        return instead

    def _scalar(self, value: Any) -> str:
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int) and INT_MIN <= value <= INT_MAX:
            return int.__repr__(value)
        if isinstance(value, float):
            return self._float(value)
        if isinstance(value, bytes):
            return self._text(from_bytes(value))
        if isinstance(value, PhpEnum | PhpOpaque):
            raise UnknownValueError("json_encode", value.class_name)
        return self._fail("unsupported_type", "null")

    def _open(self, array: Any, level: int) -> _Open:
        is_object, items = self._contents(array)
        first, last = "{}" if is_object else "[]"
        if level > self._depth:
            self._fail("depth", "")
        if not items:
            return _Open(array, iter(()), is_object, "", "", first + last)
        found = iter(items.items() if isinstance(items, Mapping) else enumerate(items) if is_object else items)
        if not self._pretty:
            return _Open(array, found, is_object, first, ",", last)
        line = "\n" + "    " * level
        return _Open(array, found, is_object, first + line, "," + line, "\n" + "    " * (level - 1) + last)

    def _contents(self, array: Any) -> tuple[bool, Any]:
        """Whether it has braces, and its values, by key if they are in a mapping."""
        if isinstance(array, PhpObject):
            return True, public(array)
        if isinstance(array, Mapping):
            array = as_value({_normal(key): item for key, item in array.items()})
        return self._force_object or isinstance(array, Mapping), array

    def _key(self, key: int | str) -> str:
        if not isinstance(key, str):
            return f'"{key}"'
        text = self._valid(key)
        return self._fail("utf8", '""') if text is None else quote(text, self._options)

    def _text(self, text: str) -> str:
        if self._numeric_check and (number := numeric_value(text)) is not None:
            if isinstance(number, int):
                return str(number)
            if math.isfinite(number):
                return self._float(number)
        valid = self._valid(text)
        return self._fail("utf8", "null") if valid is None else quote(valid, self._options)

    def _valid(self, text: str) -> str | None:
        """The text if it is UTF-8, or what the options make of it; else None."""
        if text.isascii():
            return text
        if is_utf8(text):
            return from_bytes(to_bytes(text))
        ignored = self._options.get("invalid_utf8_ignore")
        if not (ignored or self._options.get("invalid_utf8_substitute")):
            return None
        instead = b"" if ignored else b"\xef\xbf\xbd"
        return _INVALID.sub(lambda match: match[1] or instead, to_bytes(text)).decode()

    def _float(self, value: float) -> str:
        if not math.isfinite(value):
            return self._fail("inf_or_nan", "0")
        zero_fraction = self._options.get("preserve_zero_fraction", False)
        return write_float(value, self._precision, e="e", zero_fraction=zero_fraction)


def quote(text: str, options: JsonOptions) -> str:
    """A JSON string of a text that is UTF-8. By PHP's defaults, all but ASCII is escaped, the slash too, U+007F not."""
    if options.get("unescaped_unicode"):
        quoted = encode_basestring(text)[1:-1]
        if not options.get("unescaped_line_terminators"):  # they end a line in old JavaScript
            quoted = quoted.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    else:
        quoted = "\x7f".join(encode_basestring_ascii(part)[1:-1] for part in text.split("\x7f"))
    if not options.get("unescaped_slashes"):
        quoted = quoted.replace("/", "\\/")
    for option, replacements in _HEX.items():
        if options.get(option):
            for plain, escaped in replacements:
                quoted = quoted.replace(plain, escaped)
    return f'"{quoted}"'


def _normal(key: Any) -> Any:
    return text_key(key) if isinstance(key, str) and key.isascii() else key
