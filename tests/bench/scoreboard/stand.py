"""One contender in one case: a queue on RabbitMQ, an endpoint that can be told to fail, and what is seen of both."""

import contextlib
import hashlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError, ChannelClosedByBroker

from bridge import amqp_field
from contracts.message_type import Family
from contracts.registry import FAMILIES, NOTIFICATIONS, PAYOUTS
from infra.local.rabbitmq import RabbitNode
from tests.bench.scoreboard.contender import Arrival, Contender, Seat, Source, own_queues
from tests.rig.aws import Aws
from tests.rig.history import Accepted, Ended, Finding, Published, judge
from tests.rig.reading import UNREADABLE
from tests.rig.sqs import Handed

if TYPE_CHECKING:
    from infra.local.process import Child

LOOK_S = 0.05
LINGER_S = 0.7
"""After everything has come: what comes twice comes soon."""
STOP_S = 25.0
LEGACY = "monolith.bench"
"""The monolith's own queue, where a case is about that."""


@dataclass(frozen=True, slots=True)
class Post:
    """One message as the monolith publishes it."""

    id: str
    key: str
    body: bytes = field(repr=False)
    headers: Mapping[str, Any] | None = field(repr=False, default=None)

    @property
    def digest(self) -> str:
        """SHA-256 of the body."""
        return hashlib.sha256(self.body).hexdigest()


