"""Bodies that Symfony Messenger's default PhpSerializer writes (4.4, 5.1 and later): an Envelope, serialised, slashed.

The text is `addslashes(serialize($envelope))`, and base64 of that where it is not valid UTF-8. What comes out is the
message and its stamps; the Envelope itself is of no interest.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.legacy_message import EncodedMessage, LegacyMessage
from contracts.codecs.php_serialize import php_serialize
from contracts.codecs.php_unserialize import DEFAULT_LIMITS, PhpObject, References, php_unserialize
from contracts.php.runtime import PhpRuntime
from contracts.php.text import addslashes, base64_decode, stripslashes

ENVELOPE = "Symfony\\Component\\Messenger\\Envelope"
REDELIVERY = "Symfony\\Component\\Messenger\\Stamp\\RedeliveryStamp"
_WRITTEN: Mapping[int | str, str] = {name: f"\0{ENVELOPE}\0{name}" for name in ("stamps", "message")}


@dataclass(frozen=True, slots=True)
class SymfonyMessage:
    """A message and the stamps that travelled with it, by stamp class, in the order in which they were added."""

    class_name: str
    properties: dict[str, Any] = field(repr=False)
    stamps: dict[str, tuple[PhpObject, ...]]


def decode_symfony(body: bytes, limits: Limits = DEFAULT_LIMITS) -> SymfonyMessage:
    """Decodes as `PhpSerializer::decode` does. Raises `DecodeError` only; positions are in the bare serialised text."""
    message, stamps = _opened(body, limits, "resolve")
    properties = {str(name): value for name, value in message.properties.items()}
    return SymfonyMessage(message.class_name, properties, stamps)


def read_envelope(body: bytes, headers: Mapping[str, Any], limits: Limits = DEFAULT_LIMITS) -> LegacyMessage:
    """The message in the form of all legacy messages. Raises as `decode_symfony`."""
    message, stamps = _opened(body, limits, "keep")
    redelivered = stamps.get(REDELIVERY, ())
    retries = redelivered[-1].properties.get("retryCount") if redelivered else 0
    return LegacyMessage(
        "symfony-php",
        message.class_name,
        message,
        body=body,
        headers=headers,
        stamps=stamps,
        attempts=attempts_after(retries),
    )


def write_envelope(message: LegacyMessage, *, runtime: PhpRuntime) -> EncodedMessage:
    """The message as `PhpSerializer::encode` writes it. Raises EncodeError. Args: runtime: as in `write_message`."""
    stamps = {name: list(same) for name, same in message.stamps.items()}
    envelope = PhpObject(ENVELOPE, {"stamps": stamps, "message": message.payload}, _WRITTEN)
    body = addslashes(php_serialize(envelope, serialize_precision=runtime.serialize_precision))
    try:
        body.decode()
    except UnicodeDecodeError:
        body = base64.b64encode(body)
    return EncodedMessage(body, message.headers)


def attempts_after(retries: object) -> int | None:
    """Which attempt comes after so many retries, as a RedeliveryStamp counts them."""
    return retries + 1 if type(retries) is int and retries >= 0 else None


def _opened(body: bytes, limits: Limits, references: References) -> tuple[PhpObject, dict[str, tuple[PhpObject, ...]]]:
    if body in (b"", b"0"):  # PHP's empty()
        raise DecodeError("empty")
    if len(body) > 2 * limits.max_bytes:  # slashes and base64 make it longer than what is in it
        raise DecodeError("too_large")
    wrapped = not body.endswith(b"}") and not body.startswith(b"O:")  # as that, it has only been cut off
    text = stripslashes(base64_decode(body) if wrapped else body)
    envelope = php_unserialize(text, limits, references=references)
    if not isinstance(envelope, PhpObject) or envelope.class_name.lower() != ENVELOPE.lower():
        raise DecodeError("not_an_envelope")
    message = envelope.properties.get("message")
    if not isinstance(message, PhpObject):
        raise DecodeError("not_an_envelope")
    return message, _stamps(envelope.properties.get("stamps", []))


def _stamps(stamps: object) -> dict[str, tuple[PhpObject, ...]]:
    if stamps == []:  # an empty PHP array
        return {}
    if not isinstance(stamps, dict):
        raise DecodeError("not_an_envelope")
    found: dict[str, tuple[PhpObject, ...]] = {}
    for class_name, same in stamps.items():
        values = list(same.values()) if isinstance(same, dict) else same
        if not isinstance(values, list) or not all(isinstance(stamp, PhpObject) for stamp in values):
            raise DecodeError("not_an_envelope")
        found[str(class_name)] = tuple(values)
    return found
