"""PHP's bcmath: decimal arithmetic on texts, of any length, cut off at `scale` places and never rounded.

`bcmul("19.99", "1.2", 2)` is 23.98, where Python's Decimal would be quantized to 23.99. As PHP 8 does it: PHP 7 took
what is no number for 0. The ini setting `bcmath.scale` counts as its default, 0.
"""

import re
from decimal import Decimal

from contracts.php.error import PhpDivisionByZeroError, PhpValueError

_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?")
_MOST_PLACES = 2**31 - 1
_READABLE_DIGITS = 4000
"""Python's int refuses to read or print some more than that."""


def bcadd(num1: str, num2: str, scale: int = 0) -> str:
    """`bcadd`. Raises PhpValueError."""
    (left, left_places), (right, right_places) = _operands("bcadd", num1, num2, scale)
    places = max(left_places, right_places)
    return _text(left * 10 ** (places - left_places) + right * 10 ** (places - right_places), places, scale)


def bcsub(num1: str, num2: str, scale: int = 0) -> str:
    """`bcsub`. Raises PhpValueError."""
    (left, left_places), (right, right_places) = _operands("bcsub", num1, num2, scale)
    places = max(left_places, right_places)
    return _text(left * 10 ** (places - left_places) - right * 10 ** (places - right_places), places, scale)


def bcmul(num1: str, num2: str, scale: int = 0) -> str:
    """`bcmul`. Raises PhpValueError."""
    (left, left_places), (right, right_places) = _operands("bcmul", num1, num2, scale)
    return _text(left * right, left_places + right_places, scale)


def bcdiv(num1: str, num2: str, scale: int = 0) -> str:
    """`bcdiv`. Raises PhpValueError, PhpDivisionByZeroError."""
    (left, left_places), (right, right_places) = _operands("bcdiv", num1, num2, scale)
    if right == 0:
        raise PhpDivisionByZeroError("Division by zero")
    shift = right_places + scale - left_places
    quotient = abs(left) * 10 ** max(0, shift) // (abs(right) * 10 ** max(0, -shift))
    return _text(quotient if (left < 0) == (right < 0) else -quotient, scale, scale)


def bcmod(num1: str, num2: str, scale: int = 0) -> str:
    """`bcmod`: has the sign of `num1`, as Decimal's `%` and unlike Python's. Raises as `bcdiv`."""
    (left, left_places), (right, right_places) = _operands("bcmod", num1, num2, scale)
    if right == 0:
        raise PhpDivisionByZeroError("Modulo by zero")
    places = max(left_places, right_places)
    remainder = abs(left) * 10 ** (places - left_places) % (abs(right) * 10 ** (places - right_places))
    return _text(-remainder if left < 0 else remainder, places, scale)


def bccomp(num1: str, num2: str, scale: int = 0) -> int:
    """`bccomp`: -1, 0 or 1; places after `scale` are not looked at. Raises PhpValueError."""
    left, right = (_cut(number, places, scale) for number, places in _operands("bccomp", num1, num2, scale))
    return (left > right) - (left < right)


def _operands(function: str, num1: str, num2: str, scale: int) -> tuple[tuple[int, int], tuple[int, int]]:
    if not 0 <= scale <= _MOST_PLACES:
        raise PhpValueError(f"{function}(): Argument #3 ($scale) must be between 0 and {_MOST_PLACES}")
    return _read(function, "#1 ($num1)", num1), _read(function, "#2 ($num2)", num2)


def _read(function: str, argument: str, text: str) -> tuple[int, int]:
    """A number as an int and how many of its digits are behind the point."""
    match = _NUMBER.fullmatch(text.partition("\0")[0])
    if match is None:
        raise PhpValueError(f"{function}(): Argument {argument} is not well-formed")
    sign, whole, fraction = match[1], match[2], match[3] or ""
    digits = whole + fraction or "0"
    number = int(digits) if len(digits) <= _READABLE_DIGITS else int(Decimal(digits))
    return -number if sign == "-" else number, len(fraction)


def _cut(number: int, places: int, scale: int) -> int:
    """In units of the last of `scale` places, if there are more."""
    if places <= scale:
        grown: int = number * 10 ** (scale - places)
        return grown
    size: int = abs(number) // 10 ** (places - scale)
    return -size if number < 0 else size


def _text(number: int, places: int, scale: int) -> str:
    known = min(places, scale)
    number = _cut(number, places, known)
    digits = format(Decimal(abs(number)), "f").rjust(known + 1, "0")
    split = len(digits) - known
    text = f"{digits[:split]}.{digits[split:].ljust(scale, '0')}" if scale else digits
    return f"-{text}" if number < 0 else text
