import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.effect import write_attempt
from contracts.verdict import Verdict
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.parity import files, outcome_file
from ops.parity.files import JudgedFiles, judge_files
from ops.parity.judging import PROBED_AT_LEAST
from tests.fakes.message import NAME
from tests.fakes.outcome import attempt, row

TODAY = date(2026, 11, 21)


def outcome(message_id: str, value: Any = None, **fields: Any) -> dict[str, Any]:
    value = {"amount": "1.00"} if value is None else value
    effect = {"kind": "row", "name": "payins", "key": message_id, "value": value}
    return {"message_id": message_id, "type": "payin.create", "effects": [effect], **fields}


def judged(
    folder: Path, control: Iterable[Any], candidate: Iterable[Any], types: set[str] | None = None
) -> JudgedFiles:
    for name, side in (("control", control), ("candidate", candidate)):
        (folder / name).write_text("".join(f"{json.dumps(one)}\n" for one in side))
    return judge_files(folder / "control", folder / "candidate", types, TODAY)


def verdicts(found: JudgedFiles) -> Mapping[str, Verdict]:
    return {one.message_id: one.verdict for one in found.verdicts}


def test_every_message_that_either_file_tells_of_has_a_verdict(tmp_path: Path) -> None:
    control = [
        outcome("a"),
        outcome("b"),
        outcome("c"),
        outcome("d", ending="retried"),
        outcome("e", ending="rejected"),
    ]
    candidate = [outcome("b", {"amount": "1.01"}), outcome("a"), outcome("d"), outcome("e"), outcome("f")]
    found = judged(tmp_path, control, candidate)
    assert found.messages == 6
    assert verdicts(found) == {
        "a": Verdict.MATCH,
        "b": Verdict.MISMATCH,
        "c": Verdict.CONTROL_ONLY,
        "d": Verdict.CANDIDATE_ONLY,
        "e": Verdict.ERROR_ONE_SIDE,
        "f": Verdict.CANDIDATE_ONLY,
    }
    (differing,) = (one for one in found.verdicts if one.message_id == "b")
    assert differing.signatures == ('payin.create | row:payins.amount | value | "9.9" -> "9.9"',)


def test_those_that_differ_are_told_before_those_that_agree_and_no_more_than_so_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "VERDICTS_KEPT", 3)
    found = judged(
        tmp_path,
        [outcome(f"w{number}") for number in range(9)],
        [outcome(f"w{number}", {"amount": "2"} if number > 6 else None) for number in range(9)],
    )
    assert [one.message_id for one in found.verdicts] == ["w7", "w8", "w0"]
    assert found.messages == 9


def test_other_types_than_those_asked_for_are_counted_and_not_judged(tmp_path: Path) -> None:
    sides = [outcome("a"), outcome("b", type="payout.update"), outcome("c", type="payout.update")]
    found = judged(tmp_path, sides, sides, {"payin.create"})
    assert (found.messages, dict(found.of_other_types)) == (1, {"payout.update": 2})
    assert list(found.judging.tally.types) == ["payin.create"]


@pytest.mark.parametrize(("sides", "types"), [([], None), ([outcome("a")], {"payout.update"})])
def test_where_there_is_nothing_to_judge_nothing_is_called_equal(
    tmp_path: Path, sides: list[Any], types: set[str] | None
) -> None:
    found = judged(tmp_path, sides, sides, types)
    assert (found.messages, found.judging.tally.types, found.verdicts) == (0, {}, ())


def test_messages_whose_ids_have_one_hash_are_judged_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome_file, "_hash", lambda _: 7)
    found = judged(tmp_path, [outcome("a"), outcome("b")], [outcome("c"), outcome("b")])
    assert verdicts(found) == {"a": Verdict.CONTROL_ONLY, "b": Verdict.MATCH, "c": Verdict.CANDIDATE_ONLY}
    found = judged(tmp_path, [outcome("a")], [outcome("b")])
    assert verdicts(found) == {"a": Verdict.CONTROL_ONLY, "b": Verdict.CANDIDATE_ONLY}


