"""The monolith's state: rows that a program of its own writes to its standard output, one JSON effect a line.

We read no database of the monolith's: it alone knows how its tables are to be read. A line is a row effect as the
recorder writes it, `{"kind":"row","name":TABLE,"key":KEY,"value":{...}}`.
"""

import shlex
import subprocess
from collections.abc import Iterator

from contracts.effect import Effect, MalformedOutcomeError, parse_effect
from ops.exit_code import ExitCode
from ops.fault import CommandError

FAMILY = "{family}"
"""Stands for the family's name in the command."""


class Export:
    """The monolith's rows of one family."""

    def __init__(self, command: str, family: str) -> None:
        """Args: command: words as a shell splits them; no shell runs it. Raises CommandError."""
        try:
            self._words = [word.replace(FAMILY, family) for word in shlex.split(command)]
        except ValueError as error:
            raise CommandError(ExitCode.USAGE, f"--monolith: {error}") from error
        if not self._words:
            raise CommandError(ExitCode.USAGE, "--monolith: no command")

    def rows(self) -> Iterator[Effect]:
        """Run it and read its rows; what it says besides goes to our standard error.

        Raises CommandError where it cannot be run, fails, or writes anything that is no row.
        """
        try:
            program = subprocess.Popen(self._words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)  # noqa: S603  the operator's own command
        except OSError as error:
            raise CommandError(ExitCode.SETTINGS, f"--monolith: {self._words[0]}: {error.strerror}") from error
        with program:
            if program.stdout is None:
                raise AssertionError
            try:
                for number, line in enumerate(program.stdout, 1):
                    if line.strip():
                        yield _row(line, number)
            except BaseException:
                program.kill()
                raise
        if program.returncode != 0:
            raise CommandError(
                ExitCode.FAILED, f"the monolith's export ended with {program.returncode}: nobody knows its state"
            )


def _row(line: bytes, number: int) -> Effect:
    try:
        effect = parse_effect(line)
    except MalformedOutcomeError as error:
        raise CommandError(ExitCode.FAILED, f"the monolith's export, line {number}: {error}") from error
    if effect.kind != "row":
        raise CommandError(ExitCode.FAILED, f"the monolith's export, line {number}: {effect.kind}, expected a row")
    return effect
