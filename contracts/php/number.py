"""PHP's numbers: rounding, number text and casts, as PHP 8.2 does them on a 64-bit machine.

Money differs first here. `round` and `number_format` of PHP before 8.4 round twice (to 15 significant digits, then to
the places asked for), so that 1.005 becomes 1.01 where Python says 1.0; a float is printed with 14 digits by `echo` and
with the shortest digits by `json_encode`. All functions are followed step by step from PHP's own algorithm (math.c,
zend_operators.c), on the same IEEE doubles, and need no context such as precision settings.

A PHP string is a `str` here, see `contracts.php.text`.
"""

import math
import re
from bisect import bisect_right

Scalar = None | bool | int | float | str
"""A PHP scalar (or null)."""

INT_MAX = 2**63 - 1
INT_MIN = -(2**63)

_SPACE = " \t\n\r\v\f"
_NUMBER = re.compile(
    rf"[{_SPACE}]*([+-]?(?:[0-9]+(?P<point>\.[0-9]*)?|(?P<bare>\.[0-9]+))(?P<exponent>[eE][+-]?[0-9]+)?)"
)
_POWERS = [10.0**n for n in range(-8, 23)]


def php_round(value: float, precision: int = 0) -> float:
    """`round($value, $precision)`: half away from zero, after pre-rounding to 15 significant digits. Always a float.

    An `int` is taken as PHP takes it: turned into a float, which loses digits past 2^53.
    """
    if isinstance(value, int) and precision >= 0:
        return float(value)
    return _round(float(value), precision)


def number_format(value: float, decimals: int = 0, dec_point: str = ".", thousands_sep: str = ",") -> str:
    """`number_format`: rounds as `php_round` does; never prints `-0`. Negative `decimals` count as 0 (before 8.3)."""
    decimals = max(0, decimals)
    rounded = _round(abs(float(value)), decimals)
    if not math.isfinite(rounded):
        return "nan" if math.isnan(rounded) else "inf"  # PHP prints no sign here
    whole, _, fraction = f"{rounded:.{min(decimals, 318)}f}".partition(".")  # PHP's buffer ends there; zeros follow
    groups = [whole[max(0, end - 3) : end] for end in range(len(whole), 0, -3)]
    text = thousands_sep.join(reversed(groups))
    if decimals:
        text += dec_point + fraction.ljust(decimals, "0")
    return f"-{text}" if value < 0 and rounded != 0 else text


def float_text(value: float, precision: int = 14) -> str:
    """`(string) $float`, `echo`, `implode`, `%s`: 14 significant digits, `1.0E+14` from there on.

    Args:
        value: any float.
        precision: the ini setting; -1 prints the shortest digits that read back as the same float.
    """
    if not math.isfinite(value):
        return _not_finite(value)
    return float_repr(value, e="E") if precision == -1 else general_text(value, max(1, precision), e="E")


