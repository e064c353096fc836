"""Effects and outcomes: what a side did for a message, in a form that two sides can be judged by.

An outcome is written as JSON by PHP's recorder and by our workers alike. Numbers keep their lexeme: an integer is an
`int`, everything with a fraction or an exponent a `Decimal` and never a binary float, so that no digit of money is lost
on the way (0.1 + 0.2 is a difference, not noise).
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, get_args

import msgspec

EffectKind = Literal["row", "message", "event", "webhook"]
Ending = Literal["done", "retried", "rejected", "duplicate"]
"""How an attempt ended. `retried`: another attempt follows. `duplicate`: recognised as processed already."""

Json = None | bool | int | Decimal | str | list["Json"] | dict[str, "Json"]

_POSITIONAL_PLACES = 40
DEEPEST = 520
"""Objects and lists within each other: those that PHP takes (512), in an outcome. Python's stack takes few more."""
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
"""Or whole texts, whose brackets are none."""

FORMAT = 1
"""Version of the outcome document; a reader refuses one that it does not know."""


class MalformedOutcomeError(ValueError):
    """An outcome document cannot be read. Says where; never quotes a value, for it may be personal."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One observable result of processing a message."""

    kind: EffectKind
    name: str
    """Table, `exchange/routing key` or name of the webhook."""
    key: str
    """Key of the row as text; empty for messages and webhooks."""
    value: Mapping[str, Json]

    def canonical(self) -> bytes:
        """Bytes that are equal exactly when two effects are equal."""
        return canonical([self.kind, self.name, self.key, self.value])


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a side did in one attempt at a message."""

    message_id: str
    type: str
    attempt: int
    ending: Ending
    cause: str | None
    """Class of the error, never its text: that may quote personal data."""
    at: datetime
    effects: tuple[Effect, ...]
    muted: bool = False
    """Whether nothing of it could leave: the monolith's, as it catches up."""


def exact(lexeme: str) -> Decimal:
    """A number with a fraction or an exponent, as its lexeme says: `1.50` is not `1.5`, for it was not written so.

    What has an exponent counts by its value, for that is how floats are printed, each language in its own way (1e15 is
    `1.0e+15` to PHP and `1000000000000000.0` to Python); so does what is smaller than a millionth, which Python writes
    with an exponent whatever its lexeme. Raises ValueError where it is past all bounds.
    """
    try:
        number = Decimal(lexeme)
    except InvalidOperation as error:
        raise ValueError("an exponent past all bounds") from error
    if "e" in lexeme or "E" in lexeme or "E" in str(number):
        return _positional(number)
    return number


def _positional(number: Decimal) -> Decimal:
    """With its shortest fraction, of one digit at least; what is larger or smaller than money keeps its exponent."""
    sign, digits, exponent = number.as_tuple()
    places = int(exponent)
    while len(digits) > 1 and digits[-1] == 0:
        digits, places = digits[:-1], places + 1
    if digits == (0,):
        places = 0
    if 0 <= places <= _POSITIONAL_PLACES:
        digits, places = (*digits, *(0,) * (places + 1)), -1
    return Decimal((sign, digits, places))


_DECODER = msgspec.json.Decoder(float_hook=exact)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_CANONICAL = msgspec.json.Encoder(decimal_format="number", order="sorted")


def canonical(value: Any) -> bytes:
    """Canonical text of a JSON value: sorted keys, `1.50` unequal to `1.5`, `1` unequal to `1.0`.

    A `Decimal` in it has a fraction or an exponent, as `exact` makes it.
    """
    return _CANONICAL.encode(value)


def body_digest(body: bytes) -> str:
    """SHA-256 of a message's bytes, hexadecimal: tells an id conflict from a repeated delivery."""
    return hashlib.sha256(body).hexdigest()


def parse_json(text: str | bytes) -> Json:
    """JSON with exact numbers. Raises `ValueError`, also where it is nested deeper than `DEEPEST`."""
    if _too_deep(text):
        raise ValueError("nested too deep")
    try:
        return _DECODER.decode(text)  # type: ignore[no-any-return]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:  # its text may quote a value
        raise ValueError("not JSON") from error


