"""PHP's texts for URLs: `urlencode`, `rawurlencode`, `http_build_query`.

Python's `quote_plus` keeps `~` where `urlencode` has `%7E`; its `urlencode` writes None and True as such, and lists by
their Python text.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from contracts.php.number import to_text
from contracts.php.ordered_map import PhpArray, items
from contracts.php.text import to_bytes
from contracts.php.value import PhpObject

PHP_QUERY_RFC1738, PHP_QUERY_RFC3986 = 1, 2


def urlencode(text: str) -> str:
    """`urlencode`: letters, digits and `-_.` stay, a space is `+`, `~` is `%7E`."""
    return quote_plus(to_bytes(text)).replace("~", "%7E")


def rawurlencode(text: str) -> str:
    """`rawurlencode` (RFC 3986): letters, digits and `-_.~` stay; Python's `quote` would keep `/`, too."""
    return quote(to_bytes(text), safe="")


def http_build_query(
    data: PhpArray | PhpObject,
    prefix: str = "",
    separator: str | None = None,
    encoding: int = PHP_QUERY_RFC1738,
    *,
    precision: int = 14,
) -> str:
    """`http_build_query`: `a[0]=1&a[k]=x` with encoded brackets.

    Null and empty arrays are left out, as if they had never been there; bools are 1 and 0; of an object there are the
    public properties.

    Args:
        data: what to write.
        prefix: comes before int keys, on the outermost level only, as it is.
        separator: `&` if it is None (ini arg_separator.output).
        encoding: PHP_QUERY_RFC3986 as `rawurlencode`, anything else as `urlencode`.
        precision: of floats.
    """
    encode = rawurlencode if encoding == PHP_QUERY_RFC3986 else urlencode

    def pairs(value: Any, name: str) -> Iterator[str]:
        if isinstance(value, list | tuple | dict | PhpObject):
            for key, inner in _entries(value):
                yield from pairs(inner, f"{name}%5B{encode(str(key))}%5D")
        elif value is not None:
            text = str(int(value)) if isinstance(value, bool) else to_text(value, precision)
            yield f"{name}={encode(text)}"

    def outermost() -> Iterator[str]:
        for key, value in _entries(data):
            yield from pairs(value, f"{prefix}{key}" if isinstance(key, int) else encode(key))

    return ("&" if separator is None else separator).join(outermost())


def _entries(value: PhpArray | PhpObject) -> Iterator[tuple[int | str, Any]]:
    if not isinstance(value, PhpObject):
        yield from items(value)
        return
    for name, inner in value.properties.items():
        if value.visibility(name) == "public":
            yield name, inner
