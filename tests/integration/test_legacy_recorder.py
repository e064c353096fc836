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

    def __call__(self, text: str) -> list[Any]:
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


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE orders o SET note = 'c' WHERE o.ref = 'b'",
        "UPDATE orders AS o SET note = 'c; WHERE' WHERE o.ref = 'b'",
        "/* c */ UPDATE orders SET note = 'c' WHERE ref = 'b'",
        "-- it's c\nUPDATE orders SET note = 'c' /* why? */ WHERE ref = 'b';",
        "# c\nUPDATE ORDERS SET note = 'c' WHERE ref = 'b'",
        "DELETE FROM orders AS o WHERE o.ref = 'b'",
        "INSERT INTO orders (ref) VALUES ('b') RETURNING id",
        "INSERT LOW_PRIORITY IGNORE INTO orders (ref) VALUES ('b')",
        "INSERT orders (ref) VALUES ('b')",
    ],
)
def test_the_row_of_an_understood_write_is_told(outcomes: Program, statement: str) -> None:
    assert effects_of(outcomes, statement) == [("orders", "b", False)]


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("UPDATE orders JOIN lines ON 1 SET note = 'Zzyx'", ["orders", "lines"]),
        ("UPDATE orders SET note = l.no FROM lines l WHERE l.ref = orders.ref", ["orders"]),
        ("UPDATE ONLY orders SET note = 'Zzyx'", ["orders"]),
        ("DELETE o FROM orders o", ["orders"]),
        ("DELETE FROM ONLY orders", ["orders"]),
        ("TRUNCATE orders", ["orders"]),
        ("TRUNCATE TABLE `Orders`", ["orders"]),
        ("INSERT DELAYED INTO orders (ref) VALUES ('b')", ["orders"]),
        ("WITH x AS (SELECT 1) UPDATE orders SET note = 'Zzyx'", ["orders"]),
        ("WITH x AS (DELETE FROM orders RETURNING id) SELECT * FROM x", ["orders"]),
        ("MERGE INTO orders USING lines ON 1 WHEN MATCHED THEN DELETE", ["orders", "lines"]),
        ("EXPLAIN ANALYZE DELETE FROM orders", ["orders"]),
        ("SET x = 1; UPDATE orders SET note = 'Zzyx'", ["orders"]),
        ("UPDATE orders SET note = 'it\\'s' WHERE ref = 'b'", ["orders"]),
        ("ALTER TABLE orders ADD more TEXT", ["orders"]),
        ("CALL settle('Zzyx')", ["CALL settle"]),
        ("FROBNICATE 'Zzyx'", ["FROBNICATE"]),
    ],
)
def test_a_write_that_cannot_be_read_is_said_openly_without_quoting_it(
    outcomes: Program, statement: str, names: list[str]
) -> None:
    assert effects_of(outcomes, statement) == [(name, "", True) for name in names]


@pytest.mark.parametrize(
    "statement",
    [
        "/* UPDATE */ SELECT * FROM orders FOR UPDATE",
        "(SELECT ref FROM orders) UNION (SELECT 'a; DELETE FROM orders')",
        "WITH x AS (SELECT replace(ref, 'a', 'DELETE FROM orders') FROM orders) SELECT * FROM x FOR UPDATE",
        "EXPLAIN DELETE FROM orders",
        "BEGIN IMMEDIATE",
        "SAVEPOINT orders",
        "CREATE TEMPORARY TABLE scratch (a TEXT)",
        "TRUNCATE orders_archive",
        "UPDATE others SET a = 1",
        " ; ",
    ],
)
def test_what_writes_no_watched_table_leaves_no_effect(outcomes: Program, statement: str) -> None:
    assert effects_of(outcomes, statement) == []


