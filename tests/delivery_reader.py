"""The readers of plain deliveries, the one in Python and the one in C, and what their tests share."""

from collections.abc import Callable
from types import SimpleNamespace

from bridge import amqp_delivery
from bridge.amqp_delivery import Arrive, Consumer, consumer
from contracts.envelope import AmqpFacts
from tests.native import native

Take = Callable[[bytes, int, int, dict[int, Consumer]], int]
READ_HERE = {1: "c1", 2: "c2"}
"""By channel: whose plain deliveries never come to pika."""


def native_reader() -> Take:
    """The reader of deliveries in C, of the source as it is now; skips the test where it is not compiled."""
    native("bridge._amqp_delivery")
    assert amqp_delivery.take_deliveries is not amqp_delivery._take_deliveries
    return amqp_delivery.take_deliveries


def alone(arrive: Arrive) -> dict[int, Consumer]:
    """The consumers of READ_HERE, on channels where nothing is under way."""
    channel = SimpleNamespace(_content_assembler=SimpleNamespace(_method_frame=None))
    return {number: consumer(tag, arrive, channel) for number, tag in READ_HERE.items()}


def typed(facts: AmqpFacts) -> list[object]:
    """All that is in them, with the types of what came from the wire."""
    values = {"exchange": facts.exchange, "routing_key": facts.routing_key, **facts.properties}
    return [facts.redelivered, type(facts.redelivered), {name: (type(one), one) for name, one in values.items()}]
