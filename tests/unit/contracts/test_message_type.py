import dataclasses
from datetime import date
from typing import Any

import pytest

from contracts.message_type import ContractError, Family
from contracts.registry import family_named, type_named
from contracts.rule import Rule


@pytest.mark.parametrize(
    "replay",
    [
        {"replay": "forbidden"},
        {"replay": "forbidden", "replay_because": "  "},
        {"replay": "safe", "replay_because": "why not"},
        {"replay": "perhaps", "replay_because": "who knows"},
    ],
)
def test_a_replay_is_forbidden_with_a_reason_or_safe_without_one(replay: dict[str, str]) -> None:
    with pytest.raises(ContractError, match="replay"):
        dataclasses.replace(type_named("payin.create"), **replay)  # type: ignore[arg-type]


def test_a_replay_is_safe_unless_the_contract_says_otherwise() -> None:
    assert type_named("payin.create").replay == "safe"
    forbidden = dataclasses.replace(type_named("payin.create"), replay="forbidden", replay_because="booked twice")
    assert forbidden.replay == "forbidden"


def test_identity_and_key_are_shown_and_what_no_contract_names_is_not() -> None:
    payin = type_named("payin.create")
    assert payin.shows("webhook_id")
    assert payin.shows("object_id")
    assert payin.shows("payinStatus")
    assert not payin.shows("ibanFullname")
    assert not payin.shows("messageToUser")


def with_rule(path: str) -> None:
    rule = Rule(path, "uuid", "a reason", "payments", date(2027, 1, 1))
    dataclasses.replace(type_named("payin.create"), rules=(rule,))


@pytest.mark.parametrize(
    "path",
    [
        "row:payins.amount",
        "row:payins.amount_cents",
        "row:payins.fee",
        "row:payins.net",
        "row:payins.status",
        "row:payins.payin_id",
        "row:payins.wallet_id",
        "row:journal.webhook_id",
        "row:journal.stale",
        "message:accounting/payin.booked.body.status",
        "message:accounting/payin.booked.body.lines[].amount",
        "message:accounting/payin.booked.body.amount[]",
        "message:accounting/payin.booked.body.amount[][]",
        "webhook:payin.booked.headers.X-Signature",
    ],
)
def test_a_rule_on_money_identity_or_state_is_refused(path: str) -> None:
    with pytest.raises(ContractError, match="never tolerated"):
        with_rule(path)


@pytest.mark.parametrize(
    "path",
    [
        "row:payins",
        "row:payinsx.recorded_at",
        "row:payouts.created_at",
        "message:accounting/payin.booked",
        "webhook:payin.booked",
        "",
        "recorded_at",
    ],
)
def test_a_rule_on_a_whole_effect_or_on_none_of_the_type_is_refused(path: str) -> None:
    with pytest.raises(ContractError, match="no such effect, or a whole effect"):
        with_rule(path)


def test_a_rule_on_anything_else_is_taken() -> None:
    with_rule("row:payins.recorded_at")
    with_rule("message:accounting/payin.booked.body.lines[].reference")


def test_order_matters_unless_a_family_says_why_not() -> None:
    assert Family("refund", ()).ordered
    assert not Family("refund", (), unordered_because="a reason").ordered


@pytest.mark.parametrize("changed", [{"legacy_queue": "elsewhere"}, {"legacy_queue_arguments": {"x-max-priority": 3}}])
def test_types_of_one_family_come_by_one_queue_of_the_monolith(changed: dict[str, Any]) -> None:
    payin = type_named("payin.create")
    other = dataclasses.replace(payin, name="payin.other", origin=dataclasses.replace(payin.origin, **changed))
    with pytest.raises(ContractError, match="monolith's queue"):
        Family("payin", (payin, other))


def test_the_monoliths_queue_is_the_familys() -> None:
    assert family_named("payout").legacy_queue == "monolith.payout"
    assert family_named("payout").legacy_queue_arguments == {}


@pytest.mark.parametrize("overflow", ["reject-publish", "reject-publish-dlx"])
def test_a_queue_that_rejects_what_is_published_is_refused(overflow: str) -> None:
    origin = type_named("payin.create").origin
    with pytest.raises(ContractError, match=f"{origin.legacy_queue}: x-overflow {overflow}"):
        dataclasses.replace(origin, legacy_queue_arguments={"x-max-length": 10, "x-overflow": overflow})


def test_a_queue_that_drops_its_oldest_is_the_monoliths_own_choice() -> None:
    arguments = {"x-max-length": 10, "x-overflow": "drop-head"}
    origin = dataclasses.replace(type_named("payin.create").origin, legacy_queue_arguments=arguments)
    assert origin.legacy_queue_arguments == arguments


@pytest.mark.parametrize("lateness_s", [0, -1])
def test_a_side_has_some_time_to_tell(lateness_s: int) -> None:
    with pytest.raises(ContractError, match="lateness_s"):
        dataclasses.replace(type_named("payin.create"), lateness_s=lateness_s)
    assert dataclasses.replace(type_named("payin.create"), lateness_s=1).lateness_s == 1


def test_a_rule_on_what_a_signature_is_over_is_refused() -> None:
    known = type_named("payout.update")
    (origin, *_) = known.terms.derived.values()
    inside = dataclasses.replace(known.rules[0], path=f"{origin}.trace")
    with pytest.raises(ContractError, match="a signature is over it"):
        dataclasses.replace(known, rules=(inside,))
