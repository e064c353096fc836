"""What becomes of a verdict that is given anew: the former one stays, as a trace. Pure.

Whoever asks what was known at some time reads the trace: at any moment exactly one verdict stood, from its `since` to
its `until`. So a figure of agreement that was read once can be computed again.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contracts.verdict import BY_CLOCK, Verdict

KEPT = 20
"""Amendments that are kept of one message, the latest; a message with more is being repeated by somebody."""

Because = Literal["late outcome", "further outcome", "overdue"]
"""Why a verdict was given anew.

`late outcome`: a side told after its time was up. `further outcome`: more came in after both had told, such as another
attempt, a replay, other bytes. `overdue`: what came in leaves it unfinished, and nothing followed in time."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """A verdict that stood once."""

    verdict: Verdict
    since: datetime
    until: datetime
    because: Because
    """Why it stands no more."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The verdict that stands, and those before it."""

    verdict: Verdict
    since: datetime
    """When it was given first; judging the same again does not change it."""
    amendments: tuple[Amendment, ...] = ()
    """Oldest first, at most `KEPT`."""
    amended: int = 0
    """How often it was amended, those included that are not kept."""


def amend(former: Standing | None, verdict: Verdict, now: datetime) -> Standing:
    """What stands once the verdict is given; nothing new if it stands already."""
    if former is None:
        return Standing(verdict, now)
    if former.verdict is verdict:
        return former
    gone = Amendment(former.verdict, former.since, now, _because(former.verdict, verdict))
    return Standing(verdict, now, (*former.amendments, gone)[-KEPT:], former.amended + 1)


def write_amendments(amendments: tuple[Amendment, ...]) -> str:
    """As the ledger keeps them: JSON."""
    return json.dumps(
        [
            {
                "verdict": one.verdict.value,
                "since": one.since.isoformat(timespec="milliseconds"),
                "until": one.until.isoformat(timespec="milliseconds"),
                "because": one.because,
            }
            for one in amendments
        ]
    )


def read_amendments(text: str) -> tuple[Amendment, ...]:
    """What `write_amendments` wrote. Raises ValueError, KeyError."""
    return tuple(
        Amendment(
            Verdict(one["verdict"]),
            datetime.fromisoformat(one["since"]),
            datetime.fromisoformat(one["until"]),
            one["because"],
        )
        for one in json.loads(text)
    )


def _because(former: Verdict, verdict: Verdict) -> Because:
    if verdict in BY_CLOCK:
        return "overdue"
    return "late outcome" if former in BY_CLOCK else "further outcome"
