from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from contracts.effect import Effect
from contracts.judge import judge
from contracts.judged_type import JudgedType, Uncontracted
from contracts.liveness import AT_ONCE, Liveness, Probe, Survivor, did_the_same
from contracts.mutant import MutantKind
from contracts.rule import Rule
from contracts.terms import Terms
from contracts.verdict import Verdict
from tests.fakes.outcome import attempt, message, row

TODAY = date(2026, 11, 21)
CLOCK = Rule("row:payins.at", "time within", "clock", "payments", date(2026, 12, 31), tolerance_s=3600)
KNOWN = replace(Uncontracted("payin.create"), terms=Terms((CLOCK,)), guarded=frozenset({"amount", "status"}))
STRANGE = Uncontracted("refund.create")
ORIGIN = [row(at="2026-11-21 10:00:00", amount="1.00", note=None, debtor="Zoé", creditor="Jean"), message("x")]


def judging(control: Sequence[Effect], known: JudgedType = KNOWN) -> Probe:
    return lambda effects: judge([attempt(*control)], [attempt(*effects)], known.terms, today=TODAY).verdict


def blind(_effects: Sequence[Effect]) -> Verdict:
    return Verdict.MATCH


def fates(liveness: Liveness) -> dict[str, str]:
    return {kind: fate for _, kind, _, fate in liveness.fates}


def test_a_mutant_that_is_called_different_is_killed_and_one_that_a_rule_covers_is_tolerated() -> None:
    liveness = Liveness()
    liveness.probe(ORIGIN, KNOWN, judging(ORIGIN))
    assert fates(liveness) == {
        "lost row": "killed",
        "doubled row": "killed",
        "dropped event": "killed",
        "one hour": "tolerated",
        "other notation": "killed",
        "one cent": "killed",
        "null to empty": "killed",
        "swapped parties": "killed",
        "altered value": "killed",
    }
    assert liveness.survivors == ()
    assert liveness.counts("tolerated") == {("payin.create", "one hour"): 1, ("payin.create", "altered value"): 1}


def test_where_the_judge_is_blind_every_mutant_survives() -> None:
    liveness = Liveness()
    liveness.probe(ORIGIN, KNOWN, blind)
    assert set(fates(liveness).values()) == {"survived"}
    assert Survivor("payin.create", "one cent", "row:payins.amount", 1) in liveness.survivors
    assert len(liveness.survivors) == 8 + AT_ONCE["altered value"]


@pytest.mark.parametrize("kind", ["lost row", "doubled row", "dropped event", "one cent", "swapped parties"])
def test_some_kinds_nobody_may_tolerate_be_there_a_rule_or_not(kind: str) -> None:
    liveness = Liveness()
    liveness.probe(ORIGIN, KNOWN, lambda _: Verdict.MATCH_BY_RULE)
    assert fates(liveness)[kind] == "survived"
    assert fates(liveness)["null to empty"] == "tolerated"


@pytest.mark.parametrize(
    ("path", "fate"),
    [
        ("row:payins.amount", "survived"),
        ("row:payins.status[]", "survived"),
        ("row:payins.amount.at", "survived"),
        ("row:payins.at", "tolerated"),
        ("message:accounting/payin.status.body.at", "tolerated"),
        ("message:accounting/payin.status.body.amount", "survived"),
    ],
)
@pytest.mark.parametrize("kind", ["altered value", "one hour", "other notation", "null to empty"])
def test_what_a_rule_tolerates_in_money_identity_or_state_has_survived(kind: MutantKind, path: str, fate: str) -> None:
    liveness = Liveness()
    within = "row:payins" if path.startswith("row") else "message:accounting/payin.status"
    liveness.note(KNOWN, kind, path, Verdict.MATCH_BY_RULE, within=within)
    assert liveness.fates == Counter({("payin.create", kind, path, fate): 1})


def test_a_mask_over_a_guarded_field_is_found_and_the_name_of_an_effect_guards_nothing() -> None:
    effects = [message('{"at":"10:00","status":"A"}', "accounting/payin.status")]
    liveness = Liveness()
    liveness.probe(effects, KNOWN, lambda altered: Verdict.MATCH_BY_RULE if altered else Verdict.MISMATCH)
    fates_by_path = {path.rpartition(".")[2]: fate for _, kind, path, fate in liveness.fates if kind == "altered value"}
    assert fates_by_path == {"at": "tolerated", "status": "survived", "content_type": "tolerated"}


def test_of_a_type_without_a_contract_nothing_is_tolerated() -> None:
    liveness = Liveness()
    liveness.probe(ORIGIN, STRANGE, judging(ORIGIN, STRANGE))
    assert {fate for *_, fate in liveness.fates} == {"killed"}


def test_each_message_tries_the_place_that_was_tried_least() -> None:
    liveness = Liveness()
    effects = [row(a="1", b="2", c="3")]
    for _ in range(7):
        liveness.probe(effects, STRANGE, judging(effects))
    tried = {path: count for (_, kind, path, _), count in liveness.fates.items() if kind == "one cent"}
    assert tried == {"row:payins.a": 3, "row:payins.b": 2, "row:payins.c": 2}


