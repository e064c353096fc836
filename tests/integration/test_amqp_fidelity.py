"""Whatever a real RabbitMQ takes comes through router, SQS and returner, and lies there again byte for byte.

The message goes the longest way: monolith's queue, ship queue, envelope, return queue, hold queue, PHP's queue. A
witness bound beside the monolith's queue tells what the broker has made of it before any of ours saw it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pika import spec

from bridge.amqp import publish_aside
from bridge.amqp_connection import AmqpConnection
from bridge.amqp_route import AmqpJunction, AmqpOutlet
from bridge.amqp_settings import AmqpSettings
from bridge.invalid import parking_translator
from bridge.port import Delivery
from bridge.returner import outgoing
from bridge.stamp import stamp, unstamp
from bridge.translator import reader, stamped_translator
from contracts import naming
from contracts.amqp_value import untag_table
from contracts.envelope import decode_body, read_envelope
from contracts.parked import read_parked
from contracts.registry import CARD_TRANSACTION, PAYOUT
from contracts.return_message import ReturnedHold, write_return
from contracts.routing import Decision
from infra.local.rabbitmq import RabbitNode
from tests.amqp_space import long, octets, read, table_of, tables, written
from tests.fakes.claims import no_claim
from tests.fakes.message import NOW, payout
from tests.patience import eventually
from tests.raw_amqp import BrokerClosedError, Raw, RawAmqp, properties, short

WITNESS = b"witness"
COPIED = b"copied"
FAMILIES = (PAYOUT, CARD_TRANSACTION)
TEXTS = (
    "content_type", "content_encoding", "correlation_id", "reply_to", "message_id", "type", "app_id", "cluster_id",
)  # fmt: skip


def copies(*queues: bytes) -> bytes:
    """An array of long strings."""
    return long(b"A", b"".join(long(b"S", queue) for queue in queues))


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitNode]:
    with RabbitNode(tmp_path_factory.mktemp("fidelity"), prefer="program") as node:
        yield node


@pytest.fixture
def monolith(node: RabbitNode) -> Iterator[RawAmqp]:
    """Its exchanges and queues, and a witness beside each; all empty."""
    with RawAmqp(node.amqp_url) as raw:
        raw.declare(COPIED)
        raw.declare(WITNESS)
        raw.declare_exchange(b"payouts", b"fanout")
        raw.declare_exchange(b"notifications", b"direct")
        for family, key in ((PAYOUT, b""), (CARD_TRANSACTION, b"cardtransaction.create")):
            exchange = family.types[0].origin.exchange.encode()
            raw.declare(family.legacy_queue.encode())
            raw.bind(family.legacy_queue.encode(), exchange, key)
            raw.bind(WITNESS, exchange, key)
        yield raw


@dataclass
class Road:
    """The programs' own parts, over connections of their own."""

    monolith: RawAmqp
    junction: AmqpJunction
    shipper: AmqpConnection
    outlet: AmqpOutlet
    user: str

    def arrival(self) -> Delivery:
        """What the router takes."""
        (one,) = eventually(lambda: self.junction.poll(0.1), 10, "the message arrives")
        return one

    def carry(self, one: Delivery) -> Raw:
        """All the way through our hands; how it lies before PHP."""
        (family,) = (family for family in FAMILIES if family.legacy_queue == one.queue)
        identity = reader(family)(one).identity.id
        self.junction.publish(stamp(one, family.name, Decision("new", 3), id=identity, own_user=self.user))
        self.junction.acknowledge(one)

        shipped = self.shipper.get(naming.ship_queue_name(family.name))
        assert shipped is not None
        entry = stamped_translator(family, lambda: NOW)(shipped)
        self.shipper.acknowledge([shipped])

        body = decode_body(entry.body, read_envelope(entry.envelope).body_encoding)
        returned = write_return(ReturnedHold(family.name, entry.id, entry.envelope, body))
        self.outlet.publish(outgoing(returned, self.user, no_claim))

        held = self.junction.take_held(family.name)
        assert held is not None
        message = unstamp(held).delivery
        self.junction.publish(stamp(message, family.name, Decision("legacy", 4), own_user=self.user))
        self.junction.acknowledge(held)

        queue = naming.legacy_queue_name(family.name).encode()
        found = self.monolith.get(queue)
        assert found is not None
        assert self.monolith.get(queue) is None
        return found


