"""See `contracts.php.functions`."""

from collections.abc import Callable, Mapping
from typing import Any

FUNCTIONS: Mapping[str, tuple[str, Callable[..., Any]]] = {}
