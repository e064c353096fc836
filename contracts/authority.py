"""Whose effects leave, and how that changes: the authority record of a family and its moves. Pure.

A move is `begin` (fence: everything that arrives is held), then `complete` (the switch) or `abandon`, then `settle`
(what was held is on its way, routing is direct again). Whoever stores the record writes each step on the condition that
it is still as it was read, so that of two operators one is told. Every step can be repeated, and until the switch each
move can be undone. `waive` ends the wait for what will never become final.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

Authority = Literal["legacy", "new"]

Stage = Literal["legacy", "shadow", "live"]
"""`legacy`: the monolith alone. `shadow`: the monolith acts, the new side gets copies. `live`: the new side alone."""

Phase = Literal["steady", "fenced", "releasing"]
"""`fenced`: a move is under way, what arrives is held. `releasing`: what was held goes first, arrivals queue behind."""


WAIVED_AT_MOST = 200
"""Messages that may be waived at once: where more are missing, something is broken that wants mending."""


class IllegalMoveError(ValueError):
    """The record does not allow this step. The text says what is the case and what can be done."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """A message that is waited for no longer, wherever it was sent: it will never become final there."""

    id: str
    at: datetime
    """When that was said. If its sender publishes it again later, that is waited for like any other."""


@dataclass(frozen=True, slots=True)
class AuthorityRecord:
    """What is decided about one family. One that was never written is the default: the monolith alone, epoch 0."""

    family: str
    stage: Stage = "legacy"
    epoch: int = 0
    """Grows with every step that routers have to confirm."""
    stamp_epoch: int = 0
    """Epoch of the last switch: what stamps carry. A stamp is stale only if the family has moved since."""
    phase: Phase = "steady"
    target: Stage | None = None
    """Where the move that is under way leads; None where none is, and after an abort."""
    run: str | None = None
    """Id of the move that is under way."""
    moved_at: datetime | None = None
    """When authority moved last."""
    waived: frozenset[Waiver] = frozenset()
    """What routers wait for no longer, until a move is settled; one of each id."""

    @property
    def authority(self) -> Authority:
        """Whose effects leave, by what was decided last; while fenced nobody's begin to."""
        return authority_of(self.stage)


def authority_of(stage: Stage) -> Authority:
    """The side that acts in a stage."""
    return "new" if stage == "live" else "legacy"


def observe(record: AuthorityRecord, *, copies: bool) -> AuthorityRecord:
    """Begin or end copying to the new side. Authority stays, so that nothing needs to be fenced.

    Raises IllegalMoveError unless the monolith acts and nothing is under way.
    """
    _ensure_steady(record)
    if record.authority != "legacy":
        raise IllegalMoveError(f"{record.family} is live: take it back first")
    stage: Stage = "shadow" if copies else "legacy"
    return record if record.stage == stage else replace(record, stage=stage, epoch=record.epoch + 1)


def begin(record: AuthorityRecord, target: Stage, run: str) -> AuthorityRecord:
    """Fence: from now on routers hold what arrives. Raises IllegalMoveError."""
    _ensure_steady(record)
    if authority_of(target) == record.authority:
        raise IllegalMoveError(f"{record.family} is in stage {record.stage}: {target} would move no authority")
    if target == "live" and record.stage != "shadow":
        raise IllegalMoveError(f"{record.family} is in stage {record.stage}: it goes live from shadow only")
    return replace(record, phase="fenced", epoch=record.epoch + 1, target=target, run=run)


def complete(record: AuthorityRecord, run: str, now: datetime) -> AuthorityRecord:
    """The switch: the other side has authority, what was held may go. Raises IllegalMoveError."""
    _ensure_fenced(record, run)
    if record.target is None:
        raise IllegalMoveError(f"{record.family}: the move leads nowhere")
    return replace(record, stage=record.target, stamp_epoch=record.epoch, phase="releasing", target=None, moved_at=now)


def abandon(record: AuthorityRecord, run: str) -> AuthorityRecord:
    """Undo a move before its switch: what was held goes where it would have gone. Raises IllegalMoveError."""
    _ensure_fenced(record, run)
    return replace(record, phase="releasing", target=None)


def settle(record: AuthorityRecord, run: str) -> AuthorityRecord:
    """End a move: every router has confirmed that nothing is held any more. Raises IllegalMoveError."""
    if record.phase != "releasing" or record.run != run:
        raise IllegalMoveError(f"{record.family} is {record.phase}: nothing of move {run} is being released")
    return replace(record, phase="steady", run=None, waived=frozenset())


def waive(record: AuthorityRecord, ids: Iterable[str], now: datetime) -> AuthorityRecord:
    """Wait for these messages no longer, in whatever phase. Moves nothing. Raises IllegalMoveError."""
    again = {one: Waiver(one, now) for one in ids}
    waived = frozenset(again.values()).union(one for one in record.waived if one.id not in again)
    if len(waived) > WAIVED_AT_MOST:
        raise IllegalMoveError(f"{record.family}: {len(waived)} messages would be waived, {WAIVED_AT_MOST} may be")
    return replace(record, waived=waived)


def _ensure_steady(record: AuthorityRecord) -> None:
    if record.phase != "steady":
        towards = f" to {record.target}" if record.target else ""
        raise IllegalMoveError(
            f"{record.family} is {record.phase}: move {record.run}{towards} is under way; carry it on, or abort it"
        )


def _ensure_fenced(record: AuthorityRecord, run: str) -> None:
    if record.phase != "fenced" or record.run != run:
        raise IllegalMoveError(f"{record.family} is {record.phase}: move {run} is not behind its fence")
