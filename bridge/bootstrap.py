"""Builds the bridge's processes from their settings: the only place that constructs adapters."""

import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import boto3
import botocore.session
from botocore.config import Config

from bridge.amqp import AmqpSource, Succession
from bridge.amqp_probe import AmqpProbe
from bridge.amqp_route import AmqpJunction, AmqpOutlet
from bridge.amqp_settings import AmqpSettings, describe
from bridge.authority import SideLine, Ticker
from bridge.aws_probe import AwsProbe
from bridge.backoff import Backoff
from bridge.board import Board
from bridge.check import Cloud, Host, Plan
from bridge.claim import ClaimingSink
from bridge.control import DynamoControl, DynamoLedgerView
from bridge.crew import Crew
from bridge.delivery_log import DELIVERY_SCHEMA, DeliveryLog
from bridge.http_line import Lines
from bridge.http_loop import LoopLines
from bridge.invalid import parking_translator
from bridge.journal import ROUTER, Journal
from bridge.journal_file import JournalFile
from bridge.journal_probe import probe_journal
from bridge.port import Clock, Express, Outlet, Source, SystemClock
from bridge.return_queue import SqsReturnQueue
from bridge.returner import Returner
from bridge.router import Router
from bridge.s3_claims import S3Claims
from bridge.settings import BridgeSettings, RouterSettings, ShipperSettings
from bridge.shipper import ShipLimits, Shipper, ShipRoute
from bridge.sqs import SqsSink
from bridge.sqs_express import SqsExpress
from bridge.sqs_wire import NotOursError, WireCall, place_of
from bridge.topology import (
    DROPPED,
    INVALID,
    OUTCOMES,
    OVERSIZE,
    QueueSpec,
    ensure_apart,
    hold_queue,
    route_queues,
    shadow_queue,
    ship_queue,
    tap_queue,
)
from bridge.translator import notification_translator, outcome_translator, stamped_translator
from contracts import naming
from contracts.message_type import Family
from contracts.registry import FAMILIES

_LOG = logging.getLogger(__name__)
SHIPPER = "shipper"
_LONGEST_PAUSE_S = 10.0
"""Between two tries of a shipper at a destination, or at the broker: so long an outage is felt after its end."""
_CONNECT_S, _ANSWER_S = 5, 30
_THREADS = 16
"""For each queue's calls that have to wait; those that need not are made without any."""
_SIDE_LINE = Config(retries={"total_max_attempts": 2}, connect_timeout=2, read_timeout=5, tcp_keepalive=True)
"""Short: whoever waits for this router to confirm sees its rows grow old meanwhile."""


@dataclass(frozen=True, slots=True)
class ShipperParts:
    """A shipper, and what is to be closed at the end."""

    shipper: Shipper
    journal: JournalFile


OnBlocked = Callable[[bool], None]
"""Is told when the broker takes no publishes any more, and when it does again."""


def build_shipper(
    settings: ShipperSettings, families: Sequence[Family] = FAMILIES, *, on_blocked: OnBlocked = lambda _: None
) -> ShipperParts:
    """A shipper over real RabbitMQ and SQS; connects to neither yet. Raises JournalError."""
    clock = SystemClock()
    routes = _routes(settings, families, clock.now)
    threads = _THREADS * len(routes)  # so that a destination that hangs keeps no other waiting
    config = Config(
        retries={"total_max_attempts": 1},
        connect_timeout=_CONNECT_S,
        read_timeout=_ANSWER_S,
        tcp_keepalive=True,
        max_pool_connections=threads,
    )
    sqs, express = build_sqs_sink(config, clock)
    sink = ClaimingSink(sqs, _claims(config, settings.stack, settings.claim_bucket))
    journal = JournalFile(settings.journal, SHIPPER, DELIVERY_SCHEMA)
    shipper = Shipper(
        _shipper_connector(settings, families, on_blocked),
        sink,
        routes,
        DeliveryLog(journal),
        Crew(threads),
        clock,
        lambda: Backoff(most_s=_LONGEST_PAUSE_S),
        disk=Crew(1),
        limits=ShipLimits(settings.poison_per_minute, settings.delivery_timeout_s),
        express=express,
    )
    return ShipperParts(shipper, journal)


