from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from contracts.effect import Effect
from contracts.judge import judge
from contracts.judged_type import JudgedType, Uncontracted
from contracts.liveness import Liveness, Probe, Survivor
from contracts.rule import Rule
from contracts.terms import Terms
from contracts.verdict import Verdict
from tests.fakes.outcome import attempt, message, row

TODAY = date(2026, 11, 21)
CLOCK = Rule("row:payins.at", "time within", "clock", "payments", date(2026, 12, 31), tolerance_s=3600)
KNOWN = replace(Uncontracted("payin.create"), terms=Terms((CLOCK,)))
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
        "one cent": "killed",
        "null to empty": "killed",
        "swapped parties": "killed",
    }
    assert liveness.survivors == ()
    assert liveness.counts("tolerated") == {("payin.create", "one hour"): 1}


def test_where_the_judge_is_blind_every_mutant_survives() -> None:
    liveness = Liveness()
    liveness.probe(ORIGIN, KNOWN, blind)
    assert set(fates(liveness).values()) == {"survived"}
    assert Survivor("payin.create", "one cent", "row:payins.amount", 1) in liveness.survivors
    assert len(liveness.survivors) == 7


@pytest.mark.parametrize("kind", ["lost row", "doubled row", "dropped event", "one cent", "swapped parties"])
def test_some_kinds_nobody_may_tolerate_be_there_a_rule_or_not(kind: str) -> None:
    liveness = Liveness()
    liveness.probe(ORIGIN, KNOWN, lambda _: Verdict.MATCH_BY_RULE)
    assert fates(liveness)[kind] == "survived"
    assert fates(liveness)["null to empty"] == "tolerated"


def test_each_message_tries_the_place_that_was_tried_least() -> None:
    liveness = Liveness()
    effects = [row(a="1", b="2", c="3")]
    for _ in range(7):
        liveness.probe(effects, KNOWN, judging(effects))
    tried = {path: count for (_, kind, path, _), count in liveness.fates.items() if kind == "one cent"}
    assert tried == {"row:payins.a": 3, "row:payins.b": 2, "row:payins.c": 2}


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
    assert one.document() == [
        {"type": "payin.create", "kind": "one cent", "path": "row:payins.a", "fate": "survived", "count": 2},
        {"type": "payin.create", "kind": "one hour", "path": "row:payins.b", "fate": "killed", "count": 1},
        {"type": "payin.create", "kind": "one hour", "path": "row:payins.b", "fate": "survived", "count": 1},
    ]