def effects_of(outcomes: Program, statement: str) -> list[tuple[str, str, bool]]:
    """The name, the key and whether unrecorded, of what one statement leaves; whatever dialect it is written in."""
    [outcome] = outcomes(f"""
        $pdo->exec("INSERT INTO orders (ref, note) VALUES ('a', 'a')");
        $pdo->exec("INSERT INTO orders (ref, note) VALUES ('b', 'b')");
        $attempt(function () use ($pdo) {{
            $pdo->watch({json.dumps(statement)}, [], fn () => 1);
        }});
        $outbox->flush($print);
    """)
    assert "Zzyx" not in json.dumps(outcome)
    return [(effect["name"], effect["key"], "unrecorded" in effect["value"]) for effect in outcome["effects"]]


def test_statements_run_as_before_whatever_the_recorder_makes_of_them(outcomes: Program) -> None:
    rows, outcome = outcomes("""
        $attempt(function () use ($pdo) {
            $insert = "WITH x AS (SELECT 'b' AS ref) INSERT INTO orders (ref) SELECT ref FROM x RETURNING ref";
            $rows[] = $pdo->query($insert, PDO::FETCH_NUM)->fetchAll();
            $rows[] = $pdo->query("UPDATE orders AS o SET note = 'n' RETURNING ref", PDO::FETCH_NUM)->fetchAll();
            $pdo->prepare('UPDATE orders AS o SET note = ? WHERE o.ref = ?')->execute(['m', 'b']);
            $rows[] = $pdo->query('SELECT note FROM orders')->fetchColumn();
            echo json_encode(['rows' => $rows]), "\\n";
        });
        $outbox->flush($print);
    """)

    assert rows["rows"] == [[["b"]], [["b"]], "m"]
    assert sorted(effect["key"] for effect in outcome["effects"]) == ["", "", "b"]


# What RabbitMQ does with a message: "ack"; "nack"; "return" sends it back as unroutable, and confirms it after that.
BROKER = """
require 'PhpAmqpLib/autoload.php';
final class Broker extends PhpAmqpLib\\Channel\\AMQPChannel
{
    public array $published = [];
    private array $pending = [];
    public function __construct(public string $answer) {}
    public function __destruct() {}
    public function close($code = 0, $text = '', $method = [0, 0]) {}
    public function confirm_select($nowait = false) {}
    public function set_nack_handler($callback) { $this->nacked = $callback; }
    public function set_return_listener($callback) { $this->basic_return_callback = $callback; }
    public function basic_publish($m, $e = '', $k = '', $mandatory = false, $immediate = false, $ticket = null)
    {
        $this->pending[] = [$m, $e, $k, $mandatory];
    }
    public ?Closure $nacked = null;
    public function wait_for_pending_acks($timeout = 0) { $this->wait_for_pending_acks_returns($timeout); }
    public function wait_for_pending_acks_returns($timeout = 0)
    {
        foreach ($this->pending as [$m, $e, $k, $mandatory]) {
            if ($this->answer === 'nack') {
                $this->nacked && ($this->nacked)($m);
            } elseif ($this->answer === 'return') {
                $mandatory && $this->basic_return_callback && ($this->basic_return_callback)(312, '', $e, $k, $m);
            } else {
                $this->published[] = $m->getBody();
            }
        }
        $this->pending = [];
    }
}
"""


@pytest.mark.parametrize("answer", ["nack", "return"])
def test_an_outcome_stays_until_the_broker_has_put_it_into_a_queue(outcomes: Program, answer: str) -> None:
    before, after = outcomes(f"""
        {BROKER}
        $attempt(fn () => null);
        $outlet = new R\\AmqpOutlet($broker = new Broker('{answer}'));
        $waiting = "SELECT COUNT(*) FROM strangler_outbox WHERE sent_at IS NULL";
        foreach (['{answer}', 'ack'] as $broker->answer) {{
            try {{
                $outbox->flush($outlet->deliver(...));
                $thrown = false;
            }} catch (PhpAmqpLib\\Exception\\AMQPExceptionInterface) {{
                $thrown = true;
            }}
            echo json_encode([$thrown, $pdo->query($waiting)->fetchColumn(), count($broker->published)]), "\\n";
        }}
    """)

    assert before == [True, 1, 0]
    assert after == [False, 0, 1]