def test_one_message_has_four_values_altered_in_its_least_tried_places_and_so_every_field_has_its_turn() -> None:
    liveness = Liveness()
    fields: dict[str, Any] = {"many": list(range(50))} | {f"field_{number}": number for number in range(11)}
    effects = [Effect("row", "payins", "p1", fields)]
    for tries in range(1, 4):
        liveness.probe(effects, STRANGE, judging(effects))
        tried = [path for (_, kind, path, _), count in liveness.fates.items() if kind == "altered value" and count == 1]
        assert len(tried) == tries * AT_ONCE["altered value"]
    assert len(tried) == 12


def test_a_mask_over_any_field_is_found() -> None:
    effects = [row(**{f"field_{number}": f"text {number}" for number in range(30)}), message('{"a":[true,{"b":1}]}')]
    places = {f"row:payins.field_{number}" for number in range(30)} | {
        f"message:accounting/payin.booked.{place}" for place in ("body.a[]", "body.a[].b", "content_type")
    }
    for masked in sorted(places):
        liveness = Liveness()

        def blind_there(altered: Sequence[Effect], masked: str = masked) -> Verdict:
            found = judge([attempt(*effects)], [attempt(*altered)], today=TODAY)
            return found.verdict if {one.path for one in found.differences} - {masked} else Verdict.MATCH

        for _ in range(20):
            liveness.probe(effects, STRANGE, blind_there)
        assert ("altered value", masked) in {(one.kind, one.path) for one in liveness.survivors}


def test_a_type_that_agrees_and_of_which_no_mutant_was_made_is_told() -> None:
    one, other = Liveness(), Liveness()
    one.agreed.update({"payout.update": 3, "payin.create": 1, "balance.update": 0})
    assert one.unprobed == ("payin.create", "payout.update")
    other.agreed.update({"payin.create": 2, "card.create": 1})
    other.note(KNOWN, "one cent", "row:payins.amount", Verdict.MISMATCH)
    one.add(other)
    assert one.agreed == {"payout.update": 3, "payin.create": 3, "balance.update": 0, "card.create": 1}
    assert one.unprobed == ("card.create", "payout.update")


def test_a_pair_in_the_other_order_is_killed_where_the_two_did_not_do_the_same() -> None:
    liveness = Liveness()
    one, other = [row(key="1", amount="1.00")], [row(key="2", amount="1.00")]
    liveness.probe_pair(KNOWN, one, other, judging(one))
    liveness.probe_pair(KNOWN, one, [], judging(one))
    assert liveness.fates == Counter(
        {
            ("payin.create", "reordered pair", "row:payins", "killed"): 1,
            ("payin.create", "reordered pair", "", "killed"): 1,
        }
    )


@pytest.mark.parametrize(
    "other",
    [
        [row(at="2026-11-21 10:00:00", tags=[1, 2])],
        [row(at="2026-11-21 10:00:05", tags=[1, 2])],
        [row(at="2026-11-21 10:00:00", tags=[2, 1])],
    ],
    ids=["equal", "but for a rule", "but for an order that is nothing"],
)
def test_two_messages_that_did_the_same_make_no_reordered_pair(other: list[Effect]) -> None:
    known = replace(KNOWN, terms=Terms((CLOCK,), lists={"row:payins.tags": "multiset"}))
    one, liveness = [row(at="2026-11-21 10:00:00", tags=[1, 2])], Liveness()
    assert judging(one, known)(other) in (Verdict.MATCH, Verdict.MATCH_BY_RULE)
    liveness.probe_pair(known, one, other, judging(one, known))
    assert not liveness.fates


def test_a_blind_judge_is_found_out_by_a_reordered_pair() -> None:
    liveness = Liveness()
    liveness.probe_pair(KNOWN, [row(amount="1.00")], [row(amount="2.00")], blind)
    assert [one.kind for one in liveness.survivors] == ["reordered pair"]


def test_parts_of_a_comparison_add_up_the_most_frequent_survivor_first() -> None:
    one, other = Liveness(), Liveness()
    one.note(KNOWN, "one hour", "row:payins.b", Verdict.MATCH)
    for _ in range(2):
        other.note(KNOWN, "one cent", "row:payins.a", Verdict.MATCH)
    other.note(KNOWN, "one hour", "row:payins.b", Verdict.MISMATCH)
    one.add(other)
    assert [(survivor.path, survivor.count) for survivor in one.survivors] == [("row:payins.a", 2), ("row:payins.b", 1)]
    assert one.fates == {
        ("payin.create", "one cent", "row:payins.a", "survived"): 2,
        ("payin.create", "one hour", "row:payins.b", "killed"): 1,
        ("payin.create", "one hour", "row:payins.b", "survived"): 1,
    }


def test_what_is_no_mutant_is_not_counted() -> None:
    liveness = Liveness()
    liveness.note(KNOWN, "altered value", "row:payins.recorded_at", None)
    assert not liveness.fates


def test_sides_did_the_same_whatever_the_order_and_not_where_one_did_it_twice() -> None:
    one, other = Effect("row", "payins", "p1", {"fee": 1}), Effect("row", "payins", "p2", {"fee": 1})
    assert did_the_same([one, other], [other, one])
    assert not did_the_same([one, one], [one, other])
    assert not did_the_same([one], [one, one])
    assert not did_the_same([one], [Effect("row", "payins", "p1", {"fee": 2})])
