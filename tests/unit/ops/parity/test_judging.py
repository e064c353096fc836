import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from contracts.judge import Judgement
from contracts.outcome_line import OutcomeLine, read_line
from contracts.tally import Sighting
from contracts.verdict import Verdict
from ops.parity import judging as module
from ops.parity.judging import PROBED_AT_LEAST, Judging

TODAY = date(2026, 11, 21)


def line(value: Any = None, *, ending: str = "done", number: int = 1, name: str = "refund.create") -> OutcomeLine:
    effects = [] if value is None else [{"kind": "row", "name": "refunds", "key": "1", "value": value}]
    document = {"message_id": "w1", "type": name, "ending": ending, "attempt": number, "effects": effects}
    return read_line(json.dumps(document).encode())


def judge(judging: Judging, control: Sequence[OutcomeLine], candidate: Sequence[OutcomeLine]) -> Verdict:
    return judging.judge(control, candidate, Sighting(0), 1).verdict


@pytest.fixture
def judging() -> Judging:
    return Judging(TODAY)


RETRIED, DONE, KNOWN = line({}, ending="retried"), line({}), line(ending="duplicate", number=2)


@pytest.mark.parametrize(
    ("control", "candidate", "verdict"),
    [
        ([DONE], [], Verdict.CONTROL_ONLY),
        ([DONE], [RETRIED], Verdict.CONTROL_ONLY),
        ([DONE], [KNOWN], Verdict.CONTROL_ONLY),
        ([], [DONE], Verdict.CANDIDATE_ONLY),
        ([RETRIED], [DONE], Verdict.CANDIDATE_ONLY),
        ([RETRIED], [RETRIED], Verdict.EXPIRED),
        ([RETRIED], [], Verdict.EXPIRED),
        ([], [KNOWN], Verdict.EXPIRED),
    ],
)
def test_a_side_that_has_not_told_its_end_never_will(
    judging: Judging, control: list[OutcomeLine], candidate: list[OutcomeLine], verdict: Verdict
) -> None:
    assert judge(judging, control, candidate) is verdict
    tally = judging.tally.of("refund.create")
    assert tally.counts == {verdict: 1}
    assert list(tally.classes) == [frozenset({f"refund.create | {verdict}"})]


def test_a_type_without_a_contract_has_no_rule_and_is_probed_all_the_same(judging: Judging) -> None:
    same = line({"amount": "1.00", "at": "2026-11-21 10:00:00"})
    assert judge(judging, [same], [same]) is Verdict.MATCH
    assert judge(judging, [same], [line({"amount": "1.00", "at": "2026-11-21 10:00:01"})]) is Verdict.MISMATCH
    fates = {(kind, fate) for _, kind, _, fate in judging.liveness.fates}
    assert {("one hour", "killed"), ("one cent", "killed"), ("lost row", "killed")} <= fates


def test_a_rule_of_the_contract_holds(judging: Judging) -> None:
    one, other = ({"recorded_at": f"2026-11-21 10:00:0{second}"} for second in (0, 5))

    def payin(value: Any) -> OutcomeLine:
        effect = {"kind": "row", "name": "payins", "key": "1", "value": value}
        return read_line(json.dumps({"message_id": "w1", "type": "payin.create", "effects": [effect]}).encode())

    assert judge(judging, [payin(one)], [payin(other)]) is Verdict.MATCH_BY_RULE
    assert judging.tally.of("payin.create").rules == {"row:payins.recorded_at": 1}
    assert ("payin.create", "one hour", "row:payins.recorded_at", "killed") in judging.liveness.fates, "past the rule"


def probed(judging: Judging) -> int:
    return judging.liveness.counts("killed").get(("refund.create", "lost row"), 0)


