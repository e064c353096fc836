"""How large a message is to SQS: the one place that counts.

SQS takes 1 MiB, and counts the body and each attribute's name, data type and value, in bytes of UTF-8 (developer guide,
"Amazon SQS message attributes" and "Message quotas"). System attributes and the group do not count.
"""

from collections.abc import Mapping
from functools import lru_cache

ENTRY_BYTES = 1_048_576
"""The largest message that SQS takes."""

_TEXT_TYPE = "String"
"""Data type of every attribute of ours."""


def entry_bytes(body: str | bytes, attributes: Mapping[str, str]) -> int:
    """Bytes that count against `ENTRY_BYTES`. Args: body: as a text, or that text in UTF-8."""
    total = len(body) if isinstance(body, bytes) or body.isascii() else len(body.encode())
    for name, value in attributes.items():
        total += _around(name) + (len(value) if value.isascii() else len(value.encode()))
    return total


@lru_cache(maxsize=64)  # names are few
def _around(name: str) -> int:
    return len(name.encode()) + len(_TEXT_TYPE)
