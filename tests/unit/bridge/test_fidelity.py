"""Whatever RabbitMQ has handed over, an equal message is made of it again: in type, name, order and place.

Tables are compared as bytes: 5 of 8 bits and 5 of 16 are equal in Python.
"""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.port import Delivery, Entry, Outgoing
from bridge.returner import outgoing
from bridge.stamp import stamp, unstamp
from bridge.translator import notification_translator, outcome_translator, stamped_translator
from contracts.amqp_value import pairs_of, table_of, untag_table
from contracts.envelope import AmqpFacts, decode_body, read_envelope
from contracts.registry import family_named
from contracts.return_message import ReturnedHold, write_return
from contracts.routing import Decision, Route
from tests import amqp_space
from tests.amqp_space import bodies, properties, read, short_strings, tables, written
from tests.fakes.claims import no_claim
from tests.fakes.message import NOW, payout

ROUTES: tuple[Route, ...] = ("legacy", "shadow", "new", "hold")
BLIND_TWICE = amqp_space.table_of([(b"a", b"V"), (b"BCC", b"V"), (b"CC", b"A\0\0\0\0"), (b"BCC", b"t\1")])


def through_the_broker(message: Outgoing) -> Delivery:
    """As RabbitMQ hands it on: it takes one BCC off (rabbit_basic.erl, `strip_header`), the first."""
    headers = read(written(message.headers))
    if "BCC" in (headers or {}):
        pairs = list(pairs_of(headers))
        del pairs[[name for name, _ in pairs].index("BCC")]
        headers = table_of(pairs)
    facts = AmqpFacts(message.exchange, message.routing_key, redelivered=False, properties=message.properties)
    return Delivery("queue", message.body, facts, headers, 1)


def returned(entry: Entry) -> Delivery:
    """As the returner publishes it again, and the router takes its stamp off."""
    body = decode_body(entry.body, read_envelope(entry.envelope).body_encoding)
    text = write_return(ReturnedHold("payout", "w1", entry.envelope, body))
    return unstamp(through_the_broker(outgoing(text, "us", no_claim))).delivery


def facts_of(one: Delivery) -> tuple[Any, ...]:
    facts = one.facts
    return one.body, facts.exchange, facts.routing_key, facts.properties, written(one.headers)


@given(bodies, short_strings, short_strings, properties, st.none() | tables)
@example(b"", b"\xff", b"\xff", {"app_id": b"\xff", "user_id": "them"}, BLIND_TWICE)
@example(b"", "", "", {}, b"\x01kZ what nobody can read")
def test_any_message_comes_back_from_sqs_as_it_was(
    body: bytes, exchange: Any, routing_key: Any, properties: Any, headers: bytes | None
) -> None:
    facts = AmqpFacts(exchange, routing_key, redelivered=False, properties={**properties, "message_id": "w1"})
    one = Delivery("queue", body, facts, read(headers), 1)
    back = returned(outcome_translator(lambda: NOW)(one))
    assert facts_of(back) == (body, exchange, routing_key, facts.properties, headers)


@given(short_strings, properties, st.none() | tables)
@example("", {}, BLIND_TWICE)
def test_any_notification_comes_back_from_sqs_as_it_was(routing_key: Any, properties: Any, headers: Any) -> None:
    facts = AmqpFacts("payouts", routing_key, redelivered=False, properties=properties)
    one = Delivery("queue", payout(), facts, read(headers), 1)
    family = family_named("payout")
    tapped = notification_translator(family, lambda: NOW)(one)
    routed = stamp(one, "payout", Decision("new", 3), own_user="us")
    shipped = stamped_translator(family, lambda: NOW)(through_the_broker(routed))
    for back in (returned(tapped), returned(shipped)):
        assert facts_of(back) == (payout(), "payouts", routing_key, properties, headers)
    carried = read_envelope(shipped.envelope).amqp.headers
    assert written(None if carried is None else untag_table(carried)) == headers


@given(st.sampled_from(ROUTES), bodies, short_strings, short_strings, properties, st.none() | tables)
@example("new", b"", b"\xff", b"\xff", {"user_id": b"\xff", "expiration": b"\xff"}, BLIND_TWICE)
@example("hold", b"", "", "", {}, b"")
def test_any_message_without_its_stamp_is_what_was_published(
    route: Route, body: bytes, exchange: Any, routing_key: Any, properties: Any, headers: bytes | None
) -> None:
    facts = AmqpFacts(exchange, routing_key, redelivered=False, properties=properties)
    one = Delivery("queue", body, facts, read(headers), 1)
    for _ in range(2):  # a held one is stamped anew
        one = unstamp(through_the_broker(stamp(one, "payout", Decision(route, 3), own_user="us"))).delivery
    assert facts_of(one) == (body, exchange, routing_key, properties, headers)


@pytest.mark.parametrize("headers", [None, b""])
def test_no_header_table_is_told_from_an_empty_one_all_the_way(headers: bytes | None) -> None:
    facts = AmqpFacts("payouts", "", redelivered=False, properties={})
    one = Delivery("queue", payout(), facts, read(headers), 1)
    back = returned(notification_translator(family_named("payout"), lambda: NOW)(one))
    assert back.headers == (None if headers is None else {})
