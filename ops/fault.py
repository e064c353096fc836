"""What an operator is told when a command cannot do its job: one line, with what to do, and an exit code."""

from typing import Any

from ops.exit_code import ExitCode


class CommandError(Exception):
    """Ends a command. The text says what is wrong and, where somebody can do something, what."""

    def __init__(self, code: ExitCode, text: str, detail: str = "") -> None:
        """Args: text: one line; line breaks of others are taken out. detail: what a tool printed, as it is."""
        self.code = code
        self.detail = detail
        super().__init__(" ".join(text.split()))

    def __reduce__(self) -> tuple[Any, ...]:
        """How it comes out of another process: as it is, whatever its class asks to be made of."""
        return _made_anew, (type(self), str(self)), self.__dict__


def _made_anew(kind: type[CommandError], text: str) -> CommandError:
    return kind.__new__(kind, text)
