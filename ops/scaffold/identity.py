"""Which field tells one message from another, and which says what a message is about.

An identity has one value for each body, however often that comes, and another for each other body. A business key is
an id that comes again with other messages.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from contracts.effect import body_digest
from contracts.identify import text_of
from ops.scaffold.form import form_of
from ops.scaffold.meaning import words_of
from ops.scaffold.reading import Form

Source = Literal["body", "property"]

_PROPERTIES: tuple[Literal["message_id", "correlation_id"], ...] = ("message_id", "correlation_id")
_IDS = frozenset({"id", "uuid", "guid", "reference", "key"})
_OF_MESSAGE = frozenset({"webhook", "message", "event", "notification", "delivery", "request", "job"})
_STABLE = 0.999
"""Share of values that must have one body: a corpus may hold an id conflict, or a repetition with another stamp."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A field that may be an identity or a business key."""

    source: Source
    name: str
    distinct: int
    """Values."""
    messages: int
    """Distinct bodies that have one."""

    @property
    def repeats(self) -> bool:
        """Whether a value comes with several messages."""
        return self.distinct < self.messages


@dataclass(frozen=True, slots=True)
class Read:
    """What of a delivery may hold ids."""

    body: bytes
    properties: Mapping[str, Any]
    form: Form


def identities(reads: Sequence[Read]) -> Sequence[Candidate]:
    """Candidates for the identity, the best first: a message's id in the body, then AMQP's, then other ids."""
    found = [one for one in _candidates(reads) if _tells_apart(one, reads)]
    return sorted(found, key=lambda one: (_rank(one, reads), one.name))


def business_keys(reads: Sequence[Read], identity: str, family: str) -> Sequence[Candidate]:
    """Candidates for the business key, the best first: one that repeats, and is the id of what the family is called by.

    Args:
        reads: the sample.
        identity: name of the field that identifies a message; it is none.
        family: its name.
    """
    found = [
        one
        for one in _candidates(reads)
        if one.source == "body" and one.name != identity and _IDS.intersection(words_of(one.name)[-1:])
    ]
    complete = max((one.messages for one in found), default=0)

    def rank(one: Candidate) -> tuple[bool, bool, bool, bool, int]:
        words = words_of(one.name)
        joined = "".join(words[:-1])
        return (
            one.messages < complete,
            joined not in (family, "object", "aggregate", "entity"),
            bool(_OF_MESSAGE.intersection(words)),
            not one.repeats,
            one.distinct,
        )

    return sorted(found, key=rank)


def _candidates(reads: Sequence[Read]) -> Iterable[Candidate]:
    names = dict.fromkeys(str(name) for read in reads for name in read.form)
    for name in names:
        yield _counted("body", name, reads)
    for known in _PROPERTIES:
        yield _counted("property", known, reads)


def _counted(source: Source, name: str, reads: Sequence[Read]) -> Candidate:
    pairs = {(value, body_digest(read.body)) for read in reads if (value := _value(source, name, read)) is not None}
    return Candidate(source, name, len({value for value, _ in pairs}), len({digest for _, digest in pairs}))


def _tells_apart(one: Candidate, reads: Sequence[Read]) -> bool:
    """Whether there is a value for every body, and a body for every value."""
    if one.source == "body" and not _IDS.intersection(words_of(one.name)[-1:]):
        return False
    bodies: dict[str, set[str]] = {}
    values: dict[str, set[str]] = {}
    for read in reads:
        value = _value(one.source, one.name, read)
        if value is None:
            return False
        digest = body_digest(read.body)
        bodies.setdefault(value, set()).add(digest)
        values.setdefault(digest, set()).add(value)
    stable = sum(len(one) == 1 for one in bodies.values()), sum(len(one) == 1 for one in values.values())
    return bool(bodies) and stable[0] >= _STABLE * len(bodies) and stable[1] >= _STABLE * len(values)


def _rank(one: Candidate, reads: Sequence[Read]) -> int:
    words = words_of(one.name)
    if one.source == "body" and (_OF_MESSAGE.intersection(words) or words[:-1] == ()):
        return 0
    if one.source == "property":
        return 1 if one.name == "message_id" else 3
    first = next((value for read in reads if (value := _value("body", one.name, read)) is not None), "")
    return 2 if form_of(first) == "uuid" else 4


def _value(source: Source, name: str, read: Read) -> str | None:
    return text_of((read.form if source == "body" else read.properties).get(name))
