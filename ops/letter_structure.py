"""What a letter's message looks like, without what is in it: paths and shapes; values only of plain fields. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.amqp_value import ShortString
from contracts.codecs.error import DecodeError
from contracts.difference import step
from contracts.letter import Source
from contracts.message_type import Family, MessageType, NormalForm
from contracts.php.value import PhpEnum, PhpObject, PhpOpaque
from contracts.shape import shape
from ops.letter_opening import OpenedLetter

SHOWN_FIELDS = 200
WHOLE = "body"
"""Reveals the whole body, where it has no field of that name: the only way to look at what cannot be decoded."""


@dataclass(frozen=True, slots=True)
class Field:
    """One place in a message."""

    path: str
    """Generalised as in differences: positions in lists are `[]`, keys that are no names are `*`."""
    shape: str
    value: str | None
    """None where the contract does not name the field as plain."""


@dataclass(frozen=True, slots=True)
class Structure:
    """A message from outside."""

    body_bytes: int
    type: str | None
    problem: str | None
    """Why its fields are not known."""
    fields: tuple[Field, ...] = ()
    more: int = 0
    """Fields beyond those that are shown."""


class UnknownFieldError(LookupError):
    """The message has no field at this path."""


def structure(opened: OpenedLetter, message_type: MessageType | None) -> Structure:
    """What the message looks like. Never raises for a body, whatever it holds."""
    if message_type is None:
        return Structure(len(opened.body), None, "no contract says how it is read")
    try:
        form = message_type.decode(opened.body)
    except DecodeError as error:
        return Structure(len(opened.body), message_type.name, f"it cannot be decoded: {error}")
    fields = tuple(dict.fromkeys(_fields(form, message_type)))
    more = max(0, len(fields) - SHOWN_FIELDS)
    return Structure(len(opened.body), message_type.name, None, fields[:SHOWN_FIELDS], more)


def reveal(opened: OpenedLetter, message_type: MessageType | None, path: str) -> tuple[str, ...]:
    """Values at a path, in clear: for whoever was audited for it. Raises UnknownFieldError."""
    values: tuple[str, ...] = ()
    if message_type is not None:
        try:
            form = message_type.decode(opened.body)
        except DecodeError:
            form = {}
        values = tuple(_text(value) for place, value in _walk("", form) if place == path)
    if not values and path == WHOLE:
        return (opened.body.decode("utf-8", "backslashreplace"),)
    if not values:
        raise UnknownFieldError(path)
    return values


def type_of(
    families: Mapping[str, Family], name: str | None, source: Source, origin: tuple[ShortString, ShortString] | None
) -> MessageType | None:
    """The contract that a message is read by: its type's, or that of where it was published."""
    types = [one for family in families.values() for one in family.types]
    for one in types:
        if one.name == name:
            return one
    if source == "invalid" and origin is not None:
        for one in types:
            if one.origin.exchange == origin[0] and one.origin.routing_key in (None, origin[1]):
                return one
    return None


def _fields(form: NormalForm, message_type: MessageType) -> Iterator[Field]:
    for path, value in _walk("", form):
        plain = message_type.shows(path.rsplit(".", 1)[-1].rstrip("[]"))
        yield Field(path, _shape(value), _text(value) if plain else None)


def _walk(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Leaves with their paths; an empty list or object is a leaf."""
    if isinstance(value, PhpObject):
        value = value.properties
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            name = step(str(key))
            yield from _walk(f"{path}.{name}" if path else name, item)
    elif isinstance(value, list | tuple) and value:
        for item in value:
            yield from _walk(f"{path}[]", item)
    elif path:
        yield path, value


def _shape(value: object) -> str:
    if isinstance(value, PhpEnum | PhpOpaque):
        return "enum" if isinstance(value, PhpEnum) else "object"
    if isinstance(value, float):
        return "float"
    return shape(value)


def _text(value: object) -> str:
    if isinstance(value, PhpEnum):
        return value.case
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, PhpOpaque | Mapping | list | tuple):
        return ""
    return str(value)
