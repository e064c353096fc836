"""Comparison. See `contracts.php.functions`."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts.php import search
from contracts.php.runtime import PhpRuntime

_SEARCH = "mixed $needle, array $haystack, bool $strict = false"


def _in_array(php: PhpRuntime, needle: Any, haystack: Any, *strict: bool) -> bool:
    return search.in_array(needle, haystack, strict=True in strict, runtime=php)


def _array_search(php: PhpRuntime, needle: Any, haystack: Any, *strict: bool) -> int | str | bool:
    return search.array_search(needle, haystack, strict=True in strict, runtime=php)


def _extreme(function: Callable[..., Any]) -> Callable[..., Any]:
    def find(php: PhpRuntime, *values: Any) -> Any:
        php.must_know(function.__name__.removeprefix("php_"), since=(8, 0))
        return function(*values, runtime=php)

    return find


FUNCTIONS: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "array_search": (_SEARCH, _array_search),
    "in_array": (_SEARCH, _in_array),
    "max": ("mixed $value, mixed ...$values", _extreme(search.php_max)),
    "min": ("mixed $value, mixed ...$values", _extreme(search.php_min)),
}
