"""`json_decode($text, true)` of PHP 8.2: what it reads, what it refuses, and where.

Python's own decoder is used as long as it cannot disagree; a text with anything on which the two differ (an integer
past 64 bits, a lone surrogate, a key like "7", 512 levels, whatever is not JSON) takes a slower way that follows PHP's
scanner and grammar. Differences: PHP turns too long integers into floats, makes int keys of int-like ones, and refuses
NaN, lone surrogates and 512 nested arrays.

JSON arrays become `list`, objects `dict` whose int-like keys are ints (so that `contracts.php.json.json_encode` writes
them as PHP would: `{"0":"x"}` comes back as `["x"]`, `{}` as `[]`). Of a key that is given twice the last value stays,
at the first one's place.
"""

import json
import re
from typing import Any, Literal

from contracts.php.number import INT_MAX, INT_MIN
from contracts.php.text import to_bytes

JsonErrorCode = Literal[
    "depth", "state_mismatch", "control_character", "syntax", "utf8", "utf16", "inf_or_nan", "unsupported_type"
]
"""PHP's json_last_error(), JSON_ERROR_DEPTH and so on."""

DEPTH = 512

_TOKEN = re.compile(
    rb"(?P<punctuation>[{}\[\]:,])|(?P<quote>\")|(?P<literal>null|true|false)"
    rb"|(?P<integer>-?(?:0|[1-9][0-9]*))(?P<float>(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
)
_SPACE = re.compile(rb"[ \t\r\n]*")
_CHARACTER = (
    rb"[\xC2-\xDF][\x80-\xBF]|\xE0[\xA0-\xBF][\x80-\xBF]|[\xE1-\xEC\xEE\xEF][\x80-\xBF]{2}|\xED[\x80-\x9F][\x80-\xBF]"
    rb"|\xF0[\x90-\xBF][\x80-\xBF]{2}|[\xF1-\xF3][\x80-\xBF]{3}|\xF4[\x80-\x8F][\x80-\xBF]{2}"
)
_STRING = re.compile(
    rb"(?:[\x20\x21\x23-\x5B\x5D-\x7F]|" + _CHARACTER + rb"|\\(?:[\"\\/bfnrt]|u(?:"
    rb"[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?:[0-9a-cA-CeEfF][0-9a-fA-F]|[dD][0-7])[0-9a-fA-F]{2}"
    rb")))*+"
)
_MULTIBYTE = re.compile(_CHARACTER)
_ESCAPED_UNIT = re.compile(rb"\\u[0-9a-fA-F]{4}")
_AFTER_VALUE, _AFTER_ROOT = ", or end", "end of text"
_LITERALS = {b"null": None, b"true": True, b"false": False}

