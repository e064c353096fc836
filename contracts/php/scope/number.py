"""Numbers. See `contracts.php.functions`."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts.php import number

FUNCTIONS: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "is_numeric": ("mixed $value", lambda _, value: number.is_numeric(value)),
    "strval": ("mixed $value", lambda php, value: number.to_text(value, php.precision)),
}
