"""Calls that block nobody, in a test's hands: answered at the next look, or when the test says so."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.alarm import Alarm
from bridge.port import CallRefusedError, Entry, Receipt, Sink, SinkUnavailableError


@dataclass
class MemoryExpress:
    """An `Express` to those queues that it knows; whatever it begins, a sink has taken at once."""

    sink: Sink
    known: set[str] = field(default_factory=set)
    holding: bool = False
    """Whether no answer comes for now."""
    begun: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """Queue and ids of every call."""
    looks: int = 0
    under_way: list["MemoryAnswer"] = field(default_factory=list)
    _alarm: Alarm = field(default_factory=Alarm)

    def begin(self, queue: str, entries: Sequence[Entry]) -> "MemoryAnswer | None":
        if queue not in self.known or any(entry.deposit for entry in entries):
            return None
        self.begun.append((queue, tuple(entry.id for entry in entries)))
        answer = MemoryAnswer()
        try:
            answer.receipts = self.sink.send(queue, entries)
        except (SinkUnavailableError, CallRefusedError) as error:
            answer.error = error
        self.under_way.append(answer)
        if not self.holding:
            self._alarm.ring()
        return answer

    def fileno(self) -> int:
        return self._alarm.fileno()

    def look(self) -> None:
        self.looks += 1
        if self.holding:
            return
        self._alarm.quiet()
        for answer in self.under_way:
            answer.come = True
        self.under_way.clear()

    def let_go(self) -> None:
        """Let the answers come that were held up."""
        self.holding = False
        self._alarm.ring()

    def close(self) -> None:
        self._alarm.close()


@dataclass
class MemoryAnswer:
    """An `Answer`."""

    receipts: Sequence[Receipt] = ()
    error: Exception | None = None
    come: bool = False
    cancelled: bool = False

    def done(self) -> bool:
        return self.come

    def result(self) -> Sequence[Receipt]:
        assert self.come, "asked for before it was done"
        assert not self.cancelled, "asked for after nobody wanted to know"
        if self.error is not None:
            raise self.error
        return self.receipts

    def cancel(self) -> None:
        self.cancelled = True
