"""JSON. See `contracts.php.functions`."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from contracts.php.json import JsonError, JsonOptions, json_decode, json_encode
from contracts.php.json_reader import DEPTH, ReadOptions
from contracts.php.runtime import PhpRuntime

OBJECT_AS_ARRAY = 1
BIGINT_AS_STRING = 2
PARTIAL_OUTPUT_ON_ERROR = 512
INVALID_UTF8_IGNORE = 1 << 20
INVALID_UTF8_SUBSTITUTE = 1 << 21
THROW_ON_ERROR = 1 << 22
_WRITING: Mapping[str, int] = {
    "hex_tag": 1,
    "hex_amp": 2,
    "hex_apos": 4,
    "hex_quot": 8,
    "force_object": 16,
    "numeric_check": 32,
    "unescaped_slashes": 64,
    "pretty_print": 128,
    "unescaped_unicode": 256,
    "partial_output_on_error": PARTIAL_OUTPUT_ON_ERROR,
    "preserve_zero_fraction": 1024,
    "unescaped_line_terminators": 2048,
    "invalid_utf8_ignore": INVALID_UTF8_IGNORE,
    "invalid_utf8_substitute": INVALID_UTF8_SUBSTITUTE,
}


def write_options(flags: int) -> JsonOptions:
    """The flags of json_encode by their names."""
    return cast("JsonOptions", {name: True for name, flag in _WRITING.items() if flags & flag})


def read_options(flags: int) -> ReadOptions:
    """The flags of json_decode by their names; OBJECT_AS_ARRAY and THROW_ON_ERROR are not among them."""
    return ReadOptions(
        bigint_as_string=bool(flags & BIGINT_AS_STRING),
        invalid_utf8_ignore=bool(flags & INVALID_UTF8_IGNORE),
        invalid_utf8_substitute=bool(flags & INVALID_UTF8_SUBSTITUTE),
    )


def _encode(php: PhpRuntime, value: Any, flags: int = 0, depth: int = DEPTH) -> str | bool:
    try:
        return json_encode(value, depth=depth, serialize_precision=php.serialize_precision, **write_options(flags))
    except JsonError:
        if flags & THROW_ON_ERROR:
            raise
        return False


def _decode(_: PhpRuntime, text: str, associative: bool | None = None, depth: int = DEPTH, flags: int = 0) -> Any:  # noqa: FBT001  as PHP is called
    is_array = bool(flags & OBJECT_AS_ARRAY) if associative is None else associative
    try:
        return json_decode(text, depth=depth, associative=is_array, **read_options(flags))
    except JsonError:
        if flags & THROW_ON_ERROR:
            raise
        return None


FUNCTIONS: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "json_decode": ("string $json, ?bool $associative = null, int $depth = 512, int $flags = 0", _decode),
    "json_encode": ("mixed $value, int $flags = 0, int $depth = 512", _encode),
}
