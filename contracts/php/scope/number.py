"""Numbers and their text. See `contracts.php.functions`."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts.php import arithmetic, bcmath, compare, number, printf, rounding
from contracts.php.error import PhpTypeError
from contracts.php.runtime import PhpRuntime
from contracts.php.value import PhpEnum, type_name

_MODES = {
    "HalfAwayFromZero": rounding.RoundingMode.HALF_UP,
    "HalfTowardsZero": rounding.RoundingMode.HALF_DOWN,
    "HalfEven": rounding.RoundingMode.HALF_EVEN,
    "HalfOdd": rounding.RoundingMode.HALF_ODD,
    "TowardsZero": rounding.RoundingMode.TOWARDS_ZERO,
    "AwayFromZero": rounding.RoundingMode.AWAY_FROM_ZERO,
    "NegativeInfinity": rounding.RoundingMode.NEGATIVE_INFINITY,
    "PositiveInfinity": rounding.RoundingMode.POSITIVE_INFINITY,
}


def _round(php: PhpRuntime, value: float, precision: int = 0, mode: Any = 1) -> float:
    if isinstance(mode, int):
        wanted = rounding.rounding_mode(mode, runtime=php)
    elif php.since(8, 4) and isinstance(mode, PhpEnum) and mode.class_name == "RoundingMode" and mode.case in _MODES:
        wanted = _MODES[mode.case]
    else:
        raise PhpTypeError(f"round(): Argument #3 ($mode) must be of type int, {type_name(mode)} given")
    return rounding.php_round(value, precision, wanted, runtime=php)


def _number_format(
    php: PhpRuntime, value: float, decimals: int = 0, point: str | None = ".", separator: str | None = ","
) -> str:
    point = "." if point is None else point
    return rounding.number_format(value, decimals, point, "," if separator is None else separator, runtime=php)


def _bc(function: Callable[..., Any]) -> tuple[str, Callable[..., Any]]:
    def body(_: PhpRuntime, num1: str, num2: str, scale: int | None = None) -> Any:
        return function(num1, num2, scale or 0)

    return "string $num1, string $num2, ?int $scale = null", body


FUNCTIONS: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "abs": ("int|float $num", lambda _, value: arithmetic.php_abs(value)),
    "bcadd": _bc(bcmath.bcadd),
    "bccomp": _bc(bcmath.bccomp),
    "bcdiv": _bc(bcmath.bcdiv),
    "bcmod": _bc(bcmath.bcmod),
    "bcmul": _bc(bcmath.bcmul),
    "bcsub": _bc(bcmath.bcsub),
    "boolval": ("mixed $value", lambda _, value: compare.truthy(value)),
    "ceil": ("int|float $num", lambda _, value: rounding.ceil(value)),
    "doubleval": ("mixed $value", lambda _, value: number.to_float(value)),
    "floatval": ("mixed $value", lambda _, value: number.to_float(value)),
    "floor": ("int|float $num", lambda _, value: rounding.floor(value)),
    "fmod": ("float $num1, float $num2", lambda _, left, right: arithmetic.fmod(left, right)),
    "intdiv": ("int $num1, int $num2", lambda _, left, right: arithmetic.intdiv(left, right)),
    "intval": ("mixed $value, int $base = 10", lambda _, *arguments: number.intval(*arguments)),
    "is_numeric": ("mixed $value", lambda _, value: number.is_numeric(value)),
    "number_format": (
        "int|float $num, int $decimals = 0, ?string $decimal_separator = '.', ?string $thousands_separator = ','",
        _number_format,
    ),
    "round": ("int|float $num, int $precision = 0, int|object $mode = PHP_ROUND_HALF_UP", _round),
    "sprintf": (
        "string $format, mixed ...$values",
        lambda php, pattern, *values: printf.sprintf(pattern, *values, runtime=php),
    ),
    "strval": ("mixed $value", lambda php, value: number.to_text(value, php.precision)),
    "vsprintf": (
        "string $format, array $values",
        lambda php, pattern, values: printf.vsprintf(pattern, values, runtime=php),
    ),
}
