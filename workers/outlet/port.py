"""Ports of the outlets: what letting effects leave asks of the ledger and of the channels. Every method may block."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from contracts.effect_id import Ordinal


class NotSentError(Exception):
    """An effect has not left, as far as we know; it may later. The text names service and code, never a value."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger says of a message with pending effects."""

    message_id: str
    type: str
    family: str
    tenant: str
    business_key: str
    sequence: int
    processed_at: str
    """RFC 3339."""
    pending: frozenset[Ordinal]
    tries: int
    """How often sending some of them has failed."""
    candidate: bytes = field(repr=False)
    """The sealed outcome that they are part of."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What became of an entry's pending effects."""

    left: frozenset[Ordinal]
    given_up: frozenset[Ordinal]
    """Webhooks that have become dead letters."""
    due_at: datetime | None
    """When what is still pending is due again; None where it is due as before, or nothing is."""
    failed: bool
    """Whether sending has failed, so that the next time is later."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the messages that are due."""

    message_ids: Sequence[str]
    rest: str | None
    """Where the next page begins; None at the end."""


class Entries(Protocol):
    """The ledger, as the outlets see it. Raises UnavailableError where the service refuses."""

    def read(self, message_id: str) -> Entry | None:
        """The entry, strongly consistent; None where nothing of it is pending."""

    def note(self, entry: Entry, noted: Noted, now: datetime) -> bool:
        """Note what became of the effects. False, and nothing is changed, where others than were read are pending."""

    def due(self, family: str, now: datetime, rest: str | None) -> Page:
        """Messages of a family that are due, those due longest first; a moment behind."""

    def reopen(self, message_id: str, ordinal: Ordinal, now: datetime) -> bool:
        """Let an effect leave again that was given up on. False where it was not."""


@dataclass(frozen=True, slots=True)
class Event:
    """What the new side tells about a message that it has processed."""

    source: str
    type: str
    detail: str = field(repr=False)
    """JSON without personal data."""


class Events(Protocol):
    """The event bus."""

    def put(self, event: Event) -> None:
        """Hand over one event. Raises NotSentError, UnavailableError. May repeat."""


@dataclass(frozen=True, slots=True)
class Call:
    """A webhook, ready to be sent."""

    name: str
    effect: str
    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


class Webhooks(Protocol):
    """Partners that are called."""

    def post(self, call: Call) -> None:
        """Send, and wait some seconds for an answer of success. Raises NotSentError. May repeat."""
