"""`json_encode` and `json_decode` as PHP does them, byte for byte: signatures are made over this text.

Arrays: a Python `list` is a PHP list; a `dict` is a PHP array, so it is written as a list if its keys are 0, 1, 2 …
in this order, and an empty one as `[]`. What is an object in PHP is a `PhpObject` (`std_class`) and always has braces.
Strings are `str` (see `contracts.php.text`) or `bytes`; not valid UTF-8 is an error, as it is in PHP.

Python's json.dumps differs in nearly everything: slashes, U+007F, floats, spaces, empty arrays, NaN. But it is fast:
where all that differs can be mended in its text, it does the work, and else `contracts.php.json_writer` does.

Measured on 8.2 and 8.4. What came after 7.1, where PHP first wrote the shortest floats, is said where it is.
"""

import re
from json.encoder import c_make_encoder, encode_basestring, encode_basestring_ascii  # type: ignore[attr-defined]
from typing import Any, Unpack

from contracts.php.json_reader import DEPTH, JsonError, JsonErrorCode, json_decode
from contracts.php.json_writer import JsonOptions, public, write
from contracts.php.number import INT_MAX, INT_MIN, int32
from contracts.php.value import PhpObject

__all__ = ["JsonError", "JsonErrorCode", "JsonOptions", "json_decode", "json_encode"]

_QUICK_OPTIONS = frozenset(
    {"unescaped_slashes", "unescaped_unicode", "unescaped_line_terminators", "preserve_zero_fraction"}
)
_SMALLEST, _LARGEST = 1e-4, 1e16
"""Between them, both write a float plainly and with the same digits; Python with `.0` where there is no fraction."""
_ZERO_FRACTION = re.compile(r"\.0(?=[,\]}])")
_SUSPECT = re.compile(r"\\u(?:007f|d[89a-f])")
_PAIR = re.compile(r"\\\\|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}")
_MOST_CONTAINERS = 100_000
"""On one level: an array that holds itself twice must come to an end."""
_ESCAPED, _UNESCAPED = (
    c_make_encoder(
        markers=None,
        default=public,
        encoder=quote,
        indent=None,
        key_separator=":",
        item_separator=",",
        sort_keys=False,
        skipkeys=False,
        allow_nan=False,
    )
    for quote in (encode_basestring_ascii, encode_basestring)
)
"""What json.dumps makes anew for every call. Each gives the text in chunks."""


def json_encode(
    value: Any, *, depth: int = DEPTH, serialize_precision: int = -1, **options: Unpack[JsonOptions]
) -> str:
    """`json_encode($value, $flags, $depth)`. Raises `JsonError` where PHP returns false.

    That is for text that is not UTF-8, infinite floats and NaN, more than `depth` nested arrays, one within itself, and
    types that PHP does not have (Decimal, integers past 64 bits). Raises UnknownValueError for an enum (since 8.1),
    whose backing value is in its class, and for a `PhpOpaque`.

    Args:
        value: of objects the public properties are written, as PHP does unless the class is a JsonSerializable.
        depth: how many arrays and objects may be within each other; PHP looks at its lowest 32 bits only.
        serialize_precision: the ini setting: significant digits of floats, -1 for the shortest form.
        options: PHP's flags, see JsonOptions.
    """
    depth = int32(depth)
    if serialize_precision == -1 and _QUICK_OPTIONS.issuperset(options):
        text = _quickly(value, depth, options)
        if text is not None:
            return text
    return write(value, depth, serialize_precision, options)


class _UndecidedError(ValueError):
    """Python's encoder would not write this as PHP does."""


def _quickly(value: Any, depth: int, options: JsonOptions) -> str | None:
    """By Python's encoder; None where that would not be PHP's text."""
    raw = options.get("unescaped_unicode")
    try:
        wholes = _count_wholes(value, min(depth, DEPTH))
        text = "".join((_UNESCAPED if raw else _ESCAPED)(value, 0))  # one chunk, or many of a long text
        if raw:
            text.encode()
    except (ValueError, RecursionError):
        return None
    if raw:
        if not options.get("unescaped_line_terminators"):
            text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    elif _SUSPECT.search(text) and _SUSPECT.search(_PAIR.sub("", text)):
        return None
    if wholes and not options.get("preserve_zero_fraction"):
        text, cut = _ZERO_FRACTION.subn("", text)
        if cut != wholes:  # a string looks like the end of a number
            return None
    return text if options.get("unescaped_slashes") else text.replace("/", "\\/")


def _count_wholes(value: Any, depth: int) -> int:
    """How many floats in it have no fraction. Raises _UndecidedError where there is something that cannot be mended."""
    wholes = 0
    layer = [value]
    while layer:
        if depth < 1 or len(layer) > _MOST_CONTAINERS:
            raise _UndecidedError
        depth -= 1
        below: list[Any] = []
        for array in layer:
            for item in array if type(array) is list else _values(array):
                kind = type(item)
                if kind is str or item is None or kind is bool or (kind is int and INT_MIN <= item <= INT_MAX):
                    continue
                if kind is not float:
                    below.append(item)
                elif item == 0 or _SMALLEST <= item < _LARGEST or _SMALLEST <= -item < _LARGEST:
                    wholes += item.is_integer()
                else:
                    raise _UndecidedError
        layer = below
    return wholes


def _values(array: Any) -> Any:
    kind = type(array)
    if kind is dict and array and 0 not in array and "0" not in array:
        return array.values()
    if kind is PhpObject:
        return public(array).values()
    raise _UndecidedError
