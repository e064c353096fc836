"""A program that we start ourselves, and leave nothing of behind: own session, own log file, stopped by its id.

Everything that the demo and the tests run beside themselves (RabbitMQ, the embedded AWS) is such a child. It gets a
session of its own, so that Ctrl-C reaches only us and its own children can be ended with it, and a guard
(`infra.local.guard`) that ends it should we ourselves be killed.
"""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

_GUARD = Path(__file__).with_name("guard.py")
_TAIL_BYTES = 2_000


class LocalProgramError(Exception):
    """A local program could not be started or kept; the message says which, why, and where its log is."""


class PortTakenError(LocalProgramError):
    """Somebody else listens on the port that was asked for."""


class NotReadyError(LocalProgramError):
    """A program was started but ended, or did not answer in time."""


_PORTS = range(20_000, 32_000)
"""Below Linux's ephemeral ports (ip(7), ip_local_port_range)."""
_PORT_TRIES = 50


def listen(port: int) -> socket.socket:
    """Listen on 127.0.0.1; port 0 takes a free one. Raises PortTakenError, never shares a port."""
    if port == 0:
        return _listen_somewhere()
    return _listen_on(port)


def _listen_somewhere() -> socket.socket:
    """On a port that the system gives to nobody who connects: else it may be taken between two who listen on it."""
    for _ in range(_PORT_TRIES):
        with contextlib.suppress(PortTakenError):
            return _listen_on(secrets.choice(_PORTS))
    return _listen_on(0)


def _listen_on(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise PortTakenError(f"port {port} of 127.0.0.1 cannot be used ({error.strerror}): choose another") from error
    return listener


def free_ports(count: int) -> tuple[int, ...]:
    """Different ports that nobody listens on at this moment, for programs that bind by number themselves."""
    listeners = [listen(0) for _ in range(count)]
    try:
        return tuple(int(listener.getsockname()[1]) for listener in listeners)
    finally:
        for listener in listeners:
            listener.close()


class Child:
    """One running program. `stop` may be called twice, and ends what the program itself has started."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        log: Path,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603  # commands are ours, never a user's text
                [sys.executable, "-S", "-E", str(_GUARD), *command],
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=pass_fds,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Process id of the program's guard, also that of their group."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether the program has ended, by itself or by us."""
        return self._process.poll() is not None

    @property
    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.poll()

    def stop(self, grace_s: float = 5.0) -> None:
        """Ask it to end (SIGTERM), wait `grace_s`, then end it and its children (SIGKILL)."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(grace_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self.kill()

    def kill(self) -> None:
        """End it and its children at once (SIGKILL), as a power cut would."""
        with contextlib.suppress(ProcessLookupError):  # nothing of the group may be left, which is what we want
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def not_ready(self, reason: str) -> NotReadyError:
        """The error to raise when it does not come up: says why, ends with the last words of its log."""
        state = f"ended with code {self._process.returncode}" if self.ended else reason
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - _TAIL_BYTES))
            tail = log.read().decode("utf-8", "replace").strip()
        return NotReadyError(f"{self.name} {state}; log {self.log} ends with:\n{tail}")
