from pathlib import Path

import pytest

from bridge.amqp_settings import AmqpSettings, describe
from bridge.bootstrap import build_returner, build_router, build_shipper, shipper_queues
from bridge.settings import BridgeSettings, RouterSettings, ShipperSettings
from contracts.registry import FAMILIES, PAYIN

PASSWORD = "pl4nted-secret"
URL = "amqp://localhost/%2F"


def test_every_tapped_family_has_a_bounded_queue_of_ours_beside_the_monolith() -> None:
    taps = {queue.name: queue for queue in shipper_queues(FAMILIES, FAMILIES, 1000).consumed}
    for family in FAMILIES:
        tap = taps[f"strangler.tap.{family.name}"]
        assert [(one.exchange, one.routing_key) for one in tap.bindings] == [
            (one.origin.exchange, one.origin.routing_key or "") for one in family.types
        ]
        assert tap.arguments()["x-max-length"] == 1000
        assert tap.arguments()["x-overflow"] == "drop-head"
        assert not tap.own_exchange


def test_outcomes_wait_in_a_queue_without_bounds_on_an_exchange_of_ours() -> None:
    outcomes = next(one for one in shipper_queues(FAMILIES, (), 1000).consumed if one.name == "strangler.outcomes")
    assert (outcomes.arguments(), outcomes.own_exchange) == ({}, "fanout")


def test_a_family_is_taken_by_its_tap_or_by_the_routers_copies_and_never_by_both() -> None:
    queues = shipper_queues(FAMILIES, (PAYIN,), 1000)
    consumed = {queue.name for queue in queues.consumed}
    assert {"strangler.tap.payin", "strangler.ship.payin", "strangler.ship.payout", "strangler.invalid"} <= consumed
    assert not {"strangler.tap.payout", "strangler.shadow.payin", "strangler.shadow.payout"} & consumed
    assert [queue.name for queue in queues.unconsumed] == ["strangler.shadow.payin"]
    assert [(one.tap.name, one.successor.name) for one in queues.successions] == [
        (f"strangler.tap.{name}", f"strangler.shadow.{name}") for name in ("payout", "cardtransaction", "balance")
    ]


def test_a_broker_is_described_without_its_credentials() -> None:
    assert describe(f"amqp://user:{PASSWORD}@host:1234/vhost") == "host:1234/vhost"
    assert describe("amqps://host") == "host:5671/"
    assert PASSWORD not in repr(AmqpSettings((f"amqp://user:{PASSWORD}@host/",)))


def test_the_user_of_a_url_is_read_as_the_broker_knows_it() -> None:
    assert AmqpSettings(("amqp://a%40b:p@host/",)).user == "a@b"
    assert AmqpSettings(("amqp://host/",)).user == "guest"


def test_processes_are_built_without_connecting_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    shipper = build_shipper(ShipperSettings.model_validate({"AMQP_URL": URL, "STRANGLER_JOURNAL": str(tmp_path)}))
    shipper.journal.close()
    build_returner(BridgeSettings.model_validate({"AMQP_URL": URL}))
    parts = build_router(RouterSettings.model_validate({"AMQP_URL": URL, "STRANGLER_JOURNAL": str(tmp_path)}))
    assert parts.journal.name
    parts.journal.close()
