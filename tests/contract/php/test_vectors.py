"""Replays calls of PHP functions with what PHP 8.2 answered, traced while php-src's own tests ran (see README.md).

Every call of a function that we have is replayed. What is left out is left out by one of `EXCLUSIONS`, for its reason,
and what remains is counted: a rule that began to swallow more would be noticed.
"""

import base64
import gzip
import json
import math
import re
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from enum import IntFlag
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_type_hints

import pytest

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.php_unserialize import PhpEnum, PhpObject, PhpOpaque, php_unserialize
from contracts.php import date, number, printf, text
from contracts.php.compare import loose_equals
from contracts.php.json import JsonError, JsonObject, JsonOptions, json_decode, json_encode

VECTORS = Path(__file__).parent / "vectors.jsonl.gz"
LIMITS = Limits(max_bytes=64 * 1024 * 1024, max_depth=4096, max_elements=1_000_000)


class Thrown:
    """Stands for an exception, PHP's or ours."""


class Unreadable:
    """Stands for a value that holds itself, which the decoder refuses."""


@dataclass(frozen=True)
class Vector:
    line: int
    test: str
    function: str
    arguments: Any
    expected: Any
    zone: str


def _read(blob: str) -> Any:
    try:
        return php_unserialize(base64.b64decode(blob), LIMITS)
    except DecodeError as error:
        if error.code in ("cycle", "reference"):
            return Unreadable()
        raise


@cache
def vectors() -> tuple[Vector, ...]:
    with gzip.open(VECTORS, "rt") as lines:
        calls = [json.loads(line) for line in lines]
    return tuple(
        Vector(
            line=position,
            test=call["t"],
            function=call["f"],
            arguments=_read(call["a"]),
            expected=_read(call["r"]) if "r" in call else False if call["f"] == "unserialize" else Thrown(),
            zone=call.get("tz", "UTC"),
        )
        for position, call in enumerate(calls, 1)
    )


# How each function is called here. Vectors were not made with strict_types: scalars are cast as PHP casts them.


def _text(value: Any) -> str:
    return number.to_text(value)


def _bytes(value: Any) -> bytes:
    return text.to_bytes(number.to_text(value))


def _number(value: Any) -> int | float:
    return (number.numeric_value(value) or 0) if isinstance(value, str) else value


def _number_format(value: Any, decimals: Any = 0, point: Any = ".", separator: Any = ",") -> str:
    return number.number_format(
        number.to_float(value),
        number.to_int(decimals),
        "." if point is None else _text(point),
        "," if separator is None else _text(separator),
    )


def _json_encode(value: Any, flags: int = 0, depth: int = 512) -> Any:
    names = get_type_hints(JsonOptions).keys()
    options = cast("JsonOptions", {name: True for name in names if flags & getattr(JsonFlag, name.upper())})
    try:
        return json_encode(_public(value), depth=depth, **options)
    except JsonError:
        return Thrown() if flags & JsonFlag.THROW_ON_ERROR else False


class JsonFlag(IntFlag):
    HEX_TAG = 1
    HEX_AMP = 2
    HEX_APOS = 4
    HEX_QUOT = 8
    FORCE_OBJECT = 16
    NUMERIC_CHECK = 32
    UNESCAPED_SLASHES = 64
    PRETTY_PRINT = 128
    UNESCAPED_UNICODE = 256
    PARTIAL_OUTPUT_ON_ERROR = 512
    PRESERVE_ZERO_FRACTION = 1024
    UNESCAPED_LINE_TERMINATORS = 2048
    INVALID_UTF8_IGNORE = 1 << 20
    INVALID_UTF8_SUBSTITUTE = 1 << 21
    THROW_ON_ERROR = 1 << 22


def _public(value: Any) -> Any:
    """An argument as json_encode takes it here; objects of stdClass have public properties only."""
    if isinstance(value, PhpObject):
        return JsonObject({str(key): _public(item) for key, item in value.properties.items()})
    if isinstance(value, list):
        return [_public(item) for item in value]
    return {key: _public(item) for key, item in value.items()} if isinstance(value, dict) else value


def _json_decode(source: Any, associative: Any = None, depth: int = 512, flags: int = 0) -> Any:
    try:
        value = json_decode(_bytes(source), depth=depth)
    except JsonError:
        return Thrown() if flags & JsonFlag.THROW_ON_ERROR else None
    is_array = associative or (associative is None and flags & 1)
    return _as_arrays(value) if is_array else _as_objects(value)


