"""`json_decode` of PHP: what it reads, what it refuses, and where.

Python's own decoder is used as long as it cannot disagree; a text with anything on which the two differ (an integer
past 64 bits, a lone surrogate, a key like "7", 512 levels, whatever is not JSON) takes a slower way that follows PHP's
scanner and grammar. Differences: PHP turns too long integers into floats, makes int keys of int-like ones, and refuses
NaN, lone surrogates and 512 nested arrays.

JSON arrays become `list`. Objects become PHP arrays, so int-like keys are ints, and `{"0":"x"}` and `{}` are lists (as
which they are written again); or `PhpObject`s of class stdClass. Of a key that is given twice the last value stays, at
the first one's place. Measured on 8.2 and 8.4.
"""

import json
import re
from typing import Any, Literal, TypedDict, Unpack

from contracts.php.error import PhpError, PhpValueError
from contracts.php.number import INT_MAX, INT_MIN
from contracts.php.ordered_map import as_value, text_key
from contracts.php.text import from_bytes, to_bytes
from contracts.php.utf8 import UTF_8
from contracts.php.value import PhpObject, std_class

JsonErrorCode = Literal[
    "depth", "state_mismatch", "control_character", "syntax", "utf8", "utf16", "recursion", "inf_or_nan",
    "unsupported_type", "invalid_property_name",
]  # fmt: skip
"""PHP's json_last_error(), JSON_ERROR_DEPTH and so on."""

DEPTH = 512
_DEEPEST = 2**31 - 1

_TOKEN = re.compile(
    rb"(?P<punctuation>[{}\[\]:,])|(?P<quote>\")|(?P<literal>null|true|false)"
    rb"|(?P<integer>-?(?:0|[1-9][0-9]*))(?P<float>(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
)
_SPACE = re.compile(rb"[ \t\r\n]*")
_PIECE = (
    rb"[\x20\x21\x23-\x5B\x5D-\x7F]|" + UTF_8 + rb"|\\(?:[\"\\/bfnrt]|u(?:"
    rb"[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?:[0-9a-cA-CeEfF][0-9a-fA-F]|[dD][0-7])[0-9a-fA-F]{2}"
    rb"))"
)
_STRING = re.compile(b"(?:" + _PIECE + b")*+")
_LENIENT_STRING = re.compile(b"(?:" + _PIECE + rb"|[\x80-\xFF])*+")
_INVALID_BYTE = re.compile("[\udc80-\udcff]")
_MULTIBYTE = re.compile(UTF_8)
_ESCAPED_UNIT = re.compile(rb"\\u[0-9a-fA-F]{4}")
_AFTER_VALUE, _AFTER_ROOT = ", or end", "end of text"
_LITERALS = {b"null": None, b"true": True, b"false": False}

# Both may find more than there is, never less: then the slower decoder gives the same answer.
_SUSPECT_KEY = re.compile(r'"[-\\0-9][-\\0-9dDu]*+"[ \t\r\n]*:|\{[ \t\r\n]*\}')  # "7", also if written "\u0037"; {}
_LONG_INTEGER = re.compile(r"[0-9]{19}")
_BACKSLASH_OR_PAIR = re.compile(r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class JsonError(PhpError, ValueError):
    """PHP's json functions would have failed: says why and where, never with what text.

    PHP returns false or null then, and throws JsonException only with JSON_THROW_ON_ERROR (since 7.3).
    """

    php_class = "JsonException"

    def __init__(self, code: JsonErrorCode, position: int | None = None) -> None:
        """`position`: offset in bytes of what cannot be read; None when writing."""
        super().__init__(code if position is None else f"{code} at byte {position}")
        self.code = code
        self.position = position


class ReadOptions(TypedDict, total=False):
    """PHP's JSON_* flags for json_decode, by their names; all are off by default."""

    bigint_as_string: bool
    """Keeps integers past 64 bits as text, where they would become floats."""
    invalid_utf8_ignore: bool
    """Since 7.2, as the next one."""
    invalid_utf8_substitute: bool


def json_decode(
    text: str | bytes, *, depth: int = DEPTH, associative: bool = True, **options: Unpack[ReadOptions]
) -> Any:
    """`json_decode($text, $associative, $depth, $flags)`; `associative` is what PHP calls null or false by default.

    Raises `JsonError` where PHP's json_last_error() is not 0, and PhpValueError for a depth that PHP refuses (before
    8.0 it warned, and gave null). `depth` is one more than there may be arrays and objects within each other.
    """
    data = to_bytes(text) if isinstance(text, str) else text
    if data and not 0 < depth <= _DEEPEST:
        limit = "greater than 0" if depth <= 0 else f"less than {_DEEPEST}"
        raise PhpValueError(f"json_decode(): Argument #3 ($depth) must be {limit}")
    value = _decode(data, depth, associative=associative) if not options.get("bigint_as_string") else _UNDECIDED
    return _Reader(data, depth, associative=associative, options=options).read() if value is _UNDECIDED else value


def _decode(data: bytes, depth: int, *, associative: bool) -> Any:
    """By Python's decoder, where it surely agrees with PHP."""
    try:
        text = data.decode()
        if _SURROGATE.search(text) and _SURROGATE.search(_BACKSLASH_OR_PAIR.sub(" ", text)):
            return _UNDECIDED
        may_be_deep = text.count("[") + text.count("{") >= depth
        careful = may_be_deep or _SUSPECT_KEY.search(text) or _LONG_INTEGER.search(text)
        decoder = (_CAREFUL if careful else _PLAIN) if associative else _OBJECTS
        value = decoder.decode(text)
    except (ValueError, RecursionError):
        return _UNDECIDED
    if may_be_deep and _is_nested(value, depth):
        return _UNDECIDED
    return value


def _is_nested(value: object, levels: int) -> bool:
    layer: list[Any] = [value]
    for _ in range(levels):
        layer = [container for container in layer if isinstance(container, list | dict | PhpObject)]
        if not layer:
            return False
        layer = [item for container in layer for item in _items(container)]
    return True


def _items(container: Any) -> Any:
    if isinstance(container, PhpObject):
        return container.properties.values()
    return container.values() if isinstance(container, dict) else container


def _integer(digits: str) -> int | float | str:
    if len(digits) > 20:  # also keeps Python from refusing to read thousands of digits
        return float(digits)
    number = int(digits)
    return number if INT_MIN <= number <= INT_MAX else float(digits)


def _integer_or_text(digits: str) -> int | str:
    number = _integer(digits)
    return number if isinstance(number, int) else digits


def _refuse(_name: str) -> None:
    raise ValueError("NaN and Infinity are no JSON")


def _array(pairs: list[tuple[str, Any]]) -> list[Any] | dict[int | str, Any]:
    return as_value({text_key(key): value for key, value in _unique(pairs).items()})


def _object(pairs: list[tuple[str, Any]]) -> PhpObject:
    if any(key.startswith("\0") for key, _ in pairs):
        raise ValueError("no name of a property")
    return std_class(_unique(pairs))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Raises ValueError for a key that is given twice: what it held first may have been nested too deeply."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a repeated key")
    return found


