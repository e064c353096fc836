"""One line of a corpus: a message as the monolith's oracle takes it, with when it was captured.

`{"id","type","exchange","routing_key","body_base64","properties":{},"headers":{},"redelivered","at"}`. A line that
somebody else has written stays as it is, byte for byte; what is missing is put at its end. What is wrong with one is
told without a piece of it.
"""

import base64
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

import orjson

from bridge.port import Delivery
from contracts.amqp_value import ShortString
from contracts.codecs.error import DecodeError
from contracts.envelope import AmqpFacts
from contracts.identify import identify, text_of
from contracts.invalid_message import InvalidMessageError
from contracts.message_type import MessageType
from contracts.pseudonym_message import (
    Personal,
    pseudonymise_body,
    pseudonymise_headers,
    pseudonymise_properties,
)
from contracts.registry import UnknownTypeError, type_named

LINE_BYTES = 256 * 1024 * 1024
"""A line may have so many at most: RabbitMQ takes no message of which it would be longer."""
MADE_UP = "unidentified-"
"""How an id begins that is none of the message's own."""
_TYPE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:\\/-]{0,199}")


class BadLineError(ValueError):
    """A line is no notification. Says why, and quotes nothing."""


@dataclass(frozen=True, slots=True)
class Notification:
    """A line, and what has to be known of it."""

    type: str
    at: str | None
    """When it was captured, RFC 3339 in UTC; None where nobody knows."""
    line: bytes = field(repr=False)
    """Without a line feed."""


@dataclass(frozen=True, slots=True)
class Line:
    """What has become of a message."""

    notification: Notification
    readable: bool = True
    """Whether pseudonyms were put in field by field; else every letter and digit of the body is another."""


def is_type_name(name: str) -> bool:
    """Whether a message type can be called so."""
    return _TYPE.fullmatch(name) is not None


def contract_of(type_name: str) -> MessageType | None:
    """The contract of a type; None where there is none yet."""
    try:
        return type_named(type_name)
    except UnknownTypeError:
        return None


def identity_of(contract: MessageType | None, body: bytes, facts: AmqpFacts) -> str:
    """The message's identity by its contract, else its `message_id`, else one that is made up.

    Never a hash of its bytes: two messages of equal bytes are not one, unless their contract says so.
    """
    if contract is not None:
        try:
            return identify(contract, body, facts, with_key=False).id
        except (InvalidMessageError, DecodeError):
            pass  # a bad message belongs into a corpus as well: the monolith has an answer to it
    return text_of(facts.properties.get("message_id")) or f"{MADE_UP}{uuid.uuid4()}"


def write_notification(delivery: Delivery, type_name: str, at: datetime, personal: Personal | None) -> Line:
    """The line of a delivery.

    Args:
        delivery: as RabbitMQ handed it over.
        type_name: of the message.
        at: when it was captured.
        personal: puts pseudonyms in the place of what is personal; None where all stays as it is.
    """
    facts = delivery.facts
    properties = {name: _json(value) for name, value in facts.properties.items()}
    headers = _json(delivery.headers or {})
    body, readable = delivery.body, True
    identity = identity_of(contract_of(type_name), body, facts)
    if personal is not None:
        changed = pseudonymise_body(body, personal)
        body, readable = changed.body, changed.readable
        properties = pseudonymise_properties(properties, personal)
        headers = pseudonymise_headers(headers, personal)
    document = {
        "id": identity,
        "type": type_name,
        "exchange": _name(facts.exchange),
        "routing_key": _name(facts.routing_key),
        "body_base64": base64.b64encode(body).decode(),
        "properties": properties,
        "headers": headers,
        "redelivered": facts.redelivered,
        "at": told(at),
    }
    return Line(Notification(type_name, document["at"], orjson.dumps(document)), readable)


