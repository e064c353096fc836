"""Nothing personal leaves the places that are made for it.

Looked at is all that our side keeps or tells: items, logs, reports, and what is said about messages that were put
aside. Not looked at, for they are the monolith's own or are the messages themselves: its SQLite file, its publisher's
input, the bodies of parked messages and dead letters with their AMQP headers, and the broker's storage of them; nor
the functions' package, which is code.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from contracts import naming
from ops.demo.scene import STACK
from tests.leak import MARKS, leaks, values
from tests.misfit import Misfits
from tests.stage import Stage


@pytest.fixture(autouse=True)
def personal(scenario: list[dict[str, Any]], misfits: Misfits) -> None:
    """Good and bad messages with personal values everywhere have gone through."""


def logs(stage: Stage) -> Iterator[tuple[str, str]]:
    """Files that our programs, RabbitMQ and the embedded AWS write."""
    for file in sorted(stage.scene.places.folder.rglob("*.log")):
        yield str(file.relative_to(stage.scene.places.folder)), file.read_text("utf-8", "replace")


def test_the_scan_would_find_what_it_looks_for(stage: Stage) -> None:
    with closing(sqlite3.connect(stage.scene.places.database)) as connection:
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")  # PHP has cut some characters
        monolith = "".join(connection.iterdump())
    letters = "".join(letter.body.decode("utf-8", "replace") for letter in stage.letters())

    assert {found.split(": ")[1] for found in leaks([("monolith", monolith)])} == set(MARKS)
    assert {found.split(": ")[1] for found in leaks([("letters", letters)])} == set(MARKS)


def test_no_item_of_any_table_shows_anything_personal(stage: Stage) -> None:
    tables = stage.dynamodb.list_tables()["TableNames"]
    items = [(table, item) for table in tables for item in stage.items(table)]

    kept = {naming.records_table_name(STACK), naming.ledger_table_name(STACK), naming.letters_table_name(STACK)}
    assert set(tables) == {*kept, naming.control_table_name(STACK)}
    assert {table for table, item in items if any("B" in value for value in item.values())} == kept
    assert leaks(place for table, item in items for place in values(item, table)) == []


def test_no_log_group_shows_anything_personal(stage: Stage) -> None:
    groups = stage.log_groups()
    lines = [(group, line) for group in groups for line in stage.log_lines(group)]

    assert any("dead-lettered" in line for _, line in lines)
    assert leaks(lines) == []


def test_no_log_file_shows_anything_personal(stage: Stage) -> None:
    files = dict(logs(stage))

    assert {"logs/shipper.log", "logs/consume-payin.log", "aws/aws.log", "rabbitmq/rabbitmq.log"} <= set(files)
    assert "to the Invalid Message Channel" in files["logs/shipper.log"]
    assert leaks(files.items()) == []


def test_what_is_said_about_a_message_that_was_put_aside_quotes_nothing_of_it(stage: Stage) -> None:
    items = list(stage.items(naming.letters_table_name(STACK)))
    told = [(f"letters.{name}", str(value)) for item in items for name, value in item.items() if name != "sealed"]

    assert {"letters.cause", "letters.type", "letters.message_id", "letters.business_key"} <= {
        place for place, _ in told
    }
    assert {item["source"]["S"] for item in items} == {"sqs", "invalid"}
    assert leaks(told) == []


def test_no_report_shows_anything_personal(stage: Stage, misfits: Misfits, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    shown = stage.run("ops", "compare", "show", "--examples", "50", "--html", str(page))
    conflict = stage.run("ops", "messages", "show", misfits["id taken: first"].id)
    _, finding = stage.audit()

    assert "id conflict" in shown.stdout
    assert misfits["id taken: first"].id in conflict.stdout
    told = [("compare", shown.stdout + shown.stderr), ("message", conflict.stdout + conflict.stderr)]
    assert leaks([*told, ("report", page.read_text("utf-8")), ("audit", str(finding))]) == []
