"""What an unknown message of the monolith's is: its framework, class and fields by their types, never a value. Pure.

Names can be values, too: of a map by customer, or of whatever somebody has put into a header. What is told is this.

- A class that PHP's serialize has written as one, if its name can be a class's. Anywhere else (a header, a field, an
  array's key) a class's name is a text like others: it must have a namespace; one word is not told.
- A property of a class, if it can be a variable's name and has fewer than four digits. Of what has no class (JSON's
  objects, arrays, stdClass) a key must begin with a small letter, or `_`, besides: names of people and countries, and
  account numbers do not, fields nearly always do. Even so it is not told where two or more records with the same fields
  lie side by side: they are elements by key. All that is not told is `{key}`.

So a text in small letters that alone is a key (`{"dupont": 1}`) is told: nothing distinguishes it from a field.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from contracts.codecs.error import DecodeErrorCode, EncodeError
from contracts.codecs.legacy import write_message
from contracts.codecs.legacy_message import Framework, LegacyMessage, SealedPayload
from contracts.php.runtime import PHP_8_2, PhpRuntime
from contracts.php.value import PHP_CLASS, PhpEnum, PhpObject, PhpOpaque, PhpReference, Visibility, type_name

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

_PROPERTY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_FIELD = re.compile(r"[a-z_][A-Za-z0-9_]{0,39}")
_DIGITS_OF_DATA = 4
_COMPARED_FIELDS = 64
_HIDDEN = "{key}"
_NO_CLASS, _NO_NAMESPACE = "(not a class name)", "(one word: perhaps a value)"
_CLASS = re.compile(PHP_CLASS)
_DATES = frozenset({"DateTime", "DateTimeImmutable", "DateTimeZone", "DateInterval", "DatePeriod"})


@dataclass(frozen=True, slots=True)
class FieldType:
    """One place in a message."""

    path: str
    """Positions in lists are `[]`; keys that may be data are `{key}`."""
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
    """Its class, or why that is not told; None where the message does not name any."""
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
        _class(message),
        len(message.body),
        message.attempts,
        isinstance(message.payload, SealedPayload),
        fields[:SHOWN_FIELDS],
        max(0, len(fields) - SHOWN_FIELDS),
        _fields(dict(message.job)) if message.job else (),
        tuple(
            StampType(_namespaced(name), len(same), _fields(list(same), "")) for name, same in message.stamps.items()
        ),
        _precision(message, key),
    )


def _precision(message: LegacyMessage, key: bytes | None) -> int | None:
    for precision in (PHP_8_2.serialize_precision, 17):
        try:
            encoded = write_message(message, runtime=PhpRuntime(serialize_precision=precision), key=key)
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
        case PhpObject(class_name="stdClass"):  # often no object of theirs at all, but one of JSON
            yield from _keyed(value.properties, path)
        case PhpObject():
            if value.class_name not in _DATES:
                for name, item in value.properties.items():
                    yield _joined(path, _name(name, _PROPERTY)), value.visibility(name), item
        case dict():
            yield from _keyed(value, path)
        case list():
            for item in value:
                yield f"{path}{listed}", None, item


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _keyed(items: Mapping[int | str, Any], path: str) -> Iterator[tuple[str, Visibility | None, Any]]:
    records = [_record(item) for item in items.values()] if len(items) > 1 else []
    shapes = {(len(record), *islice(record, _COMPARED_FIELDS)) for record in records}
    alike = len(shapes) == 1 and (0,) not in shapes
    for key, item in items.items():
        yield _joined(path, _HIDDEN if alike else _name(key, _FIELD)), None, item


def _record(value: Any) -> Mapping[int | str, Any]:
    """Its fields, if it is one."""
    match value:
        case PhpReference():
            return {} if isinstance(value.value, PhpReference) else _record(value.value)
        case PhpObject():
            return value.properties
        case dict():
            return value
        case _:
            return {}


def _name(key: int | str, pattern: re.Pattern[str]) -> str:
    """An account number looks like a name, but for its digits."""
    text = str(key)
    scope, _, name = text.rpartition("::")  # of a parent's private property
    told = isinstance(key, str) and pattern.fullmatch(name) and (not scope or _CLASS.fullmatch(scope))
    return text if told and sum(map(str.isdigit, text)) < _DIGITS_OF_DATA else _HIDDEN


def _class(message: LegacyMessage) -> str | None:
    """Its name, as far as it is told."""
    name, payload = message.name, message.payload
    if name is None:
        return None
    written = isinstance(payload, PhpObject | PhpEnum | PhpOpaque) and payload.class_name == name
    return _serialized(name) if written else _namespaced(name)


def _serialized(name: str) -> str:
    return name if _CLASS.fullmatch(name) else _NO_CLASS


def _namespaced(name: str) -> str:
    return _serialized(name) if "\\" in name.lstrip("\\") or not _CLASS.fullmatch(name) else _NO_NAMESPACE


def _type(value: Any) -> str:
    match value:
        case PhpReference():
            inner = value.value
            return f"reference to {'a reference' if isinstance(inner, PhpReference) else _type(inner)}"
        case PhpObject():
            return "object" if value.class_name == "stdClass" else _serialized(value.class_name)
        case PhpEnum():
            return f"enum {_serialized(value.class_name)}"
        case PhpOpaque():
            return f"{_serialized(value.class_name)}, {len(value.body)} bytes in a form of its own"
        case SealedPayload():
            return "encrypted"
        case list():
            return "list" if value else "empty array"
        case dict():
            return "map"
        case _:
            return type_name(value)
