"""What SQLite's columns hold of what PDO binds: `execute()` binds everything as text.

So a float passes through the 14 digits of PHP's `(string)` on its way, and a REAL column makes a number of what is one.
"""

import math

from contracts.php.number import Scalar, is_numeric, to_float, to_text
from workers.logic.decision import RejectedMessageError


def text_column(value: object) -> str | None:
    """What a TEXT column holds. Raises RejectedMessageError for an array, which PHP would not make a text of."""
    if value is None:
        return None
    if not isinstance(value, bool | int | float | str):
        raise RejectedMessageError("an array is no text")
    return to_text(value)


def real_column(value: Scalar) -> float | str:
    """What a REAL column holds: a number, never -0.0; a text where the bound one is none, or too large."""
    text = to_text(value)
    number = to_float(text) if is_numeric(text) else math.nan
    if math.isfinite(number):
        return number + 0.0
    return text if math.isnan(number) else to_text(number)
