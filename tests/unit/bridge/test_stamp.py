from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bridge.port import Delivery, Outgoing
from bridge.stamp import NotStampedError, stamp, unstamp
from contracts import naming, stamp_header
from contracts.envelope import AmqpFacts, Stamp
from contracts.routing import Decision, Route
from tests.fakes.message import delivery, payin

ROUTES: tuple[Route, ...] = ("legacy", "shadow", "new", "hold")


def behind(message: Outgoing) -> Delivery:
    """The message as our exchange hands it on."""
    facts = AmqpFacts(message.exchange, message.routing_key, redelivered=False, properties=message.properties)
    return Delivery("queue", message.body, facts, message.headers, 1)


def stamped(one: Delivery, route: Route = "legacy", **options: Any) -> Outgoing:
    return stamp(one, "payin", Decision(route, 3, **options), id="w1", own_user="us")


headers = st.none() | st.dictionaries(st.sampled_from(["x", "CC", "strangler-effect-id", "x-death"]), st.integers(0, 9))
properties = st.fixed_dictionaries(
    {},
    optional={
        "user_id": st.sampled_from(["us", "them"]),
        "expiration": st.just("60000"),
        "delivery_mode": st.sampled_from([1, 2]),
        "message_id": st.text(max_size=3),
    },
)


@given(st.sampled_from(ROUTES), headers, properties, st.booleans())
def test_a_message_without_its_stamp_is_what_was_published(
    route: Route, headers: Any, properties: Any, doubtful: Any
) -> None:
    one = delivery("payin.create", payin(), headers=headers, **properties)
    taken_off = unstamp(behind(stamped(one, route, doubtful=doubtful)))
    message = taken_off.delivery
    assert (message.body, message.headers, message.facts.properties) == (one.body, headers, properties)
    assert (message.facts.exchange, message.facts.routing_key) == ("notifications", "payin.create")
    assert (taken_off.family, taken_off.route, taken_off.id, taken_off.doubtful) == ("payin", route, "w1", doubtful)
    assert taken_off.stamp == Stamp("new" if route == "new" else "legacy", 3)


@given(st.sampled_from(ROUTES), headers, properties)
def test_what_the_broker_would_refuse_or_lose_is_out_of_its_way(route: Route, headers: Any, properties: Any) -> None:
    message = stamped(delivery("payin.create", payin(), headers=headers, **properties), route)
    assert message.exchange == naming.ROUTE_EXCHANGE
    assert message.properties.get("user_id", "us") == "us"
    if route in ("new", "hold"):
        assert message.properties["delivery_mode"] == 2
        assert "expiration" not in message.properties
    else:
        assert {k: v for k, v in properties.items() if k != "user_id"} == {
            k: v for k, v in message.properties.items() if k != "user_id"
        }


def test_a_stamp_that_a_message_brings_along_does_not_count() -> None:
    forged = {stamp_header.ROUTE: "new", stamp_header.MUTED: True, stamp_header.USER_ID: "root", "x": 1}
    message = stamped(delivery("payin.create", payin(), headers=forged))
    assert (message.headers or {})["strangler-route"] == "legacy"
    taken_off = unstamp(behind(message)).delivery
    assert (taken_off.headers, taken_off.facts.properties) == ({"x": 1}, {})


def test_a_held_message_that_is_stamped_anew_carries_one_stamp_only() -> None:
    one = delivery("payin.create", payin(), expiration="60000", user_id="them")
    held = unstamp(behind(stamped(one, "hold", doubtful=True))).delivery
    released = stamped(held, "legacy")
    assert released.properties == {"expiration": "60000"}
    assert set(released.headers or {}) == {
        *(stamp_header.FAMILY, stamp_header.ROUTE, stamp_header.EPOCH, stamp_header.EXCHANGE, stamp_header.ID),
        *(stamp_header.NO_HEADERS, stamp_header.USER_ID),
    }


@pytest.mark.parametrize(
    "changed",
    [
        {stamp_header.FAMILY: None},
        {stamp_header.FAMILY: b"\xff"},
        {stamp_header.ROUTE: "elsewhere"},
        {stamp_header.EPOCH: "3"},
        {stamp_header.EPOCH: True},
        {stamp_header.EXCHANGE: 5},
        {stamp_header.USER_ID: None},
        {stamp_header.EXPIRATION: 60000},
        {stamp_header.DELIVERY_MODE: "1"},
    ],
)
def test_a_stamp_that_cannot_be_read_is_none(changed: dict[str, Any]) -> None:
    one = behind(stamped(delivery("payin.create", payin())))
    with pytest.raises(NotStampedError):
        unstamp(structs.replace(one, headers={**(one.headers or {}), **changed}))


def test_a_message_of_the_monolith_has_no_stamp() -> None:
    with pytest.raises(NotStampedError):
        unstamp(delivery("payin.create", payin()))
