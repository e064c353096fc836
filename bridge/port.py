"""Ports of the bridge: what it asks of a message source, a sink and time. Fakes and adapters keep to one suite."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from contracts.envelope import AmqpFacts


class SourceLostError(ConnectionError):
    """The connection to the broker is gone. Every unsettled delivery will come again; none may be settled any more."""


class SourceRefusedError(RuntimeError):
    """The broker answers, but will not serve us (credentials, missing exchange, other queue arguments): not retried."""


class SinkUnavailableError(ConnectionError):
    """The sink took nothing, or nobody knows what it took. Everything is to be sent again under the same ids."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as RabbitMQ handed it over. Settled exactly once, through the source that delivered it."""

    queue: str
    body: bytes = field(repr=False)  # personal data must not reach a log by way of a repr
    facts: AmqpFacts = field(repr=False)
    headers: Mapping[str, Any] | None = field(repr=False)
    """Header table as the AMQP library decoded it; `facts` holds it only once it is tagged."""
    tag: int
    """Counts within the queue's channel of one connection."""
    generation: int = 0
    """Number of the connection that delivered it: a later one must not settle it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message as the sink is to take it."""

    body: str = field(repr=False)
    envelope: str = field(repr=False)
    id: str
    type: str
    group: str | None = None
    """What is kept in order among itself; None where order does not matter."""
    deduplication: str | None = None
    size_bytes: int = 0
    """Body and attributes, as SQS counts them."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sink said of one entry."""

    fate: Literal["accepted", "refused", "unknown"]
    """`refused`: never, as it is. `unknown`: not taken, or nobody knows: send again."""
    reason: str = ""


class Source(Protocol):
    """Where deliveries come from. One thread only."""

    def poll(self, timeout_s: float) -> Sequence[Delivery]:
        """Deliveries that have arrived, in order per queue; blocks up to `timeout_s` where there are none.

        Also keeps the connection alive, so it must be called every few seconds. Raises SourceLostError.
        """

    def acknowledge(self, delivery: Delivery) -> None:
        """Tell the broker that the sink has it. Raises SourceLostError."""

    def divert(self, delivery: Delivery, cause: str) -> None:
        """Publish the delivery, whole, to the Invalid Message Channel, wait for the confirm, then acknowledge it.

        Raises SourceLostError where the confirm did not come: the delivery then stays unsettled.
        """

    def dropped(self) -> int:
        """How many messages full tap queues have dropped since the last call, as far as is known."""

    def pause(self) -> None:
        """Hand out no further deliveries; those that were handed out can still be settled.

        The rest stays with us, unsettled, until `close`: nobody else may begin with it before.
        """

    def close(self) -> None:
        """Let go of the connection; whatever is unsettled goes back to its queue. Never raises for a lost one."""


class Sink(Protocol):
    """Where entries go."""

    def send(self, queue: str, entries: Sequence[Entry]) -> Sequence[Receipt]:
        """Send up to ten entries in one call; one receipt per entry, in order.

        Blocks for the call. May take an entry twice when it is sent twice. Raises SinkUnavailableError.
        """


class Clock(Protocol):
    """Time, passed in."""

    def monotonic(self) -> float:
        """Seconds that only grow."""

    def now(self) -> float:
        """Seconds since the epoch."""


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """Seconds that only grow."""
        return time.monotonic()

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()
