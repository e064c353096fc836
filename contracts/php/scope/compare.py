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


FUNCTIONS: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "array_search": (_SEARCH, _array_search),
    "in_array": (_SEARCH, _in_array),
    "max": ("mixed $value, mixed ...$values", lambda php, *values: search.php_max(*values, runtime=php)),
    "min": ("mixed $value, mixed ...$values", lambda php, *values: search.php_min(*values, runtime=php)),
}
