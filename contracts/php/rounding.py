"""PHP's rounding, by version: `round`, `number_format`, `floor`, `ceil`.

Money differs here first. Up to PHP 8.3 `round` and `number_format` round twice: to 15 significant digits, then to the
places asked for, so that 1.005 becomes 1.01 where Python says 1.0. PHP 8.4 rounds once, and asks whether the number is
at least the double that is written as the half way point: 1.005 becomes 1.01 as before, 8868.835 * 100 another cent.
One rule is known of all versions up to 8.3 (measured on 8.2), one of 8.4 (measured on 8.4.5). On the same IEEE doubles
as PHP's, and without any context such as precision settings.
"""

import math
from bisect import bisect_right
from enum import IntEnum

from contracts.php.error import PhpValueError
from contracts.php.number import INT_MAX, INT_MIN, int32
from contracts.php.runtime import PhpRuntime

_POWERS = [10.0**n for n in range(-8, 23)]
_FIRST_WHOLE = 2.0**52
"""From here on no double has a fraction."""
_MOST_FRACTION_DIGITS = 318
"""PHP's buffer for the digits of a number ends there."""


class RoundingMode(IntEnum):
    """PHP_ROUND_HALF_*, and what PHP 8.4's enum RoundingMode has besides; 8.4 takes all of them as ints, too."""

    HALF_UP = 1
    """Away from zero, so -2.5 becomes -3."""
    HALF_DOWN = 2
    """Towards zero."""
    HALF_EVEN = 3
    HALF_ODD = 4
    POSITIVE_INFINITY = 5
    """As `ceil`."""
    NEGATIVE_INFINITY = 6
    """As `floor`."""
    TOWARDS_ZERO = 7
    AWAY_FROM_ZERO = 8


def php_round(
    value: float, precision: int = 0, mode: RoundingMode = RoundingMode.HALF_UP, *, runtime: PhpRuntime
) -> float:
    """`round($value, $precision, $mode)`: halves away from zero unless told otherwise. Always a float, of ints too.

    Python's `round` goes to the even neighbour and judges by the exact binary value. An int is turned into a float,
    which loses digits past 2^53. Raises UnknownRuleError for modes that only RoundingMode has, before 8.4.
    """
    runtime.must_know("round")
    if mode > RoundingMode.HALF_ODD:
        runtime.must_know(f"RoundingMode::{mode.name}", since=(8, 4))
    if isinstance(value, int) and precision >= 0:
        return float(value)
    return _round(float(value), precision, mode, once=runtime.since(8, 4))


def rounding_mode(number: int, *, runtime: PhpRuntime) -> RoundingMode:
    """What an int means as `$mode`: before 8.4 only the halves; any other one (of 32 bits) is HALF_UP.

    Raises PhpValueError for an unknown one from 8.4 on.
    """
    if not runtime.since(8, 4):
        number = int32(number)
        return RoundingMode(number) if 1 <= number <= RoundingMode.HALF_ODD else RoundingMode.HALF_UP
    if not 1 <= number <= max(RoundingMode):
        raise PhpValueError("round(): Argument #3 ($mode) must be a valid rounding mode (RoundingMode::*)")
    return RoundingMode(number)


def floor(value: float) -> float:
    """`floor`: a float, where Python's `math.floor` gives an int and fails on infinities."""
    return float(value) if not math.isfinite(value) else math.copysign(float(math.floor(value)), value)


def ceil(value: float) -> float:
    """`ceil`: a float; of -0.5 it is -0.0."""
    return float(value) if not math.isfinite(value) else math.copysign(float(math.ceil(value)), value)


def number_format(
    value: float, decimals: int = 0, dec_point: str = ".", thousands_sep: str = ",", *, runtime: PhpRuntime
) -> str:
    """`number_format`: rounds as `php_round` does, where Python's `f"{x:,.2f}"` goes by the exact binary value.

    Never prints `-0` since 8.0. From 8.3 on, ints keep all their digits and negative `decimals` round before the point;
    earlier, ints lose digits past 2^53 and negative `decimals` count as 0.
    """
    runtime.must_know("number_format")
    if not runtime.since(8, 3):
        decimals = max(0, decimals)
    elif isinstance(value, int) or (runtime.since(8, 4) and abs(value) >= _FIRST_WHOLE and INT_MIN <= value <= INT_MAX):
        digits = _rounded_int(abs(int(value)), decimals)
        return _group(digits, decimals, dec_point, thousands_sep, negative=value < 0 and digits != "0")
    rounded = _round(abs(float(value)), decimals, RoundingMode.HALF_UP, once=runtime.since(8, 4))
    if not math.isfinite(rounded):
        return "nan" if math.isnan(rounded) else "inf"  # PHP prints no sign here
    digits = f"{rounded:.{min(max(0, decimals), _MOST_FRACTION_DIGITS)}f}"
    negative = value < 0 and (rounded != 0 or not runtime.since(8, 0))
    return _group(digits, decimals, dec_point, thousands_sep, negative=negative)


