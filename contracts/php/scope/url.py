"""URLs. See `contracts.php.functions`."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts.php import url
from contracts.php.runtime import PhpRuntime


def _http_build_query(php: PhpRuntime, *given: Any) -> str:
    return url.http_build_query(*given, runtime=php)


_BUILD_QUERY = (
    'array|object $data, string $numeric_prefix = "", ?string $arg_separator = null, '
    "int $encoding_type = PHP_QUERY_RFC1738"
)

FUNCTIONS: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "http_build_query": (_BUILD_QUERY, _http_build_query),
    "rawurlencode": ("string $string", lambda _, text: url.rawurlencode(text)),
    "urlencode": ("string $string", lambda _, text: url.urlencode(text)),
}
