"""An event loop in a thread of its own: what the rig listens with, while a test goes on in its own thread."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")
_WITHIN_S = 10.0


class Loop:
    """Runs from its making until `stop`."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    @property
    def stopped(self) -> bool:
        """Whether it has been stopped."""
        return self._loop.is_closed()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine on the loop and wait for it. Raises what it raises, TimeoutError after ten seconds."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_WITHIN_S)

    def stop(self) -> None:
        """End what still runs on the loop, and the loop; may be called twice."""
        if self.stopped:
            return
        self.run(_end_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_WITHIN_S)
        self._loop.close()


async def _end_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await settle()


async def settle() -> None:
    """Let the loop do what it is about to: make connections that it has accepted, end those that were broken.

    asyncio leaves a connection open that it accepts while its server is closed.
    """
    for _ in range(3):
        await asyncio.sleep(0.005)
