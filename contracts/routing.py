"""What a router does with one message: a function of what is decided and of what it did before. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from contracts.authority import AuthorityRecord, Stage

Route = Literal["legacy", "shadow", "new", "hold"]
"""`legacy`: the monolith's queue. `shadow`: that and a copy for the new side. `new`: the new side. `hold`: kept."""

_ROUTES: dict[Stage, Route] = {"legacy": "legacy", "shadow": "shadow", "live": "new"}


@dataclass(frozen=True, slots=True)
class Decision:
    """Where one message goes, and the epoch of its stamp."""

    route: Route
    epoch: int
    """`stamp_epoch` of the record; of no meaning on a held message, which is stamped when it is released."""
    doubtful: bool = False
    """Held although it may have been routed before: the ledger must be asked before it is released."""


def decide(
    record: AuthorityRecord | None,
    *,
    holding: bool,
    redelivered: bool,
    before: Decision | None,
    now: datetime,
    delivery_timeout: timedelta,
) -> Decision:
    """Decide about a message that arrives.

    Args:
        record: the last known decision about its family; None where none is known.
        holding: whether messages of its family are held already, so that this one must queue behind them. True from
            a fence, a held message, or becoming the active router (another one may have held some) on; until the hold
            queue was seen empty, with nothing of this router's on its way into or out of it.
        redelivered: whether the broker has handed it out before.
        before: what this router's journal says of it.
        now: the time by the router's clock.
        delivery_timeout: how long the broker lets a delivery go unacknowledged.
    """
    queues = holding or record is None or record.phase == "fenced"
    if before is not None and before.route == "hold":
        return replace(before, doubtful=True)  # another copy of it may be held, or released
    if before is not None and not queues:
        return before
    # A journal's decision does not overtake: it may not have left before the crash, and another router may have held an
    # earlier message of the same key since. Nor is a doubt ever too old: authority may move while the message is held.
    again = redelivered or before is not None
    if record is None:
        return Decision("hold", 0, doubtful=again)
    recently = record.phase != "steady" or (record.moved_at is not None and now - record.moved_at < delivery_timeout)
    if queues or (again and recently):
        return Decision("hold", record.stamp_epoch, doubtful=again)
    return direct(record)


def direct(record: AuthorityRecord) -> Decision:
    """Where a message goes by what is decided, be it one that arrives or one that is released."""
    return Decision(_ROUTES[record.stage], record.stamp_epoch)
