"""Builds a shipper from its settings: the only place that constructs adapters."""

import itertools
from collections.abc import Callable, Mapping, Sequence

import boto3
from botocore.config import Config

from bridge.amqp import AmqpSettings, AmqpSource, Binding, QueueSpec
from bridge.port import Source, SystemClock
from bridge.settings import ShipperSettings
from bridge.shipper import Shipper, Translate
from bridge.sqs import SqsSink
from bridge.translator import notification_translator, outcome_translator
from contracts import naming
from contracts.message_type import Family
from contracts.registry import FAMILIES


def build_shipper(settings: ShipperSettings, families: Sequence[Family] = FAMILIES) -> Shipper:
    """A shipper over real RabbitMQ and SQS; connects to neither yet."""
    clock = SystemClock()
    client = boto3.client(
        "sqs",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30, tcp_keepalive=True),
    )
    return Shipper(_connector(settings, families), SqsSink(client), _routes(settings, families, clock.now), clock)


def tap_queues(families: Sequence[Family], tap_length: int) -> tuple[QueueSpec, ...]:
    """The shipper's queues: one tap per family, and the queue of the recorder's outcomes."""
    taps = tuple(
        QueueSpec(naming.tap_queue_name(family.name), _bindings(family), max_length=tap_length, ordered=family.ordered)
        for family in families
    )
    outcomes = QueueSpec(naming.OUTCOME_QUEUE, (Binding(naming.OUTCOME_EXCHANGE),), own_exchange=True)
    return (*taps, outcomes)


def _bindings(family: Family) -> tuple[Binding, ...]:
    return tuple(Binding(one.origin.exchange, one.origin.routing_key or "") for one in family.types)


def _connector(settings: ShipperSettings, families: Sequence[Family]) -> Callable[[], Source]:
    generations = itertools.count()
    amqp = AmqpSettings(settings.amqp_url.get_secret_value(), settings.prefetch)
    return lambda: AmqpSource(amqp, tap_queues(families, settings.tap_length), next(generations))


def _routes(
    settings: ShipperSettings, families: Sequence[Family], now: Callable[[], float]
) -> Mapping[str, tuple[str, Translate]]:
    routes: dict[str, tuple[str, Translate]] = {
        naming.tap_queue_name(family.name): (
            naming.queue_name(settings.stack, family.name, ordered=family.ordered),
            notification_translator(family, now),
        )
        for family in families
    }
    routes[naming.OUTCOME_QUEUE] = (naming.outcome_queue_name(settings.stack), outcome_translator(now))
    return routes