def test_the_first_agreeing_messages_are_probed_and_then_one_in_so_many(
    judging: Judging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PROBED_OF", 50)
    for _ in range(PROBED_AT_LEAST):
        judge(judging, [DONE], [DONE])
    assert probed(judging) == PROBED_AT_LEAST
    for _ in range(100 - PROBED_AT_LEAST):
        judge(judging, [DONE], [DONE])
    assert probed(judging) == PROBED_AT_LEAST + 2


def test_agreeing_messages_that_have_effects_are_counted(judging: Judging) -> None:
    for _ in range(PROBED_AT_LEAST + 1):
        judge(judging, [DONE], [DONE])
    assert judging.liveness.agreed == {"refund.create": PROBED_AT_LEAST + 1}
    assert judging.liveness.survivors == ()
    assert judging.liveness.unprobed == ()


@pytest.mark.parametrize("written", ["[]", "[ ]", "[\n]"])
def test_of_a_message_without_effects_there_is_nothing_to_make_a_mutant_of(judging: Judging, written: str) -> None:
    without = read_line(
        f'{{"message_id":"w1","type":"refund.create","ending":"rejected","effects":{written}}}'.encode()
    )
    assert judge(judging, [without], [without]) is Verdict.MATCH
    assert not judging.liveness.agreed
    assert judging.liveness.unprobed == ()


@pytest.mark.parametrize(("first", "last"), [(None, {"a": 1}), ({"a": 1}, None), ({"a": 1}, {"a": 1})])
def test_mutants_are_made_of_an_attempt_that_has_effects_whichever_it_is(
    judging: Judging, first: Any, last: Any
) -> None:
    attempts = [line(first, ending="retried"), line(last, number=2)]
    assert judge(judging, attempts, attempts) is Verdict.MATCH
    assert judging.liveness.agreed == {"refund.create": 1}
    assert judging.liveness.unprobed == ()
    assert {fate for *_, fate in judging.liveness.fates} == {"killed"}


def test_a_type_that_agrees_while_no_mutants_are_made_is_told(
    judging: Judging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PROBED_AT_LEAST", 0)
    judge(judging, [DONE], [DONE])
    nothing, one, other = (line(value, name=name) for value, name in ((None, "a"), ({"a": 1}, "b"), ({"a": 2}, "b")))
    judge(judging, [nothing], [nothing])
    judge(judging, [one], [other])
    assert judging.liveness.unprobed == ("refund.create",)


def test_what_differs_or_has_no_effect_makes_no_mutant(judging: Judging) -> None:
    judge(judging, [line()], [line()])
    judge(judging, [line({"a": 1})], [line({"a": 2})])
    assert not judging.liveness.fates


def test_effects_of_a_later_attempt_are_probed(judging: Judging) -> None:
    attempts = [line(ending="retried"), line({"a": 1}, number=2), line(ending="duplicate", number=3)]
    assert judge(judging, attempts, attempts) is Verdict.MATCH
    assert probed(judging) == 1


def test_messages_that_follow_each_other_make_a_reordered_pair(judging: Judging) -> None:
    for amount in ("1.00", "2.00"):
        judge(judging, [line({"amount": amount})], [line({"amount": amount})])
    assert judging.liveness.counts("killed")["refund.create", "reordered pair"] == 1


def test_a_judge_that_masks_too_much_is_found_out(judging: Judging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "judge_lines", lambda *_, **__: Judgement(Verdict.MATCH))
    judge(judging, [line({"amount": "1.00"})], [line({"amount": "1.00"})])
    assert {one.kind for one in judging.liveness.survivors} == {
        "lost row", "doubled row", "one cent", "altered value",
    }  # fmt: skip


def test_mutants_of_numbers_of_any_size_are_told_from_their_origin(judging: Judging) -> None:
    value = json.loads('{"a": 1e30, "b": 1e-9, "c": 12345678901234567890123, "d": 0.1, "e": -0.0}')
    for _ in range(6):
        assert judge(judging, [line(value)], [line(value)]) is Verdict.MATCH
    assert judging.liveness.survivors == ()
    assert judging.liveness.counts("killed")["refund.create", "one cent"] == 6


def test_the_type_that_is_named_counts_whatever_an_outcome_says_of_itself(judging: Judging) -> None:
    judging.judge([DONE], [DONE], Sighting(3), 1, "payin.create")
    assert list(judging.tally.types) == ["payin.create"]


def test_a_tolerated_value_that_is_altered_into_the_controls_own_is_no_mutant(judging: Judging) -> None:
    def payin(second: int) -> OutcomeLine:
        value = {"recorded_at": f"2026-11-21 10:00:0{second}"}
        effects = [{"kind": "row", "name": "payins", "key": "1", "value": value}]
        document = {"message_id": "w1", "type": "payin.create", "ending": "done", "attempt": 1, "effects": effects}
        return read_line(json.dumps(document).encode())

    assert judge(judging, [payin(1)], [payin(0)]) is Verdict.MATCH_BY_RULE
    assert judging.liveness.survivors == ()
    assert "altered value" not in {kind for _, kind, *_ in judging.liveness.fates}
