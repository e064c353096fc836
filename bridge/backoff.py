"""How long to wait before the next try: exponential with full jitter, so that many shippers do not return as one."""

import random
from collections.abc import Callable


class Backoff:
    """Delays in seconds: up to `first_s`, then twice as much each time, up to `most_s`."""

    def __init__(
        self, first_s: float = 0.2, most_s: float = 30.0, uniform: Callable[[float, float], float] | None = None
    ):
        self._first_s = first_s
        self._most_s = most_s
        self._uniform = uniform or random.SystemRandom().uniform
        self._failures = 0

    def next_s(self) -> float:
        """Delay before the next try; at least half of the step, so that a failing peer is never hammered."""
        step_s = min(self._most_s, self._first_s * 2**self._failures)
        self._failures = min(self._failures + 1, 32)
        return self._uniform(step_s / 2, step_s)

    def reset(self) -> None:
        """A try has succeeded."""
        self._failures = 0
