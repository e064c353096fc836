"""Outcome documents as lines of bytes, read no further than a judgement needs.

Effects stay bytes until those of two sides differ. So that files of other programs are judged too, what does not bear
on a judgement (`at`, `cause`) may be missing here, and `attempt`, `ending` and an effect's `key` have defaults. What is
stored is read by `contracts.effect.parse_attempt`, which wants it all.
"""

import re
from typing import Annotated, Literal

import msgspec

from contracts.effect import Effect, EffectKind, Ending, MalformedOutcomeError, canonical, exact, parse_json


class EffectLine(msgspec.Struct, frozen=True, gc=False):
    """One effect whose value was not read yet."""

    kind: EffectKind
    name: str
    value: msgspec.Raw
    key: str = ""

    def effect(self) -> Effect:
        """With its value. Raises MalformedOutcomeError where that is no object."""
        try:
            value = parse_json(bytes(self.value))
        except (ValueError, RecursionError) as error:
            raise MalformedOutcomeError("outcome.effects[].value: not JSON") from error
        if not isinstance(value, dict):
            raise MalformedOutcomeError("outcome.effects[].value: expected an object")
        return Effect(self.kind, self.name, self.key, value)


class OutcomeLine(msgspec.Struct, frozen=True, gc=False):
    """One attempt at one message."""

    message_id: Annotated[str, msgspec.Meta(min_length=1)]
    type: str
    effects: msgspec.Raw
    """Not read yet; see `effect_lines`."""
    ending: Ending = "done"
    attempt: Annotated[int, msgspec.Meta(ge=1)] = 1
    format: Literal[1] = 1
    muted: bool = False

    def effect_lines(self) -> list[EffectLine]:
        """Its effects. Raises MalformedOutcomeError."""
        try:
            effects = _EFFECTS.decode(self.effects)
        except _UNREADABLE as error:
            raise MalformedOutcomeError(f"outcome.effects{_place(error)}") from error
        for position, one in enumerate(effects):  # here, for equal values are never looked at again
            if bytes(memoryview(one.value)[:1]) != b"{":
                raise MalformedOutcomeError(f"outcome.effects[{position}].value: expected an object")
        return effects


def _lexeme(text: str) -> tuple[str]:
    """A number with a fraction, in a form that equals nothing but the same digits."""
    return (str(exact(text)),) if "e" in text or "E" in text else (text,)


_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_LEXEMES = msgspec.json.Decoder(float_hook=_lexeme)
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_LINE = msgspec.json.Decoder(OutcomeLine)
_EFFECTS = msgspec.json.Decoder(list[EffectLine])


def read_line(line: bytes) -> OutcomeLine:
    """Read an outcome document of one line, all but its effects.

    Raises MalformedOutcomeError, which names the field and never quotes a value.
    """
    try:
        return _LINE.decode(line)
    except _UNREADABLE as error:
        raise MalformedOutcomeError(f"outcome{_place(error)}") from error


def same_effects(control: OutcomeLine, candidate: OutcomeLine) -> bool:
    """Whether both hold equal effects in the same order.

    False says nothing: they may be the same multiset all the same. Raises MalformedOutcomeError.
    """
    control.effect_lines()  # that both say the same is no match yet where it is no list of effects
    return control.effects == candidate.effects or _same_json(control.effects, candidate.effects)


def _same_json(one: msgspec.Raw, other: msgspec.Raw) -> bool:
    """Whether two texts of JSON say the same: by Python's own equality, which takes true for 1, and then by that."""
    try:
        theirs, ours = _LEXEMES.decode(one), _LEXEMES.decode(other)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise MalformedOutcomeError("outcome.effects: not JSON") from error
    return bool(theirs == ours) and canonical(theirs) == canonical(ours)


def _place(error: Exception) -> str:
    """`.effects[0].kind: unfit`. The library's text names the place at its end, and may quote what it found there."""
    if not isinstance(error, msgspec.ValidationError):
        return ": not JSON"
    text = str(error)
    place = text.rpartition(" - at `$")[2].rstrip("`") if " - at `$" in text else ""
    missing = _MISSING.match(text)
    return f"{place}{f'.{missing[1]}' if missing else ''}: {'missing' if missing else 'unfit'}"
