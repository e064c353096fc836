"""PHP's numbers: their text, casts, and the numbers that strings are, on a 64-bit machine.

A float is printed with 14 digits by `echo` and with the shortest digits by `json_encode`, and never as Python prints
it; a cast takes what a string begins with. Rounding is in `contracts.php.rounding`. A PHP string is a `str` here, see
`contracts.php.text`.

Measured on 8.2 and 8.4. Before 8.0 a string with whitespace behind its number was not numeric, and `(string)` of a
float had the decimal point of the locale.
"""

import math
import re

from contracts.php.error import PhpError
from contracts.php.value import PhpEnum, PhpObject, PhpOpaque, PhpValue

Scalar = None | bool | int | float | str
"""A PHP scalar (or null)."""

INT_MAX = 2**63 - 1
INT_MIN = -(2**63)

_SPACE = " \t\n\r\v\f"
_NUMBER = re.compile(
    rf"[{_SPACE}]*([+-]?(?:[0-9]+(?P<point>\.[0-9]*)?|(?P<bare>\.[0-9]+))(?P<exponent>[eE][+-]?[0-9]+)?)"
)
_BINARY = re.compile(r"([+-]?)0b(.+)", re.DOTALL)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def float_text(value: float, precision: int = 14) -> str:
    """`(string) $float`, `echo`, `implode`, `%s`: 14 significant digits, `1.0E+14` from there on.

    The point is a point since 8.0; before, it was what LC_NUMERIC said.
    """
    return write_float(value, precision or 1)


def write_float(value: float, precision: int, *, e: str = "E", zero_fraction: bool = False) -> str:
    """A float as a setting has it: as text, in JSON (`e="e"`), serialised and exported.

    Args:
        value: any float.
        precision: the ini setting `precision` or `serialize_precision`: significant digits, or -1 for the shortest that
            read back as the same float. 0 is one digit, too, and an exponent from 1 on, as in JSON and when serialised;
            who prints and exports takes 1 for 0.
        e: what an exponent begins with.
        zero_fraction: whether `10` is written `10.0`.
    """
    if precision == -1 or not math.isfinite(value):
        return float_repr(value, e=e, zero_fraction=zero_fraction)
    text = _general_text(value, precision, e=e)
    return f"{text}.0" if zero_fraction and "." not in text else text


def _general_text(value: float, digits: int, *, e: str) -> str:
    """A finite float with so many significant digits (`%.14G`), trailing zeros cut, as PHP's zend_gcvt prints it."""
    shown_digits = max(1, digits)
    mantissa, _, exponent_text = f"{abs(value):.{shown_digits - 1}e}".partition("e")
    exponent = int(exponent_text)
    shown = mantissa.replace(".", "")
    # PHP's dtoa leaves zeros in one case: an integer exactly half way between two texts, cut behind a zero
    cut = 10 ** (exponent + 1 - shown_digits) if shown_digits <= exponent <= 14 else 0
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


def to_text(value: PhpValue, precision: int = 14) -> str:
    """`(string) $value`, `strval`: null and false are empty, true is `1`, floats have `precision` significant digits.

    An array is `Array`, which PHP warns of. Raises PhpError for an object: nothing here knows its `__toString`. (PHP
    throws this Error since 7.4; it was a recoverable fatal error before.)
    """
    if isinstance(value, str):
        return value
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, float):
        return float_text(value, precision)
    if isinstance(value, PhpObject | PhpEnum | PhpOpaque):
        raise PhpError(f"Object of class {value.class_name} could not be converted to string")
    return "Array" if isinstance(value, list | dict) else str(value)


def to_float(value: PhpValue) -> float:
    """`(float) $value`, `floatval`: of a string its leading number (`"12abc"` is 12.0, `"1 234,56"` is 1.0), else 0.0.

    Python's `float` would fail, or read `1_000`. Arrays are 1.0 unless empty, objects are 1.0.
    """
    if isinstance(value, str):
        match = _NUMBER.match(value)
        return float(match[1]) if match else 0.0
    if isinstance(value, int | float):
        return float(value)
    return float(_is_something(value))


def to_int(value: PhpValue) -> int:
    """`(int) $value`: floats are cut towards zero and wrap modulo 2^64; numbers in strings stop at the limits.

    Arrays are 1 unless empty, objects are 1.
    """
    if isinstance(value, str):
        number = leading_number(value)
        return _saturate(number) if isinstance(number, float) else number
    if isinstance(value, float):
        if not math.isfinite(value):
            return 0
        return _wrap(int(value))
    return int(value) if isinstance(value, int) else int(_is_something(value))


def intval(value: PhpValue, base: int = 10) -> int:
    """`intval($value, $base)`: as `to_int`, but a string's digits are of that base. 0 where there are none.

    Base 16 allows `0x`, base 2 `0b`, base 8 no prefix (`0o` is of source code only), and base 0 goes by what the string
    begins with: `0x`, `0b`, `0`. Stops at the limits of 64 bits, where Python's `int` would fail or go on. Of the base,
    only the lowest 32 bits count for the digits.
    """
    if not isinstance(value, str) or base == 10:
        return to_int(value)
    text = value.partition("\0")[0].lstrip(_SPACE).lower()
    binary = _BINARY.fullmatch(text)
    if binary and base in (0, 2):
        return _strtol(binary[1] + binary[2], 2)
    base = int32(base)
    if base != 0 and not 2 <= base <= 36:
        return 0
    if base == 0:
        unsigned = text[1:] if text[:1] in ("+", "-") else text
        base = 16 if unsigned.startswith("0x") else 8 if unsigned.startswith("0") else 10
    return _strtol(text, base)


def int32(value: int) -> int:
    """What C's `(int)` leaves of a PHP int: the lowest 32 bits, with their sign. PHP takes some parameters so."""
    return (value + 2**31) % 2**32 - 2**31


def is_numeric(value: object) -> bool:
    """`is_numeric`: ints, floats, and strings that are a number but for whitespace around it (not `1_000`, `0x1A`).

    Whitespace may be behind the number since 8.0; before, `is_numeric("1 ")` was false.
    """
    if isinstance(value, str):
        return numeric_value(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def numeric_value(text: str) -> int | float | None:
    """What number a string is in arithmetic and loose comparison; None if it is not numeric as a whole.

    As 8.0 and later take it: before, whitespace behind the number made it none.
    """
    match = _NUMBER.match(text)
    if match is None or text[match.end() :].strip(_SPACE):
        return None
    return _value(match)


def leading_number(text: str) -> int | float:
    """The number that a string begins with, after blanks; 0 if there is none."""
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


def _strtol(text: str, base: int) -> int:
    digits = _DIGITS[:base]
    match = re.match(f"[{_SPACE}]*([+-]?){'(?:0x)?' if base == 16 else ''}([{digits}]+)", text)
    if match is None:
        return 0
    significant = match[2].lstrip("0") or "0"
    number = int(significant, base) if len(significant) <= 64 else INT_MAX + 1
    return max(INT_MIN, min(INT_MAX, -number if match[1] == "-" else number))


def _is_something(value: PhpValue) -> bool:
    return value not in (None, [], {})


def _saturate(value: float) -> int:
    if not math.isfinite(value):
        return 0
    return max(INT_MIN, min(INT_MAX, int(value)))


def _wrap(value: int) -> int:
    return (value - INT_MIN) % 2**64 + INT_MIN


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
