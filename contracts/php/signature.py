"""What PHP makes of arguments before a built-in function sees them, without `declare(strict_types=1)`.

A signature is written as in PHP's own stubs: `string $string, int $offset, ?int $length = null`. Scalars are turned
into what a parameter wants (a float into text, numeric text into an int), null into an empty scalar (deprecated since
8.1, and still done), and the rest is a TypeError. Follows Zend/zend_API.c, `zend_parse_arg_*_weak`.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from contracts.php.compare import truthy
from contracts.php.error import PhpArgumentCountError, PhpTypeError
from contracts.php.number import INT_MAX, INT_MIN, numeric_value, to_text
from contracts.php.value import PhpObject, type_name

_PARAMETER = re.compile(r"(?:(?P<types>[\w?|]+) )?&?(?P<variadic>\.\.\.)?\$(?P<name>\w+)(?P<default> = .+)?")
_UNCHANGED = object()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function."""

    name: str
    types: str
    """As PHP writes them in error texts: `?int`, `array|string`."""
    variadic: bool
    optional: bool

    @property
    def wanted(self) -> frozenset[str]:
        """Its types one by one, `null` among them where it may be."""
        names = self.types.removeprefix("?").split("|")
        return frozenset([*names, "null"] if self.types.startswith("?") else names)


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters of one function."""

    function: str
    parameters: tuple[Parameter, ...]

    @classmethod
    def parse(cls, function: str, text: str) -> "Signature":
        """Read a stub's list of parameters. Raises ValueError."""
        return _parse(function, text)

    def bind(self, arguments: Sequence[Any], *, precision: int = 14) -> list[Any]:
        """The arguments as the function gets them. Raises PhpTypeError, PhpArgumentCountError.

        Args:
            arguments: as they are in the call.
            precision: of floats that become text.
        """
        self._count(len(arguments))
        bound = []
        for position, argument in enumerate(arguments):
            parameter = self.parameters[min(position, len(self.parameters) - 1)]
            value = _coerce(argument, parameter, precision)
            if value is _UNCHANGED:
                raise PhpTypeError(
                    f"{self.function}(): Argument #{position + 1} (${parameter.name}) must be of type "
                    f"{parameter.types}, {type_name(argument)} given"
                )
            bound.append(value)
        return bound

    def _count(self, given: int) -> None:
        variadic = any(one.variadic for one in self.parameters)
        least = sum(not (one.optional or one.variadic) for one in self.parameters)
        most = math.inf if variadic else len(self.parameters)
        if least <= given <= most:
            return
        bound = least if given < least else len(self.parameters)
        how = "exactly" if least == most else "at least" if given < least else "at most"
        noun = "argument" if bound == 1 else "arguments"
        raise PhpArgumentCountError(f"{self.function}() expects {how} {bound} {noun}, {given} given")


@lru_cache(maxsize=256)
def _parse(function: str, text: str) -> Signature:
    parameters = []
    for part in _split(text):
        match = _PARAMETER.fullmatch(part)
        if match is None:
            raise ValueError(f"{function}: not a parameter: {part}")
        parameters.append(
            Parameter(match["name"], match["types"] or "mixed", bool(match["variadic"]), bool(match["default"]))
        )
    return Signature(function, tuple(parameters))


def _split(text: str) -> list[str]:
    """At commas that are between parameters, not in a default."""
    return re.split(r", (?=(?:[\w?|]+ )?&?(?:\.\.\.)?\$)", text) if text else []


def _coerce(value: Any, parameter: Parameter, precision: int) -> Any:
    wanted = parameter.wanted
    if "mixed" in wanted or _is_of(value, wanted):
        return value
    if isinstance(value, list | dict | PhpObject) or not (value is None or isinstance(value, bool | int | float | str)):
        return _UNCHANGED
    if "int" in wanted and (number := _as_int(value, wanted)) is not _UNCHANGED:
        return number
    if "float" in wanted and (number := _as_float(value)) is not _UNCHANGED:
        return number
    if "string" in wanted:
        return to_text(value, precision)
    return truthy(value) if "bool" in wanted else _UNCHANGED


def _is_of(value: Any, wanted: frozenset[str]) -> bool:
    match value:
        case None:
            return "null" in wanted
        case bool():
            return "bool" in wanted or ("false" in wanted and not value)
        case int():
            return "int" in wanted
        case float():
            return "float" in wanted
        case str():
            return "string" in wanted
        case list() | dict():
            return "array" in wanted
        case _:
            return "object" in wanted


def _as_int(value: Any, wanted: frozenset[str]) -> Any:
    if value is None or isinstance(value, bool):
        return int(bool(value))
    if isinstance(value, str):
        number = numeric_value(value)
        if number is None or ("string" in wanted and not isinstance(number, int)):
            return _UNCHANGED
        value = number
    if isinstance(value, float):
        if "float" in wanted and not isinstance(value, int):
            return value
        if not math.isfinite(value) or not INT_MIN <= value < INT_MAX + 1:
            return _UNCHANGED
    return int(value)


def _as_float(value: Any) -> Any:
    if isinstance(value, str):
        number = numeric_value(value)
        return _UNCHANGED if number is None else float(number)
    return float(value or 0)
