"""What the monolith publishes on an ordinary day: all of it processed once on either side, and agreed upon."""

import base64
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from contracts import naming
from contracts.registry import FAMILIES
from contracts.verdict import Verdict
from ops.demo.scene import STACK
from tests.patience import eventually
from tests.stage import SETTLED_WITHIN_S, Post, Stage, disagreements, once, printed

Log = list[dict[str, Any]]
SEED_OF_REPEATED = 23


def test_both_sides_agree_on_every_message(stage: Stage, scenario: Log) -> None:
    verdicts = stage.judged(line["id"] for line in scenario)

    assert {line["type"] for line in scenario} == {one.name for family in FAMILIES for one in family.types}
    assert len(verdicts) == len(scenario) == 60
    assert not disagreements(verdicts)


def test_every_message_is_in_both_journals_once(stage: Stage, scenario: Log) -> None:
    ids = [line["id"] for line in scenario]

    assert stage.books(ids) == once(ids)


def test_nothing_of_it_is_put_aside(stage: Stage, scenario: Log) -> None:
    ids = {line["id"] for line in scenario}

    assert stage.letters_of(ids) == []
    assert [one for one in stage.parked() if one.properties.get("message_id") in ids] == []


def test_a_message_that_came_twice_is_processed_once(stage: Stage, scenario: Log) -> None:
    twice = [line["id"] for line in scenario if line["copies"] == 2]

    assert twice
    assert not disagreements(stage.judged(twice))
    assert stage.books(twice) == once(twice)


def test_a_message_that_reaches_the_worker_twice_is_processed_once(stage: Stage, php: Sequence[str]) -> None:
    # SQS itself swallows repetitions of ordered types; an unordered one gets through to the ledger.
    card = next(one for one in printed(php, 20, SEED_OF_REPEATED) if one["type"] == "cardtransaction.create")
    body = base64.b64decode(card["body_base64"])
    post = Post(card["exchange"], card["routing_key"], body, {"message_id": card["id"], "delivery_mode": 2}, {})
    stage.account_for(card["id"], card["type"], json.loads(body)["object_id"])
    queue = naming.queue_name(STACK, "cardtransaction", ordered=False)

    stage.post([post, post])

    def both_sides_have_seen_both() -> bool:
        entry = stage.entry(card["id"])
        return entry is not None and entry.control_attempts == (1, 2) and stage.waiting(queue) == 0

    eventually(both_sides_have_seen_both, SETTLED_WITHIN_S, "both copies are seen by both sides")
    assert stage.judged([card["id"]]) == {card["id"]: Verdict.MATCH}
    assert stage.books([card["id"]]) == once([card["id"]])


def test_an_update_before_its_create_ends_in_the_same_row_on_both_sides(stage: Stage, scenario: Log) -> None:
    places = {(line["type"], line["key"]): place for place, line in enumerate(scenario)}
    early = [
        key
        for (type_name, key), place in places.items()
        if type_name == "payin.update" and place < places.get(("payin.create", key), -1)
    ]
    ours = {
        item["key"]["S"]: json.loads(item["plain"]["S"])
        for item in stage.items(naming.records_table_name(STACK))
        if item.get("table", {}).get("S") == "payins"
    }

    assert early
    with closing(sqlite3.connect(stage.scene.places.database)) as connection:
        for key in early:
            [theirs] = connection.execute(
                "SELECT status, amount, amount_cents, currency FROM payins WHERE payin_id = ?", [key]
            )
            assert theirs[0] in ("VALIDATED", "CANCELED")
            assert theirs[1] is not None
            assert tuple(ours[key][name] for name in ("status", "amount", "amount_cents", "currency")) == theirs
