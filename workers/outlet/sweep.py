"""The sweeper's rounds: finds entries whose effects the stream has missed, or that are due again, family by family."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime

from workers.outlet.outlet import Outlet, Round
from workers.outlet.port import Entries

MOST = 2_000
"""Entries of one run at most; the next run goes on."""


def sweep(
    families: Sequence[str],
    entries: Entries,
    outlet: Outlet,
    *,
    now: datetime,
    in_time: Callable[[], bool],
) -> Iterator[Mapping[str, Future[Round]]]:
    """One round a page, the families taking turns, until nothing is due or the time is up.

    A business key whose message could not be sent waits in the pages after it as well.

    Raises UnavailableError where the ledger cannot be asked.
    """
    turns: deque[tuple[str, str | None]] = deque((family, None) for family in families)
    turns.rotate(-now.minute)  # so that no family is always the one for which there is no time
    behind: dict[str, datetime] = {}
    left = MOST
    while turns and left > 0 and in_time():
        family, rest = turns.popleft()
        page = entries.due(family, now, rest)
        if page.message_ids:
            left -= len(page.message_ids)
            yield outlet.leave(page.message_ids, in_time, behind)
        if page.rest is not None:
            turns.append((family, page.rest))
