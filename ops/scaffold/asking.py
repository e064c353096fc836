"""Asks an oracle what the monolith makes of a type's first messages."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.effect import MalformedOutcomeError
from contracts.outcome_line import read_line
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


def ask(command: Sequence[str], deliveries: Sequence[Delivery]) -> Answers:
    """Send them through an oracle, in their order, with a secret made up for its signatures. Raises CommandError."""
    found, secret, answered = Answers(), secrets.token_hex(16), 0
    with Oracle(command, secret) as oracle:
        try:
            # Answers first: their end says whether the oracle has ended well.
            for answer, one in zip(oracle.answers(sent.line for sent in deliveries), deliveries, strict=True):
                answered += 1
                line = read_line(answer) if answer else None
                found.effects.take(line, secret)
                if line is None or line.ending == "rejected":
                    found.rejected.add(one.body)
        except MalformedOutcomeError as error:
            raise OracleError(f"its answer to message {answered:,}: {error}") from error
        except OracleError as error:
            raise CommandError(error.code, f"{error}; does it know this type? --oracle-messages 0 asks none") from error
    return found
