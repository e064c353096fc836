from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.control_item import RouterRow
from ops import fence
from ops.authority import Router
from ops.objection import Objection

SEEN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def router(name: str = "a", age_s: float = 1, **row: Any) -> Router:
    told: dict[str, Any] = {"state": "active", "seen_at": SEEN, "since": SEEN} | row
    return Router(RouterRow("payin", name, **told), age_s)


def against(found: Any) -> list[str]:
    return [one.against for one in found]


@pytest.mark.parametrize(
    ("routers", "expected"),
    [
        ([router()], []),
        ([router(), router("b", state="standby")], []),
        ([router(), router("b", state="stopped", age_s=9999)], []),
        ([], ["no router"]),
        ([router(state="standby")], ["no router"]),
        ([router(age_s=11)], ["no router"]),
        ([router(age_s=16)], ["no router", "silent router"]),
        ([router(), router("b", state="standby", age_s=16)], ["silent router"]),
        ([router(), router("b", state="stopped", unsettled=2)], ["stopped router"]),
        ([router(tap=True)], ["tap"]),
        ([router(doubts=1)], ["doubts"]),
        ([router(), router("b", state="stopped", age_s=9999, tap=True)], []),
    ],
)
def test_a_move_needs_an_active_router_and_the_word_of_all_that_count(
    routers: list[Router], expected: list[str]
) -> None:
    assert against(fence.unroutable(routers, moving=True)) == expected


def test_observing_needs_one_router_that_works_and_minds_no_tap() -> None:
    assert against(fence.unroutable([router(state="standby", tap=True, doubts=1)], moving=False)) == []
    assert against(fence.unroutable([router(age_s=60)], moving=False)) == ["no router"]


def test_a_fence_is_confirmed_when_every_router_that_counts_has_confirmed_this_epoch() -> None:
    assert against(fence.unconfirmed([router(confirmed_epoch=4), router("b", confirmed_epoch=5)], 5)) == [
        "not confirmed"
    ]
    assert against(fence.unconfirmed([router(confirmed_epoch=5)], 5)) == []
    # A router that died with messages in hand is not confirmed, whatever it said before.
    assert against(fence.unconfirmed([router(confirmed_epoch=5), router("b", 20, confirmed_epoch=5)], 5)) == [
        "silent router"
    ]
    assert against(fence.unconfirmed([], 5)) == ["no router"]


def test_quiet_counts_only_what_is_said_after_the_fence_was_confirmed() -> None:
    confirmed = {"a": SEEN}
    told = router(confirmed_epoch=5)
    assert against(fence.unquiet([told], 5, confirmed)) == ["not confirmed"]
    later = replace(told.row, seen_at=SEEN + timedelta(milliseconds=1))
    assert against(fence.unquiet([Router(later, 1)], 5, confirmed)) == []


def test_what_is_not_final_is_named() -> None:
    row = router(confirmed_epoch=5, unsettled=12, unsettled_sample=("m1", "m2"), doubts=1)
    assert list(fence.unquiet([row], 5, {})) == [
        Objection("not final", "router a: 12 messages not final where they went", ("m1", "m2")),
        Objection("doubts", "router a holds 1 message that may have been routed before"),
    ]


def test_what_still_waits_for_the_monolith_or_comes_past_the_router_is_not_quiet() -> None:
    rows = [router(confirmed_epoch=5, legacy_backlog=3), router("b", confirmed_epoch=5, tap=True)]
    assert against(fence.unquiet(rows, 5, {})) == ["not final", "tap"]


def test_a_router_that_joined_behind_the_fence_must_confirm_too() -> None:
    later = replace(router(confirmed_epoch=5).row, seen_at=SEEN + timedelta(seconds=1))
    assert against(fence.unquiet([Router(later, 1), router("new", confirmed_epoch=-1)], 5, {"a": SEEN})) == [
        "not confirmed"
    ]


@pytest.mark.parametrize(
    ("routers", "expected"),
    [
        ([router(released_epoch=5), router("b", state="stopped")], []),
        ([router(released_epoch=5), router("b", state="standby")], []),
        ([router(released_epoch=5), router("dead", 9999, released_epoch=4)], []),
        ([router(released_epoch=5), router("just died", 9, released_epoch=4)], []),
        ([router(released_epoch=4)], ["not confirmed"]),
        ([router(released_epoch=4), router("b", state="standby", released_epoch=5)], ["not confirmed"]),
        ([router(released_epoch=4), router("dead", 11, released_epoch=5)], ["not confirmed"]),
        ([router("dead", 11, released_epoch=5)], ["no router"]),
        ([router(state="standby", released_epoch=5)], ["no router"]),
        ([router(state="stopped", released_epoch=5)], ["no router"]),
        ([], ["no router"]),
    ],
)
def test_released_is_when_an_active_router_that_is_heard_says_so(routers: list[Router], expected: list[str]) -> None:
    assert against(fence.unreleased(routers, 5)) == expected
