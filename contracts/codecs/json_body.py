"""JSON notifications: the body as PHP's `json_decode($body, true)` sees it, which is what the monolith sees."""

from typing import Any

from contracts.codecs.error import DecodeError, DecodeErrorCode, Limits
from contracts.codecs.php_unserialize import DEFAULT_LIMITS
from contracts.php.json_reader import JsonError, JsonErrorCode, json_decode

_CODES: dict[JsonErrorCode, DecodeErrorCode] = {"depth": "too_deep", "utf8": "encoding", "utf16": "encoding"}


def decode_json(body: bytes, limits: Limits = DEFAULT_LIMITS) -> dict[int | str, Any]:
    """The notification's fields, in their order. Raises `DecodeError` and nothing else."""
    if not body:
        raise DecodeError("empty")
    if len(body) > limits.max_bytes:
        raise DecodeError("too_large")
    try:
        value = json_decode(body)
    except JsonError as error:
        code: DecodeErrorCode = _CODES.get(error.code, "syntax")
        if code == "syntax" and error.position is not None and error.position >= len(body):
            code = "truncated"
        raise DecodeError(code, error.position) from None
    if not isinstance(value, dict):
        raise DecodeError("not_an_object")
    return value
