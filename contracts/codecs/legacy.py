"""Any message of the monolith's: who wrote it, what is in it, and the same bytes again."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.json_body import read_json, style_of, write_json
from contracts.codecs.laravel import is_job, job_of, write_job
from contracts.codecs.legacy_message import EncodedMessage, LegacyMessage
from contracts.codecs.php_serialize import php_serialize
from contracts.codecs.php_unserialize import DEFAULT_LIMITS, php_unserialize
from contracts.codecs.symfony import read_envelope, write_envelope
from contracts.codecs.symfony_json import is_symfony_json, read_symfony_json, write_symfony_json
from contracts.php.runtime import PhpRuntime
from contracts.php.text import base64_decode
from contracts.php.value import PhpEnum, PhpObject, PhpOpaque

_SLASHED = re.compile(rb"[OC]:[0-9]+:\\\"")
_SERIALIZED = re.compile(rb"[abdisSOCE]:|N;")
_JSON = re.compile(rb"[ \t\r\n]*(?:[\[{\"0-9-]|true|false|null)")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{4,}={0,2}\s*")
_HEAD_BYTES = 64

BodyKind = Literal["slashed", "serialized", "json"]
"""`slashed`: by Symfony's PhpSerializer."""


def read_message(
    body: bytes, headers: Mapping[str, Any] | None = None, *, key: bytes | None = None, limits: Limits = DEFAULT_LIMITS
) -> LegacyMessage:
    """The message, by what its headers and its beginning tell. Raises `DecodeError` only.

    Args:
        body: AMQP's body, as it is.
        headers: AMQP's headers; tables in them are mappings.
        key: Laravel's application key, for encrypted jobs.
        limits: what may be spent on it.
    """
    known = headers or {}
    if is_symfony_json(known):
        return read_symfony_json(body, known, limits)
    if not body:
        raise DecodeError("empty")
    kind = kind_of(body)
    if kind == "slashed":
        return read_envelope(body, known, limits)
    if kind == "serialized":
        value = php_unserialize(body, limits, references="keep")
        name = value.class_name if isinstance(value, PhpObject | PhpEnum | PhpOpaque) else None
        return LegacyMessage("php-serialize", name, value, body=body, headers=known)
    if kind is None:
        raise DecodeError("unknown_format", 0)
    document = read_json(body, limits)
    if is_job(document):
        return job_of(document, body, known, key=key, limits=limits)
    return LegacyMessage("json", None, document, body=body, headers=known, style=style_of(body))


def kind_of(body: bytes) -> BodyKind | None:
    """How a body is written, as its beginning tells; None where it is in no way that we know."""
    if _SLASHED.match(body) or _is_wrapped(body):
        return "slashed"
    if _SERIALIZED.match(body):
        return "serialized"
    return "json" if _JSON.match(body) else None


def write_message(message: LegacyMessage, *, runtime: PhpRuntime, key: bytes | None = None) -> EncodedMessage:
    """The message as its framework writes it: what `read_message` was given, byte for byte. Raises EncodeError.

    Args:
        message: read, or made.
        runtime: the monolith's, as `legacy/recorder/bin/runtime.php` tells it: its serialize_precision decides how
            floats are written, and with another one the bytes are others.
        key: Laravel's application key, for encrypted jobs.
    """
    match message.framework:
        case "symfony-php":
            return write_envelope(message, runtime=runtime)
        case "symfony-json":
            return write_symfony_json(message, runtime=runtime)
        case "laravel":
            return write_job(message, key=key, runtime=runtime)
        case "json":
            body = write_json(message.payload, message.style, serialize_precision=runtime.serialize_precision)
        case "php-serialize":
            body = php_serialize(message.payload, serialize_precision=runtime.serialize_precision)
    return EncodedMessage(body, message.headers)


def _is_wrapped(body: bytes) -> bool:
    """Whether it is base64 of a slashed object."""
    head = body[:_HEAD_BYTES]
    return _BASE64.fullmatch(head.rstrip(b"=\r\n")) is not None and _SLASHED.match(base64_decode(head)) is not None
