"""A case of the scoreboard: what is done to a contender, and in one sentence what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contracts.message_type import Family
from contracts.registry import CARD_TRANSACTION, PAYIN
from tests.bench.scoreboard.stand import Post, Stand
from tests.fakes.message import card_transaction, payin
from tests.rig.history import Finding


@dataclass(frozen=True, slots=True)
class Verdict:
    """How it ended."""

    passed: bool
    note: str
    """What was seen."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case."""

    name: str
    passes: str
    """What has to be seen for a pass."""
    play: Callable[[Stand], Verdict]
    """Prepares, breaks, waits and judges."""
    family: Family = PAYIN
    """Ordered by default: payin, whose queue on SQS is FIFO for all who can send to one."""
    needs_fifo: bool = False
    """Whether a FIFO queue is what it is about, so that everybody gets one."""


UNORDERED = CARD_TRANSACTION


def payment(number: int, key: str = "", **fields: Any) -> Post:
    """A payin notification; each has a key of its own where none is given."""
    name, key = f"w{number}", key or f"p{number}"
    return Post(name, key, payin(name, key, **fields))


def capture(number: int, body: bytes | None = None, **fields: Any) -> Post:
    """A card transaction, of a type whose bodies may be any bytes: its identity is AMQP's message_id."""
    name = f"c{number}"
    return Post(name, name, card_transaction(name, **fields) if body is None else body)


def whole(finding: Finding, *, duplicates: bool = False) -> bool:
    """Nothing is lost, changed, overtaken or received twice; with `duplicates`, nothing was even sent twice."""
    return not finding.faults and finding.delivered_twice == 0 and not (duplicates and finding.duplicates)


def told(stand: Stand, finding: Finding) -> str:
    """What was seen, in half a sentence."""
    parts = [f"{finding.accepted} of {finding.published} on SQS"]
    counts = {
        "lost": len(finding.lost),
        "altered": len(finding.altered),
        "nobody published": len(finding.foreign),
        "under another id": len(finding.renamed),
        "under another deduplication id": len(finding.unstable),
        "overtaken within their key": len(finding.overtaken),
        "left in the queue": stand.left,
        "put aside": stand.aside,
        "received twice": finding.delivered_twice,
        "swallowed by deduplication": finding.swallowed,
    }
    parts += [f"{count} {name}" for name, count in counts.items() if count]
    return ", ".join(parts)
