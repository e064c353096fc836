"""Ports of the bridge: what it asks of brokers, queues and time. Fakes and adapters keep to one suite.

What the router asks of the control table and the ledger stands in `bridge.authority`.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

import msgspec

from contracts.amqp_value import ShortString
from contracts.claim import Claim
from contracts.envelope import AmqpFacts

if TYPE_CHECKING:
    from concurrent.futures import Future


class SourceLostError(ConnectionError):
    """The connection to the broker is gone. Every unsettled delivery will come again; none may be settled any more."""


class SourceRefusedError(RuntimeError):
    """The broker answers, but will not serve us (credentials, missing exchange, other queue arguments): not retried."""


class ChannelFailedError(RuntimeError):
    """The Invalid Message Channel takes nothing. What was meant for it stays where it is: nothing is dropped."""


class NotRoutedError(RuntimeError):
    """The broker found no queue for a message, or refused to take it. Whoever sent it still has it."""


class SinkUnavailableError(ConnectionError):
    """The sink took nothing, or nobody knows what it took. Everything is to be sent again under the same ids."""


class CallRefusedError(ValueError):
    """The sink refused a whole call for what is in it, and does not say for which entry. Names the sink's code."""


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One message as RabbitMQ handed it over. Settled exactly once, through the source that delivered it."""

    queue: str
    body: bytes
    facts: AmqpFacts
    headers: Mapping[Any, Any] | None
    """Header table (`contracts.amqp_value`); `facts` holds it only once it is tagged."""
    tag: int
    """Counts within the queue's channel of one connection."""
    generation: int = 0
    """Number of the connection that delivered it: a later one must not settle it."""

    def __repr__(self) -> str:  # personal data must not reach a log by way of it
        return f"Delivery(queue={self.queue!r}, tag={self.tag}, generation={self.generation})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("queue", self.queue), ("tag", self.tag), ("generation", self.generation)]


@dataclass(frozen=True, slots=True)
class Deposit:
    """A legacy body that is to lie in S3 before its message is sent."""

    key: str
    """As the envelope's claim says."""
    body: bytes = field(repr=False)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One message as the sink is to take it."""

    body: str
    """Empty, which SQS refuses, until the deposit, if there is one, has been made: then the pointer to it."""
    envelope: str
    """Empty where the body carries everything."""
    id: str
    type: str
    group: str | None = None
    """What is kept in order among itself; None where order does not matter."""
    deduplication: str | None = None
    size_bytes: int = 0
    """Body and attributes, as SQS counts them; of a deposit's pointer the most that it can have."""
    deposit: Deposit | None = None
    """What the body points to."""

    def __repr__(self) -> str:  # nor personal data of what is sent
        return f"Entry(id={self.id!r}, type={self.type!r}, size_bytes={self.size_bytes})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("id", self.id), ("type", self.type), ("size_bytes", self.size_bytes)]


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """What the sink said of one entry."""

    fate: Literal["accepted", "refused", "unknown", "altered"]
    """`refused`: never, as it is. `unknown`: not taken, or nobody knows: send again. `altered`: what the sink says that
    it has is not what was sent: send again, some times."""
    reason: str = ""
    place: str = ""
    """The sink's own id of what it has accepted."""


