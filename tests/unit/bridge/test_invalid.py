import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.invalid import aside, park, parking_translator
from bridge.port import Delivery, Outgoing
from bridge.stamp import stamp
from contracts import naming
from contracts.amqp_value import Timestamp, untag_table
from contracts.entry_size import ENTRY_BYTES
from contracts.envelope import AmqpFacts, Stamp, is_carriable
from contracts.invalid_message import InvalidMessageError
from contracts.parked import PARKED_TYPE, read_parked
from contracts.routing import Decision
from tests.amqp_space import bodies, properties, read, short_strings, table_of, tables, value_of, values, written
from tests.fakes.message import delivery, payin

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)


def lying(message: Outgoing, queue: str = naming.INVALID_MESSAGE_QUEUE) -> Delivery:
    facts = AmqpFacts(message.exchange, message.routing_key, redelivered=False, properties=message.properties)
    return Delivery(queue, message.body, facts, message.headers, 1)


NOTED = table_of([(b"CC", b"V"), (b"a", b"V"), (b"BCC", b"t\1"), (b"CC", b"t\0"), (b"x-strangler-cause", b"V")])


@given(bodies, st.none() | tables, properties, short_strings, short_strings)
@example(b"", NOTED, {}, "", "")
@example(b"", table_of([(b"x-strangler-cause", b"V"), (b"x-strangler-own", b"V")]), {}, "", "")
@example(b"", b"\x01kZ", {}, "", "")
@example(b"", None, {"user_id": b"\xff", "expiration": "1"}, b"\xff", b"\xff")
def test_what_is_put_aside_is_parked_as_it_was_published(
    body: bytes, headers: bytes | None, properties: Any, exchange: Any, routing_key: Any
) -> None:
    one = Delivery(
        "q", body, AmqpFacts(exchange, routing_key, redelivered=False, properties=properties), read(headers), 1
    )
    there = aside(one, "unreadable:syntax", AT)
    assert not {"CC", "BCC"} & set(there.headers or {})
    parked = read_parked(parking_translator()(lying(replace(there, headers=read(written(there.headers))))).body)
    assert (parked.body, parked.properties) == (body, properties)
    assert written(None if parked.headers is None else untag_table(parked.headers)) == headers
    assert (parked.exchange, parked.routing_key, parked.queue) == (exchange, routing_key, one.queue)
    assert (parked.cause, parked.at, parked.stamp, parked.notes) == ("unreadable:syntax", AT.isoformat(), None, {})


def test_a_stamped_message_is_parked_with_its_stamp_and_as_the_monolith_published_it() -> None:
    one = delivery("payin.create", payin(), headers={"x": 1}, expiration="60000")
    routed = lying(stamp(one, "payin", Decision("new", 7), id="w1", own_user="us"), "strangler.ship.payin")
    parked = park(lying(aside(routed, "too-large", AT)))
    assert (parked.family, parked.id, parked.stamp) == ("payin", "w1", Stamp("new", 7))
    assert (parked.exchange, parked.routing_key, parked.queue) == (
        *("notifications", "payin.create"),
        "strangler.ship.payin",
    )
    assert parked.headers == {"x": ["I", 1]}
    assert parked.properties == {"expiration": "60000"}


def test_a_message_that_somebody_else_put_there_is_parked_too() -> None:
    parked = park(Delivery(naming.INVALID_MESSAGE_QUEUE, b"?", AmqpFacts("", b"\xff", redelivered=True), None, 1))
    assert (parked.cause, parked.queue, parked.routing_key) == ("unknown", "strangler.invalid", b"\xff")


NOTES = ("cause", "exchange", "routing-key", "queue", "at", "no-headers", "headers", "user-id", "delivery-mode", "else")


@given(st.dictionaries(st.sampled_from([f"x-strangler-{note}" for note in NOTES]), values.map(value_of)))
@example({"x-strangler-at": Timestamp(2**64 - 1)})
def test_notes_of_others_stop_nothing_whatever_they_are(headers: dict[str, Any]) -> None:
    one = Delivery(naming.INVALID_MESSAGE_QUEUE, b"?", AmqpFacts("", "k", redelivered=True), headers, 1)
    assert read_parked(parking_translator()(one).body).body == b"?"


def test_what_is_parked_is_carried_by_sqs_as_it_is() -> None:
    entry = parking_translator()(lying(aside(delivery("payin.create", b"\x00" * 1000), "unreadable", AT)))
    assert is_carriable(entry.body)
    assert (entry.type, entry.envelope, entry.group) == (PARKED_TYPE, "", None)


def test_only_what_is_too_large_even_when_compressed_is_refused() -> None:
    assert parking_translator()(lying(aside(delivery("payin.create", b"x" * 5 * ENTRY_BYTES), "too-large", AT)))
    noise = random.Random(7).randbytes(ENTRY_BYTES)
    with pytest.raises(InvalidMessageError, match="too-large"):
        parking_translator()(lying(aside(delivery("payin.create", noise), "too-large", AT)))


def test_a_header_that_would_make_copies_waits_under_another_name_and_comes_back() -> None:
    facts = AmqpFacts("notifications", "x", redelivered=False, properties={})
    copied = Delivery("q", b"x", facts, {"CC": ["other.queue"], "a": 1}, tag=1)

    put_aside = aside(copied, "unreadable", AT)

    assert not {"CC", "BCC"} & set(put_aside.headers or {})
    assert untag_table(park(lying(put_aside)).headers or {}) == {"CC": ["other.queue"], "a": 1}