_INT_LIKE = re.compile(r"0|-?[1-9][0-9]{0,18}")
# Both may find more than there is, never less: then the slower decoder gives the same answer.
_SUSPECT_KEY = re.compile(r'"[-\\0-9][-\\0-9dDu]*+"[ \t\r\n]*:')  # "7", also if written "\u0037"
_LONG_INTEGER = re.compile(r"[0-9]{19}")
_BACKSLASH_OR_PAIR = re.compile(r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class JsonError(ValueError):
    """PHP's json functions would have failed. Says why and where, never with what text."""

    def __init__(self, code: JsonErrorCode, position: int | None = None) -> None:
        """`position`: offset in bytes of what cannot be read; None when writing."""
        super().__init__(code if position is None else f"{code} at byte {position}")
        self.code = code
        self.position = position


def json_decode(text: str | bytes, *, depth: int = DEPTH) -> Any:
    """`json_decode($text, true, $depth)`; raises `JsonError` where PHP's json_last_error() is not 0."""
    data = to_bytes(text) if isinstance(text, str) else text
    value = _decode(data, depth)
    return _Reader(data, depth).read() if value is _UNDECIDED else value


def array_key(key: str) -> int | str:
    """The key under which a PHP array holds this string: an int if it is written as PHP would write that int."""
    if _INT_LIKE.fullmatch(key) and INT_MIN <= (number := int(key)) <= INT_MAX:
        return number
    return key


def _decode(data: bytes, depth: int) -> Any:
    """By Python's decoder, where it surely agrees with PHP."""
    try:
        text = data.decode()
        if _SURROGATE.search(text) and _SURROGATE.search(_BACKSLASH_OR_PAIR.sub(" ", text)):
            return _UNDECIDED
        careful = _SUSPECT_KEY.search(text) or _LONG_INTEGER.search(text)
        value = (_CAREFUL if careful else _PLAIN).decode(text)
    except (ValueError, RecursionError):
        return _UNDECIDED
    if text.count("[") + text.count("{") >= depth and _is_nested(value, depth):
        return _UNDECIDED
    return value


def _is_nested(value: object, levels: int) -> bool:
    layer: list[Any] = [value]
    for _ in range(levels):
        layer = [container for container in layer if isinstance(container, list | dict)]
        if not layer:
            return False
        layer = [item for array in layer for item in (array.values() if isinstance(array, dict) else array)]
    return True


def _integer(digits: str) -> int | float:
    if len(digits) > 20:  # also keeps Python from refusing to read thousands of digits
        return float(digits)
    number = int(digits)
    return number if INT_MIN <= number <= INT_MAX else float(digits)


def _refuse(_name: str) -> None:
    raise ValueError("NaN and Infinity are no JSON")


_UNDECIDED = object()
_PLAIN = json.JSONDecoder(parse_constant=_refuse)
_CAREFUL = json.JSONDecoder(
    parse_constant=_refuse,
    parse_int=_integer,
    object_pairs_hook=lambda pairs: {array_key(key): value for key, value in pairs},
)


def _scalar(token: re.Match[bytes]) -> Any:
    if token["literal"]:
        return _LITERALS[token["literal"]]
    return float(token[0]) if token["float"] else _integer(token["integer"].decode())


class _Reader:
    """PHP's scanner and grammar (json_scanner.re, json_parser.y), without recursion."""

    def __init__(self, data: bytes, depth: int) -> None:
        self._data = data
        self._depth = depth
        self._position = 0
        self._root: list[Any] = []
        self._container: Any = self._root
        self._key: int | str = 0
        self._open: list[tuple[Any, int | str]] = []
        """What encloses the container that is being read, and the key that was in use there."""
        self._expected = "value"

    def read(self) -> Any:
        while True:
            start, kind, value = self._token()
            if kind in ("value", "[", "{") and "value" in self._expected:
                self._put(start, kind, value)
            elif kind == "value" and isinstance(value, str) and "key" in self._expected:
                self._key, self._expected = array_key(value), ":"
            elif kind in (":", ",") and kind in self._expected:
                self._expected = "value" if kind == ":" or isinstance(self._container, list) else "key"
            elif kind in ("]", "}") and "end" in self._expected and self._open:
                if (kind == "]") != isinstance(self._container, list):
                    raise JsonError("state_mismatch", start)
                self._container, self._key = self._open.pop()
                self._expected = _AFTER_VALUE if self._open else _AFTER_ROOT
            elif kind == "end" and self._expected == _AFTER_ROOT:
                return self._root[0]
            else:
                raise JsonError("syntax", start)

    def _put(self, start: int, kind: str, value: Any) -> None:
        if kind != "value" and len(self._open) + 1 >= self._depth:
            raise JsonError("depth", start)
        if isinstance(self._container, list):
            self._container.append(value)
        else:
            self._container[self._key] = value
        if kind == "value":
            self._expected = _AFTER_VALUE if self._open else _AFTER_ROOT
        else:
            self._open.append((self._container, self._key))
            self._container = value
            self._expected = "value or end" if kind == "[" else "key or end"

    def _token(self) -> tuple[int, str, Any]:
        """Position, kind ("value", "end" or the punctuation itself) and value of the next token."""
        start = _SPACE.match(self._data, self._position).end()  # type: ignore[union-attr]  # matches the empty string too
        if start == len(self._data):
            return start, "end", None
        token = _TOKEN.match(self._data, start)
        if token is None:
            if self._data[start] < 0x20:
                raise JsonError("control_character", start)
            is_character = self._data[start] < 0x80 or _MULTIBYTE.match(self._data, start)
            raise JsonError("syntax" if is_character else "utf8", start)
        self._position = token.end()
        if token["punctuation"]:
            kind = token["punctuation"].decode()
            return start, kind, [] if kind == "[" else {}
        return start, "value", self._string() if token["quote"] else _scalar(token)

    def _string(self) -> str:
        start = self._position
        end = _STRING.match(self._data, start).end()  # type: ignore[union-attr]  # matches the empty string too
        if self._data[end : end + 1] != b'"':
            raise JsonError(self._string_error(end), end)
        self._position = end + 1
        text = self._data[start:end].decode()
        return json.decoder.scanstring(f'{text}"', 0)[0] if "\\" in text else text  # type: ignore[attr-defined]

    def _string_error(self, position: int) -> JsonErrorCode:
        byte = self._data[position : position + 1]
        if byte < b"\x20":  # also the end of the text: PHP sees its terminating NUL there
            return "control_character"
        if byte == b"\\":
            return "utf16" if _ESCAPED_UNIT.match(self._data, position) else "syntax"
        return "utf8"
