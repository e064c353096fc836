"""The monolith's rows as it exports them: what the comparison of states reads."""

import json
import os
import sqlite3
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

BIN = Path(__file__).parents[2] / "legacy" / "monolith" / "bin"
TIMEOUT_S = 60
TABLES = {
    "payin": "payins",
    "payout": "payouts",
    "cardtransaction": "card_transactions",
    "balance": "balances",
}
MANY = 20_000


class Monolith:
    """Runs the monolith's programs on one database."""

    def __init__(self, php: Sequence[str], folder: Path) -> None:
        self.php = php
        self.database = folder / "monolith.sqlite"
        self.environment = {**os.environ, "MONOLITH_DSN": f"sqlite:{self.database}"}

    def run(
        self, program: str, *arguments: str, stdin: str = "", settings: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.php, *settings, str(BIN / program), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            env=self.environment,
            check=False,
        )

    def process(self, messages: int) -> list[dict[str, Any]]:
        """Let it process distinct notifications of all types; returns the outcomes that it recorded."""
        printed = self.run("publish.php", "--messages", str(messages), "--seed", "9", "--print").stdout
        done = self.run("oracle.php", "--database", str(self.database), stdin=printed)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def state(self, family: str) -> list[dict[str, Any]]:
        done = self.run("state.php", "--family", family)
        assert (done.returncode, done.stderr) == (0, "")
        *rows, end = [json.loads(line) for line in done.stdout.splitlines()]
        assert end == {"kind": "end", "rows": len(rows)}
        return rows

    def fill(self, rows: int) -> None:
        """Put many rows of payouts beside each other, each a line of some 400 characters."""
        self.process(1)  # creates the tables
        values = (("x", 1.5, f"{number:09}", "l" * 100) for number in range(rows))
        with sqlite3.connect(self.database) as connection:
            connection.execute("DELETE FROM payouts")
            connection.executemany(
                "INSERT INTO payouts VALUES (?3, ?1, ?1, ?1, ?2, 1, 'EUR', ?1, ?1, ?4, ?1, ?1, 1)", values
            )


@pytest.fixture
def monolith(php: Sequence[str], tmp_path: Path) -> Monolith:
    return Monolith(php, tmp_path)


def test_every_row_stands_as_the_recorder_has_recorded_it_last(monolith: Monolith) -> None:
    recorded: dict[str, dict[tuple[str, str], dict[str, Any]]] = {family: {} for family in TABLES}
    for outcome in monolith.process(200):
        for effect in outcome["effects"]:
            if effect["kind"] == "row":
                recorded[outcome["type"].split(".")[0]][effect["name"], effect["key"]] = effect

    for family, table in TABLES.items():
        exported = monolith.state(family)
        assert {(row["name"], row["key"]): row for row in exported} == recorded[family]
        assert len(exported) == len(recorded[family])
        assert {row["name"] for row in exported} == {table, "journal"}


def test_numbers_keep_their_digits_and_bytes_that_are_no_text_are_wrapped(monolith: Monolith) -> None:
    monolith.fill(1)
    with sqlite3.connect(monolith.database) as connection:
        connection.execute("UPDATE payouts SET fee = 0.1 + 0.2, total_cents = 9007199254740993")
        connection.execute("UPDATE payouts SET label = CAST(x'41ff' AS TEXT), beneficiary_name = NULL")

    line = monolith.run("state.php", "--family", "payout", settings=("-d", "serialize_precision=5")).stdout

    assert '"fee":0.30000000000000004,"total_cents":9007199254740993,' in line
    assert '"beneficiary_name":null,' in line
    assert '"label":{"base64":"Qf8="}' in line


def test_an_empty_state_is_its_end_alone_and_no_error(monolith: Monolith) -> None:
    monolith.fill(0)

    assert monolith.state("payout") == []


def test_a_large_state_does_not_fill_the_memory(monolith: Monolith) -> None:
    monolith.fill(MANY)

    done = monolith.run("state.php", "--family", "payout", settings=("-d", "memory_limit=2M"))

    assert done.returncode == 0, done.stderr
    assert len(done.stdout) > 3 * 2**20
    assert done.stdout.count("\n") == MANY + 1


def test_all_rows_are_those_of_one_moment_and_writers_are_not_kept_waiting(monolith: Monolith) -> None:
    monolith.fill(MANY)
    with subprocess.Popen(
        [*monolith.php, str(BIN / "state.php"), "--family", "payout"],
        stdout=subprocess.PIPE,
        text=True,
        env=monolith.environment,
    ) as program:
        assert program.stdout is not None
        program.stdout.readline()  # it has begun, and stops at once: nobody reads what follows
        with sqlite3.connect(monolith.database, timeout=1.0) as connection:
            connection.execute("UPDATE payouts SET status = 'later'")
            connection.execute("INSERT INTO journal VALUES (NULL, 'w', 'payout.update', 'a', 1, '1', 0, 'later')")
        rest = program.stdout.read()

    assert program.returncode == 0
    assert rest.count("\n") == MANY
    assert rest.endswith(f'{{"kind":"end","rows":{MANY}}}\n')
    assert "later" not in rest


@pytest.mark.parametrize("arguments", [(), ("--family", "refund"), ("--family", "payin", "extra")])
def test_wrong_usage_has_an_exit_code_of_its_own(monolith: Monolith, arguments: Sequence[str]) -> None:
    done = monolith.run("state.php", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: ")


def test_a_database_without_tables_is_no_empty_state(monolith: Monolith) -> None:
    done = monolith.run("state.php", "--family", "payin")

    assert (done.returncode, done.stdout) == (3, "")
    assert "MONOLITH_DSN" in done.stderr


def test_an_output_that_is_cut_is_an_error(monolith: Monolith) -> None:
    monolith.fill(100)

    with Path("/dev/full").open("w") as full:
        command = [*monolith.php, str(BIN / "state.php"), "--family", "payout"]
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, env=monolith.environment, timeout=TIMEOUT_S, check=False
        )

    assert done.returncode == 1


def test_an_export_that_breaks_off_says_no_end(monolith: Monolith) -> None:
    monolith.process(100)
    with sqlite3.connect(monolith.database) as connection:
        connection.execute("DROP TABLE journal")

    done = monolith.run("state.php", "--family", "payin")

    assert done.returncode != 0
    assert '"kind":"row"' in done.stdout
    assert '"kind":"end"' not in done.stdout
