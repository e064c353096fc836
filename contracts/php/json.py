"""`json_encode` and `json_decode` as PHP 8.2 does them, byte for byte: signatures are made over this text.

Arrays: a Python `list` is a PHP list; a `dict` is a PHP array, so it is written as a list if its keys are 0, 1, 2 …
in this order, and an empty one as `[]`. What is an object in PHP is a `JsonObject` here and always has braces. Strings
are `str` (see `contracts.php.text`) or `bytes`; not valid UTF-8 is an error, as it is in PHP.

Python's json.dumps differs in nearly everything: slashes, U+007F, floats, spaces, empty arrays, NaN.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any, TypedDict, Unpack

from contracts.php.json_reader import DEPTH, JsonError, JsonErrorCode, array_key, json_decode
from contracts.php.number import INT_MAX, INT_MIN, float_repr, numeric_value
from contracts.php.text import from_bytes, is_utf8, to_bytes

__all__ = ["JsonError", "JsonErrorCode", "JsonObject", "JsonOptions", "json_decode", "json_encode"]

_END: Any = object()
_HEX = {
    "hex_tag": (("<", "\\u003C"), (">", "\\u003E")),
    "hex_amp": (("&", "\\u0026"),),
    "hex_apos": (("'", "\\u0027"),),
    "hex_quot": (('\\"', "\\u0022"),),
}


class JsonObject(dict[str, Any]):
    """An object's public properties: written with braces whatever its keys, `{}` if empty. PHP's `(object) [...]`."""


class JsonOptions(TypedDict, total=False):
    """PHP's JSON_* flags by their names; all are off by default."""

    unescaped_slashes: bool
    unescaped_unicode: bool
    unescaped_line_terminators: bool
    preserve_zero_fraction: bool
    pretty_print: bool
    force_object: bool
    numeric_check: bool
    hex_tag: bool
    hex_amp: bool
    hex_apos: bool
    hex_quot: bool


def json_encode(value: Any, *, depth: int = DEPTH, **options: Unpack[JsonOptions]) -> str:
    """`json_encode($value, $flags, $depth)`. Raises `JsonError` where PHP returns false.

    That is for text that is not UTF-8, infinite floats and NaN, more than `depth` nested arrays, and types that PHP
    does not have (Decimal, integers past 64 bits).
    """
    return _Writer(depth, options).write(value)


@dataclass(slots=True)
class _Open:
    """A list or object that is being written."""

    items: Iterator[Any]
    """Values of a list, pairs of an object."""
    is_object: bool
    separator: str
    """What comes before the next item."""
    between: str
    last: str


class _Writer:
    """Writes one value, without recursion."""

    def __init__(self, depth: int, options: JsonOptions) -> None:
        self._depth = depth
        self._zero_fraction = options.get("preserve_zero_fraction", False)
        self._pretty = options.get("pretty_print", False)
        self._colon = ": " if self._pretty else ":"
        self._force_object = options.get("force_object", False)
        self._numeric_check = options.get("numeric_check", False)
        self._quote: Callable[[str], str] = partial(_quote_by, options=options) if options else _quote

    def write(self, value: Any) -> str:
        pieces: list[str] = []
        stack: list[_Open] = []
        while True:
            if isinstance(value, str):
                pieces.append(self._text(value))
            elif isinstance(value, list | tuple | Mapping):
                stack.append(self._open(value, len(stack) + 1))
            else:
                pieces.append(self._scalar(value))
            while stack and (item := next(stack[-1].items, _END)) is _END:
                pieces.append(stack.pop().last)
            if not stack:
                return "".join(pieces)
            array = stack[-1]
            pieces.append(array.separator)
            array.separator = array.between
            if array.is_object:
                key, value = item
                pieces.append((self._quote(key) if isinstance(key, str) else f'"{key}"') + self._colon)
            else:
                value = item

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
        raise JsonError("unsupported_type")

    def _open(self, array: Any, level: int) -> _Open:
        if level > self._depth:
            raise JsonError("depth")
        items: Iterator[Any]
        if isinstance(array, Mapping):
            is_object = not self._is_list(array)
            items = iter(array.items() if is_object else array.values())
        else:
            is_object = self._force_object
            items = iter(enumerate(array) if is_object else array)
        first, last = "{}" if is_object else "[]"
        if not array:
            return _Open(iter(()), is_object, "", "", first + last)
        if not self._pretty:
            return _Open(items, is_object, first, ",", last)
        line = "\n" + "    " * level
        return _Open(items, is_object, first + line, "," + line, "\n" + "    " * (level - 1) + last)

    def _is_list(self, array: Mapping[Any, Any]) -> bool:
        if isinstance(array, JsonObject) or self._force_object:
            return False
        return all((key if isinstance(key, int) else array_key(key)) == index for index, key in enumerate(array))

    def _text(self, text: str) -> str:
        if self._numeric_check and (number := numeric_value(text)) is not None:
            if isinstance(number, int):
                return str(number)
            if math.isfinite(number):
                return self._float(number)
        return self._quote(text)

    def _float(self, value: float) -> str:
        if not math.isfinite(value):
            raise JsonError("inf_or_nan")
        return float_repr(value, zero_fraction=self._zero_fraction)


def _quote(text: str) -> str:
    """A JSON string by PHP's defaults: all but ASCII escaped, the slash too, U+007F not."""
    if not text.isascii():
        text = _valid(text)
    quoted = encode_basestring_ascii(text)
    if "/" in quoted:
        quoted = quoted.replace("/", "\\/")
    if "\x7f" in text:
        parts = (encode_basestring_ascii(part)[1:-1].replace("/", "\\/") for part in text.split("\x7f"))
        quoted = '"' + "\x7f".join(parts) + '"'
    return quoted


def _quote_by(text: str, options: JsonOptions) -> str:
    if options.get("unescaped_unicode"):
        quoted = encode_basestring(_valid(text))[1:-1].replace("/", "\\/")
        if not options.get("unescaped_line_terminators"):  # they end a line in old JavaScript
            quoted = quoted.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    else:
        quoted = _quote(text)[1:-1]
    if options.get("unescaped_slashes"):
        quoted = quoted.replace("\\/", "/")
    for option, replacements in _HEX.items():
        if options.get(option):
            for plain, escaped in replacements:
                quoted = quoted.replace(plain, escaped)
    return f'"{quoted}"'


def _valid(text: str) -> str:
    if not is_utf8(text):
        raise JsonError("utf8")
    return from_bytes(to_bytes(text))