@pytest.mark.parametrize("answer", ["nack", "return"])
def test_a_follow_up_stays_until_the_broker_has_put_it_into_a_queue(outcomes: Program, answer: str) -> None:
    before, after = outcomes(f"""
        {BROKER}
        Monolith\\Database::install($pdo);
        $followUps = new Monolith\\Outlet\\OutboxPublisher($pdo, 'payin');
        $followUps->publish('accounting', 'payin.booked', '{{}}');
        $channel = new R\\ConfirmedChannel($broker = new Broker('{answer}'));
        foreach (['{answer}', 'ack'] as $broker->answer) {{
            try {{
                $followUps->flush($channel);
                $thrown = false;
            }} catch (PhpAmqpLib\\Exception\\AMQPExceptionInterface) {{
                $thrown = true;
            }}
            $left = $pdo->query('SELECT COUNT(*) FROM outgoing_messages')->fetchColumn();
            echo json_encode([$thrown, $left, count($broker->published)]), "\\n";
        }}
    """)

    assert before == [True, 1, 0]
    assert after == [False, 0, 1]


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


@pytest.mark.parametrize("route", ["new", "hold", "", "Legacy"])
def test_what_is_not_stamped_for_this_application_is_refused_before_anything_runs(
    outcomes: Program, route: str
) -> None:
    [seen] = outcomes(f"""
        $stamp = R\\Stamp::fromHeaders(['strangler-route' => '{route}', 'strangler-epoch' => 4]);
        try {{
            $recording->attempt('m-1', 'order.paid', function (): void {{ echo '"it ran"', "\\n"; }}, $stamp);
        }} catch (R\\StampedForNew $refused) {{
            echo json_encode([$refused->stamp->epoch, $outbox->flush($print)]), "\\n";
        }}
    """)

    assert seen == [4, 0]


@pytest.mark.parametrize(
    ("headers", "seen"),
    [
        ("[]", None),
        ("['strangler-epoch' => 3]", None),
        ("['strangler-route' => 'legacy']", ["legacy", 0, False, None]),
        ("['strangler-route' => ['x'], 'strangler-epoch' => 'x', 'strangler-muted' => ['x']]", ["", 0, False, None]),
        (
            "['strangler-route' => 'new', 'strangler-muted' => true, 'strangler-at' => '2026-11-21T10:00:00.123456Z']",
            ["new", 0, True, "2026-11-21T10:00:00.123456+00:00"],
        ),
        (
            "['strangler-route' => 'new', 'strangler-muted' => 'true', 'strangler-at' => '2026-11-21T11:00:00+01:00']",
            ["new", 0, True, "2026-11-21T11:00:00.000000+01:00"],
        ),
        ("['strangler-route' => 'new', 'strangler-muted' => 1, 'strangler-at' => 'now']", ["new", 0, True, None]),
        (
            "['strangler-route' => 'new', 'strangler-muted' => false, 'strangler-at' => '2026-11-21T10:00:00Z']",
            ["new", 0, False, None],
        ),
    ],
)
def test_a_stamp_is_read_from_headers_whatever_else_they_hold(
    outcomes: Program, headers: str, seen: list[object] | None
) -> None:
    program = f"""
        $stamp = R\\Stamp::fromHeaders({headers});
        $clock = $stamp?->clock()?->format('Y-m-d\\TH:i:s.uP');
        echo json_encode($stamp ? [$stamp->route, $stamp->epoch, $stamp->muted, $clock] : null), "\\n";
    """
    assert outcomes(program) == [seen]


def test_a_muted_attempt_records_what_would_leave_and_lets_nothing_leave(outcomes: Program) -> None:
    answers, muted, loud, left = outcomes("""
        $sent = [];
        $send = function (string $method) use (&$sent) { $sent[] = $method; return 200; };
        $http = new R\\RecordingHttp($recorder, $send, fn (string $url) => basename($url), false, 202);
        $handle = function () use ($http, $pdo, &$answers) {
            $answers[] = $http('GET', 'https://partner.example/rates', [], '');
            $answers[] = $http('POST', 'https://partner.example/order.paid', [], '{}');
            $pdo->exec("INSERT INTO orders (ref) VALUES ('A')");
        };
        $recording->attempt('m-1', 'order.paid', $handle, new R\\Stamp('new', 1, true));
        $recording->attempt('m-2', 'order.paid', $handle, new R\\Stamp('legacy', 2));
        echo json_encode($answers), "\\n";
        $outbox->flush($print);
        echo json_encode([$sent, $recorder->isMuted()]), "\\n";
    """)

    assert answers == [200, 202, 200, 200]
    assert [effect["name"] for effect in muted["effects"]] == ["orders", "order.paid"]
    assert [effect["name"] for effect in loud["effects"]] == ["orders", "orders", "order.paid"]
    assert left == [["GET", "GET", "POST"], False]