def pseudonymise(one: Notification, personal: Personal) -> Line:
    """A line with pseudonyms in the place of what is personal."""
    document = orjson.loads(one.line)
    changed = pseudonymise_body(base64.b64decode(document["body_base64"]), personal)
    document |= {
        "body_base64": base64.b64encode(changed.body).decode(),
        "properties": pseudonymise_properties(document["properties"], personal),
        "headers": pseudonymise_headers(document["headers"], personal),
    }
    return Line(Notification(one.type, one.at, orjson.dumps(document)), changed.readable)


def _json(value: Any) -> Any:
    """An AMQP value as JSON has it; bytes that are no text, and what JSON cannot hold, are marked."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return int(value)
        case float():
            return float(value) if isfinite(value) else str(value)
        case Decimal():
            return str(value)
        case bytes() | bytearray():
            return {"base64": base64.b64encode(value).decode()}
        case datetime():
            return int(value.timestamp())
        case Mapping():
            return {_name(name): _json(one) for name, one in value.items()}
    return [_json(one) for one in value]


def _name(text: ShortString) -> str:
    return text if isinstance(text, str) else text.decode("utf-8", "backslashreplace")


def read_notification(line: bytes) -> Notification:
    """A line of somebody's recording. Raises BadLineError."""
    text = line.strip()
    if not text:
        raise BadLineError("empty")
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadLineError("no JSON") from None
    if not isinstance(document, dict):
        raise BadLineError("no JSON object")
    type_name = _typed(document, "type", str, None)
    if not is_type_name(type_name):
        raise BadLineError("type: not a name of a message type")
    contract = contract_of(type_name)
    missing: dict[str, Any] = {}
    facts = _facts(document, contract, missing)
    body = _body(_typed(document, "body_base64", str, None))
    if "id" not in document:
        missing["id"] = identity_of(contract, body, facts)
    elif text_of(document["id"]) is None:
        raise BadLineError("id: expected a text of 1 to 512 characters, or an integer")
    at = _time(document, missing)
    if missing:
        text = text[:-1].rstrip() + b"," + orjson.dumps(missing)[1:]
    return Notification(type_name, at, text)


def _facts(document: Mapping[str, Any], contract: MessageType | None, missing: dict[str, Any]) -> AmqpFacts:
    exchange = routing_key = ""
    if contract is not None:
        exchange, routing_key = contract.origin.exchange, contract.origin.routing_key or ""
    defaults: tuple[tuple[str, type, Any], ...] = (
        ("exchange", str, exchange),
        ("routing_key", str, routing_key),
        ("redelivered", bool, False),
        ("properties", dict, {}),
        ("headers", dict, {}),
    )
    values = {name: _typed(document, name, kind, default) for name, kind, default in defaults}
    missing.update({name: default for name, _, default in defaults if name not in document})
    return AmqpFacts(values["exchange"], values["routing_key"], values["redelivered"], values["properties"])


def _typed(document: Mapping[str, Any], name: str, kind: type, default: Any) -> Any:
    value = document.get(name, default)
    if value is None and default is None:
        raise BadLineError(f"{name}: missing")
    if type(value) is not kind:
        expected = {str: "a text", bool: "true or false", dict: "an object"}[kind]
        raise BadLineError(f"{name}: expected {expected}")
    return value


def _body(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:  # not base64, or not ASCII
        raise BadLineError("body_base64: no base64") from None


def _time(document: Mapping[str, Any], missing: dict[str, Any]) -> str | None:
    at = document.get("at")
    if at is None:
        if "at" not in document:
            missing["at"] = None
        return None
    try:
        moment = datetime.fromisoformat(at)
    except (TypeError, ValueError):
        raise BadLineError("at: expected a time as 2026-11-21T10:00:00Z, or null") from None
    if moment.tzinfo is None:
        raise BadLineError("at: a time without its zone")
    return told(moment)


def told(moment: datetime) -> str:
    """A time as it stands in a corpus: RFC 3339, UTC, milliseconds; as texts they are in order."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
