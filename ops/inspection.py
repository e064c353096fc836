"""What an unknown message of the monolith's is: its framework, class and fields by their types, never a value. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.codecs.error import DecodeErrorCode, EncodeError
from contracts.codecs.legacy import write_message
from contracts.codecs.legacy_message import Framework, LegacyMessage, SealedPayload
from contracts.php.runtime import PHP_8_2, PhpRuntime
from contracts.php.value import PhpEnum, PhpObject, PhpOpaque, PhpReference, Visibility, type_name

SHOWN_FIELDS = 300

WRITERS: Mapping[Framework, str] = {
    "symfony-php": "Symfony Messenger, PhpSerializer (its default): a serialised Envelope",
    "symfony-json": "Symfony Messenger, Serializer: JSON, with class and stamps in headers",
    "laravel": "Laravel's queue: a JSON record around the job",
    "json": "nobody that leaves a mark: plain JSON",
    "php-serialize": "nobody that leaves a mark: PHP's serialize, as RabbitMqBundle's examples do",
}
PROBLEMS: Mapping[DecodeErrorCode, str] = {
    "empty": "there is nothing in it",
    "too_large": "it is larger than what is read, or would be with its references written out",
    "too_deep": "arrays and objects are nested deeper than what is read",
    "too_many_elements": "it has more elements than what is read",
    "truncated": "it ends before its value does, or declares more than there is",
    "syntax": "nothing that the format knows stands there",
    "number": "a number past 64 bits",
    "name": "a name that no class, case or property has",
    "reference": "a reference to something that nobody can tell",
    "cycle": "a value within itself",
    "encoding": "text that is not UTF-8",
    "not_an_object": "it is JSON, but no object",
    "not_an_envelope": "it is serialised, but no Envelope of Symfony's with a message and stamps",
    "not_a_job": "it looks like Laravel's, but holds no job",
    "no_type": "it has headers of Symfony's, but none of name `type` with the message's class (--header type=CLASS)",
    "header": "a header of Symfony's is not what Symfony writes",
    "unknown_format": "neither JSON nor serialised by PHP, nor that in base64",
    "key": "the key does not open it: another one, or somebody has changed the message",
}
"""What DecodeError's codes mean to somebody who holds the message in hand."""

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")
_DIGITS_OF_DATA = 4
_DATES = frozenset({"DateTime", "DateTimeImmutable", "DateTimeZone", "DateInterval", "DatePeriod"})


@dataclass(frozen=True, slots=True)
class FieldType:
    """One place in a message."""

    path: str
    """Positions in lists are `[]`; keys of arrays that may be data are `*`."""
    types: tuple[str, ...]
    """All that occur there."""
    visibility: Visibility | None = None
    """Of an object's property."""


@dataclass(frozen=True, slots=True)
class StampType:
    """A stamp of Symfony's."""

    class_name: str
    count: int
    fields: tuple[FieldType, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a message is."""

    framework: Framework
    written_by: str
    name: str | None
    body_bytes: int
    attempts: int | None
    sealed: bool
    """Whether its payload is encrypted and was not opened."""
    fields: tuple[FieldType, ...]
    more_fields: int
    """Beyond those that are told."""
    job: tuple[FieldType, ...]
    stamps: tuple[StampType, ...]
    serialize_precision: int | None
    """With which it can be written again, byte for byte; None if it cannot."""


def inspect(message: LegacyMessage, *, key: bytes | None = None) -> Inspection:
    """What it is. Never raises for what was read. Args: key: Laravel's, if it was needed to read the message."""
    fields = _fields(message.payload)
    return Inspection(
        message.framework,
        WRITERS[message.framework],
        message.name,
        len(message.body),
        message.attempts,
        isinstance(message.payload, SealedPayload),
        fields[:SHOWN_FIELDS],
        max(0, len(fields) - SHOWN_FIELDS),
        _fields(dict(message.job)) if message.job else (),
        tuple(StampType(name, len(same), _fields(list(same), "")) for name, same in message.stamps.items()),
        _precision(message, key),
    )


def _precision(message: LegacyMessage, key: bytes | None) -> int | None:
    for precision in (PHP_8_2.serialize_precision, 17):
        try:
            encoded = write_message(message, key=key, runtime=PhpRuntime(serialize_precision=precision))
        except EncodeError:
            return None
        if encoded.body == message.body:
            return precision
    return None


def _fields(value: Any, listed: str = "[]") -> tuple[FieldType, ...]:
    """All places below the value, in the order of their first occurrence; the value itself if nothing is below it."""
    types: dict[str, dict[str, None]] = {}
    visibilities: dict[str, Visibility] = {}
    seen: set[int] = set()
    waiting: list[tuple[str, Visibility | None, Any]] = [("", None, value)]
    while waiting:
        path, visibility, one = waiting.pop()
        below = [] if id(one) in seen else [*_below(one, path, listed if not path else "[]")]
        kind = _type(one)
        if isinstance(one, PhpObject | PhpReference):
            if id(one) in seen:
                kind += ", the same again"
            seen.add(id(one))
        if path or not below:
            types.setdefault(path, {})[kind] = None
        if visibility is not None:
            visibilities[path] = visibility
        waiting += reversed(below)
    return tuple(FieldType(path, tuple(kinds), visibilities.get(path)) for path, kinds in types.items())


def _below(value: Any, path: str, listed: str) -> Iterator[tuple[str, Visibility | None, Any]]:
    match value:
        case PhpReference():
            yield from _below(value.value, path, listed)
        case PhpObject():
            if value.class_name in _DATES:
                return
            plain = value.class_name == "stdClass"  # often no object of theirs at all, but one of JSON
            for name, item in value.properties.items():
                yield _joined(path, _name(name)), None if plain else value.visibility(name), item
        case dict():
            for key, item in value.items():
                yield _joined(path, _name(key)), None, item
        case list():
            for item in value:
                yield f"{path}{listed}", None, item


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _name(key: int | str) -> str:
    """A key that is no name is data; an account number looks like a name, but for its digits."""
    text = str(key)
    tells = isinstance(key, int) or not _KEY.fullmatch(text.rpartition("::")[2])
    return "*" if tells or sum(map(str.isdigit, text)) >= _DIGITS_OF_DATA else text


def _type(value: Any) -> str:
    match value:
        case PhpReference():
            inner = value.value
            return f"reference to {'a reference' if isinstance(inner, PhpReference) else _type(inner)}"
        case PhpObject():
            return "object" if value.class_name == "stdClass" else value.class_name
        case PhpEnum():
            return f"enum {value.class_name}"
        case PhpOpaque():
            return f"{value.class_name}, {len(value.body)} bytes in a form of its own"
        case SealedPayload():
            return "encrypted"
        case list():
            return "list" if value else "empty array"
        case dict():
            return "map"
        case _:
            return type_name(value)
