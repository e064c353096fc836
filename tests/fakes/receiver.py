"""A family's receiver over fakes, and what a test wants to know of it afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from bridge.port import Entry
from contracts.effect import Attempt
from contracts.registry import family_named
from tests.fakes.claims import MemoryClaims
from tests.fakes.message import NOW, received
from tests.fakes.queue import MemoryDeadLetters, MemoryReturns, MemoryVisibility
from tests.fakes.store import MemoryStore
from workers.fate import Fate
from workers.logic.decision import Column, Context, Decision, Row, RowKey
from workers.logic.handler import Handler
from workers.logic.registry import HANDLERS
from workers.port import Queues
from workers.receiver import Receiver
from workers.sqs import Received

SECRET = b"a secret of the tests"


@dataclass
class ReceiverScene:
    """A receiver; `settle` takes entries as the bridge makes them."""

    family: str = "payin"
    handlers: Mapping[str, Handler] = field(default_factory=lambda: HANDLERS)
    store: MemoryStore = field(default_factory=MemoryStore)
    letters: MemoryDeadLetters = field(default_factory=MemoryDeadLetters)
    returns: MemoryReturns = field(default_factory=MemoryReturns)
    visibility: MemoryVisibility = field(default_factory=MemoryVisibility)
    claims: MemoryClaims = field(default_factory=MemoryClaims)
    context_of: Callable[[str], Context] | None = None
    jitter: float = 1.0

    def __post_init__(self) -> None:
        self.receiver = Receiver(
            family_named(self.family),
            self.handlers,
            self.store,
            Queues(self.letters, self.returns, self.visibility),
            self.claims,
            self.context_of or context,
            jitter=lambda: self.jitter,
        )

    def settle(self, *entries: Entry, receives: int = 1) -> list[Fate]:
        """Settle the entries as one batch; their fates in order."""
        return self.settle_records(
            *(received(one, record_id=f"r{n}", receives=receives) for n, one in enumerate(entries))
        )

    def settle_records(self, *records: Received) -> list[Fate]:
        """The same with records of the test's own making."""
        fates = self.receiver.settle(records)
        assert list(fates) == [one.record_id for one in records], "every record has one fate, in the batch's order"
        return list(fates.values())

    def row(self, table: str, key: str, business_key: str | None = None) -> Mapping[str, Column]:
        """Columns of a stored row."""
        partition = f"default#{self.family}#{key if business_key is None else business_key}"
        return self.store.rows[partition, (table, key)].columns

    def attempt(self, message_id: str) -> Attempt:
        """What the ledger says of a message."""
        return self.store.entries[message_id].attempt

    @property
    def causes(self) -> list[str]:
        """Causes of the dead letters, in order."""
        return [letter.cause for letter in self.letters.letters]


def context(message_id: str) -> Context:
    """A context at a fixed moment."""
    moment = datetime.fromtimestamp(NOW, UTC)
    return Context(message_id, moment, lambda: "00000000-0000-4000-8000-000000000000", SECRET)


def failing_for(payin_id: str, error: Exception) -> dict[str, Handler]:
    """The real handlers, of which one raises for one payin."""

    def broken(handler: Handler) -> Handler:
        def decide(message: Any, rows: Mapping[RowKey, Row], context: Context) -> Decision:
            if message.object_id == payin_id:
                raise error
            return handler.decide(message, rows, context)

        return replace(handler, decide=decide)

    return {name: broken(handler) for name, handler in HANDLERS.items()}
