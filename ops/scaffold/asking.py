"""Asks an oracle what the monolith makes of a type's first messages."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.effect import MalformedOutcomeError
from contracts.outcome_line import read_line
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.parity.oracle import Oracle, OracleError
from ops.scaffold.effect import Effects
from ops.scaffold.sample import Delivery


@dataclass
class Answers:
    """What it said."""

    effects: Effects = field(default_factory=Effects)
    rejected: set[bytes] = field(default_factory=set)
    """Bodies that it refuses."""


def reference_command() -> Sequence[str]:
    """The reference monolith that comes with us. Raises CommandError."""
    from infra.local.php import InstalledPhp  # noqa: PLC0415  only where it is wanted
    from infra.local.process import LocalProgramError  # noqa: PLC0415

    try:
        return InstalledPhp().command("oracle.php", [], {})
    except LocalProgramError as error:
        raise CommandError(
            ExitCode.SETTINGS, f"{error}; or name a program with --oracle, or ask none: --oracle-messages 0"
        ) from error


def ask(command: Sequence[str], deliveries: Sequence[Delivery]) -> Answers:
    """Send them through an oracle, in their order, with a secret made up for its signatures. Raises CommandError."""
    found, secret = Answers(), secrets.token_hex(16)
    with Oracle(command, secret) as oracle:
        try:
            for one, answer in zip(deliveries, oracle.answers(sent.line for sent in deliveries), strict=False):
                line = read_line(answer) if answer else None
                found.effects.take(line, secret)
                if line is None or line.ending == "rejected":
                    found.rejected.add(one.body)
        except MalformedOutcomeError as error:
            raise OracleError(f"its answer to message {found.effects.asked + 1:,}: {error}") from error
        except OracleError as error:
            raise CommandError(error.code, f"{error}; does it know this type? --oracle-messages 0 asks none") from error
    return found
