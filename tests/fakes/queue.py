"""In-memory ends of a worker's queue."""

from collections.abc import Iterable
from dataclasses import dataclass, field

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
class MemoryVisibility:
    delays: dict[str, int] = field(default_factory=dict)

    def delay(self, receipts: Iterable[tuple[str, int]]) -> None:
        self.delays.update(receipts)
