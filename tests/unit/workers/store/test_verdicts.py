import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from contracts.amendment import Amendment, Standing
from contracts.judge import Judgement, judge
from contracts.registry import type_named
from contracts.verdict import Verdict
from tests.fakes.message import IBAN, NAME, PLANTED
from tests.fakes.outcome import attempt, row, webhook
from tests.fakes.table import LEDGER
from workers.fate import UnavailableError
from workers.store.verdicts import SHOWN_DIFFERENCES, VerdictStore, standing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAYIN = type_named("payin.create")
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def write(client: "DynamoDBClient", message_id: str, judgement: Judgement, revision: int = 2) -> bool:
    client.update_item(
        TableName=LEDGER,
        Key={"pk": {"S": message_id}},
        UpdateExpression="SET revision = if_not_exists(revision, :two), comparison = if_not_exists(comparison, :due)",
        ExpressionAttributeValues={":two": {"N": "2"}, ":due": {"S": "due"}},
    )
    return VerdictStore(client, LEDGER).write(message_id, revision, PAYIN, judgement, NOW)


def entry(client: "DynamoDBClient", message_id: str) -> dict[str, Any]:
    return dict(client.get_item(TableName=LEDGER, Key={"pk": {"S": message_id}})["Item"])


def judged(control: Any, candidate: Any) -> Judgement:
    return judge([attempt(*control)], [attempt(*candidate)], PAYIN.terms, today=date(2026, 11, 21))


def test_a_verdict_is_written_where_the_index_finds_it(dynamodb: "DynamoDBClient") -> None:
    assert write(dynamodb, "v1", Judgement(Verdict.MATCH_BY_RULE, rules=PAYIN.rules))
    noted = entry(dynamodb, "v1")
    assert (noted["verdict"], noted["verdict_of"]) == ({"S": "match by rule"}, {"S": "payin.create#match by rule"})
    assert (noted["judged_at"], noted["comparison"]) == ({"S": "2026-11-21T10:00:00.000+00:00"}, {"S": "judged"})
    assert (noted["rules"], noted["groups"]) == ({"L": [{"S": "row:payins.recorded_at"}]}, {"L": []})


def test_a_verdict_on_what_has_moved_on_is_not_written(dynamodb: "DynamoDBClient") -> None:
    assert not write(dynamodb, "v2", Judgement(Verdict.MATCH), revision=1)
    assert "verdict" not in entry(dynamodb, "v2")
    assert entry(dynamodb, "v2")["comparison"] == {"S": "due"}


def comes_in(client: "DynamoDBClient", message_id: str) -> int:
    """What every outcome does to an entry; the new revision."""
    answer = client.update_item(
        TableName=LEDGER,
        Key={"pk": {"S": message_id}},
        UpdateExpression=(
            "SET comparison = :due, awaited_of = :type, awaited_since = if_not_exists(awaited_since, :now) "
            "ADD revision :one"
        ),
        ExpressionAttributeValues={
            ":due": {"S": "due"},
            ":type": {"S": "payin.create"},
            ":now": {"S": "2026-11-21T09:00:00.000Z"},
            ":one": {"N": "1"},
        },
        ReturnValues="UPDATED_NEW",
    )
    return int(answer["Attributes"]["revision"]["N"])


def amended(client: "DynamoDBClient", message_id: str, judgement: Judgement, at: datetime = NOW) -> bool:
    revision = comes_in(client, message_id)
    former = standing(entry(client, message_id))
    return VerdictStore(client, LEDGER).write(message_id, revision, PAYIN, judgement, at, former)


def test_a_later_verdict_amends_an_earlier_one(dynamodb: "DynamoDBClient") -> None:
    assert amended(dynamodb, "v3", judged([row(fee=1)], [row(fee=2)]))
    assert amended(dynamodb, "v3", Judgement(Verdict.MATCH))
    noted = entry(dynamodb, "v3")
    assert (noted["verdict"], noted["groups"], noted["differences"]) == ({"S": "match"}, {"L": []}, {"S": "[]"})


def test_a_revision_has_one_verdict(dynamodb: "DynamoDBClient") -> None:
    assert write(dynamodb, "v8", Judgement(Verdict.MATCH))
    assert not write(dynamodb, "v8", Judgement(Verdict.MISMATCH))
    assert entry(dynamodb, "v8")["verdict"] == {"S": "match"}


