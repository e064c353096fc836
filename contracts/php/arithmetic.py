"""PHP's arithmetic on ints, floats and numeric strings: `+ - * / %`, `intdiv`, `fmod`, `abs`.

An int that leaves 64 bits becomes a float; `/` of ints stays an int where it divides evenly; `%` has the sign of the
dividend. Python's operators do none of that.
"""

import math

from contracts.php.error import PhpArithmeticError, PhpDivisionByZeroError, PhpTypeError
from contracts.php.number import INT_MAX, INT_MIN, Scalar, numeric_value, to_int

Number = int | float


def to_number(value: object) -> Number:
    """An operand: ints and floats, numeric strings as the number that they are, null and bools as 0 and 1.

    Raises PhpTypeError for a string that is not numeric, or an array, as PHP does since 8.0 (PHP 7 warned, and took the
    string for 0); also for a string that only begins with a number ("5 apples"), which PHP takes with a warning.
    """
    if value is None or isinstance(value, bool):
        return int(bool(value))
    if isinstance(value, int | float):
        return value
    number = numeric_value(value) if isinstance(value, str) else None
    if number is None:
        raise PhpTypeError("Unsupported operand type")
    return number


def add(left: object, right: object) -> Number:
    """`$left + $right` of numbers (of arrays see `contracts.php.array`). Raises PhpTypeError."""
    return _fit(to_number(left) + to_number(right), to_number(left), to_number(right), "+")


def subtract(left: object, right: object) -> Number:
    """`$left - $right`. Raises PhpTypeError."""
    return _fit(to_number(left) - to_number(right), to_number(left), to_number(right), "-")


def multiply(left: object, right: object) -> Number:
    """`$left * $right`. Raises PhpTypeError."""
    return _fit(to_number(left) * to_number(right), to_number(left), to_number(right), "*")


def divide(left: object, right: object) -> Number:
    """`$left / $right`: an int where ints divide evenly. Raises PhpTypeError, PhpDivisionByZeroError (since PHP 8)."""
    dividend, divisor = to_number(left), to_number(right)
    if divisor == 0:
        raise PhpDivisionByZeroError("Division by zero")
    if isinstance(dividend, int) and isinstance(divisor, int) and dividend % divisor == 0:
        return _fit(dividend // divisor, dividend, divisor, "/")
    return float(dividend) / float(divisor)


def modulo(left: Scalar, right: Scalar) -> int:
    """`$left % $right`: of ints (others are cast), with the sign of `left`, where Python's `%` has that of `right`.

    Raises PhpTypeError as `to_number`, PhpDivisionByZeroError.
    """
    for operand in (left, right):
        to_number(operand)
    dividend, divisor = to_int(left), to_int(right)
    if divisor == 0:
        raise PhpDivisionByZeroError("Modulo by zero")
    remainder = abs(dividend) % abs(divisor)
    return -remainder if dividend < 0 else remainder


def intdiv(left: int, right: int) -> int:
    """`intdiv($left, $right)`: towards zero, where Python's `//` goes down.

    Raises PhpDivisionByZeroError, and PhpArithmeticError for the one quotient that has no 64 bits.
    """
    if right == 0:
        raise PhpDivisionByZeroError("Division by zero")
    if left == INT_MIN and right == -1:
        raise PhpArithmeticError("Division of PHP_INT_MIN by -1 is not an integer")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def fmod(left: float, right: float) -> float:
    """`fmod`: NaN for a divisor of 0 and for infinite dividends, where Python's `math.fmod` raises ValueError."""
    if right == 0 or math.isinf(left):
        return math.nan
    return math.fmod(left, right)


def php_abs(value: Number) -> Number:
    """`abs`: of the smallest int a float, for there is no such int."""
    return float(-value) if isinstance(value, int) and value == INT_MIN else abs(value)


def _fit(result: Number, left: Number, right: Number, operator: str) -> Number:
    if isinstance(result, float) or INT_MIN <= result <= INT_MAX:
        return result
    match operator:
        case "*":
            return float(left) * float(right)
        case "-":
            return float(left) - float(right)
        case "+":
            return float(left) + float(right)
        case _:
            return float(result)
