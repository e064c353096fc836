"""What goes wrong in one run, and when: drawn from its seed, so that the same seed is the same trouble.

Faults and kill points take turns by the run's number, so that a few dozen runs meet them all; how often a point is
passed before, when something is cut and for how long are drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from tests.rig.fault import OF_ANSWER, OF_ENTRY, Fault

SHIP_POINTS = (
    "ship.taken", "ship.sending", "ship.sent", "ship.answered", "ship.diverted", "ship.journalled", "ship.acknowledged",
)  # fmt: skip
DEPOSITED = "ship.deposited"
"""Point of a claim check: passed once in a run with a large message."""
ROUTE_POINTS = ("router.decided", "router.journalled", "router.published", "router.placed", "router.acknowledged")
RARE_POINTS = frozenset({"ship.diverted"})
"""Points that one run passes once or twice only."""
SINK_FAULTS = tuple(one for one in Fault if one is not Fault.ENTRY_REFUSED)
"""ENTRY_REFUSED is part of every run: one message is such that SQS refuses it."""

Action = Literal[
    "cut", "half-open", "refuse", "sink away", "sigterm", "kill", "freeze", "long freeze", "long half-open"
]
NETWORK: tuple[Action, ...] = ("cut", "half-open", "refuse", "sink away")
PROCESS: tuple[Action, ...] = ("sigterm", "kill", "freeze")
ROUTED_EVERY = 5
LARGE_EVERY = 4
LONG_FREEZE_EVERY = 25
LONG_HALF_OPEN_EVERY = 45
DEAD_FOR_S = 15.0
"""A dead line is found by then: pika looks every six seconds with a heartbeat of one, and may just have looked."""
TWO_EVERY = 3


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens while messages are published."""

    at_s: float
    action: Action
    for_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SinkFault:
    """A fault of the sink, and how often it strikes."""

    fault: Fault
    times: int
    skip: int
    seconds: float = 0.3


@dataclass(frozen=True, slots=True)
class Trouble:
    """The plan of one run."""

    seed: int
    routed: bool
    """Whether a router stands before the shipper, and the new side has authority."""
    shippers: int
    kills: Sequence[tuple[str, int]]
    """Point, and how often it is passed before."""
    faults: Sequence[SinkFault]
    events: Sequence[Event]
    heartbeat_s: int = 30
    large: bool = False
    """Whether one message is too large for SQS."""

    def as_text(self) -> str:
        """In one line."""
        parts = ["routed"] if self.routed else []
        parts += ["two shippers"] if self.shippers > 1 else []
        parts += [f"kill at {point} after {passes}" for point, passes in self.kills]
        parts += [f"{one.fault.value} x{one.times}" for one in self.faults]
        parts += [f"{one.action} at {one.at_s:.2f} s" for one in self.events]
        return ", ".join(parts)


def draw(seed: int) -> Trouble:
    """The trouble of a run."""
    random = Random(seed)
    routed = seed % ROUTED_EVERY == 0
    long_freeze = seed % LONG_FREEZE_EVERY == 7
    long_half_open = seed % LONG_HALF_OPEN_EVERY == 19
    kills = [_kill(random, SHIP_POINTS[seed % len(SHIP_POINTS)])]
    if routed:
        kills.append(_kill(random, ROUTE_POINTS[seed // ROUTED_EVERY % len(ROUTE_POINTS)]))
    if random.random() < 0.3:
        kills.append(_kill(random, random.choice(SHIP_POINTS)))
    large = not routed and seed % LARGE_EVERY == 0
    if large and random.random() < 0.5:
        kills.append((DEPOSITED, 0))
    faults = [_fault(random, SINK_FAULTS[seed % len(SINK_FAULTS)])]
    faults += [_fault(random, random.choice(SINK_FAULTS)) for _ in range(random.randrange(3))]
    events = [Event(random.uniform(0.05, 0.5), NETWORK[seed // 2 % len(NETWORK)], random.uniform(0.1, 0.4))]
    if random.random() < 0.6:
        events.append(Event(random.uniform(0.05, 0.6), PROCESS[seed // 3 % len(PROCESS)], random.uniform(0.1, 0.4)))
    if long_freeze:
        events = [Event(0.1, "long freeze", 3.5)]
    if long_half_open:
        events = [Event(0.1, "long half-open", DEAD_FOR_S)]
        kills = []  # a process that ends lets go of its dead line
    return Trouble(
        seed,
        routed,
        2 if long_freeze or seed % TWO_EVERY == 0 else 1,
        tuple(dict(kills).items()),
        tuple(faults),
        tuple(sorted(events, key=lambda one: one.at_s)),
        heartbeat_s=1 if long_freeze or long_half_open else 30,
        large=large,
    )


def _kill(random: Random, point: str) -> tuple[str, int]:
    return point, 0 if point in RARE_POINTS else random.choice((0, 1, 3, 8))


def _fault(random: Random, fault: Fault) -> SinkFault:
    most = 12 if fault in OF_ENTRY else 3 if fault in OF_ANSWER else 4
    return SinkFault(fault, random.randint(1, most), random.randrange(4), random.uniform(0.05, 0.5))
