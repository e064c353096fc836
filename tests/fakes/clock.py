"""Time that moves only when a test moves it."""

from dataclasses import dataclass

from tests.fakes.message import NOW


@dataclass
class FakeClock:
    """A `Clock`."""

    seconds: float = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> float:
        return NOW + self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds
