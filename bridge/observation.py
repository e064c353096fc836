"""Takes snapshots of the bridge's processes, on the thread of their loop."""

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from bridge.pause import classify
from bridge.returner import Returner
from bridge.router import Router
from bridge.ship_lane import ShipLane
from bridge.shipper import Shipper
from bridge.snapshot import FamilyView, LaneView, Pane, Snapshot

EVERY_S = 1.0


class Watch(Protocol):
    """Is called in every round of a loop."""

    def __call__(self) -> None:
        """Cheap, most times nothing at all."""


def watch(
    pane: Pane, observe: Callable[[float], Snapshot], *, wanted: bool, monotonic: Callable[[], float] = time.monotonic
) -> Watch:
    """Puts a new snapshot on the pane once a second; none where nobody is to look at it."""
    if not wanted:
        return lambda: None
    due_at = monotonic()

    def look() -> None:
        nonlocal due_at
        now = monotonic()
        if now >= due_at:
            due_at = now + EVERY_S
            pane.latest = observe(now)

    return look


def observe_shipper(shipper: Shipper, now: float) -> Snapshot:
    """A shipper as it is."""
    lanes = tuple(_lane(queue, lane, now) for queue, lane in shipper.lanes.items())
    return Snapshot(now, shipper.connected, dict(shipper.counts), lanes, journal_fails=shipper.journal_fails)


def observe_router(router: Router, unsettled: Callable[[], Mapping[str, int]], now: float) -> Snapshot:
    """A router as it is. Args: unsettled: by family, as its journal was last counted."""
    open_entries = unsettled()
    families = tuple(
        FamilyView(
            name,
            lane.active,
            lane.active and lane.holding,
            lane.depth.held,
            None if lane.record is None else lane.record.epoch,
            lane.in_hand,
            open_entries.get(name, 0),
            lane.paused,
            0.0 if lane.paused is None else now - lane.paused_at,
        )
        for name, lane in router.lanes.items()
    )
    return Snapshot(now, router.connected, dict(router.counts), families=families)


def observe_returner(returner: Returner, now: float) -> Snapshot:
    """A returner as it is."""
    return Snapshot(now, returner.connected, dict(returner.counts), failing_s=returner.failing_s(now))


def _lane(queue: str, lane: ShipLane, now: float) -> LaneView:
    return LaneView(
        queue,
        len(lane.window),
        lane.oldest_s(now),
        None if lane.accepted_at is None else now - lane.accepted_at,
        None if lane.pause_reason is None else classify(lane.pause_reason),
    )
