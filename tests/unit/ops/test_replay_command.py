"""`strangler dlq` and `strangler replay` as a shell sees them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from contracts import naming, point
from contracts.authority import AuthorityRecord
from contracts.entry_size import ENTRY_BYTES
from contracts.return_message import ReturnedEffect, ReturnedHold
from ops.exit_code import ExitCode
from tests.fakes.claims import MemoryClaimStore
from tests.fakes.desk import STACK, Scene, create
from tests.fakes.message import NAME, PLANTED, padded, payin, translated
from tests.unit.ops.conftest import Ended, Strangler


@pytest.fixture
def desk(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")
    create(dynamodb, sqs)
    made = Scene(dynamodb, sqs)
    sealer = made.sealer
    monkeypatch.setattr("ops.sealing.open_sealer", lambda _: sealer)
    monkeypatch.setattr("ops.command.dlq.claim_store", lambda _: lambda: MemoryClaimStore(made.bucket))
    monkeypatch.setattr("ops.replay_run.LOOK_S", 0.02)
    point.hook(lambda name: made.work() if name == "replay.sent" else None)
    yield made
    point.hook(None)


@pytest.fixture
def strangler(strangler: Strangler, monkeypatch: pytest.MonkeyPatch) -> Strangler:
    """On a wide terminal."""
    monkeypatch.setenv("COLUMNS", "300")
    return strangler


def audited(desk: Scene) -> list[str]:
    return [entry.act.action for entry in desk.desk.chain.entries()]


def test_letters_are_listed_with_what_on_call_asks_first(desk: Scene, strangler: Strangler) -> None:
    letter = desk.letter("w1")
    ended = strangler("dlq", "list")
    assert ended.code == ExitCode.ATTENTION
    assert all(word in ended.out for word in (letter, "payin.create", "model:amount", "kept", "2026-11-21 09:00"))
    (told,) = strangler("dlq", "list", "-o", "json").document
    assert (told["letter_id"], told["count"], told["attempts"], told["state"]) == (letter, 1, 5, "open")


def test_filters_choose_letters(desk: Scene, strangler: Strangler) -> None:
    desk.letter("w1", cause="model:amount.1")
    desk.letter("w2", "p2", cause="rejected:negative", type_name="payin.update")
    fingerprint = desk.found(desk.letter("w3", "p3", cause="model:amount.2")).fingerprint

    def count(*options: str) -> int:
        return len(strangler("dlq", "list", "-o", "json", *options).document)

    assert count() == 3
    assert count("--cause", "model") == 2
    assert count("--fingerprint", fingerprint) == 2
    assert count("--type", "payin.update") == 1
    assert count("--family", "balance") == 0
    assert count("--since", "2026-11-21T09:00:03Z") == 1
    assert count("--state", "resolved") == 0
    assert count("--state", "all") == 3


def test_no_letters_end_with_0(desk: Scene, strangler: Strangler) -> None:
    assert strangler("dlq", "list").code == strangler("dlq", "groups").code == ExitCode.OK


def test_a_group_comes_with_the_command_that_plans_its_replay(desk: Scene, strangler: Strangler) -> None:
    desk.letter("w1", cause="model:amount.1")
    desk.letter("w2", "p2", cause="model:amount.2")
    ended = strangler("dlq", "groups", "-o", "json")
    assert ended.code == ExitCode.ATTENTION
    (group,) = ended.document
    assert (group["letters"], group["types"], len(group["examples"])) == (2, ["payin.create"], 2)
    assert f"--fingerprint {group['fingerprint']}" in group["command"]
    assert group["command"] in strangler("dlq", "groups").out


def test_a_letter_shows_the_structure_of_its_message_and_no_personal_value(desk: Scene, strangler: Strangler) -> None:
    letter = desk.letter("w1", "p1")
    for form in ([], ["-o", "json"]):
        ended = strangler("dlq", "show", letter, *form)
        assert ended.code == ExitCode.OK
        assert "object_payload.payins[].ibanFullname" in ended.out
        assert "26677.97" in ended.out
        assert not [planted for planted in PLANTED if planted in ended.out + ended.err]
    assert audited(desk) == []


def test_a_letter_of_the_invalid_message_channel_is_shown_as_far_as_it_can_be_read(
    desk: Scene, strangler: Strangler
) -> None:
    readable, broken = (
        desk.parked(payin("w1", "p1"), "too-large"),
        desk.parked(f'{{"name": "{NAME}'.encode(), "unreadable"),
    )
    assert "object_payload.payins[].DbtrIBAN" in strangler("dlq", "show", readable).out
    ended = strangler("dlq", "show", broken)
    assert "cannot be decoded" in ended.out
    assert NAME not in ended.out


def test_what_rabbitmq_would_not_take_back_is_listed_and_shown_without_a_personal_value(
    desk: Scene, strangler: Strangler
) -> None:
    envelope = translated("payin.create", payin("w1", "p1")).envelope
    held = desk.undelivered_return(ReturnedHold("payin", "w1", envelope, payin("w1", "p1")))
    follow_up = desk.undelivered_return(
        ReturnedEffect("w1:2", "accounting", "payin.booked", "application/json", NAME.encode(), 7)
    )
    listed = strangler("dlq", "list", "--family", "payin", "-o", "json")
    assert [(one["letter_id"], one["source"], one["cause"]) for one in listed.document] == [
        (held, "return", "return-undeliverable:hold"),
        (follow_up, "return", "return-undeliverable:accounting/payin.booked"),
    ]
    assert "object_payload.payins[].DbtrIBAN" in strangler("dlq", "show", held).out
    shown = strangler("dlq", "show", follow_up)
    assert (shown.code, "no contract says how it is read" in shown.out) == (ExitCode.OK, True)
    assert not [one for one in PLANTED if one in listed.out + shown.out + strangler("dlq", "show", held).out]
    revealed = strangler("dlq", "show", follow_up, "--reveal", "body", "--reason", "why")
    assert revealed.out == f"{NAME}\n"


def test_a_letter_whose_body_lies_in_s3_is_shown_and_revealed_as_any_other(desk: Scene, strangler: Strangler) -> None:
    letter = desk.letter("w1", body=padded(payin("w1", "p1"), "x" * ENTRY_BYTES))
    shown = strangler("dlq", "show", letter)
    assert (shown.code, "object_payload.payins[].ibanFullname" in shown.out) == (ExitCode.OK, True)
    assert not [planted for planted in PLANTED if planted in shown.out + shown.err]
    revealed = strangler("dlq", "show", letter, "--reveal", "object_payload.payins[].ibanFullname", "--reason", "OPS-1")
    assert (revealed.code, revealed.out) == (ExitCode.OK, f"{NAME}\n")


@pytest.mark.parametrize(
    ("away", "says"), [(False, "its body is not in S3 as it was (missing)"), (True, "from S3: away")]
)
def test_a_letter_whose_body_cannot_be_had_says_so_and_shows_the_rest(
    desk: Scene, strangler: Strangler, *, away: bool, says: str
) -> None:
    letter = desk.letter("w1", body=padded(payin("w1", "p1"), "x" * ENTRY_BYTES))
    desk.bucket.objects.clear()
    desk.bucket.away = away
    ended = strangler("dlq", "show", letter, "-o", "json")
    assert ended.code == ExitCode.OK
    assert says in ended.document["closed_because"]
    assert ended.document["letter"]["message_id"] == "w1"


def test_one_field_is_revealed_after_it_was_audited_and_nothing_else(desk: Scene, strangler: Strangler) -> None:
    letter = desk.letter("w1", "p1")
    ended = strangler("dlq", "show", letter, "--reveal", "object_payload.payins[].ibanFullname", "--reason", "OPS-1")
    assert (ended.code, ended.out) == (ExitCode.OK, f"{NAME}\n")
    (entry,) = desk.desk.chain.entries()
    assert entry.act.action == "dlq: reveal"
    assert entry.act.detail == {"letter": letter, "field": "object_payload.payins[].ibanFullname"}


def test_nothing_is_revealed_without_a_reason(desk: Scene, strangler: Strangler) -> None:
    letter = desk.letter("w1")
    ended = strangler("dlq", "show", letter, "--reveal", "body")
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert audited(desk) == []


def test_where_the_audit_chain_cannot_be_written_nothing_is_decrypted(
    desk: Scene, strangler: Strangler, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = desk.letter("w1")

    def opened(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("ops.letter_opening.LetterOpener.open", opened)
    desk.dynamodb.delete_table(TableName=naming.control_table_name(STACK))
    ended = strangler("dlq", "show", letter, "--reveal", "body", "--reason", "why")
    assert (ended.code, ended.out) == (ExitCode.NO_DEPLOYMENT, "")


def test_a_field_that_is_not_there_is_said_and_the_look_stays_audited(desk: Scene, strangler: Strangler) -> None:
    letter = desk.letter("w1")
    ended = strangler("dlq", "show", letter, "--reveal", "no.such", "--reason", "why")
    assert (ended.code, ended.out) == (ExitCode.ATTENTION, "")
    assert audited(desk) == ["dlq: reveal"]


def test_a_body_that_nobody_can_decode_can_be_revealed_whole(desk: Scene, strangler: Strangler) -> None:
    letter = desk.parked(b'{"cut": "\x1b[2J', "unreadable")
    ended = strangler("dlq", "show", letter, "--reveal", "body", "--reason", "why")
    assert ended.out == '{"cut": "\\u{1b}[2J\n'


def test_an_unknown_letter_has_an_exit_code_of_its_own(desk: Scene, strangler: Strangler) -> None:
    assert strangler("dlq", "show", "0" * 32).code == ExitCode.UNKNOWN_MESSAGE


def test_a_letter_is_closed_only_when_it_is_to_be_done(desk: Scene, strangler: Strangler) -> None:
    letter = desk.letter("w1")
    assert strangler("dlq", "close", letter, "--reason", "PHP refuses it too").code == ExitCode.OK
    assert (desk.found(letter).state, audited(desk)) == ("open", [])
    assert strangler("dlq", "close", letter, "--reason", "PHP refuses it too", "--execute").code == ExitCode.OK
    assert (desk.found(letter).state, audited(desk)) == ("resolved", ["dlq: close"])
    desk.letter("w1", at=desk.desk.now())
    assert desk.found(letter).state == "open"


def test_looking_receives_nothing_from_any_queue(
    desk: Scene, strangler: Strangler, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = desk.letter("w1")
    monkeypatch.setattr("ops.command.replay.sqs_client", None)  # first: it has its own from the other when imported
    monkeypatch.setattr("ops.session.sqs_client", None)
    strangler("dlq", "list")
    strangler("dlq", "groups")
    assert strangler("dlq", "show", letter).code == ExitCode.OK


def plan(strangler: Strangler, file: Path, *options: str) -> Ended:
    return strangler("replay", "plan", "-o", str(file), "--reason", "mended", *(options or ("--family", "payin")))


def test_a_poisoned_message_is_planned_replayed_and_resolved(desk: Scene, strangler: Strangler, tmp_path: Path) -> None:
    letter = desk.letter("w1")
    file = tmp_path / "plan.json"
    planned = plan(strangler, file, "--letter", letter, "--ticket", "OPS-1")
    assert planned.code == ExitCode.OK
    assert "unit-payin.fifo" in planned.out
    looked = strangler("replay", "run", str(file))
    assert (looked.code, desk.received, audited(desk)) == (ExitCode.OK, [], [])
    ended = strangler("replay", "run", str(file), "--execute", "-o", "json")
    assert ended.code == ExitCode.OK
    assert ended.document["answers"] == {"processed": 1}
    assert audited(desk) == ["replay: run"]
    run = ended.document["run"]
    assert strangler("replay", "status", run, "-o", "json").document[0]["state"] == "done"
    assert strangler("dlq", "list").code == ExitCode.OK
    assert not [planted for planted in PLANTED if planted in planned.out + ended.out + ended.err + file.read_text()]


def test_a_message_that_fails_again_ends_with_1(desk: Scene, strangler: Strangler, tmp_path: Path) -> None:
    desk.letter("w1")
    desk.behave = lambda *_: "model:amount"
    plan(strangler, tmp_path / "plan.json")
    ended = strangler("replay", "run", str(tmp_path / "plan.json"), "--execute")
    assert ended.code == ExitCode.ATTENTION
    assert "failed the same way" in ended.out


def test_a_message_that_gets_no_answer_is_not_called_processed(
    desk: Scene, strangler: Strangler, tmp_path: Path
) -> None:
    desk.letter("w1")
    desk.behave = lambda *_: "silent"
    plan(strangler, tmp_path / "plan.json")
    ended = strangler("replay", "run", str(tmp_path / "plan.json"), "--execute", "--answer-timeout", "1")
    assert ended.code == ExitCode.UNFINISHED


def test_a_plan_that_was_edited_is_refused_with_a_code_of_its_own(
    desk: Scene, strangler: Strangler, tmp_path: Path
) -> None:
    desk.letter("w1")
    file = tmp_path / "plan.json"
    plan(strangler, file)
    document = json.loads(file.read_text())
    document["rate_per_s"] = 500.0
    file.write_text(json.dumps(document))
    ended = strangler("replay", "run", str(file), "--execute")
    assert ended.code == ExitCode.OBJECTED
    assert (desk.received, audited(desk)) == ([], [])


def test_a_plan_is_not_run_once_authority_has_moved(desk: Scene, strangler: Strangler, tmp_path: Path) -> None:
    desk.letter("w1")
    file = tmp_path / "plan.json"
    plan(strangler, file)
    desk.decide(AuthorityRecord("payin", "live", 2, 2))
    assert strangler("replay", "run", str(file), "--execute").code == ExitCode.OBJECTED
    assert desk.received == []


def test_a_run_is_on_the_record_before_it_reads_the_authority_that_it_sends_by(
    desk: Scene, strangler: Strangler, tmp_path: Path
) -> None:
    """Whoever fences then either sees the run, or the run sees the fence."""
    desk.letter("w1")
    file = tmp_path / "plan.json"
    plan(strangler, file)
    seen: list[str] = []

    def fence(name: str) -> None:
        if name == "replay.audited":  # admitted, and nothing is on the record yet
            desk.decide(AuthorityRecord("payin", "shadow", 2, 0, "fenced", "live", "r1"))
        if name == "replay.noted":
            seen.extend(run.state for run in desk.desk.runs.all())

    point.hook(fence)
    assert strangler("replay", "run", str(file), "--execute").code == ExitCode.UNFINISHED
    assert desk.received == []
    assert seen[0] == "running"
    assert [run.why for run in desk.desk.runs.all()] == ["authority has moved"]


def test_where_the_audit_chain_cannot_be_written_nothing_is_sent(
    desk: Scene, strangler: Strangler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.letter("w1")
    file = tmp_path / "plan.json"
    plan(strangler, file)

    def refused(*_: Any) -> None:
        from ops.fault import CommandError  # noqa: PLC0415

        raise CommandError(ExitCode.REFUSED, "AWS denies this to your role")

    monkeypatch.setattr("ops.audit_chain.AuditChain.append", refused)
    assert strangler("replay", "run", str(file), "--execute").code == ExitCode.REFUSED
    assert desk.received == []


def test_a_plan_says_which_letters_it_leaves_out(desk: Scene, strangler: Strangler, tmp_path: Path) -> None:
    desk.letter("w1")
    desk.parked(b"{", "unreadable")
    ended = plan(strangler, tmp_path / "plan.json", "--since", "1000d")
    assert ended.code == ExitCode.ATTENTION
    assert "1 letter left out" in ended.out


def test_no_plan_is_written_where_nothing_can_be_replayed(desk: Scene, strangler: Strangler, tmp_path: Path) -> None:
    assert plan(strangler, tmp_path / "plan.json").code == ExitCode.OBJECTED
    assert not (tmp_path / "plan.json").exists()


def test_a_cancelled_run_cannot_be_run_again(desk: Scene, strangler: Strangler, tmp_path: Path) -> None:
    desk.letter("w1")
    desk.behave = lambda *_: "silent"
    file = tmp_path / "plan.json"
    plan(strangler, file)
    run = strangler("replay", "run", str(file), "--execute", "--answer-timeout", "1", "-o", "json").document["run"]
    assert strangler("replay", "cancel", run, "--reason", "enough", "--execute").code == ExitCode.OBJECTED
    other = tmp_path / "other.json"
    plan(strangler, other)
    digest = json.loads(other.read_text())["digest"]
    assert strangler("replay", "cancel", digest[:16], "--reason", "no", "--execute").code == ExitCode.UNKNOWN_MESSAGE


@pytest.mark.parametrize(
    "arguments",
    [
        ["replay", "plan", "-o", "p.json", "--family", "payin"],
        ["replay", "plan", "-o", "p.json", "--reason", "all of them"],
        ["replay", "plan", "--family", "payin", "--reason", "why"],
        ["replay", "plan", "-o", "p.json", "--letter", "short", "--reason", "why"],
        ["replay", "plan", "-o", "p.json", "--family", "payin", "--reason", "why", "--max-failures", "x"],
        ["replay", "plan", "-o", "p.json", "--family", "payin", "--reason", "why", "--rate", "0"],
        ["replay", "run", "/nonexistent"],
        ["replay", "cancel", "x"],
        ["dlq", "list", "--since", "yesterday"],
        ["dlq", "list", "--state", "lost"],
        ["dlq", "show", "../x"],
        ["dlq", "close", "0" * 32],
    ],
)
def test_a_wrong_command_line_is_refused(strangler: Strangler, arguments: list[str]) -> None:
    assert strangler(*arguments).code == ExitCode.USAGE


def test_a_run_that_is_killed_after_its_audit_is_carried_on_and_audited_again(
    desk: Scene, strangler: Strangler, tmp_path: Path
) -> None:
    class KilledError(BaseException):
        pass

    def kill(name: str) -> None:
        if name == "replay.audited":
            raise KilledError

    desk.letter("w1")
    file = tmp_path / "plan.json"
    plan(strangler, file)
    point.hook(kill)
    with pytest.raises(KilledError):
        strangler("replay", "run", str(file), "--execute")
    assert desk.received == []
    point.hook(lambda name: desk.work() if name == "replay.sent" else None)
    assert strangler("replay", "run", str(file), "--execute").code == ExitCode.OK
    assert audited(desk) == ["replay: run", "replay: run"]
    assert desk.effects == ["w1"]
