"""What the commands that move authority have to show: one family's standing, a plan, the history."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.authority import Authority, Phase, Stage
from contracts.control_item import write_time
from ops.audit_chain import Break, Entry
from ops.authority import Router, Standing
from ops.objection import Objection


@dataclass(frozen=True, slots=True)
class RouterView:
    """One router, as it says of itself."""

    router: str
    state: str
    host: str
    since: str
    seen_at: str
    age_s: float
    silent: bool
    seen_epoch: int
    confirmed_epoch: int
    released_epoch: int
    holding: bool
    held: int
    unsettled: int
    unsettled_sample: tuple[str, ...]
    doubts: int
    tap: bool
    legacy_backlog: int


@dataclass(frozen=True, slots=True)
class FamilyView:
    """What is decided about a family, and how that works out."""

    family: str
    stage: Stage
    authority: Authority
    phase: Phase
    target: Stage | None
    run: str | None
    epoch: int
    stamp_epoch: int
    moved_at: str | None
    changed_at: str | None
    operator: str | None
    reason: str | None
    waived: tuple[str, ...]
    """Ids of messages that are waited for no longer."""
    held: int
    """In the hold queue, about, as a router that works says."""
    routers: tuple[RouterView, ...]

    @property
    def attention(self) -> tuple[str, ...]:
        """What needs a look, one sentence each."""
        found = []
        if self.phase != "steady":
            towards = f" to {self.target}" if self.target else ""
            found.append(f"{self.family}: move {self.run}{towards} is {self.phase}")
        for one in self.routers:
            if one.silent:
                found.append(f"{self.family}: router {one.router} is silent")
            if one.state == "stopped" and one.unsettled:
                found.append(f"{self.family}: router {one.router} has stopped with messages open")
            if one.doubts:
                found.append(f"{self.family}: router {one.router} holds messages that may have been routed before")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a move would do."""

    standing: FamilyView
    target: Stage
    owed: int
    """Messages that the monolith would have to catch up with."""
    objections: tuple[Objection, ...]
    letters: int = 0
    """Dead letters of the family that are not resolved, of a move back: neither side has processed them."""


@dataclass(frozen=True, slots=True)
class History:
    """The audit chain, or one family's part of it."""

    entries: tuple[Entry, ...]
    last: Entry | None
    """Of the whole chain: its number and hash are worth keeping elsewhere."""
    broken: Break | None


def see(standing: Standing, routers: Sequence[Router]) -> FamilyView:
    """One family, as it is shown."""
    record = standing.record
    return FamilyView(
        family=record.family,
        stage=record.stage,
        authority=record.authority,
        phase=record.phase,
        target=record.target,
        run=record.run,
        epoch=record.epoch,
        stamp_epoch=record.stamp_epoch,
        moved_at=None if record.moved_at is None else write_time(record.moved_at),
        changed_at=standing.changed_at,
        operator=standing.operator,
        reason=standing.reason,
        waived=tuple(sorted(one.id for one in record.waived)),
        held=max((one.row.held for one in routers if one.heard), default=0),
        routers=tuple(map(_router, routers)),
    )


def history_of(entries: Sequence[Entry], broken: Break | None, family: str | None) -> History:
    """The chain as it is shown, or one family's part of it."""
    part = tuple(one for one in entries if family is None or one.act.family == family)
    return History(part, entries[-1] if entries else None, broken)


def _router(one: Router) -> RouterView:
    row = one.row
    return RouterView(
        router=row.router,
        state=row.state,
        host=row.host,
        since=write_time(row.since),
        seen_at=write_time(row.seen_at),
        age_s=round(one.age_s, 1),
        silent=one.silent,
        seen_epoch=row.seen_epoch,
        confirmed_epoch=row.confirmed_epoch,
        released_epoch=row.released_epoch,
        holding=row.holding,
        held=row.held,
        unsettled=row.unsettled,
        unsettled_sample=row.unsettled_sample,
        doubts=row.doubts,
        tap=row.tap,
        legacy_backlog=row.legacy_backlog,
    )
