import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import structs

from contracts.claim import claim_on
from contracts.effect import body_digest
from contracts.envelope import Stamp, read_envelope, write_envelope
from contracts.letter import GAVE_UP, letter_id
from contracts.parked import Parked, write_parked
from contracts.return_message import Returned, ReturnedEffect, ReturnedHold, return_group, write_return
from tests.fakes.message import NAME, PLANTED, card_transaction, payin, received, translated
from workers.dead_letter import UNREADABLE, read_dead_letter
from workers.port import Occurrence
from workers.sqs import Received

AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
QUEUE = "my-stack-payin-dead.fifo"
ENTRY = translated("payin.create", payin())


def dead(**attributes: str) -> Received:
    record = received(ENTRY, record_id="d1", receives=1)
    return structs.replace(record, attributes={**record.attributes, **attributes})


def read(record: Received, queue: str = QUEUE) -> Occurrence:
    return read_dead_letter(record, queue, AT)


def test_what_the_worker_gave_up_on_is_told_by_its_envelope_and_its_cause() -> None:
    found = read(dead(cause="model:amount", receives="5", replay="run-1"))
    digest = body_digest(payin())
    assert found.letter_id == letter_id("sqs", "w1", digest)
    assert (found.source, found.queue, found.family) == ("sqs", QUEUE, "payin")
    assert (found.type, found.message_id, found.business_key) == ("payin.create", "w1", "p1")
    assert (found.cause, found.attempts, found.replay) == ("model:amount", 5, "run-1")
    assert (found.stamp, found.tenant, found.body_digest) == (Stamp("legacy", 0), "default", digest)
    assert (found.at, found.delivery) == (AT, "d1")


def test_the_message_is_kept_as_it_came_without_what_was_said_about_its_failure() -> None:
    content = read(dead(cause="model:amount", receives="5", replay="run-1")).content
    assert (content.body, content.group) == (ENTRY.body, "p1")
    assert content.attributes == {
        "envelope": ENTRY.envelope,
        "type": "payin.create",
        "id": "w1",
        "replay": "run-1",
    }


def test_what_sqs_gave_up_on_has_a_cause_of_its_own() -> None:
    found = read(structs.replace(dead(), receives=100))
    assert (found.cause, found.attempts) == (GAVE_UP, 100)
    assert found.message_id == "w1"


def test_the_same_message_is_the_same_letter_whatever_form_it_travelled_in() -> None:
    envelope = structs.replace(read_envelope(ENTRY.envelope), stamp=Stamp("new", 4))
    again = read(dead(envelope=write_envelope(envelope), cause="rejected"))
    assert again.letter_id == read(dead()).letter_id
    assert again.stamp == Stamp("new", 4)
    other = structs.replace(dead(), body=payin(amount="1.00").decode())
    assert read(other).letter_id != again.letter_id


@pytest.mark.parametrize(
    "record",
    [
        structs.replace(dead(), attributes={}),
        dead(envelope="{"),
        dead(envelope=NAME),
        structs.replace(dead(envelope=ENTRY.envelope.replace("utf-8", "base64"))),
        Received("d1", "r", 1, None, "", {}),
        Received("d1", "r", 1, None, "\ud800", {"cause": "envelope", "receives": "many"}),
    ],
)
def test_what_cannot_be_parsed_becomes_a_letter_whole(record: Received) -> None:
    found = read(record)
    assert (found.message_id, found.type, found.stamp, found.tenant) == (None, None, None, "default")
    assert (found.family, found.content.body) == ("payin", record.body)
    assert found.letter_id == letter_id("sqs", None, found.body_digest)
    assert found.attempts == 1


def test_a_type_that_nobody_knows_is_not_told() -> None:
    envelope = structs.replace(read_envelope(ENTRY.envelope), type=NAME)
    found = read(dead(envelope=write_envelope(envelope), cause="unknown-type:not of this family"))
    assert (found.type, found.message_id) == (None, "w1")


