"""Messages that Symfony Messenger's Serializer writes: JSON of the message, its class and stamps in AMQP headers.

The class is in header `type`, each stamp class in `X-Message-Stamp-<class>` as a JSON list. A float without a fraction
is `10` up to Symfony 6.1 and `10.0` from 6.2 on (symfony/symfony#47202); each is read as what it is, and written so.
"""

from collections.abc import Mapping
from typing import Any

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.json_body import read_json, style_of, write_json
from contracts.codecs.legacy_message import EncodedMessage, LegacyMessage
from contracts.codecs.php_unserialize import DEFAULT_LIMITS
from contracts.codecs.symfony import REDELIVERY, attempts_after
from contracts.php.runtime import PhpRuntime
from contracts.php.text import from_bytes, to_bytes
from contracts.php.value import PhpObject

TYPE = "type"
STAMP_PREFIX = "X-Message-Stamp-"


def is_symfony_json(headers: Mapping[str, Any]) -> bool:
    """Whether the headers are those of a message of this kind."""
    return TYPE in headers or any(name.startswith(STAMP_PREFIX) for name in headers)


def read_symfony_json(body: bytes, headers: Mapping[str, Any], limits: Limits = DEFAULT_LIMITS) -> LegacyMessage:
    """The message. Raises `DecodeError` only; positions in a stamp's header are in that."""
    name = headers.get(TYPE)
    name = from_bytes(name) if isinstance(name, bytes) else name
    if not isinstance(name, str) or name in ("", "0"):
        raise DecodeError("no_type")
    if body == b"0":  # PHP's empty()
        raise DecodeError("empty")
    texts = {header: _bytes(value) for header, value in headers.items() if header.startswith(STAMP_PREFIX)}
    if len(body) + sum(map(len, texts.values())) > limits.max_bytes:
        raise DecodeError("too_large")
    stamps = {header.removeprefix(STAMP_PREFIX): _stamps(text, limits) for header, text in texts.items()}
    redelivered = stamps.get(REDELIVERY, ())
    last = redelivered[-1] if redelivered else None
    retries = last.properties.get("retryCount") if isinstance(last, PhpObject) else None if redelivered else 0
    return LegacyMessage(
        "symfony-json",
        name,
        read_json(body, limits),
        body=body,
        headers={header: value for header, value in headers.items() if header != TYPE and header not in texts},
        stamps=stamps,
        attempts=attempts_after(retries),
        style=style_of(b"".join([body, *texts.values()])),
    )


def write_symfony_json(message: LegacyMessage, *, runtime: PhpRuntime) -> EncodedMessage:
    """The message as the Serializer writes it. Raises EncodeError. Args: runtime: as in `write_message`."""
    precision = runtime.serialize_precision
    stamps = {
        STAMP_PREFIX + name: from_bytes(write_json(list(same), message.style, serialize_precision=precision))
        for name, same in message.stamps.items()
    }
    body = write_json(message.payload, message.style, serialize_precision=precision)
    return EncodedMessage(body, {TYPE: message.name, **stamps, **message.headers})


def _bytes(value: object) -> bytes:
    if not isinstance(value, str | bytes):
        raise DecodeError("header")
    try:
        return to_bytes(value) if isinstance(value, str) else value
    except UnicodeEncodeError:
        raise DecodeError("header") from None


def _stamps(text: bytes, limits: Limits) -> tuple[Any, ...]:
    value = read_json(text, limits)
    if not isinstance(value, list):
        raise DecodeError("header")
    return tuple(value)
