"""How much may go to the Invalid Message Channel: a few bad messages are theirs, many are a fault of ours. Pure."""

from collections import deque

_MINUTE_S = 60.0


class PoisonFloodError(RuntimeError):
    """More messages than the limit went to the Invalid Message Channel within a minute."""


class Poison:
    """Counts what went to the Invalid Message Channel within the last minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._times: deque[float] = deque(maxlen=per_minute)

    def count(self, now: float) -> None:
        """One more; `now` in seconds of the monotonic clock."""
        self._times.append(now)

    def full(self, now: float) -> bool:
        """Whether the limit is reached: one more would pass it."""
        return len(self._times) == self._per_minute and now - self._times[0] <= _MINUTE_S

    @property
    def sentence(self) -> str:
        """What an operator is told."""
        return (
            f"{self._per_minute} messages within a minute went to the Invalid Message Channel, and there are more: "
            "stopped before all of them do. `strangler dlq list` has their causes; the limit is "
            "STRANGLER_POISON_PER_MINUTE"
        )