@pytest.mark.parametrize(
    ("queue", "family"),
    [
        ("s-payin-dead.fifo", "payin"),
        ("a-b-payout-dead.fifo", "payout"),
        ("s-cardtransaction-dead", "cardtransaction"),
        ("s-balance-dead.fifo", "balance"),
        ("s-outcomes-dead", None),
    ],
)
def test_the_queue_tells_the_family(queue: str, family: str | None) -> None:
    assert read(dead(), queue).family == family


def claimed(stamp: Stamp) -> tuple[str, str]:
    """An envelope with a claim, and the digest of its body."""
    claim = claim_on("payin", "w1", b"a large body")
    envelope = read_envelope(ENTRY.envelope)
    return write_envelope(structs.replace(envelope, body_encoding="claim", claim=claim, stamp=stamp)), claim.sha256


def test_a_letter_whose_body_lies_in_s3_is_known_by_its_digest_and_keeps_the_pointer() -> None:
    envelope, digest = claimed(Stamp("legacy", 0))
    found = read(structs.replace(dead(envelope=envelope, cause="claim:missing"), body="a pointer"))
    assert (found.letter_id, found.body_digest) == (letter_id("sqs", "w1", digest), digest)
    assert (found.content.body, found.content.attributes["envelope"]) == ("a pointer", envelope)


def test_what_could_not_be_held_is_known_by_the_digest_of_its_body_wherever_it_lies() -> None:
    envelope, digest = claimed(Stamp("new", 4))
    found = read(sent_back(ReturnedHold("payin", "w1", envelope, b"")), RETURN_QUEUE)
    assert (found.letter_id, found.body_digest) == (letter_id("return", "w1", digest), digest)


def parked(**changes: Any) -> Received:
    one = Parked(
        body=payin(),
        cause="unknown-type",
        queue="strangler.tap.payin",
        at="2026-11-21T09:59:00.000Z",
        exchange="notifications",
        routing_key="payin.create",
        properties={"message_id": NAME},
        notes={"cause": "unknown-type"},
    )
    return Received("d1", "r", 3, None, write_parked(dataclasses.replace(one, **changes)), {"type": "strangler.parked"})


def test_what_the_bridge_could_not_read_is_a_letter_of_the_invalid_message_channel() -> None:
    found = read(parked(cause="unreadable:syntax at 3", stamp=Stamp("legacy", 2)), "s-invalid")
    digest = body_digest(payin())
    assert found.letter_id == letter_id("invalid", None, digest)
    assert (found.source, found.queue, found.cause) == ("invalid", "strangler.tap.payin", "unreadable:syntax at 3")
    assert (found.type, found.family, found.message_id) == ("payin.create", "payin", None)
    assert (found.stamp, found.body_digest) == (Stamp("legacy", 2), digest)


def test_an_identity_that_the_router_could_read_is_the_letters() -> None:
    found = read(parked(id="w1", family="payin"), "s-invalid")
    assert (found.message_id, found.letter_id) == ("w1", letter_id("invalid", "w1", body_digest(payin())))


def test_what_is_of_no_known_type_has_neither_type_nor_family() -> None:
    found = read(parked(exchange=NAME, routing_key=NAME), "s-invalid")
    assert (found.type, found.family) == (None, None)
    fanout = read(parked(exchange="payouts", routing_key="anything"), "s-invalid")
    assert (fanout.type, fanout.family) == ("payout.update", "payout")


def test_what_is_not_parked_as_agreed_is_a_letter_all_the_same() -> None:
    found = read(structs.replace(parked(), body="-"), "s-invalid")
    assert (found.source, found.cause, found.queue) == ("invalid", UNREADABLE, "strangler.invalid")
    assert found.content.body == "-"


