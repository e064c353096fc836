"""Ports of the workers: what processing asks of store and dead-letter queue. Fakes keep to the same suite."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from contracts.authority import Authority, AuthorityRecord
from contracts.claim import Claim
from contracts.effect import Attempt
from contracts.envelope import Stamp
from contracts.letter import LetterContent, Source
from contracts.message_type import DEFAULT_TENANT
from contracts.return_message import Returned
from contracts.veiled import Veiled
from workers.logic.decision import Row, RowKey


class Aggregate(msgspec.Struct, frozen=True):
    """The records of one business key; its head carries version and epoch."""

    tenant: str
    family: str
    key: str

    @property
    def partition(self) -> str:
        """Partition key of all its items."""
        return f"{self.tenant}#{self.family}#{self.key}"


class Wanted(msgspec.Struct, frozen=True):
    """What one message needs to read."""

    message_id: str
    aggregate: Aggregate
    rows: tuple[RowKey, ...]


class LedgerGlance(msgspec.Struct, frozen=True):
    """What the ledger knows of a message before it is processed."""

    processed: bool
    """Done; a message that was rejected may come again, once its cause is mended."""
    body_digest: str | None
    control_final: bool = False
    """The monolith will not try it again."""
    as_copy: bool = False
    """Processed as a copy: its effects were the monolith's to send."""


class Loaded(Veiled, frozen=True):
    """What was read for one message."""

    HIDDEN = ("rows",)

    glance: LedgerGlance | None
    version: int
    """Version of the aggregate's head; 0 where there is none."""
    epoch: int
    """Epoch that the head was written under last."""
    record: AuthorityRecord
    """What is decided about the family now."""
    rows: Mapping[RowKey, Row]


class Carried(Veiled, frozen=True):
    """A message as it travels: what is kept of those that the new side has authority over."""

    HIDDEN = ("body", "envelope")

    body: bytes
    """The legacy body; empty where the envelope has a claim on it."""
    envelope: str
    """The message attribute `envelope`, as it came."""


class Commit(Veiled, frozen=True):
    """What one message writes: all of it or nothing."""

    HIDDEN = ("rows", "attempt", "carried")

    aggregate: Aggregate
    version: int
    """The version that was read."""
    epoch: int
    rows: tuple[Row, ...]
    attempt: Attempt
    body_digest: str
    received_at: str
    """When the bridge took it, RFC 3339."""
    authority: Authority = "legacy"
    """Of the stamp. Where it is `new` and the attempt is done, the effects are to leave."""
    carried: Carried | None = None
    """Kept sealed in the ledger, so that the monolith can catch up; only with authority `new`."""
    replay: str | None = None
    """Id of the replay run that brought it."""

    @property
    def sequence(self) -> int:
        """Version of the aggregate's head after this."""
        return self.version + 1 if self.rows else self.version

    @property
    def leaves(self) -> bool:
        """Whether its effects are to leave."""
        return self.authority == "new" and self.attempt.ending == "done"


class Store(Protocol):
    """Records and ledger. Every method may block; raises UnavailableError where the service or KMS refuses."""

    def load(self, wanted: Sequence[Wanted]) -> Sequence[Loaded]:
        """Read consistently, one answer per wish. Raises BrokenSealError."""

    def commit(self, commits: Sequence[Commit]) -> None:
        """Write all commits in one transaction.

        Raises ConflictError, and has changed nothing, where one of the heads has another version or a newer epoch, or
        one of the messages is done already (one that was rejected is written over), or is stamped `new` though the
        monolith has ended it. Repeating it is safe.
        Raises ValueError, and has changed nothing, where an item is too large: no part of it is left out.
        """

    def mark_stale(self, stale: "Stale") -> None:
        """Note in the ledger that a copy came too late to be compared. Raises ConflictError where it is done."""

    def mark_conflict(self, message_id: str) -> None:
        """Note in the ledger that the id came with other bytes."""


class Stale(msgspec.Struct, frozen=True):
    """A copy whose stamp is stale."""

    message_id: str
    type: str
    aggregate: Aggregate
    epoch: int
    """Of its stamp."""
    received_at: str


class Returns(Protocol):
    """The way back to RabbitMQ."""

    def send(self, returned: Returned, *, group: str, deduplication: str) -> None:
        """Send in the order of the group; the same text for deduplication within five minutes is sent once.

        Raises UnavailableError. May repeat.
        """


class Claims(Protocol):
    """Where bodies lie that no queue takes. Every method blocks for a call; raises UnavailableError."""

    def fetch(self, claim: Claim) -> bytes:
        """The body. Raises LostClaimError where it is not there, or is another."""

    def finish(self, claim: Claim) -> None:
        """Let the body go, 60 days from now. Repeating it begins these days anew."""


class DeadLetters(Protocol):
    """The family's dead-letter queue."""

    def send(self, letter: "DeadLetter") -> None:
        """Keep a message that can never succeed, whole, with its cause. Raises UnavailableError. May repeat."""


class DeadLetter(Veiled, frozen=True):
    """A message as it came, and why it ends here."""

    HIDDEN = ("body", "attributes")

    body: str
    attributes: Mapping[str, str]
    cause: str
    group: str | None
    message_id: str
    """SQS's own id of the message: makes a repeated send recognisable."""
    receives: int = 1
    """How often the message had been received when it was given up on."""


class Occurrence(Veiled, frozen=True):
    """One time that a message was given up on."""

    HIDDEN = ("content",)

    letter_id: str
    """`contracts.letter.letter_id`."""
    source: Source
    queue: str
    """Where it was found."""
    cause: str
    at: datetime
    """When it got there."""
    attempts: int
    """How often it had been tried."""
    body_digest: str
    delivery: str
    """Tells this time from another one: the same delivery again is not counted again."""
    content: LetterContent
    tenant: str = DEFAULT_TENANT
    family: str | None = None
    type: str | None = None
    message_id: str | None = None
    business_key: str | None = None
    stamp: Stamp | None = None
    replay: str | None = None
    """Replay run that it came back from."""
    effect: str | None = None
    """Effect id, where it is an effect that did not leave."""


class Letters(Protocol):
    """The index of dead letters."""

    def index(self, occurrence: Occurrence) -> bool:
        """Write the letter, open again if it was resolved. False where this delivery was counted before.

        Raises UnavailableError, and then has counted nothing.
        """


class Queues(msgspec.Struct, frozen=True):
    """The ways out of a family's worker."""

    dead_letters: DeadLetters
    returns: Returns
    visibility: "Visibility"


class Visibility(Protocol):
    """When a message that stays in its queue is seen again."""

    def delay(self, receipts: Iterable[tuple[str, int]]) -> None:
        """Receipt handles with seconds. A failure is not an error: the queue's own timeout then holds."""
