"""In-memory ends of a worker's queue."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from contracts.return_message import Returned
from workers.fate import UnavailableError
from workers.port import DeadLetter


@dataclass
class MemoryDeadLetters:
    letters: list[DeadLetter] = field(default_factory=list)
    refuse: bool = False

    def send(self, letter: DeadLetter) -> None:
        if self.refuse:
            raise UnavailableError("refused by the test")
        self.letters.append(letter)


@dataclass
class MemoryReturns:
    """What was sent back to RabbitMQ: once per deduplication, as SQS does."""

    sent: list[Returned] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    refuse: bool = False

    def send(self, returned: Returned, *, group: str, deduplication: str) -> None:
        if self.refuse:
            raise UnavailableError("refused by the test")
        if deduplication not in self.seen:
            self.seen.add(deduplication)
            self.sent.append(returned)
            self.groups.append(group)


@dataclass
class MemoryVisibility:
    delays: dict[str, int] = field(default_factory=dict)

    def delay(self, receipts: Iterable[tuple[str, int]]) -> None:
        self.delays.update(receipts)
