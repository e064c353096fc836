"""`strangler cutover` and `strangler compare state` as a shell sees them, over moto."""

import json
import shlex
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from contracts import naming
from contracts.authority import AuthorityRecord
from contracts.control_item import RouterRow, write_authority
from contracts.difference import Difference
from contracts.registry import PAYIN
from contracts.verdict import Verdict
from infra.table import LETTER_INDEX
from ops import cutover_bootstrap
from ops.audit_chain import Act, AuditChain
from ops.catch_up import CatchUp
from ops.cutover import Cutover
from ops.exit_code import ExitCode
from ops.fault import CommandError
from tests.fakes.fleet import write_row
from tests.fakes.key import static_sealer
from tests.fakes.table import BROKEN_ATTRIBUTES, broken_record
from tests.unit.ops.conftest import STACK, Judge, Strangler
from workers.logic.decision import Row
from workers.store.attribute import write_row as write_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REASON = ("--execute", "--reason", "because")
PAYIN_ROW: dict[str, str | int | float | None] = {
    "payin_id": "p1",
    "fee": 0.12,
    "debtor_name": "Zoé Planted",
    "status": "VALIDATED",
}


@pytest.fixture
def deployment(dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch) -> "DynamoDBClient":
    """Every table, and a router that has spoken just now."""
    dynamodb.create_table(
        TableName=naming.letters_table_name(STACK),
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in ("pk", "state", "last_seen")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": LETTER_INDEX,
                "KeySchema": [
                    {"AttributeName": "state", "KeyType": "HASH"},
                    {"AttributeName": "last_seen", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.create_table(
        TableName=naming.records_table_name(STACK),
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    monkeypatch.setattr(cutover_bootstrap, "open_sealer", lambda _: static_sealer())
    monkeypatch.delenv("STRANGLER_MONOLITH_STATE", raising=False)
    monkeypatch.delenv("AMQP_URL", raising=False)
    speak(dynamodb)
    return dynamodb


def speak(client: "DynamoDBClient", name: str = "router-1", *, ago_s: float = 0, **row: Any) -> None:
    seen = datetime.now(UTC) - timedelta(seconds=ago_s)
    told: dict[str, Any] = {"state": "active", "seen_at": seen, "since": seen, "seen_epoch": 99} | row
    write_row(client, STACK, RouterRow("payin", name, **told))


def decide(client: "DynamoDBClient", record: AuthorityRecord) -> None:
    item: Any = {
        name: {"N": str(value)} if isinstance(value, int) else {"S": value}
        for name, value in write_authority(record).items()
    }
    client.put_item(TableName=naming.control_table_name(STACK), Item=item)


def store(client: "DynamoDBClient", **columns: Any) -> None:
    """Put a row of the new side."""
    row = Row("payins", "p1", PAYIN_ROW | columns)
    item: Any = write_item(row, "default#payin#p1", "default", PAYIN.plain_columns("payins"), static_sealer())
    client.put_item(TableName=naming.records_table_name(STACK), Item=item)
    head: Any = {"pk": {"S": "default#payin#p1"}, "sk": {"S": "head"}, "version": {"N": "1"}}
    client.put_item(TableName=naming.records_table_name(STACK), Item=head)
    other: Any = item | {"pk": {"S": "default#payout#p1"}}
    client.put_item(TableName=naming.records_table_name(STACK), Item=other)


def export(folder: Path, *rows: dict[str, Any]) -> str:
    """The monolith's program."""
    lines = [{"kind": "row", "name": "payins", "key": row["payin_id"], "value": row} for row in rows]
    file = folder / "state.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in [*lines, {"kind": "end", "rows": len(rows)}]), "utf-8")
    return shlex.join([sys.executable, "-c", f"print(open({str(file)!r}).read())"])


def test_show_names_every_family_and_its_routers(deployment: "DynamoDBClient", strangler: Strangler) -> None:
    ended = strangler("cutover", "show")
    assert ended.code == ExitCode.OK
    assert all(name in ended.out for name in ("payin", "payout", "cardtransaction", "balance", "router-1"))
    (shown,) = strangler("cutover", "show", "payin", "-o", "json").document
    assert (shown["stage"], shown["authority"], shown["epoch"], shown["phase"]) == ("legacy", "legacy", 0, "steady")
    assert [one["router"] for one in shown["routers"]] == ["router-1"]


def test_show_asks_for_attention_where_a_move_is_under_way_or_a_router_is_silent(
    deployment: "DynamoDBClient", strangler: Strangler
) -> None:
    decide(deployment, AuthorityRecord("payin", "shadow", 2, 0, "fenced", "live", "run-1"))
    speak(deployment, "router-2", ago_s=60)
    ended = strangler("cutover", "show", "payin")
    assert ended.code == ExitCode.ATTENTION
    assert "move run-1 to live is fenced" in ended.out
    assert "router router-2 is silent" in ended.out


@pytest.mark.parametrize(("name", "value"), BROKEN_ATTRIBUTES)
def test_a_record_that_cannot_be_read_is_told_in_one_line_with_where_it_is(
    deployment: "DynamoDBClient", strangler: Strangler, name: str, value: Any
) -> None:
    deployment.put_item(TableName=naming.control_table_name(STACK), Item=broken_record(name, value))
    ended = strangler("cutover", "show", "payin")
    assert (ended.code, ended.err.count("\n")) == (ExitCode.FAILED, 1)
    where = f"item authority#payin of {naming.control_table_name(STACK)}"
    assert f"the authority record of payin cannot be read: {name} ({where}; " in ended.err
    assert "strangler cutover history payin" in ended.err


@pytest.mark.parametrize("value", [{"BOOL": True}, {"N": "1.5"}])
def test_a_routers_row_that_cannot_be_read_is_told_in_one_line_with_where_it_is(
    deployment: "DynamoDBClient", strangler: Strangler, value: Any
) -> None:
    table = naming.control_table_name(STACK)
    (row,) = (one for one in deployment.scan(TableName=table)["Items"] if one["pk"] == {"S": "router#payin"})
    deployment.put_item(TableName=table, Item={**row, "held": value})
    ended = strangler("cutover", "show", "payin")
    assert (ended.code, ended.err.count("\n")) == (ExitCode.FAILED, 1)
    assert f"a router's row cannot be read: held (item router#payin, router-1 of {table}; " in ended.err


def test_disagreement_in_shadow_refuses_going_live_and_says_what_stands_against_it(
    deployment: "DynamoDBClient", strangler: Strangler, judged: Judge, fee: Difference, tmp_path: Path
) -> None:
    decide(deployment, AuthorityRecord("payin", "shadow", 1))
    judged("m1", Verdict.MATCH)
    judged("m2", Verdict.MISMATCH, [fee])
    judged("m3", None)
    judged("o1", Verdict.MISMATCH, [fee], type_name="payout.update")
    store(deployment)
    monolith = export(tmp_path, PAYIN_ROW, PAYIN_ROW | {"payin_id": "p2"})
    asked = ("cutover", "live", "payin", "--monolith", monolith, "--patience", "0")
    planned = strangler(*asked, "-o", "json")
    assert planned.code == ExitCode.OBJECTED
    assert {one["against"]: one["ids"] for one in planned.document["objections"]} == {
        "pending": ["m3"],
        "differing": ["m2"],
        "state": ["payins/p2"],
    }
    ended = strangler(*asked, *REASON)
    assert (ended.code, int(ended.code)) == (ExitCode.OBJECTED, 75)
    assert "refused, nothing was begun" in ended.out
    assert "differing: 1 message on which both sides differ: 1 mismatch (m2)" in ended.out
    assert strangler("cutover", "history", "-o", "json").document["entries"] == []


def test_an_open_letter_and_a_replay_that_runs_stand_against_it(
    deployment: "DynamoDBClient", strangler: Strangler, tmp_path: Path
) -> None:
    decide(deployment, AuthorityRecord("payin", "shadow", 1))
    letter = {"pk": "l1", "state": "open", "source": "sqs", "queue": "q", "family": "payin", "cause": "model"}
    letter |= {"first_seen": "2026-11-21T10:00:00Z", "last_seen": "2026-11-21T10:00:00Z", "body_digest": "d"}
    for item in (letter, letter | {"pk": "l2", "family": "payout"}, letter | {"pk": "l3", "state": "resolved"}):
        deployment.put_item(
            TableName=naming.letters_table_name(STACK), Item={name: {"S": value} for name, value in item.items()}
        )
    ended = strangler("cutover", "plan", "payin", "--monolith", export(tmp_path), "-o", "json")
    assert [(one["against"], one["ids"]) for one in ended.document["objections"]] == [("letters", ["l1"])]


def test_nobody_goes_live_whose_monolith_does_not_say_its_state(
    deployment: "DynamoDBClient", strangler: Strangler
) -> None:
    decide(deployment, AuthorityRecord("payin", "shadow", 1))
    ended = strangler("cutover", "plan", "payin")
    assert ended.code == ExitCode.OBJECTED
    assert "STRANGLER_MONOLITH_STATE" in ended.out


def test_a_plan_says_what_would_happen_and_changes_nothing(
    deployment: "DynamoDBClient", strangler: Strangler, tmp_path: Path
) -> None:
    decide(deployment, AuthorityRecord("payin", "shadow", 1))
    store(deployment)
    ended = strangler("cutover", "plan", "payin", "--monolith", export(tmp_path, PAYIN_ROW))
    assert ended.code == ExitCode.OK
    assert "Nothing stands against it." in ended.out
    assert strangler("cutover", "show", "payin", "-o", "json").document[0]["epoch"] == 1


def test_shadow_is_audited_with_who_why_and_ticket(deployment: "DynamoDBClient", strangler: Strangler) -> None:
    dry = strangler("cutover", "shadow", "payin")
    assert (dry.code, "nothing was changed" in dry.err) == (ExitCode.OK, True)
    ended = strangler("cutover", "shadow", "payin", *REASON, "--ticket", "CHG-1", "-o", "json")
    assert (ended.code, ended.document["result"], ended.document["record"]["stage"]) == (0, "done", "shadow")
    history = strangler("cutover", "history", "payin", "-o", "json")
    assert history.code == ExitCode.OK
    (entry,) = history.document["entries"]
    assert entry["act"]["operator"].startswith("arn:aws:")
    assert (entry["act"]["reason"], entry["act"]["ticket"]) == ("because", "CHG-1")
    assert history.document["last"]["hash"] == entry["hash"]
    again = strangler("cutover", "shadow", "payin", *REASON, "--operator", "bob", "-o", "json")
    assert (again.code, again.document["result"]) == (0, "nothing")


def test_a_broken_chain_asks_for_attention_and_says_where(deployment: "DynamoDBClient", strangler: Strangler) -> None:
    chain = AuditChain(deployment, STACK, lambda: datetime.now(UTC))
    for _ in range(3):
        chain.append(Act("x", "ada", "because", "payin"))
    deployment.delete_item(
        TableName=naming.control_table_name(STACK), Key={"pk": {"S": "audit"}, "sk": {"S": "000000000002"}}
    )
    ended = strangler("cutover", "history", "payout")
    assert ended.code == ExitCode.ATTENTION
    assert "entry 2 is missing" in ended.out


@pytest.mark.parametrize("verb", ["shadow", "live", "back", "abort", "catch-up"])
def test_nothing_is_done_without_a_reason(deployment: "DynamoDBClient", strangler: Strangler, verb: str) -> None:
    ended = strangler("cutover", verb, "payin", "--execute")
    assert ended.code == ExitCode.USAGE
    assert "--reason" in ended.err


@pytest.mark.parametrize("arguments", [("live", "nonsense"), ("plan", "payin", "--to", "canary"), ("live",)])
def test_what_is_wrong_on_the_command_line_is_usage(strangler: Strangler, arguments: tuple[str, ...]) -> None:
    assert strangler("cutover", *arguments).code == ExitCode.USAGE


def test_going_back_needs_to_know_the_broker(deployment: "DynamoDBClient", strangler: Strangler) -> None:
    decide(deployment, AuthorityRecord("payin", "live", 2, 2))
    ended = strangler("cutover", "back", "payin", *REASON)
    assert ended.code == ExitCode.SETTINGS
    assert "AMQP_URL" in ended.err


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_stopped_says_what_it_leaves_behind(
    deployment: "DynamoDBClient", strangler: Strangler, monkeypatch: pytest.MonkeyPatch, how: signal.Signals
) -> None:
    before = signal.getsignal(how)
    monkeypatch.setattr(Cutover, "move", lambda *_: signal.raise_signal(how))
    ended = strangler("cutover", "live", "payin", *REASON)
    assert ended.code == ExitCode.INTERRUPTED
    assert "strangler cutover abort payin" in ended.err
    assert signal.getsignal(how) is before


def test_abort_undoes_a_fence(deployment: "DynamoDBClient", strangler: Strangler) -> None:
    decide(deployment, AuthorityRecord("payin", "shadow", 2, 0, "fenced", "live", "run-1"))
    dry = strangler("cutover", "abort", "payin")
    assert "would undo this move" in dry.err
    speak(deployment, released_epoch=2)
    ended = strangler("cutover", "abort", "payin", *REASON, "-o", "json")
    assert (ended.code, ended.document["result"], ended.document["record"]["phase"]) == (0, "done", "steady")


def test_a_router_is_forgotten_only_when_nothing_of_it_can_come_again(
    deployment: "DynamoDBClient", strangler: Strangler
) -> None:
    speak(deployment, "lost", ago_s=60, unsettled=2)
    assert strangler("cutover", "forget", "payin", "nobody", *REASON).code == ExitCode.OBJECTED
    assert strangler("cutover", "forget", "payin", "lost", *REASON).code == ExitCode.OBJECTED
    speak(deployment, "lost", ago_s=1900, unsettled=2)
    assert strangler("cutover", "forget", "payin", "lost").code == ExitCode.OK
    assert strangler("cutover", "forget", "payin", "lost", *REASON).code == ExitCode.OK
    (shown,) = strangler("cutover", "show", "payin", "-o", "json").document
    assert [one["router"] for one in shown["routers"]] == ["router-1"]


@pytest.mark.parametrize(
    ("row", "ago_s", "code"),
    [
        ({"delivery_timeout_s": 3600}, 1900, ExitCode.OBJECTED),
        ({"delivery_timeout_s": 3600}, 3700, ExitCode.OK),
        ({"delivery_timeout_s": 60}, 90, ExitCode.OK),
        ({"state": "stopped", "unsettled": 1}, 1700, ExitCode.OBJECTED),
        ({"state": "stopped", "unsettled": 1}, 1900, ExitCode.OK),
        ({"state": "stopped", "unsettled": 1, "delivery_timeout_s": 3600}, 1900, ExitCode.OBJECTED),
        ({"state": "stopped"}, 0, ExitCode.OK),
    ],
)
def test_a_router_is_forgotten_when_its_own_delivery_timeout_is_over(
    deployment: "DynamoDBClient", strangler: Strangler, row: dict[str, Any], ago_s: float, code: ExitCode
) -> None:
    speak(deployment, "lost", ago_s=ago_s, **row)
    ended = strangler("cutover", "forget", "payin", "lost", *REASON)
    assert ended.code == code
    assert ("the broker's delivery timeout" in ended.err) == (code != ExitCode.OK)


def test_who_somebody_says_to_be_stands_beside_the_credentials_never_in_their_place(
    deployment: "DynamoDBClient", strangler: Strangler
) -> None:
    for named in ((), ("--operator", "alice")):
        assert strangler("cutover", "forget", "payin", "router-1", *REASON, *named).code == ExitCode.OBJECTED
        speak(deployment, "lost", state="stopped")
        assert strangler("cutover", "forget", "payin", "lost", *REASON, *named).code == ExitCode.OK
    first, second = (one["act"] for one in strangler("cutover", "history", "-o", "json").document["entries"])
    assert (first["named"], second["named"]) == (None, "alice")
    assert first["operator"] == second["operator"]
    assert second["operator"].startswith("arn:aws:")
    shown = strangler("cutover", "history")
    assert shown.code == ExitCode.OK
    assert "alice" in shown.out
    assert shown.out.count("arn:aws:") == 2


@pytest.mark.parametrize("told", [None, CommandError(ExitCode.UNREACHABLE, "AWS cannot be reached")])
def test_nothing_is_done_by_somebody_whom_sts_does_not_know(
    deployment: "DynamoDBClient", strangler: Strangler, monkeypatch: pytest.MonkeyPatch, told: CommandError | None
) -> None:
    def who_am_i(**_: object) -> None:
        if told is not None:
            raise told

    monkeypatch.setattr(cutover_bootstrap, "who_am_i", who_am_i)
    speak(deployment, "lost", state="stopped")
    ended = strangler("cutover", "forget", "payin", "lost", *REASON, "--operator", "alice")
    assert ended.code == (ExitCode.REFUSED if told is None else ExitCode.UNREACHABLE)
    assert "who you are" in ended.err
    assert "nothing was done" in ended.err
    (shown,) = strangler("cutover", "show", "payin", "-o", "json").document
    assert len(shown["routers"]) == 2


def test_going_back_is_told_how_many_dead_letters_are_on_neither_side(
    deployment: "DynamoDBClient", strangler: Strangler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CatchUp, "owed", lambda *_: ())
    decide(deployment, AuthorityRecord("payin", "live", 2, 2))
    letter = {"pk": "l1", "state": "open", "source": "sqs", "queue": "q", "family": "payin", "cause": "model"}
    letter |= {"first_seen": "2026-11-21T10:00:00Z", "last_seen": "2026-11-21T10:00:00Z", "body_digest": "d"}
    for item in (letter, letter | {"pk": "l2"}, letter | {"pk": "l3", "family": "payout"}):
        deployment.put_item(
            TableName=naming.letters_table_name(STACK), Item={name: {"S": value} for name, value in item.items()}
        )
    asked = ("cutover", "back", "payin", "--monolith", export(tmp_path))
    planned = strangler(*asked, "-o", "json")
    assert (planned.code, planned.document["letters"], planned.document["objections"]) == (ExitCode.OK, 2, [])
    shown = strangler(*asked)
    assert (shown.code, "2 dead letters open" in shown.out) == (ExitCode.OK, True)


def test_a_message_that_never_becomes_final_is_waived_in_somebodys_name(
    deployment: "DynamoDBClient", strangler: Strangler
) -> None:
    speak(deployment, unsettled=11, unsettled_sample=("w1", "w2"))
    for execute in ((), REASON):
        refused = strangler("cutover", "waive", "payin", "w1", "w9", *execute)
        assert (refused.code, int(refused.code)) == (ExitCode.OBJECTED, 75)
        assert "no router names w9" in refused.err
    dry = strangler("cutover", "waive", "payin", "w2", "w1")
    assert (dry.code, "2 messages would be waived" in dry.err) == (ExitCode.OK, True)
    assert strangler("cutover", "waive", "payin", "w1", "--execute").code == ExitCode.USAGE
    assert strangler("cutover", "history", "-o", "json").document["entries"] == []

    ended = strangler("cutover", "waive", "payin", "w2", "w1", "w2", *REASON, "--ticket", "OPS-4", "--operator", "ada")
    assert (ended.code, "2 messages waived" in ended.err) == (ExitCode.OK, True)
    (shown,) = strangler("cutover", "show", "payin", "-o", "json").document
    assert (shown["waived"], shown["epoch"], shown["phase"]) == (["w1", "w2"], 0, "steady")
    assert "waived: w1, w2" in strangler("cutover", "show", "payin").out
    (entry,) = strangler("cutover", "history", "payin", "-o", "json").document["entries"]
    act = entry["act"]
    assert (act["action"], act["named"], act["reason"], act["ticket"]) == ("waive", "ada", "because", "OPS-4")
    assert act["detail"]["ids"] == ["w2", "w1"]


def test_equal_state_agrees_with_rows_of_this_family_alone(
    deployment: "DynamoDBClient", strangler: Strangler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(deployment)
    monkeypatch.setenv("STRANGLER_MONOLITH_STATE", export(tmp_path, PAYIN_ROW))
    ended = strangler("compare", "state", "payin", "-o", "json")
    assert ended.code == ExitCode.OK
    assert ended.document["tables"] == [{"table": "payins", "compared": 1, "missing": 0, "extra": 0, "differing": 0}]


def test_state_that_differs_asks_for_attention_and_masks_what_is_personal(
    deployment: "DynamoDBClient", strangler: Strangler, tmp_path: Path
) -> None:
    store(deployment, fee=0.13, debtor_name="Zoe Planted")
    monolith = export(tmp_path, PAYIN_ROW, PAYIN_ROW | {"payin_id": "p2"})
    asked = ("compare", "state", "payin", "--monolith", monolith, "--patience", "0")
    ended = strangler(*asked)
    assert ended.code == ExitCode.ATTENTION
    assert "payins/p1: differing" in ended.out
    assert "payins/p2: missing" in ended.out
    assert "0.13" in ended.out
    assert "Planted" not in ended.out + strangler(*asked, "-o", "json").out


def test_state_that_cannot_be_opened_is_unknown_not_equal(
    deployment: "DynamoDBClient", strangler: Strangler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(deployment)
    monkeypatch.setattr(cutover_bootstrap, "open_sealer", lambda _: static_sealer("other"))
    ended = strangler("compare", "state", "payin", "--monolith", export(tmp_path, PAYIN_ROW))
    assert ended.code in (ExitCode.FAILED, ExitCode.UNREACHABLE)
    assert "Planted" not in ended.err + ended.out


def test_state_needs_to_know_the_monolith(strangler: Strangler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STRANGLER_MONOLITH_STATE", raising=False)
    ended = strangler("compare", "state", "payin")
    assert (ended.code, "--monolith" in ended.err) == (ExitCode.USAGE, True)
