"""Bridges that are broken on purpose: a checker that calls them good is none."""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import structs

from bridge.amqp import AmqpSource
from bridge.port import Delivery, Entry, Receipt, SinkUnavailableError
from bridge.ship_lane import Call, Outcome, ShipLane
from bridge.shipper import Shipper
from bridge.sqs import SqsSink
from bridge.window import Pending
from contracts import naming
from contracts.envelope import read_envelope, write_envelope


def acknowledge_early() -> None:
    """Acknowledge what is taken, before SQS has it: a kill loses what is in hand."""
    poll = AmqpSource.poll
    acknowledge = AmqpSource.acknowledge

    def early(self: AmqpSource, timeout_s: float) -> Sequence[Delivery]:
        taken = poll(self, timeout_s)
        acknowledge(self, taken)
        return taken

    AmqpSource.poll = early  # type: ignore[method-assign]
    AmqpSource.acknowledge = lambda self, deliveries: None  # type: ignore[method-assign]


def drop_refused() -> None:
    """Take what SQS refuses for sent."""
    settle = ShipLane.settle

    def dropping(self: ShipLane, call: Call, now: float) -> Outcome:
        outcome = settle(self, call, now)
        outcome.accepted += [(pending, Receipt("accepted")) for pending, _ in outcome.refused]
        outcome.refused.clear()
        return outcome

    ShipLane.settle = dropping  # type: ignore[method-assign]


def send_keys_together() -> None:
    """Let two messages of one key be under way at once."""
    from bridge.window import Window  # noqa: PLC0415

    add = Window.add

    def alone(self: Window, pending: object) -> None:
        pending.group = None  # type: ignore[attr-defined]
        add(self, pending)  # type: ignore[arg-type]

    Window.add = alone  # type: ignore[method-assign]


def send_twice() -> None:
    """Send once more whatever is accepted."""
    send = ShipLane._send

    def again(self: ShipLane, batch: Sequence[tuple[int, Pending]], begun_at: float) -> Sequence[Receipt]:
        receipts = send(self, batch, begun_at)
        with contextlib.suppress(SinkUnavailableError):
            send(self, batch, begun_at)
        return receipts

    ShipLane._send = again  # type: ignore[method-assign]


def never_stop() -> None:
    """Wait for ever once told to stop."""

    def drain(self: Shipper, deadline_s: float) -> bool:
        while True:
            time.sleep(deadline_s)

    Shipper.drain = drain  # type: ignore[method-assign]


def lose_headers() -> None:
    """Send on without the headers that a message was published with."""
    entry = Pending.entry

    def bare(self: Pending) -> Entry:
        whole = entry(self)
        if not whole.envelope:
            return whole
        envelope = read_envelope(whole.envelope)
        return structs.replace(
            whole, envelope=write_envelope(structs.replace(envelope, amqp=structs.replace(envelope.amqp, headers=None)))
        )

    Pending.entry = bare  # type: ignore[method-assign]


def send_elsewhere() -> None:
    """Send notifications to the queue of outcomes."""
    send = SqsSink.send

    def astray(self: SqsSink, queue: str, entries: Sequence[Entry]) -> Sequence[Receipt]:
        stack = queue.partition("-")[0]
        return send(self, queue if queue.endswith(".fifo") else naming.outcome_queue_name(stack), entries)

    SqsSink.send = astray  # type: ignore[method-assign]


@dataclass(frozen=True, slots=True)
class Flaw:
    """A way to be broken."""

    inflict: Callable[[], None]
    shows: str
    """As what a run has to find it (`Result.wrong`)."""


FLAWS: Mapping[str, Flaw] = {
    "acknowledges early": Flaw(acknowledge_early, "lost"),
    "drops what is refused": Flaw(drop_refused, "lost"),
    "loses headers": Flaw(lose_headers, "misfit"),
    "never stops": Flaw(never_stop, "hung"),
    "sends elsewhere": Flaw(send_elsewhere, "misfit"),
    "sends keys together": Flaw(send_keys_together, "overtaken"),
    "sends twice": Flaw(send_twice, "beyond budget"),
}
