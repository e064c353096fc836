"""JSON bodies: as PHP's `json_decode` sees them, which is what the monolith sees, and written as PHP writes them."""

import re
from itertools import islice
from typing import Any

import msgspec

from contracts.codecs.error import DecodeError, DecodeErrorCode, EncodeError, Limits
from contracts.codecs.php_unserialize import DEFAULT_LIMITS
from contracts.php.json import JsonError, JsonErrorCode, json_decode, json_encode
from contracts.php.json_reader import DEPTH
from contracts.php.text import to_bytes

_CODES: dict[JsonErrorCode, DecodeErrorCode] = {"depth": "too_deep", "utf8": "encoding", "utf16": "encoding"}
_ELEMENT = re.compile(
    rb'(?:[^",\[{]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{](?=[ \t\r\n]*+[\]}]))*+(?:(?P<begins>[,\[{])|\Z)', re.DOTALL
)
"""What is between two places where an element begins: strings, the rest, and arrays that are empty."""


class JsonStyle(msgspec.Struct, frozen=True):
    """Which flags a text was written with, as far as it shows."""

    unescaped_slashes: bool = False
    unescaped_unicode: bool = False


def style_of(text: bytes) -> JsonStyle:
    """The style of a text that PHP wrote."""
    return JsonStyle(b"/" in text and b"\\/" not in text, not text.isascii())


def decode_json(body: bytes, limits: Limits = DEFAULT_LIMITS) -> dict[int | str, Any]:
    """The notification's fields, in their order, objects as arrays. Raises `DecodeError` and nothing else."""
    value = read_json(body, limits, associative=True)
    if not isinstance(value, dict):
        raise DecodeError("not_an_object")
    return value


def read_json(body: bytes, limits: Limits = DEFAULT_LIMITS, *, associative: bool = False) -> Any:
    """Any JSON value; objects as `stdClass`, so that `{}` is not `[]`, or as arrays. Raises `DecodeError` only.

    At most 511 levels, as PHP reads them, if the limits allow more.
    """
    if not body:
        raise DecodeError("empty")
    if len(body) > limits.max_bytes:
        raise DecodeError("too_large")
    _check_elements(body, limits.max_elements)
    try:
        return json_decode(body, depth=min(limits.max_depth + 1, DEPTH), associative=associative)
    except JsonError as error:
        code: DecodeErrorCode = _CODES.get(error.code, "syntax")
        if code == "syntax" and error.position is not None and error.position >= len(body):
            code = "truncated"
        raise DecodeError(code, error.position) from None


def _check_elements(body: bytes, most: int) -> None:
    """Refuse a body with more elements before any of them is made. Raises DecodeError."""
    if sum(map(body.count, (b",", b"[", b"{"))) <= most:
        return
    surplus = next(islice(_ELEMENT.finditer(body), most, None), None)
    if surplus is not None and surplus["begins"]:
        raise DecodeError("too_many_elements", surplus.start("begins"))


def write_json(value: Any, style: JsonStyle, *, serialize_precision: int = -1) -> bytes:
    """What `read_json` read, as PHP writes it: compact, a float always with a point or exponent. Raises EncodeError."""
    try:
        text = json_encode(
            value,
            serialize_precision=serialize_precision,
            preserve_zero_fraction=True,
            unescaped_slashes=style.unescaped_slashes,
            unescaped_unicode=style.unescaped_unicode,
        )
    except JsonError as error:
        raise EncodeError(f"no JSON: {error.code}") from None
    return to_bytes(text)
