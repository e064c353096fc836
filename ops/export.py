"""The monolith's state: rows that a program of its own writes to its standard output, one JSON effect a line.

We read no database of the monolith's: it alone knows how its tables are to be read. A line is a row effect as the
recorder writes it, `{"kind":"row","name":TABLE,"key":KEY,"value":{...}}`. The last one is `{"kind":"end","rows":N}`:
what ends otherwise was cut off, and nobody knows what its missing rows are.
"""

import shlex
import subprocess
from collections.abc import Generator, Iterable, Iterator

from contracts.effect import Effect, MalformedOutcomeError, parse_effect, parse_json
from ops.exit_code import ExitCode
from ops.fault import CommandError

FAMILY = "{family}"
"""Stands for the family's name in the command."""
_END = b'"end"'


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

        Raises CommandError where it cannot be run, fails, writes anything that is no row, or does not end with the
        number of rows that it has written.
        """
        try:
            program = subprocess.Popen(self._words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)  # noqa: S603  the operator's own command
        except OSError as error:
            raise CommandError(ExitCode.SETTINGS, f"--monolith: {self._words[0]}: {error.strerror}") from error
        with program:
            if program.stdout is None:
                raise AssertionError
            try:
                rows, end = yield from _read(program.stdout)
            except BaseException:
                program.kill()
                raise
        if program.returncode != 0:
            raise CommandError(
                ExitCode.FAILED, f"the monolith's export ended with {program.returncode}: nobody knows its state"
            )
        if end != rows:
            said = "its last line does not say that it is the end" if end is None else f"its end tells of {end:,}"
            raise _refused(
                f"{rows:,} rows, and {said}: it was cut off. Look at the program, then run it again; it must end with "
                '{"kind":"end","rows":N}, as the StateExport of the recorder does: is that one up to date?'
            )


def _read(lines: Iterable[bytes]) -> Generator[Effect, None, tuple[int, int | None]]:
    """Every row; then how many there were, and how many by what the end says, if there is one."""
    rows, end = 0, None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if end is not None:
            raise _refused(f"line {number}: something follows its end; it must be one export, not several")
        end = _end(line)
        if end is None:
            yield _row(line, number)
            rows += 1
    return rows, end


def _end(line: bytes) -> int | None:
    """How many rows there were, where the line is the end."""
    if _END not in line:  # nearly every line, which is not to be read twice
        return None
    try:
        read = parse_json(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(read, dict) or read.get("kind") != "end":
        return None
    rows = read.get("rows")
    if not isinstance(rows, int) or isinstance(rows, bool):
        raise _refused("its end does not tell the number of rows")
    return rows


def _row(line: bytes, number: int) -> Effect:
    try:
        effect = parse_effect(line)
    except MalformedOutcomeError as error:
        raise _refused(f"line {number}: {error}") from error
    if effect.kind != "row":
        raise _refused(f"line {number}: {effect.kind}, expected a row")
    return effect


def _refused(why: str) -> CommandError:
    return CommandError(ExitCode.FAILED, f"the monolith's export, {why}")
