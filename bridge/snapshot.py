"""What a process of the bridge looked like at one moment, and whether it was ready then. Immutable, and pure.

The loop publishes one about once a second; whoever asks from outside reads the last one, and never waits for the loop.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from bridge.pause import Pause

LOOP_S = 10.0
"""After so long without the loop coming by, the process is not ready."""
STUCK_S = 60.0
"""So long something may be in hand, or a family pause, without anything being accepted."""

RoutePause = Literal["not-routed", "journal"]
"""Why a family pauses: no queue took its message, or the journal cannot be written."""

Unready = Literal[
    "not-started", "loop-silent", "not-connected", "lane-stuck", "journal", "failing", "family-paused", "no-decision"
]
"""Why a process is not ready; docs/runbook-bridge.md says what to do about each."""


@dataclass(frozen=True, slots=True)
class LaneView:
    """One queue's way to SQS."""

    queue: str
    in_hand: int
    oldest_s: float
    """How long the oldest message has been in hand; 0 where there is none."""
    accepted_ago_s: float | None
    """None: nothing was since the process began."""
    paused: Pause | None


@dataclass(frozen=True, slots=True)
class FamilyView:
    """One family on a router."""

    family: str
    active: bool
    holding: bool
    held: int
    """Ready in the hold queue."""
    epoch: int | None
    """Of what is decided; None: nothing is known."""
    in_hand: int
    unsettled: int
    """Entries of the journal that are not known to be final."""
    paused: RoutePause | None
    paused_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A process at one moment."""

    at: float
    """Seconds of the monotonic clock."""
    connected: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    lanes: tuple[LaneView, ...] = ()
    families: tuple[FamilyView, ...] = ()
    failing_s: float = 0.0
    """How long a returner has had no round that ended well."""
    journal_fails: bool = False
    """Whether a shipper's journal could not be written the last time: nothing is acknowledged."""


@dataclass(frozen=True, slots=True)
class Shortcoming:
    """One reason why a process is not ready."""

    reason: Unready
    where: str | None = None
    """Queue or family."""
    seconds: float | None = None
    paused: Pause | RoutePause | None = None


class Pane:
    """Where the loop leaves its last snapshot, for threads that look at it. Takes no lock."""

    def __init__(self) -> None:
        self.latest: Snapshot | None = None
        self.blocked = False
        """Whether the broker takes no publishes: told at once, for the loop may be waiting for one."""

    def block(self, blocked: bool) -> None:  # noqa: FBT001  # the one thing that it is about
        """The broker has said that it takes publishes no more, or again."""
        self.blocked = blocked


def shortcomings(snapshot: Snapshot | None, now: float) -> Iterator[Shortcoming]:
    """Why a process is not ready; nothing where it is. Args: now: seconds of the monotonic clock."""
    if snapshot is None:
        yield Shortcoming("not-started")
        return
    silent_s = now - snapshot.at
    if silent_s > LOOP_S:
        yield Shortcoming("loop-silent", seconds=silent_s)
    if not snapshot.connected:
        yield Shortcoming("not-connected")
    if snapshot.failing_s > STUCK_S:
        yield Shortcoming("failing", seconds=snapshot.failing_s)
    if snapshot.journal_fails:
        yield Shortcoming("journal")
    for lane in snapshot.lanes:
        waits_s = min(lane.oldest_s, lane.oldest_s if lane.accepted_ago_s is None else lane.accepted_ago_s)
        if lane.in_hand and waits_s > STUCK_S:
            yield Shortcoming("lane-stuck", lane.queue, waits_s, lane.paused)
    for family in snapshot.families:
        if family.epoch is None:
            yield Shortcoming("no-decision", family.family)
        if family.paused is not None and family.paused_s > STUCK_S:
            yield Shortcoming("family-paused", family.family, family.paused_s, family.paused)
