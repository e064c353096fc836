"""PHP's texts for URLs: `urlencode`, `rawurlencode`, `http_build_query`.

Python's `quote_plus` keeps `~` where `urlencode` has `%7E`; its `urlencode` writes None and True as such, and lists by
their Python text.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from contracts.php.error import UnknownRuleError
from contracts.php.number import to_text
from contracts.php.ordered_map import PhpArray, items
from contracts.php.runtime import PhpRuntime
from contracts.php.text import rejoin, to_bytes
from contracts.php.value import PhpObject

PHP_QUERY_RFC1738, PHP_QUERY_RFC3986 = 1, 2
_END: Any = object()


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
    runtime: PhpRuntime,
) -> str:
    """`http_build_query`: `a[0]=1&a[k]=x` with encoded brackets.

    Null and empty arrays are left out, as if they had never been there; bools are 1 and 0; of an object there are the
    public properties.

    Args:
        data: what to write.
        prefix: comes before int keys, on the outermost level only, as it is.
        separator: `&` if it is None (ini arg_separator.output). Up to 8.2 it ends at its first NUL.
        encoding: PHP_QUERY_RFC3986 as `rawurlencode`, anything else as `urlencode`.
        runtime: for its precision, and where there is a NUL in the separator.

    Raises:
        UnknownRuleError: a NUL in the separator, of 8.3.
    """
    encode = rawurlencode if encoding == PHP_QUERY_RFC3986 else urlencode

    def named(outer: str, value: PhpArray | PhpObject) -> Iterator[tuple[str, Any]]:
        for key, inner in _entries(value):
            yield f"{outer}%5B{encode(str(key))}%5D", inner

    def pairs() -> Iterator[str]:
        outermost = ((f"{prefix}{key}" if isinstance(key, int) else encode(key), one) for key, one in _entries(data))
        walked: list[tuple[int, Iterator[tuple[str, Any]]]] = [(id(data), outermost)]
        while walked:  # no recursion: arrays are nested deeper than Python may call
            name, value = next(walked[-1][1], ("", _END))
            if value is _END:
                walked.pop()
            elif isinstance(value, list | tuple | dict | PhpObject):
                if all(id(value) != known for known, _ in walked):  # what is inside of itself is left out there
                    walked.append((id(value), named(name, value)))
            elif value is not None:
                text = str(int(value)) if isinstance(value, bool) else to_text(value, runtime.precision)
                yield f"{name}={encode(text)}"

    return rejoin(_between(separator, runtime).join(pairs()))


def _between(separator: str | None, runtime: PhpRuntime) -> str:
    if separator is None:
        return "&"
    if "\0" not in separator or runtime.since(8, 4):
        return separator
    if runtime.since(8, 3):
        raise UnknownRuleError("http_build_query with a NUL in the separator", runtime.version)
    return separator.partition("\0")[0]


def _entries(value: PhpArray | PhpObject) -> Iterator[tuple[int | str, Any]]:
    if not isinstance(value, PhpObject):
        yield from items(value)
        return
    for name, inner in value.properties.items():
        if value.visibility(name) == "public":
            yield name, inner
