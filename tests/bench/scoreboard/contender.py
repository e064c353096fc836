"""Bridges from RabbitMQ to SQS behind one small port, so that all of them are asked the same; and ours.

Nothing here is judged: a contender is started, told to stop or killed, and what it sent is read as whoever receives it
would read it.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bridge.topology import ship_queue, tap_queue
from contracts import naming
from contracts.amqp_value import untag_table
from contracts.envelope import AmqpFacts, MalformedEnvelopeError, decode_body, read_envelope
from contracts.message_type import Family
from contracts.parked import MalformedParkedError, read_parked
from contracts.registry import FAMILIES
from infra.local.process import Child
from tests.rig.reading import claimed, digest
from tests.rig.s3 import Object
from tests.rig.sqs import Handed

REPOSITORY = Path(__file__).resolve().parents[3]
STACK = "bench"
_TAP_LENGTH = 100_000  # the shipper's default, which the queue has to be declared with


@dataclass(frozen=True, slots=True)
class Seat:
    """What a contender is given."""

    amqp_url: str
    queue: str
    endpoint: str
    queue_url: str
    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    """By which SDKs find the endpoint and credentials."""


@dataclass(frozen=True, slots=True)
class Source:
    """The queue of RabbitMQ that a contender takes from."""

    queue: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a receiver of one SQS message knows of the AMQP message."""

    id: str | None
    bodies: Sequence[bytes] = field(repr=False)
    """Bodies that it could be, likeliest first: one where the message itself says."""
    headers: Mapping[str, Any] = field(repr=False, default_factory=dict)
    routing_key: str | None = None
    exchange: str | None = None

    @property
    def digests(self) -> list[str]:
        """SHA-256 of each."""
        return [digest(body) for body in self.bodies]


class Contender(Protocol):
    """One bridge, with its configuration."""

    @property
    def name(self) -> str:
        """What it is called on the scoreboard."""

    @property
    def fifo(self) -> bool:
        """Whether it can send to a FIFO queue at all; if not, it gets a standard one wherever that is fair."""

    @property
    def taps(self) -> bool:
        """Whether it takes from a queue of its own beside the monolith's, instead of from the monolith's."""

    @property
    def asides(self) -> Sequence[str]:
        """Queues of RabbitMQ to which it puts what it cannot deliver."""

    def version(self) -> str:
        """Which one it is."""

    def source(self, family: Family) -> Source:
        """From where it takes a family's messages."""

    def sink(self, family: Family, *, fifo: bool) -> str:
        """The name of the SQS queue that it sends them to."""

    def others(self) -> Sequence[str]:
        """Further SQS queues that it wants to find."""

    def start(self, seat: Seat) -> Child:
        """Start it; returns at once. SIGTERM (`Child.stop`) is to stop it in good order."""

    def read(self, one: Handed, objects: Mapping[tuple[str, str], Object]) -> Arrival:
        """Read one message on SQS."""

    def parked(self, one: Handed) -> bytes | None:
        """The legacy body of a message that it has put aside on SQS; None of all others."""


class Ours:
    """`python -m bridge ship` beside the monolith: it takes from its own tap queue."""

    name = "ours"
    fifo = True
    taps = True
    asides = (naming.INVALID_MESSAGE_QUEUE, naming.OVERSIZE_QUEUE)

    def __init__(
        self, launcher: Sequence[str] = (sys.executable, "-m", "bridge", "ship"), more: Mapping[str, str] | None = None
    ) -> None:
        """Args: more: further settings."""
        self._launcher = launcher
        self._more = more or {}

    def version(self) -> str:
        command = ["git", "log", "-1", "--format=%h", "--", "bridge", "contracts"]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
        return done.stdout.strip() or "unknown"

    def source(self, family: Family) -> Source:
        queue = tap_queue(family, _TAP_LENGTH)
        return Source(queue.name, queue.arguments())

    def sink(self, family: Family, *, fifo: bool) -> str:
        return naming.queue_name(STACK, family.name, ordered=family.ordered)

    def others(self) -> Sequence[str]:
        families = (naming.queue_name(STACK, one.name, ordered=one.ordered) for one in FAMILIES)
        return (*families, naming.invalid_queue_name(STACK), naming.outcome_queue_name(STACK))

    def start(self, seat: Seat) -> Child:
        environment = {
            "PATH": os.environ["PATH"],
            "AMQP_URL": seat.amqp_url,
            "STRANGLER_STACK": STACK,
            "STRANGLER_JOURNAL": str(seat.folder / "journal"),
            "STRANGLER_CLAIM_BUCKET": f"{STACK}-claims",
            **seat.environment,
            **self._more,
        }
        log = seat.folder / "ours.log"
        return Child("ours", self._launcher, environment=environment, folder=REPOSITORY, log=log)

    def read(self, one: Handed, objects: Mapping[tuple[str, str], Object]) -> Arrival:
        try:
            envelope = read_envelope(one.attributes.get("envelope", ""))
            kept = claimed(one, objects)
            body = decode_body(one.body, envelope.body_encoding) if kept is None else kept.data
        except MalformedEnvelopeError:
            kept = claimed(one, objects)
            return Arrival(one.id, [] if kept is None else [kept.data])
        amqp = envelope.amqp
        return Arrival(envelope.id, [body], _named(amqp), *_texts(amqp))

    def parked(self, one: Handed) -> bytes | None:
        if one.queue != naming.invalid_queue_name(STACK):
            return None
        try:
            return read_parked(one.body).body
        except MalformedParkedError:
            return None


def own_queues() -> list[str]:
    """Queues of RabbitMQ that ours declares, to be removed between two cases."""
    taps = [queue.name for family in FAMILIES for queue in (tap_queue(family, _TAP_LENGTH), ship_queue(family))]
    shadows = [naming.shadow_queue_name(family.name) for family in FAMILIES]
    rest = [naming.INVALID_MESSAGE_QUEUE, naming.OVERSIZE_QUEUE, naming.DROPPED_QUEUE, naming.OUTCOME_QUEUE]
    return taps + shadows + rest


def _named(amqp: AmqpFacts) -> Mapping[str, object]:
    """Headers whose names are texts."""
    return {name: value for name, value in untag_table(amqp.headers or {}).items() if isinstance(name, str)}


def _texts(amqp: AmqpFacts) -> tuple[str, str]:
    """Routing key and exchange; what is no text is none of the cases'."""
    return str(amqp.routing_key), str(amqp.exchange)
