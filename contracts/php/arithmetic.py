"""PHP's arithmetic on ints, floats and numeric strings: `*`, `-`, `/`, `intdiv`.

An int that leaves 64 bits becomes a float; `/` of ints stays an int where it divides evenly. Python has no such rule.
"""

from contracts.php.number import INT_MAX, INT_MIN, numeric_value

Number = int | float


def to_number(value: object) -> Number:
    """An operand: ints and floats, numeric strings as the number that they are, null and bools as 0 and 1.

    Raises:
        TypeError: a string that is not numeric, or an array; PHP 8 throws its own TypeError for both.
    """
    if value is None or isinstance(value, bool):
        return int(bool(value))
    if isinstance(value, int | float):
        return value
    number = numeric_value(value) if isinstance(value, str) else None
    if number is None:
        raise TypeError("Unsupported operand type")
    return number


def multiply(left: object, right: object) -> Number:
    """`$left * $right`."""
    return _fit(to_number(left) * to_number(right), to_number(left), to_number(right), "*")


def subtract(left: object, right: object) -> Number:
    """`$left - $right`."""
    return _fit(to_number(left) - to_number(right), to_number(left), to_number(right), "-")


def divide(left: object, right: object) -> Number:
    """`$left / $right`. Raises ZeroDivisionError, as PHP 8 throws DivisionByZeroError."""
    dividend, divisor = to_number(left), to_number(right)
    if isinstance(dividend, int) and isinstance(divisor, int) and divisor and dividend % divisor == 0:
        return _fit(dividend // divisor, dividend, divisor, "/")
    return float(dividend) / float(divisor)


def intdiv(left: int, right: int) -> int:
    """`intdiv($left, $right)`: towards zero, where Python's `//` goes down."""
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _fit(result: Number, left: Number, right: Number, operator: str) -> Number:
    if isinstance(result, float) or INT_MIN <= result <= INT_MAX:
        return result
    if operator == "*":
        return float(left) * float(right)
    return float(left) - float(right) if operator == "-" else float(result)
