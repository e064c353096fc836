"""How a test waits: for a condition, with a deadline; never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

_LOOK_AGAIN_S = 0.1
_T = TypeVar("_T")


def eventually(condition: Callable[[], _T], within_s: float, what: str) -> _T:
    """The condition's first truthy value. Fails the test, and says what was waited for, if none came in time."""
    until = time.monotonic() + within_s
    while not (value := condition()):
        if time.monotonic() > until:
            pytest.fail(f"not within {within_s:.0f} s: {what}")
        time.sleep(_LOOK_AGAIN_S)
    return value
