"""Threads that make calls which block, so that the loop goes on: it keeps the broker's heartbeat whatever AWS does."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

_T = TypeVar("_T")
_Job = Callable[[], None]


class Crew:
    """Some daemon threads: at the end of the process nobody waits for a call that is still under way."""

    def __init__(self, threads: int) -> None:
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        for number in range(threads):
            threading.Thread(target=self._work, name=f"sender-{number}", daemon=True).start()

    def submit(self, call: Callable[[], _T]) -> "Future[_T]":
        """Make a call on one of the threads; see `bridge.port.Calls`."""
        future: Future[_T] = Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return  # nobody waits for it any more
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001  # handed to whoever asks for the result
                future.set_exception(error)
            else:
                future.set_result(result)

        self._jobs.put(job)
        return future

    def _work(self) -> None:
        while True:
            self._jobs.get()()
