"""What the shell is told: one meaning a number, the same for every command, so that a script can act on it.

Above 63 the numbers are those of BSD's sysexits.h where one fits; what `bridge` uses too means the same there.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended. `sentence` is what `--help` and docs/cli.md say about it."""

    sentence: str

    def __new__(cls, value: int, sentence: str) -> "ExitCode":
        """A number with its sentence."""
        code = int.__new__(cls, value)
        code._value_ = value
        code.sentence = sentence
        return code

    OK = 0, "done, and nothing needs a look"
    ATTENTION = 1, "done, and something needs a look; the output says what"
    USAGE = 2, "the command line is wrong; nothing was done"
    NOT_DRAINED = 3, "stopped before everything in flight was settled; it will be delivered again"
    SETTINGS = 64, "a setting is missing or wrong: region, profile, an environment variable"
    POISONED = 65, "too many messages cannot be read or sent; they lie in the Invalid Message Channel, the rest waits"
    NO_DEPLOYMENT = 66, "there is no such stack, table or queue in this account and region"
    UNKNOWN_MESSAGE = 67, "the ledger has no message of that id"
    UNREACHABLE = 69, "an endpoint does not answer, or asks to come back later"
    FAILED = 70, "a service or a build step failed; the last line says which, in its own words"
    CANNOT_WRITE = 73, "a file that was asked for could not be written"
    CHANNEL_FAILED = 74, "the Invalid Message Channel takes nothing; what was meant for it stays where it is"
    OBJECTED = 75, "refused, or undone: something stands against it, and the output says what"
    UNFINISHED = 76, "begun and not ended in time; the same command again carries it on"
    REFUSED = 77, "no credentials, or they do not allow this"
    INTERRUPTED = 130, "stopped by Ctrl-C"
