"""Bridges that are broken on purpose: a checker that calls them good is none."""

from collections.abc import Callable, Mapping, Sequence

from bridge.amqp import AmqpSource
from bridge.port import Delivery, Receipt
from bridge.ship_lane import Call, Outcome, ShipLane


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


FLAWS: Mapping[str, Callable[[], None]] = {
    "acknowledges early": acknowledge_early,
    "drops what is refused": drop_refused,
    "sends keys together": send_keys_together,
}
