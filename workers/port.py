"""Ports of the workers: what processing asks of store and dead-letter queue. Fakes keep to the same suite."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from contracts.effect import Attempt
from workers.logic.decision import Row, RowKey


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The records of one business key; its head carries version and epoch."""

    tenant: str
    family: str
    key: str

    @property
    def partition(self) -> str:
        """Partition key of all its items."""
        return f"{self.tenant}#{self.family}#{self.key}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one message needs to read."""

    message_id: str
    aggregate: Aggregate
    rows: tuple[RowKey, ...]


@dataclass(frozen=True, slots=True)
class LedgerGlance:
    """What the ledger knows of a message before it is processed."""

    processed: bool
    """Done; a message that was rejected may come again, once its cause is mended."""
    body_digest: str | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read for one message."""

    glance: LedgerGlance | None
    version: int
    """Version of the aggregate's head; 0 where there is none."""
    rows: Mapping[RowKey, Row] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Commit:
    """What one message writes: all of it or nothing."""

    aggregate: Aggregate
    version: int
    """The version that was read."""
    epoch: int
    rows: tuple[Row, ...] = field(repr=False)
    attempt: Attempt = field(repr=False)
    body_digest: str
    received_at: str
    """When the bridge took it, RFC 3339."""


class Store(Protocol):
    """Records and ledger. Every method may block; raises UnavailableError where the service or KMS refuses."""

    def load(self, wanted: Sequence[Wanted]) -> Sequence[Loaded]:
        """Read consistently, one answer per wish. Raises BrokenSealError."""

    def commit(self, commits: Sequence[Commit]) -> None:
        """Write all commits in one transaction.

        Raises ConflictError, and has changed nothing, where one of the heads has another version or a newer epoch, or
        one of the messages is done already (one that was rejected is written over). Repeating it is safe.
        """

    def mark_conflict(self, message_id: str) -> None:
        """Note in the ledger that the id came with other bytes."""


class DeadLetters(Protocol):
    """The family's dead-letter queue."""

    def send(self, letter: "DeadLetter") -> None:
        """Keep a message that can never succeed, whole, with its cause. Raises UnavailableError. May repeat."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message as it came, and why it ends here."""

    body: str = field(repr=False)
    attributes: Mapping[str, str] = field(repr=False)
    cause: str
    group: str | None
    message_id: str
    """SQS's own id of the message: makes a repeated send recognisable."""


class Visibility(Protocol):
    """When a message that stays in its queue is seen again."""

    def delay(self, receipts: Iterable[tuple[str, int]]) -> None:
        """Receipt handles with seconds. A failure is not an error: the queue's own timeout then holds."""
