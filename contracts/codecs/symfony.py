"""Bodies that Symfony Messenger's default PhpSerializer writes (4.4, 5.1 and later): an Envelope, serialised, slashed.

The text is `addslashes(serialize($envelope))`, and base64 of that where it is not valid UTF-8. What comes out is the
message and its stamps; the Envelope itself is of no interest.
"""

from dataclasses import dataclass, field
from typing import Any

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.php_unserialize import DEFAULT_LIMITS, PhpObject, php_unserialize
from contracts.php.text import base64_decode, stripslashes

ENVELOPE = "Symfony\\Component\\Messenger\\Envelope"


@dataclass(frozen=True, slots=True)
class SymfonyMessage:
    """A message and the stamps that travelled with it, by stamp class, in the order in which they were added."""

    class_name: str
    properties: dict[str, Any] = field(repr=False)
    stamps: dict[str, tuple[PhpObject, ...]]


def decode_symfony(body: bytes, limits: Limits = DEFAULT_LIMITS) -> SymfonyMessage:
    """Decodes as `PhpSerializer::decode` does. Raises `DecodeError` only; positions are in the bare serialised text."""
    if body in (b"", b"0"):  # PHP's empty()
        raise DecodeError("empty")
    if len(body) > 2 * limits.max_bytes:  # slashes and base64 make it longer than what is in it
        raise DecodeError("too_large")
    text = stripslashes(body if body.endswith(b"}") else base64_decode(body))
    envelope = php_unserialize(text, limits)
    if not isinstance(envelope, PhpObject) or envelope.class_name.lower() != ENVELOPE.lower():
        raise DecodeError("not_an_envelope")
    message = envelope.properties.get("message")
    if not isinstance(message, PhpObject):
        raise DecodeError("not_an_envelope")
    properties = {str(name): value for name, value in message.properties.items()}
    return SymfonyMessage(message.class_name, properties, _stamps(envelope.properties.get("stamps", [])))


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
