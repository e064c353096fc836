"""The commands as a shell sees them: what they write where, and how they end."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from contracts.difference import Difference
from contracts.verdict import Verdict
from ops.cli import command_line
from ops.exit_code import ExitCode
from tests.unit.ops.conftest import STACK, Judge, Strangler, counts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


def commands() -> Iterator[str]:
    """Every command that does something, by its words."""
    waiting: list[tuple[str, Any]] = [("", command_line())]
    while waiting:
        words, command = waiting.pop()
        below: Mapping[str, Any] = getattr(command, "commands", {})
        waiting += [(f"{words} {name}".strip(), one) for name, one in below.items()]
        if not below:
            yield words


@pytest.mark.parametrize("words", list(commands()))
def test_every_command_explains_itself(strangler: Strangler, words: str) -> None:
    ended = strangler(*words.split(), "--help")
    assert (ended.code, ended.err) == (0, "")
    assert f"Usage: strangler {words}" in ended.out
    assert ended.out.index("Examples") < ended.out.index("Exit codes")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["types"],
        ["types", "list", "extra"],
        ["types", "list", "-o", "yaml"],
        ["status", "--stack", "Upper"],
        ["status", "--stack", "../x"],
        ["compare", "show", "--type", "payin.unknown"],
        ["compare", "show", "--verdict", "perhaps"],
        ["compare", "show", "--signature-limit", "0"],
        ["compare", "show", "--examples", "-1"],
        ["compare", "show", "--html", "."],
        ["compare", "show", "--fail-on", "no-such-thing"],
        ["compare", "show", "--target", "1"],
        ["messages", "show"],
        ["messages", "show", ""],
        ["deploy", "--secret-arn", "not-an-arn"],
        ["deploy", "--worker-concurrency", "1"],
        ["deploy", "--allowed-lateness", "59"],
        ["deploy", "--probe-one-in", "0"],
        ["deploy", "--webhook-origin", "https://partner.example/hooks"],
        ["deploy", "--package", "cloud"],
        ["demo", "--messages", "0"],
        ["demo", "--break", "nothing"],
        ["demo", "--rate", "-1"],
    ],
)
def test_a_wrong_command_line_is_refused_before_anything_is_done(strangler: Strangler, arguments: list[str]) -> None:
    assert strangler(*arguments).code == ExitCode.USAGE


def test_the_stack_of_the_environment_is_checked_too(strangler: Strangler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRANGLER_STACK", "Not A Stack")
    assert strangler("status").code == ExitCode.USAGE


def test_a_deployment_at_peace_ends_with_0(strangler: Strangler, judged: Judge, sqs: "SQSClient") -> None:
    judged("m1", Verdict.MATCH)
    ended = strangler("status")
    assert ended.code == ExitCode.OK
    assert "Nothing needs a look." in ended.out
    assert strangler("compare", "show").code == ExitCode.OK


def test_a_dead_letter_ends_with_1(strangler: Strangler, judged: Judge, sqs: "SQSClient") -> None:
    url = sqs.get_queue_url(QueueName=f"{STACK}-judge-dead")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    ended = strangler("status", "-o", "json")
    assert ended.code == ExitCode.ATTENTION
    assert ended.document["attention"] == [f"1 dead letter in {STACK}-judge-dead"]


def test_a_difference_ends_with_1_and_names_its_place(
    strangler: Strangler, judged: Judge, sqs: "SQSClient", fee: Difference
) -> None:
    judged("m1", Verdict.MISMATCH, [fee])
    assert strangler("status").code == ExitCode.ATTENTION
    ended = strangler("compare", "show", "-o", "json")
    assert ended.code == ExitCode.ATTENTION
    (group,) = ended.document["groups"]
    assert (group["signature"], group["count"]) == (fee.signature("payin.create"), 1)
    assert group["examples"][0]["message_id"] == "m1"


def test_pending_messages_are_counted_on_request(strangler: Strangler, judged: Judge, sqs: "SQSClient") -> None:
    judged("m1", None)
    (payin, *_) = strangler("status", "--pending", "-o", "json").document["types"]
    assert payin["counts"] == {"pending": 1}


def test_personal_values_are_shown_by_no_command(
    strangler: Strangler, judged: Judge, tmp_path: Path, name: Difference
) -> None:
    judged("m1", Verdict.MISMATCH, [name])
    page = tmp_path / "report.html"
    written = [
        strangler(*command, *form).out
        for form in ([], ["-o", "json"])
        for command in (
            ["compare", "show", "--html", str(page)],
            ["messages", "show", "m1"],
        )
    ]
    written.append(page.read_text("utf-8"))
    for text in written:
        assert "debtor_name" in text
        assert "***" in text
        assert "Planted" not in text


def test_a_message_is_found_whatever_became_of_it(strangler: Strangler, judged: Judge) -> None:
    judged("m1", None)
    ended = strangler("messages", "show", "m1", "-o", "json")
    assert ended.code == ExitCode.OK
    assert ended.document["entry"]["verdict"] is None
    assert ended.document["steps"][0]["name"] == "received"


def test_an_unknown_message_has_an_exit_code_of_its_own(strangler: Strangler, judged: Judge) -> None:
    ended = strangler("messages", "show", "nobody")
    assert (ended.code, ended.out) == (ExitCode.UNKNOWN_MESSAGE, "")
    assert ended.err.startswith("strangler: ")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("command", [("status",), ("compare", "show"), ("messages", "show", "m1")])
def test_a_deployment_that_is_not_there_is_told_in_one_line(strangler: Strangler, command: tuple[str, ...]) -> None:
    ended = strangler(*command, "--stack", "elsewhere")
    assert (ended.code, ended.out) == (ExitCode.NO_DEPLOYMENT, "")
    assert "no deployment 'elsewhere'" in ended.err
    assert ended.err.count("\n") == 1


def test_a_report_that_cannot_be_written_is_told_in_one_line(strangler: Strangler, judged: Judge) -> None:
    ended = strangler("compare", "show", "--html", "/nonexistent/report.html")
    assert ended.code == ExitCode.CANNOT_WRITE
    assert ended.err == "strangler: /nonexistent/report.html cannot be written: No such file or directory\n"


def test_the_examples_of_a_group_are_as_many_as_asked_for(strangler: Strangler, judged: Judge, fee: Difference) -> None:
    for number in range(5):
        judged(f"m{number}", Verdict.MISMATCH, [fee])
    for asked in (0, 2, 5):
        ended = strangler("compare", "show", "--examples", str(asked), "-o", "json")
        assert len(ended.document["groups"][0]["examples"]) == asked


def test_only_messages_of_one_verdict_are_grouped_on_request(
    strangler: Strangler, judged: Judge, fee: Difference
) -> None:
    judged("m1", Verdict.MISMATCH, [fee])
    judged("m2", Verdict.ID_CONFLICT)
    ended = strangler("compare", "show", "--verdict", "id conflict", "-o", "json")
    assert [group["signature"] for group in ended.document["groups"]] == ["payin.create | id conflict"]


def test_a_mutant_that_survived_voids_the_comparison_however_well_both_sides_agree(
    strangler: Strangler, judged: Judge, sqs: "SQSClient", dynamodb: "DynamoDBClient"
) -> None:
    judged("m1", Verdict.MATCH)
    counts(dynamodb, "killed", 40)
    ended = strangler("compare", "show")
    assert (ended.code, "mutants: 41 made, all critical ones killed" in ended.out) == (ExitCode.OK, True)
    counts(dynamodb, "survived", 2)
    ended = strangler("compare", "show")
    assert ended.code == ExitCode.FAILED
    assert "VOID" in ended.out
    assert "against it: void: a mutant survived, one cent in row:payins.net of payin.create, 2 times" in ended.err
    document = strangler("compare", "show", "-o", "json").document
    assert (document["void"], document["mutants"][0]["survived"], len(document["objections"])) == (True, 2, 1)
    assert strangler("compare", "show", "--type", "payout.update").code == ExitCode.OK
    assert strangler("status").code == ExitCode.ATTENTION


def test_what_agrees_and_was_never_tried_is_void_too(strangler: Strangler, judged: Judge, sqs: "SQSClient") -> None:
    judged("m1", Verdict.MATCH, tried=False)
    ended = strangler("compare", "show")
    assert ended.code == ExitCode.FAILED
    assert "VOID: no mutant was made of payin.create." in ended.out
    assert "against it: void: no mutant was made of payin.create" in ended.err


def test_only_what_is_new_fails_where_that_was_asked_for(
    strangler: Strangler, judged: Judge, fee: Difference, tmp_path: Path
) -> None:
    judged("m1", Verdict.MISMATCH, [fee])
    report = tmp_path / "monday.json"
    report.write_text(strangler("compare", "show", "-o", "json").out, "utf-8")
    command = ("compare", "show", "--since", str(report), "--fail-on", "new-difference")
    assert strangler(*command).code == ExitCode.OK
    judged("m2", Verdict.ID_CONFLICT)
    ended = strangler(*command, "-o", "json")
    assert ended.code == ExitCode.ATTENTION
    assert {group["since"] for group in ended.document["groups"]} == {"still there", "new"}
    report.write_text("{}", "utf-8")
    assert strangler(*command).code == ExitCode.SETTINGS


def test_the_live_comparison_has_proofs_traps_times_and_junit(
    strangler: Strangler, judged: Judge, fee: Difference, tmp_path: Path
) -> None:
    judged("m1", Verdict.MISMATCH, [fee])
    junit = tmp_path / "junit.xml"
    ended = strangler("compare", "show", "--junit", str(junit), "--fail-on", "unproven")
    assert ended.code == ExitCode.ATTENTION
    assert "looks like rounding half a cent" in ended.out
    assert "seen from 2026-11-21T10:00:02.000+00:00" in ended.out
    assert "payin.create: 99.99 % is not proven" in ended.err
    assert "1 message differ" in junit.read_text("utf-8")


def test_a_bug_of_ours_does_not_look_like_attention(
    strangler: Strangler, judged: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("ops.command.messages.tell", broken)
    judged("m1", Verdict.MATCH)
    ended = strangler("messages", "show", "m1")
    assert ended.code == ExitCode.FAILED
    assert "ZeroDivisionError" in ended.err
