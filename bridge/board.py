"""What the router's loop and its side line to AWS tell each other: decisions one way, reports the other."""

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from bridge.finality import Finality
from bridge.port import Depth
from contracts.authority import AuthorityRecord
from contracts.control_item import NO_EPOCH, RouterState


@dataclass(frozen=True, slots=True)
class Doubt:
    """A question to the ledger: how far is this message, now that this is decided?"""

    family: str
    id: str
    epoch: int
    stamp_epoch: int


@dataclass(frozen=True, slots=True)
class Report:
    """What the router does with one family at one moment."""

    at: float
    """Seconds since the epoch, when the loop last came by."""
    state: RouterState = "standby"
    confirmed_epoch: int = NO_EPOCH
    released_epoch: int = NO_EPOCH
    seen_epoch: int = NO_EPOCH
    holding: bool = False
    doubts: int = 0
    depth: Depth = field(default_factory=Depth)


class Board:
    """What the router and its side line tell each other. For two threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: Mapping[str, AuthorityRecord] = {}
        self._reports: Mapping[str, Report] = {}
        self._answers: dict[Doubt, Finality | None] = {}

    def decided(self) -> Mapping[str, AuthorityRecord]:
        """What is decided, by family, as far as is known."""
        with self._lock:
            return self._records

    def decide(self, records: Mapping[str, AuthorityRecord]) -> None:
        """Make known what is decided."""
        with self._lock:
            self._records = dict(records)

    def reports(self) -> Mapping[str, Report]:
        """What the router does, by family."""
        with self._lock:
            return self._reports

    def report(self, reports: Mapping[str, Report]) -> None:
        """Tell what the router does."""
        with self._lock:
            self._reports = dict(reports)

    def ask(self, doubt: Doubt) -> Finality | None:
        """The ledger's answer; None while there is none, in which case it is asked for."""
        with self._lock:
            return self._answers.setdefault(doubt, None)

    def forget(self, doubts: Collection[Doubt]) -> None:
        """These need no answer any more."""
        with self._lock:
            for doubt in doubts:
                self._answers.pop(doubt, None)

    def open_questions(self) -> Sequence[Doubt]:
        """What waits for an answer."""
        with self._lock:
            return [doubt for doubt, answer in self._answers.items() if answer is None]

    def answer(self, answers: Mapping[Doubt, Finality]) -> None:
        """Answer what is still asked."""
        with self._lock:
            self._answers.update({doubt: one for doubt, one in answers.items() if doubt in self._answers})
