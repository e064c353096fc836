import json
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import structs

from bridge.port import Entry
from contracts.envelope import Stamp, read_envelope, write_envelope
from tests.fakes.message import CREATED_AT, card_transaction, payin, received, translated
from tests.fakes.receiver import ReceiverScene
from workers.aside import CONFLICT_TRIES
from workers.fate import AlreadyProcessed, DeadLettered, NotComparable, Processed, Retry
from workers.port import Commit


def created(webhook_id: str = "w1", payin_id: str = "p1", **fields: Any) -> Entry:
    return translated("payin.create", payin(webhook_id, payin_id, **fields))


def updated(webhook_id: str = "w2", payin_id: str = "p1", *, at: int = CREATED_AT + 1, **fields: Any) -> Entry:
    body = payin(webhook_id, payin_id, type_name="payin.update", at=at, **fields)
    return translated("payin.update", body)


@pytest.fixture
def scene() -> ReceiverScene:
    return ReceiverScene()


def test_a_message_becomes_its_rows_and_its_ledger_entry(scene: ReceiverScene) -> None:
    assert scene.settle(created()) == [Processed()]
    assert scene.row("payins", "p1")["amount_cents"] == 2667797
    assert scene.row("journal", "w1", business_key="p1")["kind"] == "payin.create"
    attempt = scene.attempt("w1")
    assert (attempt.type, attempt.attempt, attempt.ending, attempt.cause) == ("payin.create", 1, "done", None)
    assert [effect.kind for effect in attempt.effects] == ["row", "row", "message", "webhook"]
    assert scene.visibility.delays == {}


def test_messages_of_different_keys_share_one_read_and_one_transaction(scene: ReceiverScene) -> None:
    assert scene.settle(*(created(f"w{n}", f"p{n}") for n in range(10))) == [Processed()] * 10
    assert scene.store.calls == ["load", "commit"]
    assert len(scene.store.entries) == 10


def test_a_second_message_of_a_key_sees_what_the_first_one_wrote(scene: ReceiverScene) -> None:
    fates = scene.settle(created(), created("w9", "p9"), updated(payinStatus="VALIDATED"))
    assert fates == [Processed()] * 3
    assert scene.store.calls == ["load", "commit"] * 2
    assert scene.row("payins", "p1")["status"] == "VALIDATED"
    assert scene.row("payins", "p1")["amount"] == "26677.97"
    assert scene.store.heads["default#payin#p1"] == (2, 0)


def test_an_update_that_comes_before_its_create_keeps_its_status(scene: ReceiverScene) -> None:
    scene.settle(updated(payinStatus="VALIDATED"), created())
    assert scene.row("payins", "p1")["status"] == "VALIDATED"
    assert scene.row("payins", "p1")["amount"] == "26677.97"


def test_a_redelivered_message_changes_nothing(scene: ReceiverScene) -> None:
    scene.settle(created())
    before = (dict(scene.store.entries), dict(scene.store.rows), dict(scene.store.heads))
    assert scene.settle(created()) == [AlreadyProcessed()]
    assert scene.settle(created(), created()) == [AlreadyProcessed()] * 2
    assert (scene.store.entries, scene.store.rows, scene.store.heads) == before
    assert scene.letters.letters == []


def test_the_same_message_twice_in_one_batch_is_processed_once(scene: ReceiverScene) -> None:
    assert scene.settle(created(), created()) == [Processed(), AlreadyProcessed()]
    assert scene.store.heads["default#payin#p1"] == (1, 0)


def test_a_redelivered_message_keeps_nobody_else_from_being_processed(scene: ReceiverScene) -> None:
    scene.settle(created("w1", "p1"))
    assert scene.settle(created("w1", "p1"), created("w2", "p2")) == [AlreadyProcessed(), Processed()]


def test_a_message_that_only_the_monolith_has_told_of_is_processed(scene: ReceiverScene) -> None:
    scene.store.noted = scene.store.control_final = {"w1", "w2"}
    assert scene.settle(created("w1", "p1"), created("w2", "p2")) == [Processed()] * 2
    assert scene.store.calls == ["load", "commit"]


def test_if_a_shared_transaction_is_cancelled_its_messages_go_singly(scene: ReceiverScene) -> None:
    def be_faster(commits: Sequence[Commit]) -> None:
        if len(commits) > 1:
            scene.store.heads["default#payin#p2"] = (7, 0)

    scene.store.before_commit = be_faster
    assert scene.settle(*(created(f"w{n}", f"p{n}") for n in (1, 2, 3))) == [Processed()] * 3
    assert scene.store.calls == ["load", "commit", *["load", "commit"] * 3]
    assert scene.store.heads["default#payin#p2"] == (8, 0)


