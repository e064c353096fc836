"""The recorder that a user drops into a real monolith, in a PHP program as small as it gets."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

LEGACY = Path(__file__).parents[2] / "legacy"
PROLOGUE = """<?php
declare(strict_types=1);
use Strangler\\Recorder as R;
require "AUTOLOAD";
$recorder = new R\\Recorder(new R\\Table('orders', ['ref'], ['id']), new R\\Table('lines', ['ref', 'no']));
$pdo = new R\\RecordingPdo($recorder, 'sqlite::memory:');
$pdo->exec('CREATE TABLE orders (id INTEGER PRIMARY KEY, ref TEXT, total REAL, note TEXT)');
$pdo->exec('CREATE TABLE lines (ref TEXT, no INTEGER, PRIMARY KEY (ref, no))');
$outbox = new R\\Outbox($pdo, 'test');
$outbox->install();
$isFinal = fn (Throwable $thrown) => $thrown instanceof DomainException;
$now = fn () => new DateTimeImmutable('2026-11-21 11:00:00.5', new DateTimeZone('Europe/Paris'));
$recording = new R\\Recording($pdo, $recorder, $outbox, $isFinal, $now);
$attempt = function (callable $handle) use ($recording): void {
    try {
        $recording->attempt('m-1', 'order.paid', $handle);
    } catch (DomainException | RuntimeException) {
    }
};
$print = function (array $rows): void {
    foreach ($rows as $row) {
        echo $row['document'], "\\n";
    }
};
""".replace("AUTOLOAD", str(LEGACY / "monolith" / "autoload.php"))


class Program:
    """Runs PHP text behind the prologue and reads the outcomes that it prints."""

    def __init__(self, php: list[str]) -> None:
        self._php = php

    def __call__(self, text: str) -> list[dict[str, Any]]:
        finished = subprocess.run(
            self._php, input=PROLOGUE + text, capture_output=True, text=True, timeout=30, check=False
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return [json.loads(line) for line in finished.stdout.splitlines()]


@pytest.fixture
def outcomes(php: list[str]) -> Program:
    return Program(php)


def test_an_outcome_has_the_rows_as_they_are_at_the_end_without_surrogate_ids(outcomes: Program) -> None:
    [outcome] = outcomes("""
        $attempt(function () use ($pdo) {
            $insert = $pdo->prepare('INSERT INTO orders (total, ref) VALUES (:total, :ref)');
            $insert->bindValue('total', 12);
            $insert->bindValue(':ref', 'A/1');
            $insert->execute();
            $pdo->prepare("UPDATE orders SET note = ? WHERE total < ?")->execute(["\\xff", 13]);
        });
        $outbox->flush($print);
    """)

    assert outcome == {
        "format": 1,
        "message_id": "m-1",
        "type": "order.paid",
        "attempt": 1,
        "ending": "done",
        "cause": None,
        "at": "2026-11-21T10:00:00.500000Z",
        "effects": [
            {
                "kind": "row",
                "name": "orders",
                "key": "A/1",
                "value": {"ref": "A/1", "total": 12.0, "note": {"base64": "/w=="}},
            }
        ],
    }


def test_writes_are_seen_however_they_are_spelled(outcomes: Program) -> None:
    [outcome] = outcomes("""
        $pdo->exec("INSERT INTO lines VALUES ('old', 1)");
        $attempt(function () use ($pdo) {
            $pdo->exec("INSERT INTO lines (ref, no) VALUES ('a''b', 1), ('c', 2)");
            $pdo->query('REPLACE INTO "lines" ("ref", "no") VALUES (\\'d\\', 3)');
            $pdo->prepare('insert or ignore into lines (no, ref) values (?, ?)')->execute([2, 'c']);
            $pdo->prepare('DELETE FROM lines WHERE ref = :ref')->execute(['ref' => 'old']);
            $pdo->exec("INSERT INTO orders (ref) VALUES ('x'), ('x')");
        });
        $outbox->flush($print);
    """)

    seen = [(effect["name"], effect["key"], bool(effect["value"])) for effect in outcome["effects"]]
    assert seen == [
        ("lines", "a'b/1", True),
        ("lines", "c/2", True),
        ("lines", "d/3", True),
        ("lines", "old/1", False),
        ("orders", "x", True),
        ("orders", "x", True),
    ]


def test_a_write_that_cannot_be_told_is_said_openly(outcomes: Program) -> None:
    [outcome] = outcomes("""
        $attempt(function () use ($pdo) {
            $pdo->exec("INSERT INTO lines (ref, no) SELECT 'a', 1");
        });
        $outbox->flush($print);
    """)

    [effect] = outcome["effects"]
    assert effect["key"] == ""
    assert "unrecorded" in effect["value"]


def test_a_failed_attempt_keeps_what_no_rollback_undoes(outcomes: Program) -> None:
    retried, rejected, done = outcomes("""
        $handle = fn (?Throwable $thrown) => function () use ($pdo, $recorder, $thrown) {
            $pdo->exec("INSERT INTO orders (ref) VALUES ('A')");
            $recorder->message('shop', 'order.booked', '{}', 'application/json');
            $recorder->message('shop', 'from.outbox', '{}', 'application/json', undoneByRollback: true);
            if ($thrown) {
                throw $thrown;
            }
        };
        $attempt($handle(new RuntimeException('Zzyx')));
        $attempt($handle(new DomainException('Zzyx')));
        $attempt($handle(null));
        $outbox->flush($print);
    """)

    assert [(o["attempt"], o["ending"], o["cause"]) for o in (retried, rejected, done)] == [
        (1, "retried", "RuntimeException"),
        (2, "rejected", "DomainException"),
        (3, "done", None),
    ]
    assert [effect["name"] for effect in retried["effects"]] == ["shop/order.booked"]
    assert [effect["name"] for effect in done["effects"]] == ["orders", "shop/order.booked", "shop/from.outbox"]
    assert "Zzyx" not in json.dumps([retried, rejected])


def test_outcomes_stay_while_the_broker_is_away_and_are_emptied_once_delivered(outcomes: Program) -> None:
    first, second, stored = outcomes("""
        $attempt(fn () => null);
        try {
            $outbox->flush(fn () => throw new RuntimeException('no broker'));
        } catch (RuntimeException) {
        }
        $attempt(fn () => R\\Ending::Duplicate);
        $outbox->flush($print);
        $outbox->flush($print);
        $rows = $pdo->query('SELECT attempt, document FROM strangler_outbox')->fetchAll(PDO::FETCH_NUM);
        echo json_encode(['rows' => $rows]), "\\n";
    """)

    assert (first["attempt"], first["ending"]) == (1, "done")
    assert (second["attempt"], second["ending"]) == (2, "duplicate")
    assert stored["rows"] == [[1, ""], [2, ""]]


def test_a_webhook_is_recorded_by_its_name_once_its_sender_has_returned(outcomes: Program) -> None:
    [outcome] = outcomes("""
        $http = new R\\RecordingHttp($recorder, fn () => 200, fn (string $url) => basename($url));
        $attempt(function () use ($http) {
            $http('GET', 'https://partner.example/rates', [], '');
            $http('POST', 'https://partner.example/order.paid', ['X-Signature' => 's'], '{"a":1}');
        });
        $outbox->flush($print);
    """)

    assert outcome["effects"] == [
        {
            "kind": "webhook",
            "name": "order.paid",
            "key": "",
            "value": {
                "url": "https://partner.example/order.paid",
                "body": '{"a":1}',
                "headers": {"X-Signature": "s"},
            },
        }
    ]


def test_outside_of_an_attempt_nothing_is_recorded(outcomes: Program) -> None:
    [outcome] = outcomes("""
        $pdo->exec("INSERT INTO orders (ref) VALUES ('cron')");
        $recorder->message('shop', 'cron', '', '');
        $attempt(fn () => null);
        $outbox->flush($print);
    """)

    assert outcome["effects"] == []