def test_the_former_verdict_stays_as_a_trace_with_its_time_and_why_it_went(dynamodb: "DynamoDBClient") -> None:
    later = NOW + timedelta(hours=2)
    amended(dynamodb, "v9", Judgement(Verdict.CANDIDATE_ONLY))
    assert "amendments" not in entry(dynamodb, "v9")
    amended(dynamodb, "v9", Judgement(Verdict.MATCH), later)
    assert standing(entry(dynamodb, "v9")) == Standing(
        Verdict.MATCH, later, (Amendment(Verdict.CANDIDATE_ONLY, NOW, later, "late outcome"),), 1
    )


def test_the_same_verdict_again_is_no_amendment_and_keeps_its_time(dynamodb: "DynamoDBClient") -> None:
    for hours in (0, 1, 2):
        amended(dynamodb, "v10", Judgement(Verdict.MATCH), NOW + timedelta(hours=hours))
    noted = entry(dynamodb, "v10")
    assert standing(noted) == Standing(Verdict.MATCH, NOW)
    assert noted["judged_at"] == {"S": "2026-11-21T12:00:00.000+00:00"}


def test_a_verdict_of_an_earlier_version_has_stood_since_it_was_judged() -> None:
    old = {"verdict": {"S": "mismatch"}, "judged_at": {"S": "2026-11-21T10:00:00.000+00:00"}}
    assert standing(old) == Standing(Verdict.MISMATCH, NOW)
    assert standing({"pk": {"S": "w1"}}) is None


def test_what_has_its_verdict_waits_no_more(dynamodb: "DynamoDBClient") -> None:
    comes_in(dynamodb, "v11")
    assert "awaited_since" in entry(dynamodb, "v11")
    amended(dynamodb, "v11", Judgement(Verdict.MATCH))
    assert not {"awaited_of", "awaited_since"} & set(entry(dynamodb, "v11"))


def test_values_are_shown_only_where_the_contract_calls_them_plain(dynamodb: "DynamoDBClient") -> None:
    control = [row(debtor_name=NAME, debtor_iban=IBAN, amount="1.00", label=None), webhook(f'{{"a":"{NAME}"}}', "s1")]
    candidate = [
        row(debtor_name="Planted", debtor_iban="", amount="1.01", label=NAME),
        webhook('{"a":""}', "s2"),
        row(key=NAME),
    ]
    write(dynamodb, "v4", judged(control, candidate))
    noted = entry(dynamodb, "v4")
    shown = {one["path"]: (one["control"], one["candidate"]) for one in json.loads(noted["differences"]["S"])}
    assert shown["row:payins.amount"] == ("1.00", "1.01")
    assert shown["row:payins.debtor_name"] == ("***", "***")
    assert shown["row:payins.label"] == (None, "***")
    assert shown["row:payins"] == (None, "***")
    assert not [value for value in PLANTED if value in repr(noted)]


def test_a_message_that_differs_everywhere_shows_only_so_many_places(dynamodb: "DynamoDBClient") -> None:
    columns: dict[str, Any] = {f"c{n}": n for n in range(200)}
    everywhere = judged([row(**columns)], [row(**{name: str(value) for name, value in columns.items()})])
    write(dynamodb, "v5", everywhere)
    noted = entry(dynamodb, "v5")
    assert len(json.loads(noted["differences"]["S"])) == len(noted["groups"]["L"]) == SHOWN_DIFFERENCES


def test_one_bug_in_many_items_is_one_group(dynamodb: "DynamoDBClient") -> None:
    write(dynamodb, "v6", judged([row(items=[1, 2, 3])], [row(items=[2, 3, 4])]))
    assert entry(dynamodb, "v6")["groups"] == {"L": [{"S": "payin.create | row:payins.items[] | value | int -> int"}]}


def test_a_table_that_refuses_is_an_outage(dynamodb: "DynamoDBClient") -> None:
    with Stubber(dynamodb) as stub:
        stub.add_client_error("update_item", "AccessDeniedException", NAME)
        with pytest.raises(UnavailableError, match=r"^UpdateItem: AccessDeniedException$"):
            VerdictStore(dynamodb, LEDGER).write("v7", 1, PAYIN, Judgement(Verdict.MATCH), NOW)
