"""Whether a message's stamp still holds: it does unless authority over its family has moved since. Pure."""

from typing import Literal

from contracts.authority import AuthorityRecord
from contracts.envelope import Stamp

Staleness = Literal["hold", "not comparable"]
"""What becomes of a message whose stamp is stale. `hold`: the new side had authority over it, so it must not be lost:
back to the router, to be stamped anew. `not comparable`: a copy, which the monolith processed in a state of things that
the new side has left."""


def staleness(stamp: Stamp, record: AuthorityRecord, written_epoch: int = 0) -> Staleness | None:
    """None where the stamp holds.

    Args:
        stamp: what the message carries.
        record: what is decided about its family now.
        written_epoch: epoch under which the message's records were written last; no older one may write over it.
    """
    overtaken = stamp.epoch < max(record.stamp_epoch, written_epoch)
    if stamp.authority == "new":
        moved = overtaken or stamp.epoch != record.stamp_epoch or record.authority != "new"
        return "hold" if moved else None
    return "not comparable" if overtaken or record.authority == "new" else None