def build_sqs_sink(config: Config, clock: Clock) -> tuple[SqsSink, Express | None]:
    """SQS over connections of our own, or through boto3 alone where it is set up as only boto3 can follow."""
    client = boto3.client("sqs", config=config)
    try:
        place = place_of(client, botocore.session.get_session().get_config_variable("ca_bundle"))
    except NotOursError as error:
        _LOG.info("SQS is asked through boto3", extra={"reason": str(error)})
        return SqsSink(client), None
    session = boto3.DEFAULT_SESSION  # that of the client
    credentials = None if session is None else session.get_credentials()
    lines = Lines(place, _CONNECT_S, _ANSWER_S)
    call = WireCall(client, credentials, lines, clock.now)
    sink = SqsSink(client, call)
    return sink, SqsExpress(sink, call, LoopLines(lines, place.url, _ANSWER_S))


@dataclass(frozen=True, slots=True)
class RouterParts:
    """A router, what runs beside it, and what is to be closed at the end."""

    router: Router
    side_line: SideLine
    ticker: Ticker
    journal: Journal


def build_router(settings: RouterSettings, *, on_blocked: OnBlocked = lambda _: None) -> RouterParts:
    """A router over real RabbitMQ and DynamoDB; connects to neither yet. Raises JournalError."""
    ensure_apart(FAMILIES)
    clock, board = SystemClock(), Board()
    client = boto3.client("dynamodb", config=_SIDE_LINE)
    families = settings.routed
    journal = Journal(settings.journal)
    side_line = SideLine(
        [family.name for family in families],
        DynamoControl(client, naming.control_table_name(settings.stack)),
        DynamoLedgerView(client, naming.ledger_table_name(settings.stack)),
        journal,
        board,
        clock,
        delivery_timeout_s=settings.delivery_timeout_s,
    )
    amqp = settings.amqp("strangler router")
    generations = itertools.count()
    router = Router(
        lambda: AmqpJunction(amqp, families, settings.tap_length, next(generations), on_blocked=on_blocked),
        families,
        journal,
        board,
        clock,
        timedelta(seconds=settings.delivery_timeout_s),
    )
    return RouterParts(router, side_line, Ticker(side_line.round), journal)


def build_returner(settings: BridgeSettings, *, on_blocked: OnBlocked = lambda _: None) -> Returner:
    """A returner over real RabbitMQ and SQS; connects to neither yet."""
    config = Config(retries={"total_max_attempts": 2}, connect_timeout=5, read_timeout=30, tcp_keepalive=True)
    queue = SqsReturnQueue(boto3.client("sqs", config=config), naming.return_queue_name(settings.stack))
    claims = _claims(config, settings.stack)
    amqp = settings.amqp("strangler returner")

    def connect() -> Outlet:
        return AmqpOutlet(amqp, FAMILIES, on_blocked=on_blocked)

    return Returner(connect, queue, amqp.user, SystemClock(), fetch=claims.fetch)


def _claims(config: Config, stack: str, bucket: str | None = None) -> S3Claims:
    hasty = config.merge(Config(read_timeout=10))  # several may go before one message, and the broker waits
    return S3Claims(boto3.client("s3", config=hasty), boto3.client("sts", config=hasty), stack, bucket)


def plan_ship_check(settings: ShipperSettings, families: Sequence[Family] = FAMILIES) -> Plan:
    """What a shipper needs on both ends; connects to neither yet."""
    queues = shipper_queues(families, settings.tapped, settings.tap_length)
    own = [one.name for one in (*queues.consumed, OVERSIZE, DROPPED, *queues.unconsumed)]
    tapped: dict[str, list[str]] = {}
    for family in settings.tapped:
        for exchange in sorted({one.exchange for one in tap_queue(family, settings.tap_length).bindings}):
            tapped.setdefault(exchange, []).append(family.name)
    routes = _routes(settings, families, SystemClock().now)
    return Plan(
        *_ends(settings, settings.amqp("strangler check")),
        exchanges=[(exchange, f"the tap of {', '.join(names)}") for exchange, names in sorted(tapped.items())],
        own=[*own, *(one.successor.name for one in queues.successions)],
        destinations=sorted({route.destination for route in routes.values()}),
        journal=lambda: probe_journal(settings.journal, SHIPPER),
    )