def _as_arrays(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_arrays(item) for item in value]
    if isinstance(value, dict):
        items = {key: _as_arrays(item) for key, item in value.items()}
        return list(items.values()) if list(items) == list(range(len(items))) else items
    return value


def _as_objects(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_objects(item) for item in value]
    if isinstance(value, dict):
        return PhpObject("stdClass", {key: _as_objects(item) for key, item in value.items()})
    return value


def _unserialize(data: Any) -> Any:
    try:
        return php_unserialize(_bytes(data), LIMITS)
    except DecodeError:
        return False


def _search(needle: Any, haystack: Any, strict: Any = None) -> Any:
    equals = _same if strict else loose_equals
    return next((key for key, value in _items(haystack) if equals(value, needle)), False)


def _items(array: Any) -> Any:
    return array.items() if isinstance(array, dict) else enumerate(array)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "addslashes": lambda data: text.from_bytes(text.addslashes(_bytes(data))),
    "array_search": _search,
    "base64_decode": lambda data, _strict=None: text.from_bytes(text.base64_decode(_bytes(data))),
    "date": lambda pattern, timestamp: date.PhpDateTime(timestamp, ZONE.get()).format(pattern),
    "gmdate": lambda pattern, timestamp: date.PhpDateTime(timestamp).format(pattern),
    "in_array": lambda *arguments: _search(*arguments) is not False,
    "json_decode": _json_decode,
    "json_encode": _json_encode,
    "ltrim": lambda *arguments: text.ltrim(*map(_text, arguments)),
    "number_format": _number_format,
    "round": lambda value, places=0: number.php_round(_number(value), number.to_int(places)),
    "rtrim": lambda *arguments: text.rtrim(*map(_text, arguments)),
    "sprintf": lambda pattern, *arguments: printf.sprintf(_text(pattern), *arguments),
    "str_pad": lambda source, length, pad=" ", side=1: text.str_pad(
        _text(source), number.to_int(length), _text(pad), SIDES[side]
    ),
    "stripslashes": lambda data: text.from_bytes(text.stripslashes(_bytes(data))),
    "strlen": lambda source: text.strlen(_text(source)),
    "strtolower": lambda source: text.strtolower(_text(source)),
    "strtotime": lambda source, _base=None: date.parse(source, ZONE.get()).timestamp,
    "strval": _text,
    "substr": lambda source, offset, length=None: text.substr(
        _text(source), number.to_int(offset), None if length is None else number.to_int(length)
    ),
    "trim": lambda *arguments: text.trim(*map(_text, arguments)),
    "ucwords": lambda *arguments: text.ucwords(*map(_text, arguments)),
    "unserialize": _unserialize,
    "vsprintf": lambda pattern, arguments: printf.sprintf(_text(pattern), *(value for _, value in _items(arguments))),
}
SIDES: tuple[Literal["left", "right", "both"], ...] = ("left", "right", "both")
ZONE: ContextVar[str] = ContextVar("ZONE", default="UTC")
"""The default time zone of the call."""

# What is not replayed, and why


def _holds_objects(value: Any) -> bool:
    if isinstance(value, PhpObject):
        return value.class_name != "stdClass" or any(map(_holds_objects, value.properties.values()))
    if isinstance(value, list | dict):
        return any(_holds_objects(item) for _, item in _items(value))
    return isinstance(value, PhpOpaque | PhpEnum)


def _depends_on_a_class(vector: Vector) -> bool:
    """What a class makes of being decoded or printed is its own business."""
    decoded = _unserialize(vector.arguments[0]) if vector.function == "unserialize" else vector.arguments
    return _holds_objects(decoded) or _holds_objects(vector.expected)


def _is_refused_on_purpose(vector: Vector) -> bool:
    """A value within itself, a reference behind a repeated key: see php_unserialize."""
    if isinstance(vector.arguments, Unreadable) or isinstance(vector.expected, Unreadable):
        return True
    if vector.function != "unserialize":
        return False
    try:
        php_unserialize(_bytes(vector.arguments[0]), LIMITS)
    except DecodeError as error:
        return error.code in ("cycle", "reference", "name") and vector.expected is not False
    return False


