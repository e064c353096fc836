"""A difference as it may be shown: values only of fields that the contract names as plain, all others masked."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import get_args

from contracts.difference import Difference, DifferenceKind

MASKED = "***"
_DECIMAL_SHAPE = re.compile(r"float|[+-]?[09]9*(\.9+)?")
_KINDS = get_args(DifferenceKind)
Shown = str | bool | None
"""A value as it may be shown: a text (numbers too), masked where it is personal."""


@dataclass(frozen=True, slots=True)
class ShownDifference:
    """A difference whose personal values are masked already."""

    path: str
    kind: str
    control_shape: str
    candidate_shape: str
    control: Shown
    candidate: Shown


def show(one: Difference, *, plain: bool) -> ShownDifference:
    """A difference with its values, masked unless they are plain; null and truth values tell nothing of a person."""
    return ShownDifference(
        one.path,
        one.kind,
        one.control_shape,
        one.candidate_shape,
        _value(one.control, plain=plain),
        _value(one.candidate, plain=plain),
    )


def _value(value: object, *, plain: bool) -> Shown:
    if value is None or isinstance(value, bool):
        return value
    return str(value) if plain else MASKED


def restore(one: ShownDifference) -> Difference:
    """The difference again, as far as it was shown: what was masked is a value that equals no other. Never raises."""
    return Difference(
        one.path,
        one.kind if one.kind in _KINDS else "value",  # type: ignore[arg-type]  # looked at
        one.control_shape,
        one.candidate_shape,
        _restored(one.control, one.control_shape),
        _restored(one.candidate, one.candidate_shape),
    )


def _restored(value: Shown, shape: str) -> object:
    if value is None or isinstance(value, bool):
        return value
    if value == MASKED or shape in ("object", "list", "bytes"):
        return object()  # equal to nothing, and of no type that says anything
    if shape in ("[]", "{}"):
        return [] if shape == "[]" else {}
    try:
        return int(value) if shape == "int" else Decimal(value) if _DECIMAL_SHAPE.fullmatch(shape) else value
    except (ArithmeticError, ValueError):
        return object()
