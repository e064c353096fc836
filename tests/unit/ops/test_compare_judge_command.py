"""`strangler compare judge` as a shell sees it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from contracts.judge import Judgement
from contracts.verdict import Verdict
from ops.exit_code import ExitCode
from tests.fakes.message import NAME
from tests.unit.ops.conftest import Ended, Strangler

Judge = Callable[..., Ended]


def outcome(message_id: str, name: str = "payin.create", **value: Any) -> dict[str, Any]:
    value = {"fee": "8.99", "debtor_name": NAME, "recorded_at": "2026-11-21 10:00:00", **value}
    effect = {"kind": "row", "name": "payins", "key": message_id, "value": value}
    return {"message_id": message_id, "type": name, "effects": [effect]}


SAME = [outcome("w1"), outcome("w2"), outcome("w3")]
DIFFERING = [outcome("w1"), outcome("w2", fee="8.98", debtor_name="Zoe"), outcome("w3", fee="9.00")]


@pytest.fixture
def judge(strangler: Strangler, tmp_path: Path) -> Judge:
    """Runs the command on two files of these outcomes."""

    def run(control: list[Any], candidate: list[Any], *options: str) -> Ended:
        for name, side in (("control", control), ("candidate", candidate)):
            (tmp_path / name).write_text("".join(f"{json.dumps(one)}\n" for one in side))
        return strangler("compare", "judge", str(tmp_path / "control"), str(tmp_path / "candidate"), *options)

    return run


def test_two_files_that_tell_the_same_end_with_0(judge: Judge) -> None:
    ended = judge(SAME, SAME[::-1])
    assert ended.code == ExitCode.OK
    assert "payin.create" in ended.out
    assert "100 %" in ended.out
    assert "against it" not in ended.err


def test_a_difference_ends_with_1_and_shows_its_group_and_no_personal_value(judge: Judge) -> None:
    ended = judge(SAME, DIFFERING)
    assert ended.code == ExitCode.ATTENTION
    assert "row:payins.fee" in ended.out
    assert "8.98" in ended.out
    assert NAME not in ended.out + ended.err
    assert "against it: 2 messages differ, in 1 group" in ended.err


def test_the_json_document_tells_every_verdict_with_its_signatures(judge: Judge) -> None:
    for options in (("--json",), ("--output", "json")):
        ended = judge(SAME, DIFFERING, *options)
        assert ended.code == ExitCode.ATTENTION
        found = ended.document
        assert found["messages"] == 3
        assert {one["message_id"]: one["verdict"] for one in found["verdicts"]} == {
                "w1": "match", "w2": "mismatch", "w3": "mismatch",
            }  # fmt: skip

        assert found["verdicts_left_out"] == 0
        assert found["agreement"] == pytest.approx(1 / 3)
        assert found["void"] is False
        assert found["objections"] == ["2 messages differ, in 1 group"]
        (group,) = found["groups"]
        assert group["trap"]["title"] == "rounding half a cent"
        assert NAME not in ended.out


def test_of_another_type_messages_are_left_out_and_counted(judge: Judge) -> None:
    sides = [*SAME, outcome("r1", "refund.create")]
    ended = judge(sides, sides, "--type", "payin.create")
    assert (ended.code, "left out: 1 of refund.create" in ended.err) == (ExitCode.OK, True)
    told = judge(sides, sides, "--type", "payin.create", "--json").document
    assert (told["messages"], told["of_other_types"]) == (3, {"refund.create": 1})


def test_a_message_that_the_candidate_counts_as_of_another_type_is_told(judge: Judge) -> None:
    other = [{**SAME[0], "type": "refund.create"}, *SAME[1:]]
    ended = judge(SAME, other)
    told = "against it: 1 message of payin.create that the candidate calls refund.create"
    assert (ended.code, told in ended.err) == (ExitCode.ATTENTION, True)
    assert judge(SAME, other, "--fail-on", "undecided").code == ExitCode.OK
    for asked in ("payin.create", "refund.create"):
        assert judge(SAME, other, "--type", asked).code == ExitCode.ATTENTION, "whichever side calls it so"
    assert judge(SAME, other, "--json").document["types_unlike"] == [
        {"control": "payin.create", "candidate": "refund.create", "messages": 1}
    ]


def test_a_type_that_neither_file_holds_is_no_agreement(judge: Judge) -> None:
    ended = judge(SAME, SAME, "--type", "payin.craete")
    assert ended.code is ExitCode.ATTENTION
    assert "left out: 3 of payin.create" in ended.err
    assert "nothing was compared" in ended.err


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--fail-on", "undecided"), ExitCode.OK),
        (("--fail-on", "difference"), ExitCode.ATTENTION),
        (("--fail-on", "new-difference"), ExitCode.ATTENTION),
        (("--fail-on", "unproven"), ExitCode.ATTENTION),
        (("--fail-on", "undecided", "--fail-on", "difference"), ExitCode.ATTENTION),
    ],
)
def test_only_what_was_asked_for_makes_it_fail(judge: Judge, options: tuple[str, ...], code: ExitCode) -> None:
    assert judge(SAME, DIFFERING, *options).code == code


def test_a_side_that_has_not_told_is_undecided(judge: Judge) -> None:
    ended = judge(SAME, SAME[:2], "--fail-on", "undecided")
    assert (ended.code, "against it: 1 undecided" in ended.err) == (ExitCode.ATTENTION, True)


def test_an_unused_rule_fails_if_asked_for(judge: Judge) -> None:
    ended = judge(SAME, SAME, "--fail-on", "unused-rule")
    assert (ended.code, "row:payins.recorded_at" in ended.err) == (ExitCode.ATTENTION, True)
    later = [outcome(one, recorded_at="2026-11-21 10:00:30") for one in ("w1", "w2", "w3")]
    assert judge(SAME, later, "--fail-on", "unused-rule").code == ExitCode.OK


def test_a_judge_that_is_blind_voids_the_comparison(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.parity.judging.judge_lines", lambda *_, **__: Judgement(Verdict.MATCH))
    ended = judge(SAME, DIFFERING, "--fail-on", "undecided")
    assert ended.code == ExitCode.FAILED
    assert "against it: void: a mutant survived" in ended.err


def test_reports_are_written_beside_it(judge: Judge, tmp_path: Path) -> None:
    ended = judge(SAME, DIFFERING, "--html", str(tmp_path / "r.html"), "--junit", str(tmp_path / "r.xml"))
    assert f"report: {tmp_path / 'r.html'}" in ended.err
    assert (tmp_path / "r.html").read_text("utf-8").startswith("<!")
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("r.html", "r.xml")} == {0o600}
    root = fromstring((tmp_path / "r.xml").read_bytes())
    assert [suite.get("name") for suite in root] == ["payin.create", "gate"]
    assert NAME not in (tmp_path / "r.html").read_text("utf-8") + (tmp_path / "r.xml").read_text("utf-8")


def test_a_report_that_cannot_be_written_is_told(judge: Judge, tmp_path: Path) -> None:
    ended = judge(SAME, SAME, "--junit", str(tmp_path / "missing" / "r.xml"))
    assert (ended.code, "cannot be written" in ended.err) == (ExitCode.CANNOT_WRITE, True)


def test_what_cannot_be_read_is_told_and_nothing_is_judged(strangler: Strangler, judge: Judge, tmp_path: Path) -> None:
    ended = judge(SAME, [SAME[0], {"message_id": NAME}])
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert f"{tmp_path / 'candidate'}, outcome 2: outcome.type: missing" in ended.err
    assert NAME not in ended.err
    ended = strangler("compare", "judge", str(tmp_path / "control"), str(tmp_path / "none"))
    assert (ended.code, "cannot be read" in ended.err) == (ExitCode.USAGE, True)


def test_a_rule_that_has_ended_is_told(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.rule.Rule.expired", lambda *_: True)
    ended = judge(SAME, SAME)
    assert (ended.code, "has ended" in ended.err) == (ExitCode.ATTENTION, True)