@pytest.fixture
def road(monolith: RawAmqp, node: RabbitNode) -> Iterator[Road]:
    connection = AmqpSettings((node.amqp_url,))
    junction = AmqpJunction(connection, FAMILIES, 1000)
    shipper, outlet = AmqpConnection(connection), AmqpOutlet(connection, FAMILIES)
    for family in FAMILIES:
        eventually(partial(junction.claim, family.name), 10, "the queue is ours")
    yield Road(monolith, junction, shipper, outlet, "another-user")
    for one in (junction, shipper, outlet):
        one.close()


def same(found: Raw, published: Raw, user: str | None) -> None:
    """What lies before PHP is what the broker would have handed to it, behind our stamp."""
    assert (found.body, found.routing_key) == (published.body, published.routing_key)
    assert found.headers[len(found.headers) - len(published.headers) :] == published.headers
    ours = read(found.headers[: len(found.headers) - len(published.headers)]) or {}
    assert all(str(name).startswith("strangler-") for name in ours)
    assert ours.get("strangler-user-id") == user
    assert ours["strangler-exchange"].encode() == published.exchange
    assert others(found) == {name: value for name, value in others(published).items() if name != "user_id"}


def others(raw: Raw) -> dict[str, Any]:
    """All properties but headers."""
    found = vars(spec.BasicProperties().decode(raw.properties))
    return {name: value for name, value in found.items() if value is not None and name != "headers"}


octet = st.integers(0, 255).map(lambda number: bytes([number]))
accepted = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(TEXTS, octets.map(short)),
        "delivery_mode": st.sampled_from([b"\1", b"\2"]),
        "priority": octet,
        "timestamp": st.binary(min_size=8, max_size=8) | st.sampled_from([b"\0" * 8, b"\xff" * 8]),
        "expiration": st.sampled_from([short(b"3600000"), short(b"+3600000"), short(b"003600000")]),
    },
)
EVERY_TEXT = dict.fromkeys(TEXTS, short(b"\xff" * 255))
BLIND = table_of([(b"a", b"V"), (b"BCC", copies(COPIED)), (b"BCC", b"V"), (b"CC", copies()), (b"BCC", b"t\1")])
DEEP = table_of([(b"k", long(b"A", b"V"))])
for _ in range(2000):
    DEEP = table_of([(b"k", long(b"F", DEEP))])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(octets, accepted, st.none() | tables)
@example(b"\xff" * 255, EVERY_TEXT, b"")
@example(b"", {"expiration": short(b"+3600000"), "timestamp": b"\xff" * 8, "priority": b"\xff"}, None)
@example(b"", {}, BLIND)
@example(b"", {}, DEEP)
def test_any_message_lies_before_php_as_the_broker_would_have_handed_it_on(
    road: Road, routing_key: bytes, others: dict[str, bytes], headers: bytes | None
) -> None:
    road.monolith.publish(b"payouts", routing_key, properties(headers, **others), payout())
    published = road.monolith.get(WITNESS)
    assert published is not None
    same(road.carry(road.arrival()), published, None)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
@example(b"")
def test_any_bytes_are_a_body(road: Road, body: bytes) -> None:
    carried(road, body)


def test_a_body_may_take_several_frames(road: Road) -> None:
    carried(road, bytes(range(256)) * 1200)