_UNDECIDED = object()
_PLAIN = json.JSONDecoder(parse_constant=_refuse)
_CAREFUL = json.JSONDecoder(
    parse_constant=_refuse,
    parse_int=_integer,
    object_pairs_hook=_array,
)
_OBJECTS = json.JSONDecoder(parse_constant=_refuse, parse_int=_integer, object_pairs_hook=_object)


class _Reader:
    """PHP's scanner and grammar (json_scanner.re, json_parser.y), without recursion."""

    def __init__(
        self, data: bytes, depth: int, *, associative: bool = True, options: ReadOptions | None = None
    ) -> None:
        options = options or {}
        self._data = data
        self._depth = depth
        self._associative = associative
        self._integer = _integer_or_text if options.get("bigint_as_string") else _integer
        self._invalid = (
            "\ufffd" if options.get("invalid_utf8_substitute") else "" if options.get("invalid_utf8_ignore") else None
        )
        """What invalid bytes in strings become; None if they are an error."""
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
            if kind == "value" and "value" in self._expected:
                self._put(start, value)
            elif kind in ("[", "{") and "value" in self._expected:
                self._enter(start, kind)
            elif kind == "value" and isinstance(value, str) and "key" in self._expected and self._is_quoted(start):
                self._key, self._expected = text_key(value) if self._associative else value, ":"
            elif kind in (":", ",") and kind in self._expected:
                self._expected = "value" if kind == ":" or isinstance(self._container, list) else "key"
            elif kind in ("]", "}") and "end" in self._expected and self._open:
                if (kind == "]") != isinstance(self._container, list):
                    raise JsonError("state_mismatch", start)
                closed = self._container
                self._container, self._key = self._open.pop()
                if isinstance(closed, dict):
                    closed = as_value(closed) if self._associative else std_class(closed)
                self._put(start, closed)
            elif kind == "end" and self._expected == _AFTER_ROOT:
                return self._root[0]
            else:
                raise JsonError("syntax", start)

    def _is_quoted(self, start: int) -> bool:
        return self._data[start] == 0x22  # an integer may be a string, too

    def _enter(self, start: int, kind: str) -> None:
        if len(self._open) + 1 >= self._depth:
            raise JsonError("depth", start)
        self._open.append((self._container, self._key))
        self._container = [] if kind == "[" else {}
        self._expected = "value or end" if kind == "[" else "key or end"

    def _put(self, start: int, value: Any) -> None:
        if isinstance(self._container, list):
            self._container.append(value)
        elif not self._associative and str(self._key).startswith("\0"):
            raise JsonError("invalid_property_name", start)
        else:
            self._container[self._key] = value
        self._expected = _AFTER_VALUE if self._open else _AFTER_ROOT

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
            return start, token["punctuation"].decode(), None
        return start, "value", self._string() if token["quote"] else self._scalar(token)

    def _scalar(self, token: re.Match[bytes]) -> Any:
        if token["literal"]:
            return _LITERALS[token["literal"]]
        return float(token[0]) if token["float"] else self._integer(token["integer"].decode())

    def _string(self) -> str:
        start = self._position
        pattern = _STRING if self._invalid is None else _LENIENT_STRING
        end = pattern.match(self._data, start).end()  # type: ignore[union-attr]  # matches the empty string too
        if self._data[end : end + 1] != b'"':
            raise JsonError(self._string_error(end), end)
        self._position = end + 1
        text = from_bytes(self._data[start:end])
        if self._invalid is not None:
            text = _INVALID_BYTE.sub(self._invalid, text)
        return json.decoder.scanstring(f'{text}"', 0)[0] if "\\" in text else text  # type: ignore[attr-defined]

    def _string_error(self, position: int) -> JsonErrorCode:
        byte = self._data[position : position + 1]
        if byte < b"\x20":  # also the end of the text: PHP sees its terminating NUL there
            return "control_character"
        if byte == b"\\":
            return "utf16" if _ESCAPED_UNIT.match(self._data, position) else "syntax"
        return "utf8"