def test_a_message_is_decided_anew_on_what_somebody_faster_has_written(scene: ReceiverScene) -> None:
    scene.settle(created())
    other = ReceiverScene(store=scene.store)

    def be_faster(_: Sequence[Commit]) -> None:
        scene.store.before_commit = lambda _: None
        assert other.settle(updated("w2", at=CREATED_AT + 2, payinStatus="CANCELED")) == [Processed()]

    scene.store.before_commit = be_faster
    assert scene.settle(updated("w3", at=CREATED_AT + 1, payinStatus="VALIDATED")) == [Processed()]
    assert scene.row("payins", "p1")["status"] == "CANCELED"
    assert scene.row("journal", "w3", business_key="p1")["stale"] == 1


def test_a_message_that_somebody_faster_has_processed_is_not_processed_again(scene: ReceiverScene) -> None:
    other = ReceiverScene(store=scene.store)

    def be_faster(_: Sequence[Commit]) -> None:
        scene.store.before_commit = lambda _: None
        other.settle(created())

    scene.store.before_commit = be_faster
    assert scene.settle(created()) == [AlreadyProcessed()]
    assert scene.store.heads["default#payin#p1"] == (1, 0)


def test_a_message_that_is_always_too_late_is_tried_again_later(scene: ReceiverScene) -> None:
    def be_faster(_: Sequence[Commit]) -> None:
        version, epoch = scene.store.heads.get("default#payin#p1", (0, 0))
        scene.store.heads["default#payin#p1"] = (version + 1, epoch)

    scene.store.before_commit = be_faster
    (fate,) = scene.settle(created(), receives=99)
    assert isinstance(fate, Retry)
    assert not fate.counts
    assert scene.store.calls == ["load", "commit"] * CONFLICT_TRIES
    assert scene.letters.letters == []


def test_a_message_with_an_older_epoch_than_the_records_is_never_written(scene: ReceiverScene) -> None:
    scene.store.heads["default#payin#p1"] = (3, 2)
    assert scene.settle(created()) == [NotComparable()]
    assert scene.store.rows == {}
    envelope = structs.replace(read_envelope(created().envelope), stamp=Stamp("legacy", 2))
    assert scene.settle(structs.replace(created(), envelope=write_envelope(envelope))) == [Processed()]
    assert scene.store.heads["default#payin#p1"] == (4, 2)


def test_the_same_id_with_other_bytes_is_quarantined_and_overwrites_nothing(scene: ReceiverScene) -> None:
    scene.settle(created())
    before = (dict(scene.store.entries), dict(scene.store.rows), dict(scene.store.heads))
    other = created(amount="1.00")
    assert scene.settle(other) == [DeadLettered("id-conflict")]
    assert (scene.store.entries, scene.store.rows, scene.store.heads) == before
    assert scene.store.conflicts == {"w1"}
    (letter,) = scene.letters.letters
    assert (letter.cause, letter.body, letter.attributes["envelope"]) == ("id-conflict", other.body, other.envelope)


def test_an_id_conflict_within_one_batch_is_seen_too(scene: ReceiverScene) -> None:
    assert scene.settle(created(), created(amount="1.00")) == [Processed(), DeadLettered("id-conflict")]
    assert scene.row("payins", "p1")["amount"] == "26677.97"


def test_an_id_conflict_between_two_keys_is_seen_too(scene: ReceiverScene) -> None:
    assert scene.settle(created("w1", "p1"), created("w1", "p2")) == [Processed(), DeadLettered("id-conflict")]
    assert scene.store.conflicts == {"w1"}


def test_a_conflicting_message_can_come_again_and_stays_out(scene: ReceiverScene) -> None:
    scene.settle(created())
    assert scene.settle(created(amount="1.00")) == [DeadLettered("id-conflict")]
    assert scene.settle(created(amount="1.00")) == [DeadLettered("id-conflict")]
    assert scene.settle(created()) == [AlreadyProcessed()]


def test_an_unordered_family_shares_one_transaction_too() -> None:
    scene = ReceiverScene("cardtransaction")
    entries = [translated("cardtransaction.create", card_transaction(f"c{n}"), message_id=f"m{n}") for n in range(10)]
    assert scene.settle(*entries) == [Processed()] * 10
    assert scene.store.calls == ["load", "commit"]


def test_the_ledger_knows_when_the_bridge_took_the_message(scene: ReceiverScene) -> None:
    taken: list[Commit] = []
    scene.store.before_commit = taken.extend
    scene.settle(created())
    assert [one.received_at for one in taken] == ["2026-11-21T10:00:00.000+00:00"]


def test_an_empty_batch_has_no_fates(scene: ReceiverScene) -> None:
    assert scene.settle() == []


def test_the_webhook_is_signed_with_the_secret_that_the_context_gives(scene: ReceiverScene) -> None:
    scene.settle(created())
    webhook = scene.attempt("w1").effects[-1]
    headers = webhook.value["headers"]
    assert isinstance(headers, dict)
    assert json.loads(str(webhook.value["body"]))["object_payload_signature"] == headers["X-Signature"]


def test_a_record_of_another_family_is_put_aside(scene: ReceiverScene) -> None:
    card = translated("cardtransaction.create", card_transaction(), message_id="m1")
    assert scene.settle_records(received(card)) == [DeadLettered("unknown-type:not of this family")]
