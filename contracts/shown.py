"""A difference as it may be shown: values only of fields that the contract names as plain, all others masked."""

from dataclasses import dataclass

from contracts.difference import Difference

MASKED = "***"
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