class Stand:
    """From an empty broker to the finding. Leave it to stop whatever it has started."""

    def __init__(
        self, node: RabbitNode, contender: Contender, family: Family, folder: Path, *, fifo: bool, outage_s: float = 5.0
    ) -> None:
        self.outage_s = outage_s
        self.aws = Aws()
        self.aws.s3.makes_buckets = True
        self.node = node
        self.contender = contender
        self.routing_key = family.types[0].origin.routing_key or ""
        self.source = contender.source(family)
        self._family = family
        self._folder = folder
        self._published: list[Published] = []
        self._child: Child | None = None
        self._ended: list[Ended] = []
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.sink = contender.sink(family, fifo=fifo)
        for name in (self.sink, *contender.others()):
            self.aws.sqs.create(name)

    def __enter__(self) -> Self:
        with self.channel() as channel:
            for exchange, kind in ((NOTIFICATIONS, "direct"), (PAYOUTS, "fanout")):
                channel.exchange_declare(exchange, kind, durable=True)
        self._sweep()
        self.declare(self.source.queue, self.source.arguments)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._child is not None:
            self._child.kill()
        self.aws.stop()
        with contextlib.suppress(AMQPError):  # a broker that a failed case has left down is the next one's trouble
            self._sweep()

    @contextlib.contextmanager
    def channel(self) -> Iterator[BlockingChannel]:
        """A channel with confirms."""
        amqp_field.mend()  # pika alone could neither read nor write a double
        connection = pika.BlockingConnection(pika.URLParameters(self.node.amqp_url))
        try:
            channel = connection.channel()
            channel.confirm_delivery()
            yield channel
        finally:
            if connection.is_open:
                connection.close()

    def declare(self, queue: str, arguments: Mapping[str, Any]) -> None:
        """Make a queue and bind it as the monolith's."""
        with self.channel() as channel:
            channel.queue_declare(queue, durable=True, arguments=dict(arguments))
            channel.queue_bind(queue, NOTIFICATIONS, self.routing_key)

    def take_from_the_monolith(self, arguments: Mapping[str, Any]) -> None:
        """Give the monolith a queue with these arguments; whoever does not tap takes from that very queue."""
        self.declare(LEGACY, arguments)
        if not self.contender.taps:
            with self.channel() as channel:
                channel.queue_delete(self.source.queue)
            self.source = Source(LEGACY, arguments)

    def publish(self, posts: Sequence[Post]) -> None:
        """Publish in order, each confirmed."""
        with self.channel() as channel:
            for post in posts:
                properties = pika.BasicProperties(
                    content_type="application/json",
                    delivery_mode=2,
                    message_id=post.id,
                    headers=None if post.headers is None else dict(post.headers),
                )
                channel.basic_publish(NOTIFICATIONS, self.routing_key, post.body, properties, mandatory=True)
                ordered = self._family.ordered
                self._published.append(Published(post.id, post.digest, post.key, ordered=ordered))

    def start(self) -> None:
        """Start the contender."""
        environment = self.aws.environment()
        url = self.aws.sqs.url_of(self.sink)
        seat = Seat(self.node.amqp_url, self.source.queue, self.aws.url, url, self._folder, environment)
        self._child = self.contender.start(seat)

    def stop(self) -> int | None:
        """Tell it to stop (SIGTERM); returns its exit code, None where it had to be killed."""
        if self._child is None:
            return None
        child, self._child = self._child, None
        began = time.monotonic()
        child.stop(STOP_S)
        return None if time.monotonic() - began > STOP_S else child.code

    @property
    def has_ended(self) -> bool:
        """Whether the contender has ended by itself."""
        return self._child is not None and self._child.ended

    def kill(self) -> None:
        """kill -9."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    @property
    def handed(self) -> list[Handed]:
        """What was handed to its queue, in order, taken or not."""
        return [one for one in self.aws.sqs.history if one.queue == self.sink]

    @property
    def taken(self) -> list[Handed]:
        """What SQS took of it, repetitions included."""
        return [one for one in self.handed if one.stored != "no"]

    def arrivals(self) -> list[tuple[Handed, Arrival]]:
        """What SQS took, as a receiver reads it."""
        objects = self.aws.s3.objects
        return [(one, self.contender.read(one, objects)) for one in self.taken]

    def arrival(self, post: Post) -> Arrival | None:
        """The first that is this message: by its bytes or, where those are gone, by its id."""
        found = [arrival for _, arrival in self.arrivals()]
        by_body = (one for one in found if post.digest in one.digests)
        return next(by_body, next((one for one in found if one.id == post.id), None))

    def wait(self, reached: Callable[[], bool], within_s: float) -> bool:
        """Wait for something; whether it came."""
        until = time.monotonic() + within_s
        while not reached():
            if time.monotonic() > until:
                return False
            time.sleep(LOOK_S)
        return True

    def wait_taken(self, count: int, within_s: float = 20.0) -> bool:
        """Wait until SQS has taken so many entries."""
        return self.wait(lambda: len(self.taken) >= count, within_s)

    def wait_settled(self, within_s: float = 15.0) -> bool:
        """Wait until every message is on SQS or put aside, and then a little for what comes twice."""
        wanted = {one.digest for one in self._published}
        settled = self.wait(lambda: len(self._seen() & wanted) + self._aside_ready() >= len(wanted), within_s)
        time.sleep(LINGER_S)
        return settled

    def end(self) -> Finding:
        """Stop the contender, take what is left on RabbitMQ, and judge."""
        self.stop()
        queues = dict.fromkeys((self.source.queue, *self.contender.asides))
        self._ended += [Ended(queue, digest) for queue in queues for digest in self._drain(queue)]
        for one in self.aws.sqs.history:
            parked = self.contender.parked(one)
            if parked is not None and one.stored == "new":
                self._ended.append(Ended(one.queue, hashlib.sha256(parked).hexdigest()))
        return judge(self._published, self._accepted(), self._ended)

    @property
    def left(self) -> int:
        """What still lay in its queue at the end."""
        return sum(one.queue == self.source.queue for one in self._ended)

    @property
    def aside(self) -> int:
        """What it had put aside by the end."""
        return len(self._ended) - self.left

    def ready(self, queue: str) -> int:
        """Messages that wait in a queue; 0 where there is none."""
        with self.channel() as channel:
            try:
                return int(channel.queue_declare(queue, passive=True).method.message_count)
            except ChannelClosedByBroker:
                return 0

    def log(self) -> str:
        """What the contender has said."""
        return "".join(file.read_text("utf-8", "replace") for file in self._folder.glob("*.log"))

    def _seen(self) -> set[str]:
        bodies = (self.contender.parked(one) for one in self.aws.sqs.history if one.stored == "new")
        parked = {hashlib.sha256(body).hexdigest() for body in bodies if body is not None}
        return parked.union(*(arrival.digests for _, arrival in self.arrivals()))

    def _aside_ready(self) -> int:
        try:
            return sum(map(self.ready, self.contender.asides))
        except AMQPError:  # the broker restarts
            return 0

    def _accepted(self) -> list[Accepted]:
        known = {one.digest: one.id for one in self._published}
        accepted: list[Accepted] = []
        for one, arrival in self.arrivals():
            digest = next((each for each in arrival.digests if each in known), None)
            name = arrival.id or known.get(digest or "", "")
            swallowed = one.stored == "duplicate"
            shown = digest or next(iter(arrival.digests), UNREADABLE)
            accepted.append(Accepted(name, shown, one.deduplication, swallowed=swallowed))
        return accepted

    def _drain(self, queue: str) -> list[str]:
        digests: list[str] = []
        with self.channel() as channel:
            while True:
                try:
                    method, _, body = channel.basic_get(queue, auto_ack=True)
                except ChannelClosedByBroker:  # there is no such queue
                    return digests
                if method is None:
                    return digests
                digests.append(hashlib.sha256(body).hexdigest())

    def _sweep(self) -> None:
        names = {*own_queues(), *self.contender.asides, LEGACY}
        names |= {self.contender.source(family).queue for family in FAMILIES}
        with self.channel() as channel:
            for name in sorted(names):
                channel.queue_delete(name)
