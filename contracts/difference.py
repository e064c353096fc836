"""Differences between two effects: where, of which kind, and what both values look like without being quoted."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from contracts.effect import Effect, canonical, parse_json

DifferenceKind = Literal["missing effect", "extra effect", "missing", "extra", "type", "value", "encoding"]
"""`missing`/`extra`: seen from the candidate. `encoding`: texts that differ, though both are the same JSON."""

_SHAPE_LIMIT = 24
_ABSENT = object()
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which the candidate differs from the control."""

    path: str
    """Generalised: list positions are `[]`, so that the hundredth item of a list is the same place as the first."""
    kind: DifferenceKind
    control_shape: str
    candidate_shape: str
    control: object
    """Value as recorded; may be personal. Masked by whoever shows it."""
    candidate: object

    def signature(self, message_type: str) -> str:
        """What makes two differences the same bug; free of values."""
        return f"{message_type} | {self.path} | {self.kind} | {self.control_shape} -> {self.candidate_shape}"


def shape(value: object) -> str:
    """What a value looks like, without saying what it is: `12.50` is `9.9`, a name is `a`, a UUID is `uuid`."""
    if value is _ABSENT:
        return "-"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return "int"
    if isinstance(value, Decimal):
        return "float"
    if isinstance(value, Mapping):
        return "object"
    if isinstance(value, list | tuple):
        return "list"
    text = str(value)
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text):
        return '"uuid"'
    if re.fullmatch(r"[A-Za-z0-9+/]{43}=", text):
        return '"base64(32)"'
    # All that is not ASCII counts as letters: combining marks and symbols say as much of a name as its letters do.
    text = re.sub(r"(?:[^\W\d_]|[^\x00-\x7f])+", "a", re.sub(r"\d+", "9", text))
    text = re.sub(r"a(?:[ '\-]+a)+", "a", text)
    return f'"{text[:_SHAPE_LIMIT]}{"..." if len(text) > _SHAPE_LIMIT else ""}"'


def effect_path(effect: Effect) -> str:
    """Where an effect stands: `row:payins`, `message:exchange/key`, `webhook:name`."""
    return f"{effect.kind}:{effect.name}"


def missing_effect(effect: Effect) -> Difference:
    """An effect of the control that the candidate lacks."""
    return Difference(effect_path(effect), "missing effect", "effect", "-", effect.key, None)


def extra_effect(effect: Effect) -> Difference:
    """An effect of the candidate that the control lacks."""
    return Difference(effect_path(effect), "extra effect", "-", "effect", None, effect.key)


def compare_effects(control: Effect, candidate: Effect) -> tuple[Difference, ...]:
    """All differences of two effects of the same kind, name and key."""
    return tuple(_walk(effect_path(control), control.value, candidate.value))


def _walk(path: str, control: Any, candidate: Any) -> Iterator[Difference]:
    if isinstance(control, Mapping) and isinstance(candidate, Mapping):
        for key in sorted(control.keys() | candidate.keys()):
            yield from _walk(f"{path}.{step(key)}", control.get(key, _ABSENT), candidate.get(key, _ABSENT))
    elif isinstance(control, list) and isinstance(candidate, list):
        for position in range(max(len(control), len(candidate))):
            yield from _walk(
                f"{path}[]",
                control[position] if position < len(control) else _ABSENT,
                candidate[position] if position < len(candidate) else _ABSENT,
            )
    elif control is _ABSENT or candidate is _ABSENT or canonical(control) != canonical(candidate):
        yield from _leaf(path, control, candidate)


def step(key: str) -> str:
    """A field's name in a path. A key that is no name (a number, a phrase) is data: generalised, not told."""
    return key if _NAME.fullmatch(key) else "*"


def _leaf(path: str, control: Any, candidate: Any) -> Iterator[Difference]:
    if control is _ABSENT or candidate is _ABSENT:
        kind: DifferenceKind = "extra" if control is _ABSENT else "missing"
    elif type(control) is not type(candidate):
        kind = "type"
    elif (containers := _json_containers(control, candidate)) is not None:
        inner = tuple(_walk(path, *containers))
        if inner:
            yield from inner
            return
        kind = "encoding"
    else:
        kind = "value"
    yield Difference(
        path,
        kind,
        "json" if kind == "encoding" else shape(control),
        "json" if kind == "encoding" else shape(candidate),
        None if control is _ABSENT else control,
        None if candidate is _ABSENT else candidate,
    )


def _json_containers(control: object, candidate: object) -> tuple[Any, Any] | None:
    """Both texts as JSON objects or lists, so that a difference inside of a body names its field."""
    if not (isinstance(control, str) and isinstance(candidate, str)):
        return None
    if control[:1] not in ("{", "[") or candidate[:1] != control[:1]:
        return None
    try:
        return parse_json(control), parse_json(candidate)
    except (ValueError, RecursionError):
        return None
