"""Messages that nobody can process: each ends whole in the place meant for it, with its cause, and quotes nothing."""

import json
import re
from typing import Any

import pytest

from contracts import naming
from contracts.amqp_value import untag_table
from contracts.parked import Parked
from contracts.verdict import Verdict
from ops.demo.scene import STACK
from tests.misfit import Misfits, key_of, object_of
from tests.stage import CASE_HEADER, Letter, Stage

PARKED = {
    "no JSON": r"unreadable:syntax at byte \d+",
    "cut JSON": r"unreadable:truncated at byte \d+",
    "JSON, no object": "unreadable:not_an_object",
    "empty, ordered": "unreadable:empty",
    "cut serialize": r"unreadable:\w+( at byte \d+)?",
    "another class": "unreadable:name",
    "unknown routing key": "unknown-type:no contract for this exchange and routing key",
    "id missing": "id-missing:webhook_id",
    "id is a list": "id-missing:webhook_id",
    "AMQP id missing": "id-missing:message_id",
    "key missing": "key-missing:object_id",
}
"""What the shipper cannot read: to the Invalid Message Channel on RabbitMQ."""

LETTERED = {
    "model violation": "model:object_payload.payins.0.walletId",
    "no number": "model:object_payload.payins.0.amount",
    "amount missing": "model:object_payload.payins.0.amount",
    "another webhook": "unknown-type:.*",
    "no enum case": "model:status",
    "id taken: second": "id-conflict",
}
"""What the worker refuses: to the family's dead letters on SQS."""


@pytest.fixture(scope="module")
def parked(stage: Stage, misfits: Misfits) -> dict[str, Parked]:
    headers = ((one, untag_table(one.headers or {})) for one in stage.parked())
    return {table[CASE_HEADER]: one for one, table in headers if CASE_HEADER in table}


@pytest.fixture(scope="module")
def letters(stage: Stage, misfits: Misfits) -> dict[str, Letter]:
    headers = ((letter, untag_table(letter.envelope.amqp.headers or {})) for letter in stage.letters())
    return {table[CASE_HEADER]: letter for letter, table in headers if CASE_HEADER in table}


@pytest.mark.parametrize("name", PARKED)
def test_what_the_bridge_cannot_read_is_parked_whole_with_its_cause(
    name: str, misfits: Misfits, parked: dict[str, Parked]
) -> None:
    post, found = misfits[name].post, parked[name]

    assert re.fullmatch(PARKED[name], found.cause)
    assert found.body == post.body
    assert untag_table(found.headers or {}) == post.headers
    assert (found.exchange, found.routing_key) == (post.exchange, post.routing_key)


@pytest.mark.parametrize("name", PARKED)
def test_a_parked_message_keeps_its_properties(name: str, misfits: Misfits, parked: dict[str, Parked]) -> None:
    post, found = misfits[name].post, parked[name]

    assert found.properties == post.properties


@pytest.mark.parametrize("name", LETTERED)
def test_what_can_never_succeed_lies_whole_in_the_familys_dead_letters_with_its_cause(
    name: str, misfits: Misfits, letters: dict[str, Letter]
) -> None:
    misfit, letter = misfits[name], letters[name]
    family = {"notifications": "payin", "payouts": "payout"}[misfit.post.exchange]

    assert re.fullmatch(LETTERED[name], letter.cause or "")
    assert letter.queue == naming.dead_letter_queue_name(STACK, family, ordered=True)
    assert letter.body == misfit.post.body
    assert letter.attributes["id"] == letter.envelope.id == misfit.id
    assert untag_table(letter.envelope.amqp.headers or {}) == misfit.post.headers
    assert letter.envelope.amqp.properties == misfit.post.properties
    assert (letter.envelope.amqp.exchange, letter.envelope.amqp.routing_key) == (
        misfit.post.exchange,
        misfit.post.routing_key,
    )


@pytest.mark.parametrize("name", ["model violation", "no number", "amount missing", "no enum case", "another webhook"])
def test_a_refused_message_is_in_the_ledger_and_in_no_books(name: str, stage: Stage, misfits: Misfits) -> None:
    entry = stage.entry(misfits[name].id)

    assert entry is not None
    assert entry.candidate_ending == "rejected"
    assert re.fullmatch(LETTERED[name], entry.candidate_cause or "")
    books = stage.books([misfits[name].id])
    assert (set(books.legacy.values()), set(books.new.values())) == ({0}, {0})


def test_both_sides_agree_on_what_they_refuse(stage: Stage, misfits: Misfits) -> None:
    refused = [misfits[name].id for name in ("model violation", "no number", "amount missing")]

    assert set(stage.judged(refused).values()) == {Verdict.MATCH}


def test_an_id_that_comes_with_another_body_is_an_id_conflict(stage: Stage, misfits: Misfits) -> None:
    first = misfits["id taken: first"]

    assert stage.judged([first.id]) == {first.id: Verdict.ID_CONFLICT}
    entry = stage.entry(first.id)
    assert entry is not None
    assert (entry.conflict, entry.candidate_ending) == (True, "done")


def test_an_id_conflict_leaves_what_the_first_message_wrote(
    stage: Stage, misfits: Misfits, letters: dict[str, Letter]
) -> None:
    first = misfits["id taken: first"]
    rows = records_of(stage, first.id)

    assert sorted(row["table"]["S"] for row in rows) == ["journal", "payins"]
    assert {row["version"]["N"] for row in rows} == {"1"}
    [payin] = [row for row in rows if row["table"]["S"] == "payins"]
    assert payin["key"]["S"] == key_of(first)
    assert json.loads(payin["plain"]["S"])["amount"] == object_of(first)["amount"]


def test_an_id_conflict_of_unordered_messages_keeps_one_and_quarantines_the_other(
    stage: Stage, misfits: Misfits
) -> None:
    first, second = misfits["card id taken: first"], misfits["card id taken: second"]

    [letter] = stage.letters_of([first.id])
    assert letter.cause == "id-conflict"
    assert letter.body in (first.post.body, second.post.body)
    assert stage.judged([first.id]) == {first.id: Verdict.ID_CONFLICT}
    assert len(records_of(stage, first.id)) == 2


def records_of(stage: Stage, message_id: str) -> list[dict[str, Any]]:
    items = stage.items(naming.records_table_name(STACK))
    return [item for item in items if item.get("message_id", {}).get("S") == message_id]
