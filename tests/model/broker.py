"""RabbitMQ as far as the protocol relies on it: at least once, in order, confirms, one exclusive consumer.

What a publisher has sent and the broker has not confirmed may have arrived or not when the connection is lost: always a
prefix, and before what that connection had taken is handed out again, for it reads one connection in order.
"""

from collections import deque
from dataclasses import dataclass, replace

from contracts.envelope import Stamp
from contracts.routing import Decision, Route


@dataclass(frozen=True, slots=True)
class Message:
    """What the monolith publishes."""

    id: int
    """Also its place in the order of publishing."""
    key: str
    poison: bool = False
    """The new side rejects it, until it is replayed."""


@dataclass(frozen=True, slots=True, eq=False)
class Copy:
    """One copy of a message in a queue. Copies are told apart by what they are, not by what they say."""

    message: Message
    stamp: Stamp | None = None
    redelivered: bool = False
    doubtful: bool = False
    muted: bool = False
    replayed: bool = False


QUEUES: dict[Route, tuple[str, ...]] = {
    "legacy": ("legacy",),
    "shadow": ("legacy", "shadow"),
    "new": ("ship",),
    "hold": ("hold",),
}


class Broker:
    """Queues by name, and who consumes the monolith's old one."""

    def __init__(self) -> None:
        self.queues: dict[str, deque[Copy]] = {name: deque() for name in ("old", "legacy", "shadow", "ship", "hold")}
        self.owner: str | None = None
        """Name of the router that has the exclusive consumer."""

    def route(self, message: Message, decision: Decision) -> None:
        """Take a publish: into every queue of its route."""
        stamp = None
        if decision.route != "hold":
            stamp = Stamp("new" if decision.route == "new" else "legacy", decision.epoch)
        for name in QUEUES[decision.route]:
            self.queues[name].append(Copy(message, stamp, doubtful=decision.doubtful))

    def requeue(self, name: str, copies: list[Copy]) -> None:
        """Put back what was not acknowledged, where it was: at the head, in order."""
        self.queues[name].extendleft(replace(copy, redelivered=True) for copy in reversed(copies))
