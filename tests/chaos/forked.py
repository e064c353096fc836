"""The bridge's real processes without their start-up: forked from a server that has read all modules already.

They are what `python -m bridge ship` and `route` are, but for the second of imports; 200 runs would not fit into
minutes otherwise. Each has a pid of its own, and dies at the points that are armed.
"""

import contextlib
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

Command = Literal["ship", "route"]
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.chaos.preload"])
_POLL_S = 0.01


class Forked:
    """One process of the bridge, from its start."""

    def __init__(
        self, command: Command, environment: Mapping[str, str], log: Path, kills: Path, flaw: str | None = None
    ) -> None:
        """Start it; `flaw` names a way in which it is broken (`tests.chaos.flaw`)."""
        self.command = command
        self.log = log
        self.hung = False
        """Whether it did not stop when it was told to."""
        arguments = (command, dict(environment), str(log), str(kills), flaw)
        self._process = _CONTEXT.Process(target=_run, args=arguments, daemon=True)
        self._process.start()

    @property
    def ended(self) -> bool:
        """Whether it has ended, by itself or by a signal."""
        return not self._process.is_alive()

    @property
    def code(self) -> int | None:
        """Its exit code; negative for a signal, None while it runs."""
        return self._process.exitcode

    def freeze(self) -> None:
        """Stop it where it is (SIGSTOP)."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on (SIGCONT)."""
        self._signal(signal.SIGCONT)

    def tell_to_stop(self) -> None:
        """SIGTERM."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL, and wait for its end."""
        self._signal(signal.SIGKILL)
        self._process.join()

    def stop(self, grace_s: float) -> int | None:
        """SIGTERM, wait, SIGKILL where that was in vain (`hung`); returns the exit code."""
        self.tell_to_stop()
        until = time.monotonic() + grace_s
        while not self.ended and time.monotonic() < until:
            time.sleep(_POLL_S)
        self.hung = not self.ended
        self.kill()
        return self.code

    def _signal(self, number: int) -> None:
        if self._process.pid is not None and not self.ended:
            with contextlib.suppress(ProcessLookupError):  # it has ended since
                os.kill(self._process.pid, number)


def _run(command: Command, environment: Mapping[str, str], log: str, kills: str, flaw: str | None) -> None:
    """In the child: what `python -m bridge COMMAND` does."""
    from bridge.__main__ import route, ship  # noqa: PLC0415  # read by the server already
    from contracts import point  # noqa: PLC0415
    from tests.chaos.flaw import FLAWS  # noqa: PLC0415
    from tests.chaos.kill import KillFolder  # noqa: PLC0415

    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.environ.update(environment)
    point.hook(KillFolder(Path(kills)).reach)
    if flaw is not None:
        FLAWS[flaw].inflict()
    code = {"ship": ship, "route": route}[command]()
    logging.shutdown()
    os._exit(code)