class Source(Protocol):
    """Where deliveries come from. One thread only."""

    def poll(self, timeout_s: float) -> Sequence[Delivery]:
        """Deliveries that have arrived, in order per queue; blocks up to `timeout_s` where there are none.

        Also keeps the connection alive, so it must be called every few seconds. Raises SourceLostError.
        """

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Tell the broker that these have found their places, in as few words as it takes. Raises SourceLostError."""

    def divert(self, delivery: Delivery, cause: str, attempts: int) -> None:
        """Publish the delivery, whole, to the Invalid Message Channel and wait for the confirm; settles nothing.

        Raises SourceLostError where the confirm did not come, ChannelFailedError where the broker refused it.
        """

    def put_aside(self, delivery: Delivery) -> None:
        """Publish a delivery of the Invalid Message Channel, as it is, to the queue of what is too large.

        Waits for the confirm; settles nothing. Raises SourceLostError where it did not come, ChannelFailedError where
        the broker refused.
        """

    def wake(self) -> None:
        """Let a `poll` that blocks return. The one method that any thread may call; never raises."""

    def watch(self, fileno: int, stir: Callable[[], None]) -> None:
        """Call `stir` whenever there is something to read at a file, on the polling thread, which then polls no longer.

        `stir` takes away all that there is to read. Until `close`; called once.
        """

    def dissolve(self, queue: str) -> bool:
        """Go on from a tap queue that gets nothing any more to the queue of copies that comes after it.

        Deletes the tap queue if it is empty and nobody else takes from it, and then begins to deliver from its
        successor. False: not yet, ask again in a second. To be called only while nothing of the queue is unsettled
        here. Raises SourceLostError.
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

        Blocks for the call; several threads may call it. May take an entry twice when it is sent twice. Raises
        SinkUnavailableError, CallRefusedError.
        """


class Answer(Protocol):
    """What comes of a call to the sink that was begun."""

    def done(self) -> bool:
        """Whether it has come."""

    def result(self) -> Sequence[Receipt]:
        """As of `Sink.send`; to be asked for once it is done."""

    def cancel(self) -> object:
        """Nobody wants to know any more. What was not sent yet is not sent."""


class Express(Protocol):
    """Makes those calls that it can begin and end without ever blocking. One thread only."""

    def begin(self, queue: str, entries: Sequence[Entry]) -> Answer | None:
        """Begin what `Sink.send` does; None where something would block: nothing of it was sent then."""

    def fileno(self) -> int:
        """What is readable while there is something to look at."""

    def look(self) -> None:
        """Read what has come, write what could not be written, and end what takes too long. Never raises."""


_T = TypeVar("_T")


class Calls(Protocol):
    """Who makes calls that block."""

    def submit(self, call: Callable[[], _T]) -> "Future[_T]":
        """Make a call, now or as soon as somebody is free; the future has its result or its exception. Never blocks."""


class ClaimStore(Protocol):
    """Where bodies lie that no queue takes. Every method blocks for a call, and raises SinkUnavailableError.

    Several threads may call them.
    """

    def put(self, deposit: Deposit) -> str:
        """Keep the bytes; returns the bucket. Putting the same again changes nothing."""

    def fetch(self, claim: Claim) -> bytes:
        """The body. Raises LostClaimError where it is not there, or is another."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message as it is to be published."""

    exchange: ShortString
    routing_key: ShortString
    body: bytes = field(repr=False)
    properties: Mapping[str, Any] = field(repr=False, default_factory=dict)
    headers: Mapping[Any, Any] | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class Depth:
    """What lies in the queues of one family."""

    held: int = 0
    """Ready in the hold queue."""
    legacy_backlog: int = 0
    """Ready in the queue that the monolith consumes."""
    tap: bool = True
    """Whether the tap queue still exists, as far as is known."""


class Junction(Protocol):
    """The router's place at the broker: one connection, over which it takes and publishes. One thread only.

    Every method raises SourceLostError once the connection is gone.
    """

    @property
    def user(self) -> str:
        """The user of the connection: the broker takes messages of no other `user_id`."""

    def claim(self, family: str) -> bool:
        """Become the one consumer of the monolith's queue of a family. False while anybody else consumes it.

        Raises SourceRefusedError where there is no such queue, or where it would let others in beside us.
        """

    def poll(self, timeout_s: float) -> Sequence[Delivery]:
        """Deliveries of the claimed queues, in order per queue; blocks up to `timeout_s` where there are none."""

    def waiting(self, family: str) -> int:
        """Messages that are ready in the monolith's queue, which must be claimed.

        A round trip: what was acknowledged before, of any queue of the family, is settled, and what was handed out
        before is there for `poll(0)`.
        """

    def take_held(self, family: str) -> Delivery | None:
        """The oldest message of the family's hold queue, to be settled like any other; None where it is empty."""

    def publish(self, message: Outgoing) -> None:
        """Publish and wait for the confirm. Raises NotRoutedError where no queue took it."""

    def copy_aside(self, delivery: Delivery, cause: str) -> None:
        """Publish a copy to the Invalid Message Channel and wait for the confirm; settles nothing.

        Raises NotRoutedError.
        """

    def acknowledge(self, delivery: Delivery) -> None:
        """Tell the broker that the message is in its next queue."""

    def depth(self, family: str) -> Depth:
        """What lies in the family's queues."""

    def restore(self, family: str) -> None:
        """Declare and bind the family's queues again, where somebody has deleted one."""

    def pause(self) -> None:
        """Hand out no further deliveries of the monolith's queues; nobody else may begin with them before `close`."""

    def close(self) -> None:
        """Let go of the connection; whatever is unsettled goes back to its queue. Never raises for a lost one."""


class Outlet(Protocol):
    """Where what comes back from the new side is published. One thread only."""

    def publish(self, message: Outgoing) -> None:
        """Publish and wait for the confirm. Raises NotRoutedError, SourceLostError."""

    def rest(self, seconds: float) -> None:
        """Block, and keep the connection alive. Raises SourceLostError."""

    def close(self) -> None:
        """Let go of the connection. Never raises for a lost one."""


@dataclass(frozen=True, slots=True)
class Returning:
    """One message of the return queue, as it was received."""

    receipt: str = field(repr=False)
    group: str
    body: str = field(repr=False)


IN_HAND_S = 30
"""How long a return queue keeps from others what it has handed out."""


class ReturnQueue(Protocol):
    """SQS queue of what goes back to RabbitMQ, in order per group. Every method raises SinkUnavailableError."""

    def receive(self, wait_s: int) -> Sequence[Returning]:
        """Up to ten messages, oldest first per group; blocks up to `wait_s`. Others do not see them for IN_HAND_S."""

    def delete(self, message: Returning) -> None:
        """It is published."""

    def release(self, message: Returning, delay_s: int) -> None:
        """Give it back, to be received again after a delay; the rest of its group waits behind it."""


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
