"""A difference as it may be shown: values only of fields that the contract names as plain, all others masked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import get_args

from contracts.difference import Difference, DifferenceKind
from contracts.effect import write_json
from contracts.judge import ENDING

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


def show(one: Difference, *, plain: bool, revealed: bool = False) -> ShownDifference:
    """A difference with its values, masked unless they are plain; null and truth values tell nothing of a person.

    An object in a plain field is masked all the same: nobody has said that what is in it is plain.

    Args:
        one: the difference.
        plain: whether the contract names the field as plain.
        revealed: whether everything is to be shown.
    """
    plain = plain or one.path == ENDING  # words of the judge's own
    return ShownDifference(
        one.path,
        one.kind,
        one.control_shape,
        one.candidate_shape,
        _value(one.control, plain=plain, revealed=revealed),
        _value(one.candidate, plain=plain, revealed=revealed),
    )


def _value(value: object, *, plain: bool, revealed: bool) -> Shown:
    if value is None or isinstance(value, bool):
        return value
    if not revealed and (not plain or _holds_fields(value)):
        return MASKED
    return write_json(value) if isinstance(value, Mapping | list) else str(value)


def _holds_fields(value: object) -> bool:
    """Whether it has fields of its own, anywhere in it; bytes that are no text have none."""
    if isinstance(value, list):
        return any(map(_holds_fields, value))
    return isinstance(value, Mapping) and list(value) != ["base64"]


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
