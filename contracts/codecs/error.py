"""Why a legacy body cannot be decoded, in words that are safe to log: a code and a place, never a piece of the body."""

from dataclasses import dataclass
from typing import Literal

DecodeErrorCode = Literal[
    "empty",
    "too_large",
    "too_deep",
    "too_many_elements",
    "truncated",
    "syntax",
    "number",
    "name",
    "reference",
    "cycle",
    "encoding",
    "not_an_object",
    "not_an_envelope",
    "not_a_job",
    "no_type",
    "header",
    "unknown_format",
    "key",
]
"""`too_…`: past our limits. `truncated`: ends before the value does, or declares more than there is. `reference`:
points to nothing that can be told. `cycle`: a value within itself. `encoding`: not UTF-8 where text must be. `no_type`:
the header that names the class is missing. `header`: one that cannot be read. `key`: not the one
that it was encrypted with, or somebody has changed it since."""


class DecodeError(ValueError):
    """The body can never be decoded; trying again does not help."""

    def __init__(self, code: DecodeErrorCode, position: int | None = None) -> None:
        """`position`: offset in bytes into what was decoded (for Symfony: after base64 and slashes are gone)."""
        super().__init__(code if position is None else f"{code} at byte {position}")
        self.code = code
        self.position = position


class EncodeError(ValueError):
    """A value that PHP could not have written, or not in this form; says which rule, never with a value."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a decoder spends at most on one body, or on one header that it decodes.

    Past a limit it refuses before memory is taken: elements are counted before there are any, JSON's in the text,
    serialised ones where they are declared.
    """

    max_bytes: int = 4 * 1024 * 1024
    """Of the body, and of a serialised value written out in full with every reference replaced by a copy."""
    max_depth: int = 64
    """Arrays and objects within each other; in JSON 511 at most, as PHP reads it."""
    max_elements: int = 100_000
    """Array elements and object properties altogether."""

    def __post_init__(self) -> None:
        if not 1 <= self.max_depth <= 4096:  # PHP's own unserialize_max_depth
            raise ValueError("max_depth: 1 to 4096")