def plan_route_check(settings: RouterSettings) -> Plan:
    """What a router needs on both ends; connects to neither yet."""
    families = settings.routed
    own = [one for family in families for one in route_queues(family, settings.tap_length)]
    return Plan(
        *_ends(settings, settings.amqp("strangler check")),
        queues=[(family.legacy_queue, f"family {family.name}") for family in families],
        own=[one.name for one in (INVALID, DROPPED, *own)],
        authority=[family.name for family in families],
        journal=lambda: probe_journal(settings.journal, ROUTER),
    )


def plan_return_check(settings: BridgeSettings) -> Plan:
    """What a returner needs on both ends; connects to neither yet."""
    return Plan(
        *_ends(settings, settings.amqp("strangler check")),
        own=[hold_queue(family).name for family in FAMILIES],
        destinations=[naming.return_queue_name(settings.stack)],
    )


def _ends(settings: BridgeSettings, amqp: AmqpSettings) -> tuple[Sequence[Host], Cloud, str]:
    def host(url: str) -> Host:
        return Host(describe(url), lambda: AmqpProbe(replace(amqp, urls=(url,))))

    cloud = AwsProbe(lambda service: boto3.client(service, config=_SIDE_LINE), settings.stack)  # type: ignore[call-overload]
    return [host(url) for url in settings.amqp_urls], cloud, amqp.user


@dataclass(frozen=True, slots=True)
class ShipperQueues:
    """What a shipper does with which queue of ours."""

    consumed: tuple[QueueSpec, ...]
    unconsumed: tuple[QueueSpec, ...]
    """Declared, because the router publishes to them, but left alone while the tap comes first."""
    successions: tuple[Succession, ...]


def shipper_queues(families: Sequence[Family], tapped: Sequence[Family], tap_length: int) -> ShipperQueues:
    """A tapped family's copies come by its tap alone; of any other the tap is left, and then the router's are taken."""
    shadows = {family.name: shadow_queue(family, tap_length) for family in families}
    return ShipperQueues(
        (
            *(tap_queue(family, tap_length) for family in families if family in tapped),
            *(ship_queue(family) for family in families),
            OUTCOMES,
            INVALID,
        ),
        tuple(shadows[family.name] for family in families if family in tapped),
        tuple(
            Succession(tap_queue(family, tap_length), shadows[family.name])
            for family in families
            if family not in tapped
        ),
    )


def _shipper_connector(
    settings: ShipperSettings, families: Sequence[Family], on_blocked: OnBlocked
) -> Callable[[], Source]:
    generations = itertools.count()
    amqp = settings.amqp("strangler shipper")
    queues = shipper_queues(families, settings.tapped, settings.tap_length)
    return lambda: AmqpSource(
        amqp,
        queues.consumed,
        next(generations),
        unconsumed=queues.unconsumed,
        successions=queues.successions,
        on_blocked=on_blocked,
    )


def _routes(settings: ShipperSettings, families: Sequence[Family], now: Callable[[], float]) -> Mapping[str, ShipRoute]:
    stack = settings.stack
    routes = {
        naming.OUTCOME_QUEUE: ShipRoute(naming.outcome_queue_name(stack), outcome_translator(now)),
        naming.INVALID_MESSAGE_QUEUE: ShipRoute(naming.invalid_queue_name(stack), parking_translator()),
    }
    for family in families:
        destination = naming.queue_name(stack, family.name, ordered=family.ordered)
        tapped, stamped = notification_translator(family, now), stamped_translator(family, now)
        left = family not in settings.tapped
        routes[naming.tap_queue_name(family.name)] = ShipRoute(destination, tapped, leave=left)
        routes[naming.ship_queue_name(family.name)] = ShipRoute(destination, stamped)
        routes[naming.shadow_queue_name(family.name)] = ShipRoute(destination, stamped)
    return routes
