"""The PHP monolith, asked through its oracle: what its handlers make of notifications as they arrive in life."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

MONOLITH = Path(__file__).parents[2] / "legacy" / "monolith"
SECRET = "a-secret-of-this-test"
TIMEOUT_S = 60
EARLIER, LATER, LATEST = 17_300_000_000_001, 17_300_000_600_000, 17_300_001_200_000

Outcome = dict[str, Any]


class Oracle:
    """The oracle program; each call starts from an empty database unless a file is given."""

    def __init__(self, php: list[str]) -> None:
        self._php = php

    def run(self, program: str, *arguments: str, stdin: str = "") -> str:
        finished = subprocess.run(
            [*self._php, str(MONOLITH / "bin" / program), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            env={**os.environ, "WEBHOOK_SECRET": SECRET},
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def ask(self, *notifications: dict[str, Any], database: Path | None = None) -> list[Outcome]:
        arguments = ["--now", "2026-11-21T10:00:00Z"]
        if database is not None:
            arguments += ["--database", str(database)]
        lines = "".join(json.dumps(notification) + "\n" for notification in notifications)
        return [json.loads(line) for line in self.run("oracle.php", *arguments, stdin=lines).splitlines()]


@pytest.fixture(scope="module")
def oracle(php: list[str]) -> Oracle:
    return Oracle(php)


def line(message_id: str, kind: str, body: str) -> dict[str, Any]:
    return {
        "id": message_id,
        "type": kind,
        "exchange": "notifications",
        "routing_key": kind,
        "body_base64": base64.b64encode(body.encode()).decode(),
        "properties": {"message_id": message_id},
        "headers": {},
    }


def webhook(
    kind: str, plural: str, message_id: str, key: str, created_at: int, fields: dict[str, Any]
) -> dict[str, Any]:
    body = {
        "webhook": kind,
        "webhook_id": message_id,
        "webhook_created_at": created_at,
        "object_id": key,
        "object_payload": {plural: [fields]},
    }
    return line(message_id, kind, json.dumps(body))


def payin(message_id: str, kind: str, created_at: int, **fields: Any) -> dict[str, Any]:
    defaults = {
        "payinId": "8513424",
        "walletId": "9007199254740993",
        "payinStatus": "PENDING",
        "codeStatus": "140001",
        "paymentMethodId": "20",
        "amount": "57.00",
        "messageToUser": "Lbl-Zz é/\\/'\u2028\x7f",
        "ibanFullname": " ÉMILE Zzyx ",
        "DbtrIBAN": "FR76ZZ 1234",
        "createdDate": "2024-10-27 02:30:00",
        "payinDate": "0000-00-00",
    }
    return webhook(kind, "payins", message_id, "8513424", created_at, defaults | fields)


def balance(message_id: str, current: float) -> dict[str, Any]:
    return webhook("balance.update", "balances", message_id, "77", EARLIER, {"walletId": 77, "currentBalance": current})


def row(outcome: Outcome, table: str) -> dict[str, Any]:
    [effect] = [e for e in outcome["effects"] if e["kind"] == "row" and e["name"] == table]
    value: dict[str, Any] = effect["value"]
    return value


def names(outcome: Outcome) -> list[str]:
    return [effect["name"] for effect in outcome["effects"]]


def test_a_redelivered_message_changes_nothing(oracle: Oracle) -> None:
    message = payin("m-1", "payin.create", EARLIER)

    first, second = oracle.ask(message, message)

    assert (first["ending"], first["attempt"]) == ("done", 1)
    assert names(first) == ["payins", "journal", "accounting/payin.booked", "payin.booked"]
    assert (second["ending"], second["attempt"], second["effects"]) == ("duplicate", 2, [])


def test_a_message_is_recognised_after_a_restart(oracle: Oracle, tmp_path: Path) -> None:
    message = payin("m-1", "payin.create", EARLIER)
    database = tmp_path / "monolith.sqlite"

    [first] = oracle.ask(message, database=database)
    [second] = oracle.ask(message, database=database)

    assert (first["ending"], second["ending"], second["attempt"]) == ("done", "duplicate", 2)


def test_an_update_before_its_create_keeps_the_newer_status(oracle: Oracle) -> None:
    update, create = oracle.ask(
        payin("m-2", "payin.update", LATER, payinStatus="VALIDATED", codeStatus="140005"),
        payin("m-1", "payin.create", EARLIER),
    )

    assert row(update, "payins")["amount"] is None
    filled = row(create, "payins")
    assert (filled["status"], filled["code_status"]) == ("VALIDATED", "140005")
    assert (filled["amount"], filled["last_event_at"]) == ("57.00", LATER)


def test_a_stale_update_is_journalled_and_otherwise_ignored(oracle: Oracle) -> None:
    *_, stale = oracle.ask(
        payin("m-1", "payin.create", EARLIER),
        payin("m-3", "payin.update", LATEST, payinStatus="VALIDATED"),
        payin("m-2", "payin.update", LATER, payinStatus="CANCELED"),
    )

    assert stale["ending"] == "done"
    assert names(stale) == ["journal", "accounting/payin.booked"]
    assert (row(stale, "journal")["stale"], row(stale, "journal")["amount_cents"]) == (1, 0)


def test_a_status_never_goes_backwards(oracle: Oracle) -> None:
    _, newer = oracle.ask(
        payin("m-1", "payin.create", EARLIER, payinStatus="CANCELED"),
        payin("m-2", "payin.update", LATER, payinStatus="VALIDATED"),
    )

    assert row(newer, "payins")["status"] == "CANCELED"


@pytest.mark.parametrize(
    ("amount", "fee", "cents"),
    [("57.00", 0.29, 5700), ("0.285", 0.0, 29), ("1.005", 0.01, 101), ("8868.835", 44.34, 886884)],
)
def test_half_cents_are_rounded_as_php_rounds_them(oracle: Oracle, amount: str, fee: float, cents: int) -> None:
    [outcome] = oracle.ask(payin("m-1", "payin.create", EARLIER, amount=amount))

    written = row(outcome, "payins")
    assert (written["fee"], written["amount_cents"], written["amount"]) == (fee, cents, amount)


def test_local_dates_become_utc_and_null_dates_null(oracle: Oracle) -> None:
    [outcome] = oracle.ask(payin("m-1", "payin.create", EARLIER))

    written = row(outcome, "payins")
    assert (written["created_at"], written["value_date"]) == ("2024-10-27 01:30:00", None)
    assert written["recorded_at"] == "2026-11-21 10:00:00"


def test_text_that_a_handler_cut_within_a_character_is_carried_as_base64(oracle: Oracle) -> None:
    [outcome] = oracle.ask(payin("m-1", "payin.create", EARLIER, messageToUser="é" * 30))

    cut = ("é" * 30).encode()[:35]
    assert row(outcome, "payins")["statement_text"] == {"base64": base64.b64encode(cut).decode()}


def test_a_webhook_is_signed_over_the_bytes_of_its_payload(oracle: Oracle) -> None:
    [outcome] = oracle.ask(payin("m-1", "payin.create", EARLIER))

    sent = outcome["effects"][-1]["value"]
    start = sent["body"].index('"object_payload":') + len('"object_payload":')
    payload = sent["body"][start : sent["body"].index(',"object_payload_signature"')]
    expected = base64.b64encode(hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).digest()).decode()
    assert sent["headers"]["X-Signature"] == expected
    assert json.loads(sent["body"])["object_payload_signature"] == expected


@pytest.mark.parametrize(
    ("current", "text", "cents"),
    [
        (280, "280", 28000),
        (12.0, "12", 1200),
        (1.0e-7, "1.0E-7", 0),
        (1.0e15, "1.0E+15", 10**17),
        (1.005, "1.005", 101),
    ],
)
def test_balances_are_numbers_and_are_stored_as_php_prints_them(
    oracle: Oracle, current: float, text: str, cents: int
) -> None:
    [outcome] = oracle.ask(balance("b-1", current))

    written = row(outcome, "balances")
    assert (written["current_balance"], written["current_cents"]) == (text, cents)
    assert type(written["authorized_balance"]) is float


@pytest.mark.parametrize(
    "message",
    [
        payin("m-1", "payin.create", EARLIER, amount=None),
        payin("m-1", "payin.create", EARLIER, amount="Zzyx"),
        payin("m-1", "payin.create", EARLIER, createdDate="Zzyx"),
        payin("m-1", "payin.create", EARLIER, messageToUser=["Zzyx"]),
        payin("m-1", "payin.cancel", EARLIER) | {"type": "payin.create"},
        line("m-1", "payin.create", "Zzyx"),
        line("m-1", "payin.create", ""),
        line("m-1", "payout.update", 'O:4:"Zzyx":0:{'),
        line("m-1", "payout.update", 'O:8:"stdClass":0:{}'),
    ],
    ids=["amount", "no number", "no date", "no text", "type", "no JSON", "empty", "cut serialize", "no payout"],
)
def test_what_can_never_succeed_is_rejected_without_quoting_it(oracle: Oracle, message: dict[str, Any]) -> None:
    [outcome] = oracle.ask(message)

    assert (outcome["message_id"], outcome["ending"], outcome["effects"]) == ("m-1", "rejected", [])
    assert outcome["cause"].isidentifier()
    assert "Zzyx" not in json.dumps(outcome)


def test_a_rejected_message_is_not_taken_for_processed_when_a_repaired_copy_comes(oracle: Oracle) -> None:
    rejected, accepted = oracle.ask(
        payin("m-1", "payin.create", EARLIER, createdDate="Zzyx"),
        payin("m-1", "payin.create", EARLIER),
    )

    assert (rejected["ending"], accepted["ending"], accepted["attempt"]) == ("rejected", "done", 2)


def test_a_run_of_the_publisher_is_the_same_for_the_same_seed_and_all_of_it_is_accepted(oracle: Oracle) -> None:
    arguments = ("--messages", "300", "--seed", "7", "--print")
    published = oracle.run("publish.php", *arguments)

    outcomes = [json.loads(found) for found in oracle.run("oracle.php", stdin=published).splitlines()]

    assert oracle.run("publish.php", *arguments) == published
    assert {outcome["ending"] for outcome in outcomes} == {"done", "duplicate"}
    done = [outcome for outcome in outcomes if outcome["ending"] == "done"]
    assert len(done) == len({outcome["message_id"] for outcome in done}) == 300
    assert {outcome["type"] for outcome in done} == {
        "payin.create",
        "payin.update",
        "payout.update",
        "cardtransaction.create",
        "balance.update",
    }


def test_two_runs_differ_only_where_noise_is_allowed(oracle: Oracle) -> None:
    published = oracle.run("publish.php", "--messages", "200", "--seed", "8", "--print")

    def settle(text: str, now: str) -> list[Outcome]:
        outcomes = [json.loads(found) for found in oracle.run("oracle.php", "--now", now, stdin=text).splitlines()]
        for outcome in outcomes:
            del outcome["at"]
            for effect in outcome["effects"]:
                if effect["name"] == "payins":
                    del effect["value"]["recorded_at"]
                if effect["name"] == "accounting/payout.settled":
                    body = json.loads(effect["value"]["body"])
                    del body["reference"]
                    effect["value"]["body"] = body
        return outcomes

    assert settle(published, "2026-11-21T10:00:00Z") == settle(published, "2027-03-28T03:00:00Z")
