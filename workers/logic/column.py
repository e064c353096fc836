"""What SQLite's columns hold of what PDO binds: `execute()` binds everything as text.

So a float passes through the 14 digits of PHP's `(string)` on its way, and a REAL column makes a number of what is one.
"""

from contracts.php.number import Scalar, is_numeric, to_float, to_text


def real_column(value: Scalar) -> float | str:
    """What a REAL column holds: a number, which is never -0.0; the text where that is none, as of false or INF."""
    text = to_text(value)
    return to_float(text) + 0.0 if is_numeric(text) else text
