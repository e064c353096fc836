"""Whoever makes calls that block, in a test's hands: at once, or when the test says so."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

_T = TypeVar("_T")


@dataclass
class MemoryCalls:
    """`Calls` that makes each call when it is submitted, unless it is held up."""

    holding: bool = False
    held: list[Callable[[], None]] = field(default_factory=list)

    def submit(self, call: Callable[[], _T]) -> "Future[_T]":
        future: Future[Any] = Future()

        def make() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(call())
            except Exception as error:  # noqa: BLE001  # handed to whoever asks for the result
                future.set_exception(error)

        if self.holding:
            self.held.append(make)
        else:
            make()
        return future

    def let_go(self) -> None:
        """Make the calls that were held up."""
        held, self.held = self.held, []
        for make in held:
            make()