def test_a_muted_attempt_that_failed_has_done_nothing_at_all(outcomes: Program) -> None:
    [retried] = outcomes("""
        $handle = function () use ($recorder): void {
            $recorder->message('shop', 'order.booked', '{}', 'application/json');
            throw new RuntimeException('Zzyx');
        };
        try {
            $recording->attempt('m-1', 'order.paid', $handle, new R\\Stamp('new', 1, true));
        } catch (RuntimeException) {
        }
        $outbox->flush($print);
    """)

    assert (retried["ending"], retried["effects"], retried["muted"]) == ("retried", [], True)


def test_an_outcome_says_that_it_was_muted_however_the_attempt_ended_and_only_then(outcomes: Program) -> None:
    seen = outcomes("""
        $muted = new R\\Stamp('new', 1, true);
        $unreadable = new DomainException();
        $recording->attempt('m-1', 'order.paid', fn () => null, $muted);
        $recording->attempt('m-1', 'order.paid', fn () => R\\Ending::Duplicate, $muted);
        $recording->recordFailure('m-2', 'order.paid', $unreadable, stamp: $muted);
        $recording->attempt('m-3', 'order.paid', fn () => null, new R\\Stamp('legacy', 2));
        $recording->attempt('m-4', 'order.paid', fn () => null);
        $recording->recordFailure('m-5', 'order.paid', $unreadable);
        $outbox->flush($print);
    """)

    assert [(one["message_id"], one["ending"], one.get("muted")) for one in seen] == [
        ("m-1", "done", True),
        ("m-1", "duplicate", True),
        ("m-2", "rejected", True),
        ("m-3", "done", None),
        ("m-4", "done", None),
        ("m-5", "rejected", None),
    ]


ONCE = "$once = new R\\Recording($pdo, $recorder, $outbox, $isFinal, $now, once: true);"


def test_a_repeat_is_recognised_by_its_outcome_even_when_that_was_delivered(outcomes: Program) -> None:
    first, muted, ran = outcomes(f"""
        {ONCE}
        $ran = [];
        $handle = function () use ($pdo, &$ran): void {{
            $ran[] = 1;
            $pdo->exec("INSERT INTO orders (ref) VALUES ('A')");
        }};
        $once->attempt('m-1', 'order.paid', $handle);
        $outbox->flush($print);
        $once->attempt('m-1', 'order.paid', $handle, new R\\Stamp('new', 1, true));
        $outbox->flush($print);
        echo json_encode([count($ran), $pdo->query('SELECT COUNT(*) FROM orders')->fetchColumn()]), "\\n";
    """)

    assert (first["ending"], len(first["effects"])) == ("done", 1)
    assert (muted["attempt"], muted["ending"], muted["effects"], muted["muted"]) == (2, "duplicate", [], True)
    assert ran == [1, 1]


def test_only_what_is_done_is_a_repeat_whoever_did_it(outcomes: Program) -> None:
    *seen, found = outcomes(f"""
        {ONCE}
        foreach ([new RuntimeException(), new DomainException()] as $thrown) {{
            try {{
                $once->attempt('m-1', 'order.paid', fn () => throw $thrown);
            }} catch (RuntimeException | DomainException) {{
            }}
        }}
        $once->attempt('m-1', 'order.paid', fn () => null);
        $once->attempt('m-2', 'order.paid', fn () => null);
        $other = new R\\Outbox($pdo, 'another host');
        $outbox->flush($print);
        echo json_encode([$other->isDone('m-1'), $other->isDone('m-9')]), "\\n";
    """)

    assert [(one["message_id"], one["ending"]) for one in seen] == [
        ("m-1", "retried"),
        ("m-1", "rejected"),
        ("m-1", "done"),
        ("m-2", "done"),
    ]
    assert found == [True, False]


