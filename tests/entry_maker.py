"""The makers of entries, the one in Python and the one in C, and what their tests share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import pytest

from bridge import entry
from bridge.port import Entry
from contracts.amqp_value import TaggedTable
from contracts.envelope import AmqpFacts, Stamp
from contracts.identify import Identity
from tests.native import native

Language = Literal["in Python", "in C"]
LANGUAGES: tuple[Language, Language] = ("in Python", "in C")
TIME = "2026-11-21T10:00:00.000+00:00"


class Message(NamedTuple):
    """What an entry is made of; as it is, it is plain."""

    body: bytes = b'{"webhook_id":"w1"}'
    id: str = "w1"
    key: str | None = None
    exchange: str | bytes = "notifications"
    routing_key: str | bytes = "payin.create"
    redelivered: bool = False
    properties: dict[str, Any] = {"content_type": "application/json", "delivery_mode": 2}  # noqa: RUF012  # nobody changes it
    headers: TaggedTable | None = None
    type: str = "payin.create"
    stamp: Stamp = Stamp("legacy", 0)
    time: str = TIME
    group: str | None = None
    deduplication: str | None = None

    @property
    def facts(self) -> AmqpFacts:
        """All of AMQP."""
        return AmqpFacts(self.exchange, self.routing_key, self.redelivered, self.properties, self.headers)

    @property
    def identity(self) -> Identity:
        """As the contract reads it."""
        return Identity(self.id, self.key)


def composed(message: Message, *, in_python: bool = False) -> Entry:
    """By whichever maker is chosen, or by the one in Python."""
    compose = entry.compose_in_python if in_python else entry.compose
    return compose(
        *(message.type, message.identity, message.stamp, message.facts, message.body, message.time),
        group=message.group,
        deduplication=message.deduplication,
    )


def need_native_entries() -> None:
    """Skips the test where the maker in C is not compiled."""
    native("bridge._entry")
    assert entry._compose is not None
    assert entry._write_batch is not None


@contextmanager
def entries_made(language: Language) -> Iterator[None]:
    """Have all entries made, and all calls written, in a language."""
    if language == "in C":
        need_native_entries()
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entry, "_compose", None)
        patch.setattr(entry, "_write_batch", None)
        yield


@contextmanager
def entries_made_in_c_alone() -> Iterator[None]:
    """Have Python's makers fail, whoever needs one."""

    def fail(*_: object, **__: object) -> Any:
        pytest.fail("what is plain was not made in C")

    need_native_entries()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entry, "compose_in_python", fail)
        patch.setattr(entry, "write_batch_in_python", fail)
        yield
