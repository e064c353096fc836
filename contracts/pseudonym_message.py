"""A message with pseudonyms in the place of what is personal: its body, its headers, its properties.

Personal is every value that the contract does not name plain, at any depth; of a type without a contract every value.
What stays is what makes it the message that it is: keys, classes, enum cases, booleans, null, empty texts; the
technical parts of Symfony Messenger and Laravel; time zones. A key that cannot be a field's name is a value.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.rewrite import Looking, rewrite_body
from contracts.message_type import AmqpProperty, MessageType
from contracts.php.text import from_bytes, to_bytes
from contracts.pseudonym import Pseudonyms

_LIMITS = Limits(max_bytes=256 * 1024 * 1024, max_depth=511, max_elements=10_000_000)
"""The monolith reads what it reads: a message that only we find too large must not be spoilt."""
_FIELD = re.compile(r"[A-Za-z_$][A-Za-z0-9_.:/\\-]{0,99}")
_DATA = re.compile(r"[0-9]{5}|[A-Za-z]{2}[0-9]{2}[A-Za-z0-9]{11}")
"""What a name of a field has not in it: a long number, an IBAN."""
_POSITION = re.compile(r"[0-9]{1,4}")
_ZONE = re.compile(r"[A-Z][A-Za-z_]+/[A-Za-z_/+-]+[0-9]{0,2}|UTC|Z|[A-Z]{3,4}|[+-][0-9]{2}:?[0-9]{2}")
_CLASS = re.compile(r"\\?[A-Za-z_]\w*(?:\\[A-Za-z_]\w*)+(?:@\w+)?", re.ASCII)
_CLASS_FIELDS = frozenset({"job", "displayName", "commandName", "class"})
_TECHNICAL_NUMBERS = frozenset(
    {
        "timezone_type",
        "retryCount",
        "maxTries",
        "maxExceptions",
        "backoff",
        "timeout",
        "retryUntil",
        "attempts",
        "delay",
    }
)
_STAMPS = "Symfony\\Component\\Messenger\\Stamp\\"
_TELLING_STAMPS = frozenset({f"{_STAMPS}ErrorDetailsStamp", f"{_STAMPS}RedeliveryStamp"})
"""They hold what an exception said, and so what was in a message."""
_STAMP_HEADER = "X-Message-Stamp-"
_TECHNICAL_HEADERS = re.compile(
    r"type|content-type|x-death|x-(?:first|last)-death-\w+|x-delay|x-retry-count|x-redelivered-count|traceparent|tracestate"
    r"|strangler-[\w-]+",
    re.ASCII | re.IGNORECASE,
)
_NAMES = 1000
_CHANGED_PROPERTIES = ("correlation_id",)
"""All others are the broker's and the application's own words; `message_id` says which message it is."""


@dataclass(frozen=True, slots=True)
class Personal:
    """A `Change`: pseudonyms for whatever a contract does not name plain."""

    pseudonyms: Pseudonyms = field(repr=False)
    contract: MessageType | None
    _plain: dict[str, bool] = field(default_factory=dict, repr=False, compare=False)
    """What is known already: names are few."""
    _names: set[str] = field(default_factory=set, repr=False, compare=False)
    """Keys that are names of fields."""

    def text(self, value: str, name: str | None) -> str:
        """See `Change.text`."""
        if not value or self._is_plain(name):
            return value
        if name == "timezone" and _ZONE.fullmatch(value):
            return value
        if name in _CLASS_FIELDS and _CLASS.fullmatch(value):
            return value
        return self.pseudonyms.text(value)

    def number(self, lexeme: str, name: str | None) -> str:
        """See `Change.number`."""
        return lexeme if name in _TECHNICAL_NUMBERS or self._is_plain(name) else self.pseudonyms.number(lexeme)

    def key(self, key: str) -> str:
        """See `Change.key`."""
        if key in self._names:
            return key
        is_name = _POSITION.fullmatch(key) or (_FIELD.fullmatch(key) and not _DATA.search(key))
        if not (is_name or self._is_plain(key)):
            return self.pseudonyms.text(key)
        if len(self._names) < _NAMES:
            self._names.add(key)
        return key

    def enters(self, class_name: str) -> bool:
        """See `Change.enters`."""
        return not class_name.startswith(_STAMPS) or class_name in _TELLING_STAMPS

    def opens(self, name: str | None) -> bool:
        """See `Change.opens`."""
        return not self._is_plain(name)

    def _is_plain(self, name: str | None) -> bool:
        if name is None or self.contract is None:
            return False
        plain = self._plain.get(name)
        if plain is None:
            plain = self.contract.shows(name)
            if len(self._plain) < _NAMES:
                self._plain[name] = plain
        return plain


@dataclass(frozen=True, slots=True)
class Pseudonymised:
    """A body without what is personal."""

    body: bytes = field(repr=False)
    readable: bool
    """Whether it could be read. If not, every letter and digit in it is another, and it cannot be read afterwards."""


def pseudonymise_body(body: bytes, change: Personal) -> Pseudonymised:
    """A body of as many bytes; total."""
    if not body:
        return Pseudonymised(body, readable=True)
    try:
        return Pseudonymised(rewrite_body(body, change, _LIMITS), readable=True)
    except DecodeError:
        return Pseudonymised(to_bytes(change.pseudonyms.text(from_bytes(body))), readable=False)


def pseudonymise_properties(properties: Mapping[str, Any], change: Personal) -> dict[str, Any]:
    """AMQP properties: what is a correlation id only; never the identity."""
    identity = change.contract.identity if change.contract is not None else None
    kept = identity.name if isinstance(identity, AmqpProperty) else None
    return {
        name: change.pseudonyms.text(value)
        if name in _CHANGED_PROPERTIES and name != kept and isinstance(value, str)
        else value
        for name, value in properties.items()
    }


def pseudonymise_headers(headers: Mapping[str, Any], change: Personal) -> dict[str, Any]:
    """AMQP headers as they stand in a corpus: JSON values, bytes that are no text as `{"base64": ...}`."""
    looking = Looking(change, _LIMITS)
    return {name: value if _is_technical(name) else _changed(value, name, looking) for name, value in headers.items()}


def _is_technical(name: str) -> bool:
    if name.startswith(_STAMP_HEADER):
        stamp = name.removeprefix(_STAMP_HEADER)
        return stamp.startswith(_STAMPS) and stamp not in _TELLING_STAMPS
    return _TECHNICAL_HEADERS.fullmatch(name) is not None


def _changed(value: Any, name: str, change: Looking) -> Any:
    match value:
        case str():
            return change.text(value, name)
        case bool() | None:
            return value
        case int():
            return int(change.number(str(value), name))
        case float():
            return float(change.number(repr(value), name))
        case list():
            return [_changed(one, name, change) for one in value]
        case {"base64": str(text)} if len(value) == 1:
            changed = change.text(from_bytes(base64.b64decode(text)), name)
            return {"base64": base64.b64encode(to_bytes(changed)).decode()}
        case dict():
            return {key: _changed(one, key, change) for key, one in value.items()}
    return value