def test_repeats_are_the_handlers_to_recognise_unless_the_recorder_is_asked_to(outcomes: Program) -> None:
    first, second = outcomes("""
        $attempt(fn () => null);
        $attempt(fn () => null);
        $outbox->flush($print);
    """)

    assert [one["ending"] for one in (first, second)] == ["done", "done"]


def test_of_two_consumers_that_have_one_message_at_once_one_comes_again(outcomes: Program, tmp_path: Path) -> None:
    seen = outcomes(f"""
        $file = 'sqlite:{tmp_path / "shared.sqlite"}';
        $hosts = [];
        foreach (['a', 'b'] as $name) {{
            $own = new R\\RecordingPdo($recorder, $file, options: [PDO::ATTR_TIMEOUT => 0]);
            $box = new R\\Outbox($own, $name);
            $hosts[$name] = [$own, $box, new R\\Recording($own, $recorder, $box, $isFinal, $now, once: true)];
        }}
        $hosts['a'][1]->install();
        $refused = null;
        $hosts['a'][2]->attempt('m-1', 'order.paid', function () use ($hosts, &$refused): void {{
            $hosts['a'][0]->exec('CREATE TABLE taken (a)');
            try {{
                $hosts['b'][2]->attempt('m-1', 'order.paid', fn () => null);
            }} catch (PDOException $trouble) {{
                $refused = $trouble::class;
            }}
        }});
        $again = $hosts['b'][2]->attempt('m-1', 'order.paid', fn () => null);
        echo json_encode([$refused, $again->ending]), "\\n";
    """)

    assert seen == [["PDOException", "duplicate"]]


def test_a_table_from_before_endings_were_kept_gets_its_column(outcomes: Program) -> None:
    [repeat] = outcomes(f"""
        {ONCE}
        $alter = 'ALTER TABLE strangler_outbox ADD COLUMN ending';
        preg_match("/^-- ($alter .*)$/m", file_get_contents('{LEGACY / "recorder" / "schema.sql"}'), $found);
        $pdo->exec('ALTER TABLE strangler_outbox DROP COLUMN ending');
        $old = "INSERT INTO strangler_outbox (message_id, attempt, type, source, document)";
        $pdo->exec("$old VALUES ('m-0', 1, 'order.paid', 'old', '')");
        $pdo->exec($found[1]);
        $pdo->exec("$old VALUES ('m-1', 1, 'order.paid', 'old', '')");
        $once->attempt('m-1', 'order.paid', fn () => null);
        echo json_encode($once->attempt('m-1', 'order.paid', fn () => null)->ending), "\\n";
    """)

    assert repeat == "duplicate"


def test_a_muted_attempt_publishes_nothing_on_a_recording_channel(outcomes: Program) -> None:
    published, muted, loud = outcomes("""
        require 'PhpAmqpLib/autoload.php';
        $channel = (new ReflectionClass(R\\RecordingChannel::class))->newInstanceWithoutConstructor();
        (new ReflectionProperty(R\\RecordingChannel::class, 'recorder'))->setValue($channel, $recorder);
        $publish = fn () => $channel->batch_basic_publish(
            new PhpAmqpLib\\Message\\AMQPMessage('{}', ['content_type' => 'a/b']), 'shop', 'order.booked'
        );
        $recording->attempt('m-1', 'order.paid', fn () => $publish(), new R\\Stamp('new', 1, true));
        $recording->attempt('m-2', 'order.paid', fn () => $publish());
        $waiting = new ReflectionProperty(PhpAmqpLib\\Channel\\AMQPChannel::class, 'batch_messages');
        echo json_encode(count($waiting->getValue($channel))), "\\n";
        $outbox->flush($print);
    """)

    assert published == 1
    assert muted["effects"] == loud["effects"] != []