def _has_an_unported_option(vector: Vector) -> bool:
    """Rounding modes, strict base64, JSON_PARTIAL_OUTPUT_ON_ERROR and the like: no handler uses them."""
    arguments = dict(_items(vector.arguments))
    unported = JsonFlag.PARTIAL_OUTPUT_ON_ERROR | JsonFlag.INVALID_UTF8_IGNORE | JsonFlag.INVALID_UTF8_SUBSTITUTE
    match vector.function:
        case "round":
            return 2 in arguments
        case "base64_decode":
            return bool(arguments.get(1))
        case "json_encode":
            return bool(arguments.get(1, 0) & unported)
        case "json_decode":
            return bool(arguments.get(3, 0) & (unported | 2)) or arguments.get(2, 512) > 2**31
        case "unserialize":
            return 1 in arguments
        case _:
            return False


def _breaks_strict_types(vector: Vector) -> bool:
    """An array or object where text is wanted, a float for a length: type errors with strict_types, and for mypy."""
    if vector.function in ("strval", "sprintf"):
        return any(isinstance(argument, list | dict | PhpObject) for _, argument in _items(vector.arguments))
    return vector.function == "str_pad" and isinstance(vector.arguments[1], float)


def _had_a_resource(vector: Vector) -> bool:
    """A file handle, which is traced as the integer 0."""
    return (vector.test, vector.function, vector.arguments[-1 if vector.function == "sprintf" else 0]) in (
        ("tests/unsupported_type_error.phpt", "json_encode", 0),
        ("tests/strings/sprintf_variation54.phpt", "sprintf", 0),
    )


EXCLUSIONS: tuple[Callable[[Vector], bool], ...] = (
    _is_refused_on_purpose,
    _has_an_unported_option,
    _depends_on_a_class,
    _breaks_strict_types,
    _had_a_resource,
)

REPLAYED = {
    "addslashes": 1,
    "array_search": 451,
    "base64_decode": 103,
    "date": 81,
    "gmdate": 26,
    "in_array": 378,
    "json_decode": 91,
    "json_encode": 131,
    "ltrim": 15,
    "number_format": 62,
    "round": 119,
    "rtrim": 14,
    "sprintf": 1117,
    "str_pad": 30,
    "stripslashes": 4,
    "strlen": 89,
    "strtolower": 102,
    "strtotime": 29,
    "strval": 22,
    "substr": 509,
    "trim": 12,
    "ucwords": 5,
    "unserialize": 89,
    "vsprintf": 24,
}
"""Calls that remain, by function."""


def _same(left: Any, right: Any) -> bool:
    """PHP's `===`, and zeros by their sign."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return math.isnan(left) if math.isnan(right) else repr(left) == repr(right)
    if isinstance(left, list | dict):
        pairs = zip(_items(left), _items(right), strict=True)
        return len(left) == len(right) and all(a == b and _same(x, y) for (a, x), (b, y) in pairs)
    if isinstance(left, PhpObject):
        return left.class_name == right.class_name and _same(left.properties, right.properties)
    return isinstance(left, Thrown) or bool(left == right)


def _answer(vector: Vector) -> Any:
    ZONE.set(vector.zone)
    try:
        return FUNCTIONS[vector.function](*(argument for _, argument in _items(vector.arguments)))
    except (TypeError, ValueError):
        return Thrown()


def _replayed(function: str) -> list[Vector]:
    return [
        vector
        for vector in vectors()
        if vector.function == function and not any(excludes(vector) for excludes in EXCLUSIONS)
    ]


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_every_call_that_php_answered_is_answered_the_same(function: str) -> None:
    wrong = [
        (vector.line, vector.test, vector.expected, answer)
        for vector in _replayed(function)
        if not _same(answer := _answer(vector), vector.expected)
    ]
    assert wrong == []


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_exclusions_leave_out_no_more_than_they_did(function: str) -> None:
    assert len(_replayed(function)) == REPLAYED[function]


HALF_A_GRAPH = "a:1:{i:0;r:5;}"
"""Written within another call of serialize, whose references it shares."""


def test_what_php_serialised_reads_as_what_it_was() -> None:
    wrong, compared = [], 0
    for vector in vectors():
        # A `C:` body may share the numbering of references with what is around it: only its class can tell.
        if (
            vector.function != "serialize"
            or not isinstance(vector.expected, str)
            or re.search("C:[0-9]+:", vector.expected)
        ):
            continue
        if isinstance(vector.arguments, Unreadable) or vector.expected == HALF_A_GRAPH:
            continue
        compared += 1
        if not _same(php_unserialize(text.to_bytes(vector.expected), LIMITS), vector.arguments[0]):
            wrong.append((vector.line, vector.test))
    assert wrong == []
    assert compared == 283
