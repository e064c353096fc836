"""Watches a run until every published message has its verdict, or nothing moves any more."""

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ops.audit import read_published
from ops.ledger import Ledger, Timing

_POLL_S = 2.0
_STILL_S = 240.0
"""Without any progress for so long, the run is over, whatever is missing.

Longer than the queues' visibility timeout (180 s, `infra.channel`): a message whose function was cut off, as happens on
a busy machine, comes again after that, and is not missing before.
"""


@dataclass(frozen=True, slots=True)
class Sight:
    """How far a run is, in distinct messages."""

    published: int
    legacy: int
    new: int
    judged: int
    due: int
    """Judged or not, something has come in since."""


def watch(
    ledger: Ledger,
    published: Sequence[Path],
    database: Path,
    is_publishing: Callable[[], bool],
    tell: Callable[[Sight], None] = lambda _: None,
) -> tuple[Timing, ...]:
    """Poll until all is judged; returns the ledger's times as they are then. Args: published: the publisher's logs."""
    before, moved_at = None, time.monotonic()
    while True:
        publishing = is_publishing()  # asked first: what is published after this is seen in the next round
        timings = tuple(ledger.timings())
        sight = Sight(
            published=len(read_published(*(log for log in published if log.exists()))),
            legacy=_journal_lines(database),
            new=sum(timing.received_at is not None for timing in timings),
            judged=sum(timing.verdict is not None for timing in timings),
            due=sum(timing.due for timing in timings),
        )
        tell(sight)
        if sight != before:
            before, moved_at = sight, time.monotonic()
        settled = sight.judged >= sight.published and not sight.due
        if not publishing and (settled or time.monotonic() - moved_at > _STILL_S):
            return timings
        time.sleep(_POLL_S)


def _journal_lines(database: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT COUNT(DISTINCT webhook_id) FROM journal").fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # busy for longer than SQLite waits: the next look will tell


def publish_times(log: Path) -> dict[str, datetime]:
    """When each message was published first, from the publisher's own log."""
    lines = (json.loads(line) for line in log.read_text("utf-8").splitlines() if line)
    return {line["id"]: datetime.fromisoformat(line["published_at"]) for line in lines}
