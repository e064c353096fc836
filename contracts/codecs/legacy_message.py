"""The one form in which a message of the monolith's is held, whichever framework wrote it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from contracts.codecs.json_body import JsonStyle

Framework = Literal["symfony-php", "symfony-json", "laravel", "json", "php-serialize"]
"""Who wrote it: Symfony Messenger's PhpSerializer or its Serializer, Laravel's queue, or somebody with `json_encode` or
`serialize` alone."""


@dataclass(frozen=True, slots=True)
class Seal:
    """What it takes, beside the key, to encrypt to the same text again: see `contracts.codecs.laravel_seal`."""

    mode: Literal["cbc", "gcm"]
    iv: bytes = field(repr=False)
    tagged: bool = True
    """Whether there is a field `tag`, empty with CBC."""


@dataclass(frozen=True, slots=True)
class SealedPayload:
    """A payload that nobody has opened, as it is in the message."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LegacyMessage:
    """A message. Values are personal: none of them is in its repr."""

    framework: Framework
    name: str | None
    """The message's or job's class, or whatever else the framework calls its type; None where nothing tells it."""
    payload: Any = field(repr=False)
    """The message itself: an object, or what was encoded; `SealedPayload` if it is encrypted and there was no key."""
    body: bytes = field(default=b"", repr=False, compare=False)
    """As it was read."""
    headers: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """AMQP headers that are not told by another field."""
    stamps: Mapping[str, tuple[Any, ...]] = field(default_factory=dict, repr=False)
    """Symfony: by their classes, in their order."""
    job: Mapping[int | str, Any] = field(default_factory=dict, repr=False)
    """Laravel: the fields of the job's record, in their order; null in the payload's place."""
    attempts: int | None = None
    """Which attempt this is, from 1 on; None where the format does not tell."""
    style: JsonStyle = field(default_factory=JsonStyle)
    """How its JSON is written."""
    seal: Seal | None = None
    """How its payload was encrypted, if it was and has been opened."""


@dataclass(frozen=True, slots=True)
class EncodedMessage:
    """What is published."""

    body: bytes = field(repr=False)
    headers: Mapping[str, Any] = field(repr=False)