@pytest.mark.parametrize("side", ["control", "candidate"])
@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"effects": [{"kind": NAME, "name": "t", "value": {}}]}, r"effects\[0\]\.kind: unfit"),
        ({"effects": [{"kind": "row", "name": "t", "value": NAME}]}, r"effects\[0\]\.value: expected an object"),
        ({"effects": NAME}, "effects: unfit"),
    ],
)
def test_effects_that_cannot_be_read_are_told_by_file_and_number(
    tmp_path: Path, side: str, bad: dict[str, Any], told: str
) -> None:
    good, broken = [outcome("a"), outcome("b")], [outcome("a"), outcome("b") | bad]
    with pytest.raises(CommandError, match=rf"{side}, outcome 2: outcome\.{told}") as refused:
        judged(tmp_path, broken if side == "control" else good, broken if side == "candidate" else good)
    assert refused.value.code is ExitCode.USAGE
    assert NAME not in str(refused.value)


def test_an_outcome_that_is_nested_past_all_measure_is_told(tmp_path: Path) -> None:
    deep: Any = []
    for _ in range(900):
        deep = [deep]
    with pytest.raises(CommandError, match=r"outcome 1: .*nested too deep|outcome 1: .*not JSON"):
        judged(tmp_path, [outcome("a", {"x": deep})], [outcome("a", {"x": [deep]})])


def test_a_report_of_two_files_is_the_same_whatever_the_order_of_their_lines(tmp_path: Path) -> None:
    control = [outcome(f"w{number}", {"amount": f"{number}.00", "at": None}) for number in range(40)]
    candidate = [
        outcome(f"w{number}", {"amount": f"{number}.0" if number % 9 == 0 else f"{number}.00", "at": None})
        for number in range(40)
    ]
    one, other = judged(tmp_path, control, candidate), judged(tmp_path, control, candidate[::-1])
    assert one.judging.tally == other.judging.tally
    assert {(one.message_id, one.verdict) for one in one.verdicts} == {
        (one.message_id, one.verdict) for one in other.verdicts
    }


IDS = st.lists(st.sampled_from("abcdefg"), max_size=8)


@given(IDS, IDS | st.none(), st.sampled_from([0, 0, 3]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_reading_two_files_side_by_side_finds_what_their_index_does(
    tmp_path: Path, control: list[str], candidate: list[str] | None, differs_of: int
) -> None:
    """With lines as our own writers write them, ids that come twice, and lines that only one side has."""

    def lines(ids: list[str], cents: int) -> bytes:
        return b"".join(
            write_attempt(
                attempt(row(cents=cents if differs_of and number % differs_of else 0), message_id=one)
            ).encode()
            + b"\n"
            for number, one in enumerate(ids)
        )

    (tmp_path / "control").write_bytes(lines(control, 1))
    (tmp_path / "candidate").write_bytes(lines(control if candidate is None else candidate, 2))
    found = judge_files(tmp_path / "control", tmp_path / "candidate", None, TODAY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_judge_side_by_side", lambda *_: None)
        joined = judge_files(tmp_path / "control", tmp_path / "candidate", None, TODAY)
    assert found.messages == joined.messages == len({*control, *(control if candidate is None else candidate)})
    assert found.judging.tally == joined.judging.tally
    assert found.judging.liveness.agreed == joined.judging.liveness.agreed
    assert set(found.verdicts) == set(joined.verdicts)


def test_of_a_hundred_equal_messages_of_a_type_the_first_ten_are_tried(tmp_path: Path) -> None:
    line = write_attempt(attempt(row(cents=5), message_id="w0")).encode() + b"\n"
    text = b"".join(line.replace(b"w0", b"w%d" % number) for number in range(100))
    for name in ("control", "candidate"):
        (tmp_path / name).write_bytes(text)
    liveness = judge_files(tmp_path / "control", tmp_path / "candidate", None, TODAY).judging.liveness
    assert liveness.agreed == {"payin.create": 100}
    assert liveness.counts("killed")["payin.create", "lost row"] == PROBED_AT_LEAST


def test_two_names_of_one_messages_type_are_told(tmp_path: Path) -> None:
    sides = [outcome("a"), outcome("b"), outcome("c")], [outcome("a", type="payout.update"), outcome("b")]
    found = judged(tmp_path, *sides)
    assert verdicts(found) == {"a": Verdict.MATCH, "b": Verdict.MATCH, "c": Verdict.CONTROL_ONLY}
    assert found.types_unlike == {("payin.create", "payout.update"): 1}
