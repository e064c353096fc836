"""The independent audit over a run that went well, and over copies of it in which one row is missing or doubled.

The monolith's database is copied; of DynamoDB's items one is taken out, or put twice, and then put back.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from contracts import naming
from ops.demo.scene import STACK
from tests.stage import Stage

RECORDS = naming.records_table_name(STACK)
LEDGER = naming.ledger_table_name(STACK)
Log = list[dict[str, Any]]


@pytest.fixture
def copy(stage: Stage, scenario: Log, tmp_path: Path) -> Path:
    """A copy of the monolith's database."""
    place = tmp_path / "copy.sqlite"
    with closing(sqlite3.connect(stage.scene.places.database)) as original, closing(sqlite3.connect(place)) as made:
        original.backup(made)
    return place


def change(database: Path, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        assert connection.execute(statement, values).rowcount == 1


def one_item(stage: Stage, scenario: Log, table: str) -> dict[str, Any]:
    """The item of a scenario's message in one of our tables of rows."""
    ids = {line["id"] for line in scenario}
    items = (item for item in stage.items(RECORDS) if item.get("table", {}).get("S") == table)
    return next(item for item in items if item["message_id"]["S"] in ids)


@contextmanager
def without(stage: Stage, item: dict[str, Any]) -> Iterator[None]:
    key = {"pk": item["pk"], "sk": item["sk"]}
    stage.dynamodb.delete_item(TableName=RECORDS, Key=key)
    try:
        yield
    finally:
        stage.dynamodb.put_item(TableName=RECORDS, Item=item)


@contextmanager
def doubled(stage: Stage, item: dict[str, Any]) -> Iterator[None]:
    again = {**item, "sk": {"S": f"{item['sk']['S']}-again"}}
    stage.dynamodb.put_item(TableName=RECORDS, Item=again)
    try:
        yield
    finally:
        stage.dynamodb.delete_item(TableName=RECORDS, Key={"pk": again["pk"], "sk": again["sk"]})


def figures(finding: dict[str, Any]) -> tuple[int, int, int]:
    return finding["lost"], finding["processed_twice"], finding["unexpected"]


def test_a_run_that_went_well_is_clean(stage: Stage, scenario: Log) -> None:
    code, finding = stage.audit()

    assert figures(finding) == (0, 0, 0)
    assert finding["published"] == finding["ledger"] >= len(scenario)
    assert code == 0


def test_a_journal_line_missing_at_the_monolith_is_a_lost_message(stage: Stage, scenario: Log, copy: Path) -> None:
    change(copy, "DELETE FROM journal WHERE webhook_id = ?", scenario[0]["id"])

    code, finding = stage.audit(copy)

    assert figures(finding) == (1, 0, 0)
    assert finding["lost_sample"] == [scenario[0]["id"]]
    assert code == 1


def test_a_journal_line_doubled_at_the_monolith_is_a_message_processed_twice(
    stage: Stage, scenario: Log, copy: Path
) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(journal)") if not row[5]]
    names = ", ".join(columns)
    change(copy, f"INSERT INTO journal ({names}) SELECT {names} FROM journal WHERE webhook_id = ?", scenario[1]["id"])

    code, finding = stage.audit(copy)

    assert figures(finding) == (0, 1, 0)
    assert finding["processed_twice_sample"] == [scenario[1]["id"]]
    assert code == 1


def test_a_row_missing_at_the_monolith_is_a_lost_message(stage: Stage, scenario: Log, copy: Path) -> None:
    payout = next(line for line in scenario if line["type"] == "payout.update")
    change(copy, "DELETE FROM payouts WHERE payout_id = ?", payout["key"])

    code, finding = stage.audit(copy)

    assert (code, figures(finding)) == (1, (1, 0, 0))


def test_a_journal_line_missing_on_our_side_is_a_lost_message(stage: Stage, scenario: Log) -> None:
    item = one_item(stage, scenario, "journal")
    with without(stage, item):
        code, finding = stage.audit()

    assert figures(finding) == (1, 0, 0)
    assert finding["lost_sample"] == [item["message_id"]["S"]]
    assert code == 1


def test_a_journal_line_doubled_on_our_side_is_a_message_processed_twice(stage: Stage, scenario: Log) -> None:
    item = one_item(stage, scenario, "journal")
    with doubled(stage, item):
        code, finding = stage.audit()

    assert figures(finding) == (0, 1, 0)
    assert finding["processed_twice_sample"] == [item["message_id"]["S"]]
    assert code == 1


def test_a_row_doubled_on_our_side_is_a_message_processed_twice(stage: Stage, scenario: Log) -> None:
    with doubled(stage, one_item(stage, scenario, "payouts")):
        code, finding = stage.audit()

    assert (code, figures(finding)) == (1, (0, 1, 0))


def test_a_message_that_our_side_processes_a_second_time_is_seen(stage: Stage, scenario: Log) -> None:
    """The same rows are written over, so that only the version of the key's head tells."""
    head = next(item for item in stage.items(RECORDS) if item["sk"]["S"] == "head" and "#payin#" in item["pk"]["S"])
    later = {**head, "version": {"N": str(int(head["version"]["N"]) + 1)}}
    stage.dynamodb.put_item(TableName=RECORDS, Item=later)
    try:
        code, finding = stage.audit()
    finally:
        stage.dynamodb.put_item(TableName=RECORDS, Item=head)

    assert (code, figures(finding)) == (1, (0, 1, 0))


def test_what_the_ledger_has_not_seen_done_is_a_lost_message(stage: Stage, scenario: Log) -> None:
    key = {"pk": {"S": scenario[2]["id"]}}
    ending = {"Key": key, "TableName": LEDGER, "UpdateExpression": "SET candidate_ending = :ending"}
    stage.dynamodb.update_item(**ending, ExpressionAttributeValues={":ending": {"S": "rejected"}})
    try:
        code, finding = stage.audit()
    finally:
        stage.dynamodb.update_item(**ending, ExpressionAttributeValues={":ending": {"S": "done"}})

    assert figures(finding) == (1, 0, 0)
    assert finding["ledger"] == finding["published"] - 1
    assert code == 1


def test_a_database_that_cannot_be_read_is_no_finding(stage: Stage, scenario: Log, tmp_path: Path) -> None:
    shutil.copy(stage.published, tmp_path / "published.ndjson")
    (tmp_path / "no.sqlite").write_bytes(b"no database at all, but long enough to be looked at as one" * 20)
    places = ["--published", str(tmp_path / "published.ndjson"), "--database", str(tmp_path / "no.sqlite")]

    done = stage.run("ops.audit", *places, "--stack", STACK)

    assert done.returncode == 2
    assert done.stderr.startswith("ops.audit: cannot read: DatabaseError")
    assert "Traceback" not in done.stderr
