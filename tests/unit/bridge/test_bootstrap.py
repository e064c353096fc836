from bridge.amqp import AmqpSettings, describe
from bridge.bootstrap import tap_queues
from contracts.registry import FAMILIES

PASSWORD = "pl4nted-secret"


def test_every_family_is_tapped_beside_the_monolith_by_a_bounded_queue_of_ours() -> None:
    taps = {queue.name: queue for queue in tap_queues(FAMILIES, 1000)}
    assert set(taps) == {*(f"strangler.tap.{family.name}" for family in FAMILIES), "strangler.outcomes"}
    for family in FAMILIES:
        tap = taps[f"strangler.tap.{family.name}"]
        assert [(one.exchange, one.routing_key) for one in tap.bindings] == [
            (one.origin.exchange, one.origin.routing_key or "") for one in family.types
        ]
        assert tap.arguments()["x-max-length"] == 1000
        assert tap.arguments()["x-overflow"] == "drop-head"
        assert not tap.own_exchange


def test_outcomes_wait_in_a_queue_without_bounds_on_an_exchange_of_ours() -> None:
    outcomes = tap_queues(FAMILIES, 1000)[-1]
    assert (outcomes.arguments(), outcomes.own_exchange) == ({}, True)


def test_a_broker_is_described_without_its_credentials() -> None:
    assert describe(f"amqp://user:{PASSWORD}@host:1234/vhost") == "host:1234/vhost"
    assert describe("amqps://host") == "host:5671/"
    assert PASSWORD not in repr(AmqpSettings(f"amqp://user:{PASSWORD}@host/"))
