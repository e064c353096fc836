"""What lets a thread that waits for files be woken by others."""

import contextlib
import socket

_DRAINED_AT_ONCE = 4096


class Alarm:
    """Readable from when it is rung until it is quieted."""

    def __init__(self) -> None:
        self._heard, self._rung = socket.socketpair()
        self._heard.settimeout(0)
        self._rung.settimeout(0)

    def fileno(self) -> int:
        """What becomes readable."""
        return self._heard.fileno()

    def ring(self) -> None:
        """Wake whoever waits. Any thread may; never blocks, never raises."""
        with contextlib.suppress(OSError):  # full: it rings already; closed: nobody waits
            self._rung.send(b"\0")

    def quiet(self) -> None:
        """It was heard."""
        with contextlib.suppress(BlockingIOError):
            while len(self._heard.recv(_DRAINED_AT_ONCE)) == _DRAINED_AT_ONCE:
                pass

    def close(self) -> None:
        """Nobody waits any more."""
        self._heard.close()
        self._rung.close()
