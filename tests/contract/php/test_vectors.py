"""Replays calls of PHP functions with what PHP 8.2 answered, traced while php-src's own tests ran (see README.md).

Every call of a function that we have is replayed; what is left out is left out by one of `EXCLUSIONS`, with its reason, and
counted: a rule that began to swallow more would be noticed.
"""

import base64
import gzip
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.php_unserialize import PhpEnum, PhpObject, PhpOpaque, php_unserialize
from contracts.php import date, number, printf, text
from contracts.php.compare import loose_equals
from contracts.php.json import JsonError, JsonObject, JsonOptions, json_decode, json_encode

VECTORS = Path(__file__).parent / "vectors.jsonl.gz"
LIMITS = Limits(max_bytes=64 * 1024 * 1024, max_depth=4096, max_elements=1_000_000)


class Thrown:
    """Stands for an exception of PHP's or ours; all are equal."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Thrown)

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "<thrown>"


class Unreadable:
    """Stands for a value that holds itself, which the decoder refuses."""


@dataclass(frozen=True)
class Vector:
    line: int
    test: str
    function: str
    arguments: Any
    expected: Any
    warning: str
    zone: str
    source: bytes


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
        return tuple(_vectors(lines))


def _vectors(lines: Iterator[str]) -> Iterator[Vector]:
    for position, line in enumerate(lines, 1):
        call = json.loads(line)
        yield Vector(
            line=position,
            test=call["t"],
            function=call["f"],
            arguments=_read(call["a"]),
            expected=Thrown() if "x" in call else _read(call["r"]),
            warning=call.get("w", ""),
            zone=call.get("tz", "UTC"),
            source=base64.b64decode(call["a"]),
        )


# How each function is called here. Vectors were not made with strict_types: scalars are cast as PHP casts them.


def _text(value: Any) -> str:
    if not isinstance(value, None | bool | int | float | str):
        raise TypeError
    return number.to_text(value)


def _round(value: Any, places: int = 0) -> float:
    return number.php_round(number.numeric_value(value) if isinstance(value, str) else value, number.to_int(places))


def _number_format(value: Any, decimals: int = 0, point: str | None = None, separator: str | None = None) -> str:
    return number.number_format(
        number.to_float(value), number.to_int(decimals), "." if point is None else point, "," if separator is None else separator
    )


def _json_encode(value: Any, flags: int = 0, depth: int = 512) -> Any:
    options: JsonOptions = {
        "unescaped_slashes": bool(flags & 64),
        "unescaped_unicode": bool(flags & 256),
        "unescaped_line_terminators": bool(flags & 2048),
        "preserve_zero_fraction": bool(flags & 1024),
        "pretty_print": bool(flags & 128),
        "force_object": bool(flags & 16),
        "numeric_check": bool(flags & 32),
        "hex_tag": bool(flags & 1),
        "hex_amp": bool(flags & 2),
        "hex_apos": bool(flags & 4),
        "hex_quot": bool(flags & 8),
    }
    try:
        return json_encode(_plain(value), depth=depth, **options)
    except JsonError:
        if flags & 4194304:
            raise
        return False


def _json_decode(source: str, associative: bool | None = None, depth: int = 512, flags: int = 0) -> Any:  # noqa: FBT001
    try:
        value = json_decode(_text(source), depth=depth)
    except JsonError:
        if flags & 4194304:
            raise
        return None
    return _as_array(value) if associative or (associative is None and flags & 1) else _as_object(value)


def _as_array(value: Any) -> Any:
    """PHP has one kind of array only."""
    if isinstance(value, list):
        return [_as_array(item) for item in value]
    if isinstance(value, dict):
        items = {key: _as_array(item) for key, item in value.items()}
        return list(items.values()) if list(items) == list(range(len(items))) else items
    return value


def _as_object(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_object(item) for item in value]
    if isinstance(value, dict):
        return PhpObject("stdClass", {str(key): _as_object(item) for key, item in value.items()})
    return value


def _plain(value: Any) -> Any:
    """An argument that json_encode can take: objects of stdClass have public properties only."""
    if isinstance(value, PhpObject):
        return JsonObject({str(key): _plain(item) for key, item in value.properties.items()})
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _unserialize(data: str) -> Any:
    try:
        return php_unserialize(text.to_bytes(data), LIMITS)
    except DecodeError:
        return False


def _search(needle: Any, haystack: Any, strict: bool = False) -> Any:  # noqa: FBT001, FBT002
    equals = _same if strict else loose_equals
    items = haystack.items() if isinstance(haystack, dict) else enumerate(haystack)
    return next((key for key, value in items if equals(value, needle)), False)


def _date(pattern: str, timestamp: int, zone: str) -> str:
    return date.PhpDateTime(number.to_int(timestamp), "UTC" if zone == "GMT" else zone).format(pattern)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "addslashes": lambda data: text.from_bytes(text.addslashes(text.to_bytes(_text(data)))),
    "array_search": _search,
    "base64_decode": lambda data: text.from_bytes(text.base64_decode(text.to_bytes(_text(data)))),
    "in_array": lambda *arguments: _search(*arguments) is not False,
    "json_decode": _json_decode,
    "json_encode": _json_encode,
    "ltrim": lambda *arguments: text.ltrim(*map(_text, arguments)),
    "number_format": _number_format,
    "round": _round,
    "rtrim": lambda *arguments: text.rtrim(*map(_text, arguments)),
    "sprintf": lambda pattern, *arguments: printf.sprintf(_text(pattern), *arguments),
    "str_pad": lambda source, length, pad=" ", side=1: text.str_pad(
        _text(source), number.to_int(length), _text(pad), ("left", "right", "both")[side]  # type: ignore[arg-type]
    ),
    "stripslashes": lambda data: text.from_bytes(text.stripslashes(text.to_bytes(_text(data)))),
    "strlen": lambda source: text.strlen(_text(source)),
    "strtolower": lambda source: text.strtolower(_text(source)),
    "strtotime": lambda source, base=0, zone="UTC": date.parse(source, zone).timestamp,
    "strval": _text,
    "substr": lambda source, offset, length=None: text.substr(
        _text(source), number.to_int(offset), None if length is None else number.to_int(length)
    ),
    "trim": lambda *arguments: text.trim(*map(_text, arguments)),
    "ucwords": lambda *arguments: text.ucwords(*map(_text, arguments)),
    "unserialize": _unserialize,
    "vsprintf": lambda pattern, arguments: printf.sprintf(_text(pattern), *(arguments.values() if isinstance(arguments, dict) else arguments)),
}