def carried(road: Road, body: bytes) -> None:
    named = properties(message_id=short(b"m1"))
    road.monolith.publish(b"notifications", b"cardtransaction.create", named, body)
    published = road.monolith.get(WITNESS)
    assert published is not None
    assert published.body == body
    same(road.carry(road.arrival()), published, None)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(octets, accepted, st.none() | tables)
@example(b"", {}, table_of([(b"CC", copies(COPIED)), (b"x-strangler-cause", b"V"), (b"CC", b"V")]))
@example(b"", {}, BLIND)
@example(b"", {}, DEEP)
def test_any_message_is_put_aside_and_parked_as_it_was(
    road: Road, routing_key: bytes, others: dict[str, bytes], headers: bytes | None
) -> None:
    road.monolith.publish(b"payouts", routing_key, properties(headers, **others), payout())
    published, one = road.monolith.get(WITNESS), road.arrival()
    while road.monolith.get(COPIED):  # what the publisher's own CC has made
        pass
    assert published is not None
    publish_aside(road.shipper, one, "unreadable")
    road.junction.acknowledge(one)
    there = road.shipper.get(naming.INVALID_MESSAGE_QUEUE)
    assert there is not None
    road.shipper.acknowledge([there])
    parked = read_parked(parking_translator()(there).body)
    assert (written(None if parked.headers is None else untag_table(parked.headers)) or b"") == published.headers
    assert (parked.body, parked.properties) == (published.body, one.facts.properties)
    assert (parked.exchange, parked.routing_key) == ("payouts", one.facts.routing_key)
    assert road.monolith.get(COPIED) is None


def test_what_the_broker_itself_adds_comes_through_with_copies_and_nothing_is_copied_again(road: Road) -> None:
    dead = table_of([(b"x-dead-letter-exchange", long(b"S", b"payouts")), (b"x-message-ttl", b"I\0\0\0\0")])
    road.monolith.declare(b"dying", dead)
    headers = table_of([(b"CC", copies(COPIED)), (b"n", b"s\0\5")])
    road.monolith.publish(b"", b"dying", properties(headers), payout())
    one = road.arrival()
    published = road.monolith.get(WITNESS)
    assert published is not None
    assert b"x-death" in published.headers
    assert b"CC" in published.headers
    while road.monolith.get(COPIED):
        pass
    same(road.carry(one), published, None)
    assert road.monolith.get(COPIED) is None


def test_a_foreign_user_id_waits_in_the_stamp(road: Road, node: RabbitNode) -> None:
    road.monolith.publish(b"payouts", b"", properties(user_id=short(node.user.encode())), payout())
    published = road.monolith.get(WITNESS)
    assert published is not None
    same(road.carry(road.arrival()), published, node.user)


def test_flags_that_promise_more_flags_stop_nothing(road: Road) -> None:
    road.monolith.publish(b"payouts", b"", b"\x80\x01" + short(b"text/plain"), payout())
    published = road.monolith.get(WITNESS)
    assert published is not None
    assert published.properties == b"\x80\x01" + short(b"text/plain")  # RabbitMQ keeps even this
    same(road.carry(road.arrival()), published, None)


@pytest.mark.parametrize("mode", [0, 3, 255])
def test_rabbitmq_takes_no_other_delivery_mode_than_one_and_two(monolith: RawAmqp, mode: int) -> None:
    # The stamp's 0 for "none" relies on it.
    with pytest.raises(BrokerClosedError, match="delivery_mode_unknown"):
        monolith.publish(b"", COPIED, properties(delivery_mode=bytes([mode])), b"")


@pytest.mark.parametrize("value", [b"U\0\0", b"Z", b"d\x7f\xf8" + b"\0" * 6, b"f\x7f\x80\0\0", b"S\0\0\0\xff"])
def test_rabbitmq_takes_nothing_that_it_cannot_read(monolith: RawAmqp, value: bytes) -> None:
    with pytest.raises(BrokerClosedError):
        monolith.publish(b"", COPIED, properties(table_of([(b"k", value)])), b"")
