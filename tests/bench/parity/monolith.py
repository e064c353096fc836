"""What the reference monolith makes of its own publisher's scenario: real PHP, asked through the oracle's protocol."""

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache

from ops.parity.candidate import Candidate
from ops.parity.option import chosen_oracle
from ops.parity.oracle import Oracle
from tests.contract.parity.side import SECRET, scenario

NOW = "2026-11-21T10:00:00+00:00"


@cache
def notifications(messages: int, seed: int) -> Sequence[bytes]:
    """Lines for an oracle: so many messages of all types, hostile values and repeated deliveries among them."""
    program = shutil.which("php")
    assert program is not None, "php is not installed: `make install` installs it"
    return tuple(json.dumps(one).encode() for one in scenario((program,), messages, seed))


@cache
def control(messages: int, seed: int, now: str = NOW) -> Sequence[bytes]:
    """The monolith's outcome of each delivery, at a time of its clock."""
    with Oracle(chosen_oracle(None, "--now", now), SECRET) as oracle:
        answers = tuple(oracle.answers(notifications(messages, seed)))
    assert all(answers), "every message of the scenario can be named"
    return answers


@cache
def candidate(messages: int, seed: int) -> Sequence[bytes]:
    """Our side's outcomes, of the deliveries that are not recognised as repeated ones."""
    side = Candidate(SECRET.encode(), lambda: datetime.fromisoformat(NOW), timedelta(seconds=61))
    answers = (side.process(json.loads(line)).outcome for line in notifications(messages, seed))
    return tuple(one for one in answers if one is not None)


def by_message(lines: Sequence[bytes]) -> Mapping[str, Sequence[bytes]]:
    """Outcomes by message, in the order of their first delivery."""
    found: dict[str, list[bytes]] = {}
    for line in lines:
        found.setdefault(json.loads(line)["message_id"], []).append(line)
    return found