def test_nothing_personal_can_be_seen_of_a_letter() -> None:
    records = (dead(), structs.replace(dead(), attributes={}), dead(envelope="{"))
    shown = [repr(read(one)) for one in records]
    shown += [repr(read(parked(), "s-invalid")), repr(read(structs.replace(parked(), body=NAME), "s-invalid"))]
    card = received(translated("cardtransaction.create", card_transaction(), message_id="m1"))
    shown.append(repr(read(card, "s-cardtransaction-dead")))
    assert not [value for value in PLANTED if value in " ".join(shown)]


RETURN_QUEUE = "my-stack-return-dead.fifo"
FOLLOW_UP = ReturnedEffect("w1:2", "accounting", "payin.booked", "application/json", NAME.encode(), 7)
HELD = ReturnedHold(
    "payin", "w1", write_envelope(structs.replace(read_envelope(ENTRY.envelope), stamp=Stamp("new", 4))), payin()
)


def sent_back(returned: Returned | str, group: str = "payin#p1", **attributes: str) -> Received:
    body = returned if isinstance(returned, str) else write_return(returned)
    return structs.replace(received(ENTRY), body=body, group=group, attributes=attributes, receives=1000)


def test_a_message_that_could_not_be_held_is_told_by_its_envelope() -> None:
    found = read(sent_back(HELD, replay="run-1"), RETURN_QUEUE)
    digest = body_digest(payin())
    assert found.letter_id == letter_id("return", "w1", digest)
    assert (found.source, found.queue, found.family) == ("return", RETURN_QUEUE, "payin")
    assert (found.type, found.message_id, found.business_key) == ("payin.create", "w1", "p1")
    assert (found.cause, found.stamp, found.effect) == ("return-undeliverable:hold", Stamp("new", 4), None)
    assert (found.body_digest, found.replay, found.attempts) == (digest, "run-1", 1000)
    assert (found.content.body, found.content.group) == (write_return(HELD), "payin#p1")


def test_a_follow_up_message_that_rabbitmq_did_not_take_is_told_by_its_effect_and_its_group() -> None:
    found = read(sent_back(FOLLOW_UP), RETURN_QUEUE)
    digest = body_digest(NAME.encode())
    assert found.letter_id == letter_id("return", "w1:2", digest)
    assert (found.source, found.family, found.message_id, found.effect) == ("return", "payin", "w1", "w1:2")
    assert (found.cause, found.business_key) == ("return-undeliverable:accounting/payin.booked", "p1")
    assert (found.type, found.stamp, found.body_digest) == (None, None, digest), "two types have such an effect"


def test_of_a_key_that_no_group_can_hold_the_contract_tells_the_family() -> None:
    payout = structs.replace(FOLLOW_UP, routing_key="payout.settled")
    found = read(sent_back(payout, return_group("payout", NAME)), RETURN_QUEUE)
    assert (found.family, found.type, found.business_key) == ("payout", "payout.update", None)
    unknown = read(sent_back(structs.replace(FOLLOW_UP, exchange=NAME), "0" * 64), RETURN_QUEUE)
    assert (unknown.family, unknown.type, unknown.cause) == (None, None, "return-undeliverable")


@pytest.mark.parametrize(
    "returned",
    [
        "-",
        structs.replace(HELD, envelope="{"),
        structs.replace(FOLLOW_UP, effect=NAME),
    ],
)
def test_what_was_to_go_back_and_nobody_can_read_is_a_letter_all_the_same(returned: Returned | str) -> None:
    record = sent_back(returned)
    found = read(record, RETURN_QUEUE)
    assert (found.source, found.cause, found.family) == ("return", UNREADABLE, "payin")
    assert (found.message_id, found.effect, found.stamp) == (None, None, None)
    assert found.content.body == record.body


def test_nothing_personal_can_be_seen_of_what_was_to_go_back() -> None:
    strange = structs.replace(FOLLOW_UP, exchange=NAME, routing_key=NAME)
    records = [sent_back(one) for one in (HELD, FOLLOW_UP, strange, structs.replace(FOLLOW_UP, effect=NAME), NAME)]
    shown = " ".join(repr(read(one, RETURN_QUEUE)) for one in records)
    assert not [value for value in PLANTED if value in shown]
