"""The oracle: a program that answers notifications with what the monolith makes of them.

The protocol (docs/side-by-side.md): notifications come on standard input, one JSON object a line; for each, in the same
order, one line goes to standard output: its outcome document, or an empty line where the message was turned away before
it could be named. State carries over from line to line, and begins anew with each process. When standard input ends,
the program ends with 0. How it buffers is its own affair; what it writes to standard error is shown as it is.
"""

import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import IO, Self

from ops.exit_code import ExitCode
from ops.fault import CommandError

SECRET_VARIABLE = "WEBHOOK_SECRET"  # noqa: S105  a variable's name
_BUFFER_BYTES = 64 * 1024
_END_S = 30


class OracleError(CommandError):
    """The oracle failed, or does not keep to the protocol."""

    def __init__(self, text: str) -> None:
        """Args: text: what, without a value of a message."""
        super().__init__(ExitCode.FAILED, f"oracle: {text}")


def oracle_command(text: str) -> Sequence[str]:
    """Words as a shell splits them; no shell runs them. Raises CommandError."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise CommandError(ExitCode.USAGE, f"--oracle: {error}") from error
    if not words:
        raise CommandError(ExitCode.USAGE, "--oracle: no command")
    return words


class Oracle:
    """One process of an oracle."""

    def __init__(self, command: Sequence[str], secret: str) -> None:
        """Start it. Raises OracleError.

        Args:
            command: program and arguments.
            secret: webhooks are to be signed with; it stands in the environment, under `SECRET_VARIABLE`.
        """
        self._program = command[0]
        self.answered = 0
        try:
            self._process = subprocess.Popen(  # noqa: S603  the operator's own command
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, SECRET_VARIABLE: secret},
                bufsize=_BUFFER_BYTES,
                start_new_session=True,
            )
        except OSError as error:
            raise OracleError(f"{self._program} cannot be started: {error.strerror}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.stop()

    def answers(self, notifications: Iterable[bytes]) -> Iterator[bytes]:
        """One answer for each notification, in order, without its line feed; the process ends with the last one.

        Notifications are taken in another thread, as fast as the oracle takes them. Raises OracleError, and whatever
        they raise.
        """
        feed = _Feed(notifications, self._pipe(self._process.stdin))
        feed.start()
        watch = _Watch(self, feed)
        watch.start()
        try:
            for line in self._pipe(self._process.stdout):
                self.answered += 1
                if self.answered > feed.sent:
                    raise OracleError(f"answer {self.answered:,} came without a notification: one line for each")
                yield line.rstrip(b"\r\n")
            code = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            raise OracleError(f"{self._program} goes on though it has closed its standard output") from None
        finally:
            watch.over.set()
        if watch.had_to_end_it:
            raise OracleError(f"{self._program} goes on though everything is answered and its standard input has ended")
        feed.join(_END_S)
        if feed.failure is not None:
            raise feed.failure
        if code or self.answered != feed.sent or not feed.whole:
            why = f"ended with {code}" if code else "ended"
            raise OracleError(f"{self._program} {why} after {self.answered:,} answers to {feed.sent:,} notifications")

    def kill(self) -> None:
        """End it, with all that it has started: whoever holds its pipes would hold us."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """End it, whatever it does, and close what we have of it."""
        self.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                self._pipe(pipe).close()

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None  # noqa: S101  both are asked for
        return pipe


class _Feed(threading.Thread):
    """Writes notifications to the oracle's standard input, and closes it."""

    def __init__(self, notifications: Iterable[bytes], stdin: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self._notifications = notifications
        self._stdin = stdin
        self.sent = 0
        self.whole = False
        self.failure: BaseException | None = None

    def run(self) -> None:
        """See the class."""
        try:
            for line in self._notifications:
                self.sent += 1
                self._write(line + b"\n")
        except BrokenPipeError:
            return  # it has gone: its answers say how far it came
        except BaseException as error:  # noqa: BLE001  the caller's: raised there
            self.failure = error
        else:
            self.whole = True
        with suppress(OSError):
            self._stdin.close()

    def _write(self, data: bytes) -> None:
        try:
            self._stdin.write(data)
        except ValueError as error:  # closed by whoever has stopped it
            raise BrokenPipeError from error


class _Watch(threading.Thread):
    """Ends an oracle that has answered everything and does not end by itself: its output would be read for ever."""

    def __init__(self, oracle: Oracle, feed: _Feed) -> None:
        super().__init__(daemon=True)
        self._oracle = oracle
        self._feed = feed
        self.over = threading.Event()
        self.had_to_end_it = False

    def run(self) -> None:
        """See the class."""
        seen = -1
        while not self.over.wait(_END_S):
            answered = self._oracle.answered
            if self._feed.whole and answered == self._feed.sent == seen:
                self.had_to_end_it = True
                self._oracle.kill()
                return
            seen = answered
