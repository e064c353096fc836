"""A stop that is asked for has an end, whatever the process waits for: a confirm that does not come, say.

What is cut off then is in the state that a kill would leave, and is delivered again.
"""

import signal
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

GRACE_S = 2.0
"""How long after its deadline a drain may still be about to end by itself."""
_AGAIN_S = 2.0
"""Cut off again after so long: closing may wait for the same broker."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class OverdueError(BaseException):
    """The deadline of a stop has passed. No `except Exception` on the way is to take it for a fault."""


def listen(drain_s: float) -> list[int]:
    """Signals to stop that have come; empty for as long as none has. The first one sets the deadline.

    Args:
        drain_s: how long what is in hand may take.
    """
    stopping: list[int] = []

    def stop(received: int, _frame: object) -> None:
        if not stopping:
            signal.setitimer(signal.ITIMER_REAL, drain_s + GRACE_S, _AGAIN_S)
        stopping.append(received)

    def cut_off(_received: int, _frame: object) -> None:
        raise OverdueError

    signal.signal(signal.SIGALRM, cut_off)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return stopping


def within(overdue: Callable[[], _T]) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """Decorates what calls `listen`: it ends with `overdue` where the deadline passes, and leaves no timer behind."""

    def bound(run: Callable[_P, _T]) -> Callable[_P, _T]:
        @wraps(run)
        def bounded(*arguments: _P.args, **options: _P.kwargs) -> _T:
            try:
                return run(*arguments, **options)
            except OverdueError:
                return overdue()
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)

        return bounded

    return bound
