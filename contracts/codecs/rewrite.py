"""Other values in a body of whatever kind, or in a text that is serialised itself."""

import re
from dataclasses import dataclass

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.json_rewrite import rewrite_json
from contracts.codecs.legacy import kind_of
from contracts.codecs.php_rewrite import rewrite_php, rewrite_slashed
from contracts.codecs.php_unserialize import DEFAULT_LIMITS
from contracts.codecs.rewriting import Change
from contracts.php.text import from_bytes, to_bytes

MOST_NESTED = 8
"""Serialised texts within each other that are looked into."""
_NESTED_PHP = re.compile(r"a:[0-9]+:\{|O:[0-9]+:\"")
_NESTED_JSON = re.compile(r"\s*[\[{]")


def rewrite_body(body: bytes, change: Change, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """A body with its values changed, and nothing else. Raises DecodeError where nobody knows what is in it.

    Args: as those of `rewrite_json`.
    """
    looking = Looking(change, limits)
    match kind_of(body):
        case "slashed":
            return rewrite_slashed(body, looking, limits)
        case "serialized":
            return rewrite_php(body, looking, limits)
        case "json":
            return rewrite_json(body, looking, limits)
    raise DecodeError("unknown_format", 0)


@dataclass(frozen=True, slots=True)
class Looking:
    """A `Change` that also looks into texts that hold arrays or objects, serialised or as JSON."""

    change: Change
    limits: Limits
    nested: int = 0

    def text(self, value: str, name: str | None) -> str:
        """See `Change.text`."""
        if self.nested < MOST_NESTED and self.change.opens(name):
            inner = Looking(self.change, self.limits, self.nested + 1)
            try:
                if _NESTED_PHP.match(value):
                    return from_bytes(rewrite_php(to_bytes(value), inner, self.limits))
                if _NESTED_JSON.match(value):
                    return rewrite_json(value.encode(), inner, self.limits).decode()
            except (DecodeError, UnicodeEncodeError):
                pass  # it only looks like one
        return self.change.text(value, name)

    def number(self, lexeme: str, name: str | None) -> str:
        """See `Change.number`."""
        return self.change.number(lexeme, name)

    def key(self, key: str) -> str:
        """See `Change.key`."""
        return self.change.key(key)

    def enters(self, class_name: str) -> bool:
        """See `Change.enters`."""
        return self.change.enters(class_name)

    def opens(self, name: str | None) -> bool:
        """See `Change.opens`."""
        return self.change.opens(name)
