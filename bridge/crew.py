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
        """Args: threads: how many there may be; each is started when all others are busy."""
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._most = threads
        self._started = 0
        self._busy = 0
        """Jobs that were handed in and have not ended."""
        self._lock = threading.Lock()

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

        with self._lock:
            self._busy += 1
            starting = self._busy > self._started and self._started < self._most
            self._started += starting
        if starting:
            threading.Thread(target=self._work, name=f"sender-{self._started}", daemon=True).start()
        self._jobs.put(job)
        return future

    def _work(self) -> None:
        while True:
            self._jobs.get()()
            with self._lock:
                self._busy -= 1