def general_text(value: float, digits: int, *, e: str) -> str:
    """A finite float with so many significant digits (`%.14G`), trailing zeros cut, as PHP's zend_gcvt prints it."""
    mantissa, _, exponent_text = f"{abs(value):.{digits - 1}e}".partition("e")
    exponent = int(exponent_text)
    shown = mantissa.replace(".", "")
    # PHP's dtoa leaves zeros in one case: an integer exactly half way between two texts, cut behind a zero
    cut = 10 ** (exponent + 1 - digits) if digits <= exponent <= 14 else 0
    if not (cut and abs(value) % (10 * cut) == cut // 2):
        shown = shown.rstrip("0") or "0"
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    return sign + _place(shown, exponent, widest=digits, e=e)


def float_repr(value: float, *, e: str = "e", zero_fraction: bool = False) -> str:
    """A float as `json_encode` (`e="e"`), `serialize` and `var_export` (`e="E"`) print it with serialize_precision -1.

    The shortest digits that read back as the same double. `zero_fraction` writes `10.0` for `10`, as
    JSON_PRESERVE_ZERO_FRACTION and `var_export` do. Others are `INF`, `-INF`, `NAN` (json_encode refuses them).
    """
    text = repr(value)  # shortest digits, plain below 1e16; PHP changes to exponents at 1e17 only
    if text.endswith(".0"):
        text = text[:-2]
    elif "e" in text:
        mantissa, _, exponent = text.partition("e")
        sign = "-" if mantissa[0] == "-" else ""
        digits = mantissa.lstrip("-").replace(".", "")
        text = sign + _place(digits, int(exponent), widest=17, e=e)
    elif not math.isfinite(value):
        return _not_finite(value)
    return f"{text}.0" if zero_fraction and "." not in text else text


def to_text(value: Scalar, precision: int = 14) -> str:
    """`(string) $value`: null and false are empty, true is `1`, floats have `precision` significant digits."""
    if isinstance(value, str):
        return value
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    return float_text(value, precision) if isinstance(value, float) else str(value)


def to_float(value: Scalar) -> float:
    """`(float) $value`: of a string its leading number (`"12abc"` is 12.0, `"1 234,56"` is 1.0), else 0.0."""
    if isinstance(value, str):
        match = _NUMBER.match(value)
        return float(match[1]) if match else 0.0
    return 0.0 if value is None else float(value)


def to_int(value: Scalar) -> int:
    """`(int) $value`: floats are cut towards zero and wrap modulo 2^64; numbers in strings stop at the limits."""
    if isinstance(value, str):
        number = _leading_number(value)
        return _saturate(number) if isinstance(number, float) else number
    if isinstance(value, float):
        if not math.isfinite(value):
            return 0
        return _wrap(int(value))
    return int(value or 0)


def is_numeric(value: object) -> bool:
    """`is_numeric`: ints, floats, and strings that are a number but for whitespace around it (not `1_000`, `0x1A`)."""
    if isinstance(value, str):
        return numeric_value(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def numeric_value(text: str) -> int | float | None:
    """What number a string is in arithmetic and loose comparison; None if it is not numeric as a whole."""
    match = _NUMBER.match(text)
    if match is None or text[match.end() :].strip(_SPACE):
        return None
    return _value(match)


def _leading_number(text: str) -> int | float:
    match = _NUMBER.match(text)
    return 0 if match is None else _value(match)


def _value(match: re.Match[str]) -> int | float:
    if match["point"] is not None or match["bare"] is not None or match["exponent"] is not None:
        return float(match[1])
    digits = match[1].lstrip("+-0")
    if len(digits) > 19:  # also keeps Python from refusing to read thousands of digits
        return float(match[1])
    number = int(match[1])
    return number if INT_MIN <= number <= INT_MAX else float(match[1])


def _saturate(value: float) -> int:
    if not math.isfinite(value):
        return 0
    return max(INT_MIN, min(INT_MAX, int(value)))


def _wrap(value: int) -> int:
    return (value - INT_MIN) % 2**64 + INT_MIN


def _round(value: float, places: int) -> float:
    """_php_math_round of PHP 8.2 (math.c), mode half up."""
    if not math.isfinite(value) or value == 0.0:
        return value
    precise_places = 14 - _floor_log10(abs(value))
    factor = _power10(abs(places))
    if precise_places > places > precise_places - 15:
        scale = _power10(abs(precise_places))
        scaled = _half_up(value * scale if precise_places >= 0 else value / scale)
        scaled /= _power10(abs(places - precise_places))
    else:
        scaled = value * factor if places >= 0 else value / factor
        if abs(scaled) >= 1e15:  # beyond the precision of a double: PHP leaves the value alone
            return value
    scaled = _half_up(scaled)
    if abs(places) < 23:
        return scaled / factor if places > 0 else scaled * factor
    if scaled == 0.0 or not math.isfinite(scaled):  # PHP prints and reads it here: no -0, and "inf" reads as 0
        return 0.0
    result = float(f"{scaled:15f}e{-places}")
    return result if math.isfinite(result) else value


def _half_up(value: float) -> float:
    if not math.isfinite(value):
        return value
    rounded = float(math.floor(abs(value) + 0.5))
    return -rounded if value < 0 else rounded  # round(-0.4) is -0 in PHP, too


def _floor_log10(value: float) -> int:
    if 1e-8 <= value <= 1e22:
        return bisect_right(_POWERS, value) - 9
    return math.floor(math.log10(value))


def _power10(power: int) -> float:
    return _POWERS[power + 8] if power <= 22 else 10.0**power if power <= 308 else math.inf


def _place(digits: str, exponent: int, *, widest: int, e: str) -> str:
    """Digits `d[ddd]` times 10^exponent as zend_gcvt prints them: exponent form below 1e-4 and from 10^widest on."""
    if exponent < -4 or exponent >= widest:
        return f"{digits[0]}.{digits[1:] or '0'}{e}{exponent:+d}"
    if exponent < 0:
        return f"0.{'0' * (-exponent - 1)}{digits}"
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    fraction = digits[exponent + 1 :]
    return f"{whole}.{fraction}" if fraction else whole


def _not_finite(value: float) -> str:
    return "NAN" if math.isnan(value) else "INF" if value > 0 else "-INF"
