"""How fast a replay may go: so many a second on average, and never more than a second's worth at once."""

from collections.abc import Callable


class TokenBucket:
    """Tokens that grow with time. One token is one message."""

    def __init__(self, rate_per_s: float, monotonic: Callable[[], float]) -> None:
        """Args: monotonic: seconds that only grow."""
        self._rate_per_s = rate_per_s
        self._most = max(1.0, rate_per_s)
        self._monotonic = monotonic
        self._tokens = 1.0
        self._at_s = monotonic()

    @property
    def available(self) -> int:
        """How many messages may go now."""
        now_s = self._monotonic()
        self._tokens = min(self._most, self._tokens + (now_s - self._at_s) * self._rate_per_s)
        self._at_s = now_s
        return int(self._tokens + 1e-9)  # a tenth of a second, ten times over, is less than a second

    def take(self, count: int) -> None:
        """So many messages have gone."""
        self._tokens -= count

    @property
    def wait_s(self) -> float:
        """Seconds until the next message may go; 0 where one may go now."""
        return 0.0 if self.available else (1 - self._tokens) / self._rate_per_s