def _too_deep(text: str | bytes) -> bool:
    opening = (text.count("{") + text.count("[")) if isinstance(text, str) else (text.count(b"{") + text.count(b"["))
    if opening <= DEEPEST:
        return False
    depth = deepest = 0
    for found in _BRACKETS.finditer(text if isinstance(text, str) else text.decode("latin-1")):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(found[0], 0)
        deepest = max(deepest, depth)
    return deepest > DEEPEST


def parse_attempt(document: str | bytes) -> Attempt:
    """Read an outcome document.

    Raises:
        MalformedOutcomeError: the text is no JSON, has another format, or a field is missing or of another type.
    """
    try:
        raw = parse_json(document)
    except ValueError as error:
        raise MalformedOutcomeError("outcome: not JSON") from error
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise MalformedOutcomeError(f"outcome: expected an object of format {FORMAT}")
    ending = _text(raw, "ending")
    if ending not in get_args(Ending):
        raise MalformedOutcomeError("outcome.ending: unknown")
    attempt = raw.get("attempt")
    if not isinstance(attempt, int) or isinstance(attempt, bool) or attempt < 1:
        raise MalformedOutcomeError("outcome.attempt: expected a positive integer")
    effects = raw.get("effects")
    if not isinstance(effects, list):
        raise MalformedOutcomeError("outcome.effects: expected a list")
    muted = raw.get("muted", False)
    if not isinstance(muted, bool):
        raise MalformedOutcomeError("outcome.muted: expected true or false")
    try:
        at = datetime.fromisoformat(_text(raw, "at"))
    except ValueError as error:
        raise MalformedOutcomeError("outcome.at: expected an ISO 8601 time") from error
    if at.tzinfo is None:
        raise MalformedOutcomeError("outcome.at: expected an offset")
    return Attempt(
        message_id=_text(raw, "message_id"),
        type=_text(raw, "type"),
        attempt=attempt,
        ending=ending,  # type: ignore[arg-type]  # checked above
        cause=None if raw.get("cause") is None else _text(raw, "cause"),
        at=at,
        effects=tuple(_effect(effect, position) for position, effect in enumerate(effects)),
        muted=muted,
    )


def parse_effect(document: str | bytes) -> Effect:
    """Read one effect, as an outcome document lists it. Raises MalformedOutcomeError."""
    try:
        raw = parse_json(document)
    except ValueError as error:
        raise MalformedOutcomeError("effect: not JSON") from error
    return _effect(raw, 0)


def _text(raw: Mapping[str, Json], field: str, where: str = "outcome") -> str:
    value = raw.get(field)
    if not isinstance(value, str):
        raise MalformedOutcomeError(f"{where}.{field}: expected a text")
    return value


def _effect(raw: Json, position: int) -> Effect:
    where = f"outcome.effects[{position}]"
    if not isinstance(raw, dict):
        raise MalformedOutcomeError(f"{where}: expected an object")
    kind, value = _text(raw, "kind", where), raw.get("value")
    if kind not in get_args(EffectKind):
        raise MalformedOutcomeError(f"{where}.kind: unknown")
    if not isinstance(value, dict):
        raise MalformedOutcomeError(f"{where}.value: expected an object")
    return Effect(kind, _text(raw, "name", where), _text(raw, "key", where), value)  # type: ignore[arg-type]


def write_attempt(attempt: Attempt) -> str:
    """The outcome document of `attempt`, one line of JSON."""
    return write_json(
        {
            "format": FORMAT,
            "message_id": attempt.message_id,
            "type": attempt.type,
            "attempt": attempt.attempt,
            "ending": attempt.ending,
            "cause": attempt.cause,
            "at": attempt.at.isoformat(),
            "effects": [
                {"kind": effect.kind, "name": effect.name, "key": effect.key, "value": effect.value}
                for effect in attempt.effects
            ],
        }
        | ({"muted": True} if attempt.muted else {})
    )


def write_json(value: Any) -> str:
    """JSON that keeps a `Decimal` as the number that it is; see `canonical` for which ones may be in it."""
    return _ENCODER.encode(value).decode()
