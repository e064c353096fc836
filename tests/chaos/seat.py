"""A process of the bridge in a run, started again when it ends, and how it may end."""

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.chaos.forked import Command, Forked

_UNREACHABLE = 69
_ENDS_WELL = (0, _UNREACHABLE, -signal.SIGTERM, -signal.SIGKILL)
"""Told to stop: drained; not connected yet; not ready to be told; or killed by a point while it drained."""
_FOR_PEOPLE = (64, 65, 74, 77)
"""Exit codes after which no supervisor starts it again without a look."""


@dataclass(slots=True)
class Seat:
    """Holds one process after the other."""

    name: str
    command: Command
    start: Callable[[], Forked]
    process: Forked = field(init=False)
    leaving: bool = False
    complaints: list[str] = field(default_factory=list)
    """Ends that must not be."""
    _codes: list[int | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Starts the first one."""
        self.process = self.start()

    @property
    def codes(self) -> Sequence[int | None]:
        """How each of its processes has ended, None for one that runs."""
        return *self._codes, self.process.code

    def supervise(self) -> None:
        """Start again what has ended, as a supervisor does; but for codes that ask for a person."""
        if not self.process.ended or self.leaving:
            return
        code = self.process.code
        if code in _FOR_PEOPLE:
            self.complaints.append(f"{self.name} ended with {code}")
            self.leaving = True
            return
        self._codes.append(code)
        self.process = self.start()

    def tell_to_stop(self) -> None:
        """SIGTERM, for good."""
        self.leaving = True
        self.process.tell_to_stop()

    def stop(self, within_s: float) -> None:
        """Wait for its end. Who has to be killed hangs; who was killed before, by a point or an event, does not."""
        code = self.process.stop(within_s)
        told = f"{self.name} ended with {code}"
        if code not in (*_ENDS_WELL, *self._codes[-1:]) and told not in self.complaints:
            self.complaints.append(told)
