"""`var_export`. See `contracts.php.functions`."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts.php.export import var_export
from contracts.php.runtime import PhpRuntime


def _var_export(php: PhpRuntime, value: Any, returns: bool = False) -> str | None:  # noqa: FBT001, FBT002  as PHP is called
    """Without `$return`, PHP prints; nothing is printed here, but what cannot be exported is refused."""
    text = var_export(value, runtime=php)
    return text if returns else None


FUNCTIONS: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "var_export": ("mixed $value, bool $return = false", _var_export),
}
