from dataclasses import replace

import pytest

from bridge.topology import Binding, QueueSpec, ensure_apart, hold_queue, legacy_queue, recording_queues, route_queues
from contracts.message_type import ContractError, Family
from contracts.registry import CARD_TRANSACTION, FAMILIES, PAYIN, PAYOUT


def with_queue(family: Family, **changed: object) -> Family:
    origin = replace(family.types[0].origin, **changed)  # type: ignore[arg-type]
    return replace(family, types=tuple(replace(one, origin=origin) for one in family.types))


def routes(queue: QueueSpec) -> set[object]:
    return {binding.arguments["strangler-route"] for binding in queue.bindings}


def test_every_route_leads_to_its_queues_by_headers_that_all_have_to_match() -> None:
    legacy, shadow, ship, hold = route_queues(PAYIN, 1000)
    assert [routes(one) for one in (legacy, shadow, ship, hold)] == [
        {"legacy", "shadow"},
        {"shadow"},
        {"new"},
        {"hold"},
    ]
    for binding in (binding for queue in (legacy, shadow, ship, hold) for binding in queue.bindings):
        assert binding.exchange == "strangler.route"
        assert (binding.arguments["x-match"], binding.arguments["strangler-family"]) == ("all", "payin")


def test_only_copies_may_be_dropped() -> None:
    bounded = [one.name for one in route_queues(PAYIN, 1000) if "x-overflow" in one.arguments()]
    assert bounded == ["strangler.shadow.payin"]


def test_no_queue_of_ours_rejects_what_is_published() -> None:
    for queue in (queue for family in FAMILIES for queue in route_queues(family, 1000)):
        assert queue.arguments().get("x-overflow") in (None, "drop-head")


def test_the_monolith_gets_the_arguments_of_its_old_queue() -> None:
    family = with_queue(PAYOUT, legacy_queue_arguments={"x-max-priority": 5})
    assert legacy_queue(family).arguments() == {"x-max-priority": 5}


def test_where_order_matters_one_shipper_consumes_at_a_time() -> None:
    def ordered(family: Family) -> list[str]:
        return [one.name for one in route_queues(family, 1) if "x-single-active-consumer" in one.arguments()]

    assert ordered(PAYIN) == ["strangler.shadow.payin", "strangler.ship.payin"]
    assert ordered(CARD_TRANSACTION) == []


def test_the_hold_queue_can_be_taken_from_one_by_one() -> None:
    assert hold_queue(PAYIN).arguments() == {}


def test_families_that_share_a_queue_of_the_monolith_are_refused() -> None:
    ensure_apart(FAMILIES)
    with pytest.raises(ContractError, match=r"payin and payout share .*monolith\.payin"):
        ensure_apart((PAYIN, with_queue(PAYOUT, legacy_queue="monolith.payin")))


def test_a_recordings_queue_cannot_hurt_the_broker_and_what_it_drops_is_its_own_affair() -> None:
    recorded, dropped = recording_queues("id", [Binding("notifications", "payin.create")], 1000)
    arguments = recorded.arguments()
    assert (arguments["x-max-length"], arguments["x-overflow"]) == (1000, "drop-head")
    assert arguments["x-max-length-bytes"] == 512 * 1024 * 1024
    assert (arguments["x-dead-letter-exchange"], arguments["x-dead-letter-routing-key"]) == ("", dropped.name)
    assert dropped.arguments()["x-overflow"] == "drop-head"
    assert "x-dead-letter-exchange" not in dropped.arguments()
    assert arguments["x-expires"] == dropped.arguments()["x-expires"] == 604_800_000
    assert (recorded.own_exchange, dropped.bindings) == (None, ())
