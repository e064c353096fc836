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
        except ValueError as error:
            raise MalformedOutcomeError(f"outcome.effects[].value: {error}") from error
        if not isinstance(value, dict):
            raise MalformedOutcomeError("outcome.effects[].value: expected an object")
        return Effect(self.kind, self.name, self.key, value)


class OutcomeHead(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One attempt at one message, but for its effects."""

    message_id: Annotated[str, msgspec.Meta(min_length=1)]
    type: str
    ending: Ending = "done"
    attempt: Annotated[int, msgspec.Meta(ge=1)] = 1
    format: Literal[1] = 1
    muted: bool = False


class OutcomeLine(OutcomeHead, frozen=True, gc=False, kw_only=True):
    """One attempt at one message."""

    effects: msgspec.Raw
    """Not read yet; see `effect_lines`."""

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


class _AnyObject(msgspec.Struct, frozen=True, gc=False):
    """An object whose fields nobody asked for."""


class _AnyEffect(msgspec.Struct, frozen=True, gc=False):
    kind: EffectKind
    name: str
    value: _AnyObject
    key: str = ""


class Outline(OutcomeHead, frozen=True, gc=False, kw_only=True):
    """One attempt, of whose effects no more is known than that they are effects."""

    effects: list[_AnyEffect]


def _lexeme(text: str) -> tuple[str]:
    """A number with a fraction, in a form that equals nothing but the same digits."""
    return (str(exact(text)),) if "e" in text or "E" in text else (text,)


_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_LEXEMES = msgspec.json.Decoder(float_hook=_lexeme)
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_LINE = msgspec.json.Decoder(OutcomeLine)
_EFFECTS = msgspec.json.Decoder(list[EffectLine])
_OUTLINE = msgspec.json.Decoder(Outline)
_HEAD = re.compile(
    rb'\{(?:"format": ?1, ?)?"message_id": ?"[^"\\]+", ?"type": ?"[^"\\]+", ?'
    rb'(?:"attempt": ?\d+, ?)?(?:"ending": ?"[a-z]+", ?)?'
)
"""How recorder and workers begin a line."""
_OWN = re.compile(rb'(?:"cause": ?(?:null|"[ !#-\[\]-~]*"), ?)?(?:"at": ?"[ !#-\[\]-~]*", ?)?')
"""What comes then: each side's own."""


def read_line(line: bytes) -> OutcomeLine:
    """Read an outcome document of one line, all but its effects.

    Raises MalformedOutcomeError, which names the field and never quotes a value.
    """
    try:
        return _LINE.decode(line)
    except _UNREADABLE as error:
        raise MalformedOutcomeError(f"outcome{_place(error)}") from error


def outline_of_both(control: bytes, candidate: bytes) -> Outline | None:
    """What both lines say, where they have the same bytes but for when the attempt was made and why it failed.

    Their fields stand in the order in which recorder and workers write them. None says nothing: two other lines may
    still say the same.
    """
    head = _HEAD.match(control)
    if head is None or not candidate.startswith(head[0]):
        return None
    theirs, ours = _OWN.match(control, head.end()), _OWN.match(candidate, head.end())
    if theirs is None or ours is None or control[theirs.end() :] != candidate[ours.end() :]:
        return None
    try:
        return _OUTLINE.decode(control)
    except _UNREADABLE:
        return None


def same_effect(one: EffectLine, other: EffectLine) -> bool:
    """Whether two effects are equal. Raises MalformedOutcomeError."""
    return (one.name, one.key, one.kind) == (other.name, other.key, other.kind) and (
        one.value == other.value or _same_json(one.value, other.value)
    )


def _same_json(one: msgspec.Raw, other: msgspec.Raw) -> bool:
    """Whether two texts of JSON say the same: by Python's own equality, which takes true for 1, and then by that."""
    try:
        theirs, ours = _LEXEMES.decode(one), _LEXEMES.decode(other)
        return bool(theirs == ours) and canonical(theirs) == canonical(ours)
    except RecursionError as error:
        raise MalformedOutcomeError("outcome.effects[].value: nested too deep") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise MalformedOutcomeError("outcome.effects[].value: not JSON") from error


def _place(error: Exception) -> str:
    """`.effects[0].kind: unfit`. The library's text names the place at its end, and may quote what it found there."""
    if not isinstance(error, msgspec.ValidationError):
        return ": not JSON"
    text = str(error)
    place = text.rpartition(" - at `$")[2].rstrip("`") if " - at `$" in text else ""
    missing = _MISSING.match(text)
    return f"{place}{f'.{missing[1]}' if missing else ''}: {'missing' if missing else 'unfit'}"