def _group(digits: str, decimals: int, dec_point: str, thousands_sep: str, *, negative: bool) -> str:
    whole, _, fraction = digits.partition(".")
    groups = [whole[max(0, end - 3) : end] for end in range(len(whole), 0, -3)]
    text = thousands_sep.join(reversed(groups))
    if decimals > 0:
        text += dec_point + fraction.ljust(decimals, "0")
    return f"-{text}" if negative else text


def _rounded_int(value: int, places: int) -> str:
    if places >= 0:
        return str(value)
    if -places > len(str(value)):
        return "0"
    unit = 10**-places
    return str((value + unit // 2) // unit * unit)


def _round(value: float, places: int, mode: RoundingMode, *, once: bool) -> float:
    if not math.isfinite(value) or value == 0.0:
        return value
    scaled = _scaled_once(value, places, mode) if once else _scaled_twice(value, places, mode)
    if scaled is None:
        return value
    if abs(places) < 23:
        factor = _power10(abs(places))
        return scaled / factor if places > 0 else scaled * factor
    if scaled == 0.0 or not math.isfinite(scaled):  # PHP prints and reads it here: no -0, and "inf" reads as 0
        return 0.0
    result = float(f"{scaled:15f}e{-places}")
    return result if math.isfinite(result) else value


def _scaled_twice(value: float, places: int, mode: RoundingMode) -> float | None:
    """`value` in units of the last place, rounded; None where that is beyond a double. Up to PHP 8.3."""
    precise_places = 14 - _floor_log10(abs(value))
    if precise_places > places > precise_places - 15:
        scale = _power10(abs(precise_places))
        scaled = _to_whole(value * scale if precise_places >= 0 else value / scale, mode)
        return _to_whole(scaled / _power10(abs(places - precise_places)), mode)
    factor = _power10(abs(places))
    scaled = value * factor if places >= 0 else value / factor
    return None if abs(scaled) >= 1e15 else _to_whole(scaled, mode)


def _scaled_once(value: float, places: int, mode: RoundingMode) -> float | None:
    """Likewise, from PHP 8.4 on."""
    factor = _power10(abs(places))
    scaled = value * factor if places >= 0 else value / factor
    if abs(scaled) >= 1e16:
        return None
    size, amount = abs(float(math.trunc(scaled))), abs(value)

    def written(units: float) -> float:
        return units / factor if places > 0 else units * factor

    if written(size + 1) <= amount:  # 4.35 * 100 is less than 435
        size += 1
    half = written(size + 0.5)
    match mode:
        case RoundingMode.HALF_UP:
            up = amount >= half
        case RoundingMode.HALF_DOWN:
            up = amount > half
        case RoundingMode.HALF_EVEN:
            up = amount > half or (amount == half and size % 2 == 1)
        case RoundingMode.HALF_ODD:
            up = amount > half or (amount == half and size % 2 == 0)
        case RoundingMode.TOWARDS_ZERO:
            up = False
        case RoundingMode.AWAY_FROM_ZERO:
            up = amount > written(size)
        case _:
            up = (mode == RoundingMode.POSITIVE_INFINITY) == (value > 0) and amount > written(size)
    return math.copysign(size + up, value)


def _to_whole(value: float, mode: RoundingMode) -> float:
    if not math.isfinite(value):
        return value
    size = abs(value)
    rounded = float(math.floor(size + 0.5))
    even = 2.0 * math.floor(rounded / 2.0)
    if (
        (mode == RoundingMode.HALF_DOWN and size == rounded - 0.5)
        or (mode == RoundingMode.HALF_EVEN and size == even + 0.5)
        or (mode == RoundingMode.HALF_ODD and size == even - 0.5)
    ):
        rounded -= 1.0
        if rounded == 0:  # PHP adds 1 to -1 here: no -0
            return 0.0
    return -rounded if value < 0 else rounded  # round(-0.4) is -0 in PHP, too


def _floor_log10(value: float) -> int:
    if 1e-8 <= value <= 1e22:
        return bisect_right(_POWERS, value) - 9
    return math.floor(math.log10(value))


def _power10(power: int) -> float:
    return _POWERS[power + 8] if power <= 22 else 10.0**power if power <= 308 else math.inf
