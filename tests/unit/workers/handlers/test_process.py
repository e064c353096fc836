import copy
from typing import Any

import pytest
from msgspec import structs

from contracts.authority import AuthorityRecord
from contracts.claim import Claim, claim_on
from contracts.envelope import Stamp, read_envelope, write_envelope
from tests.fakes.claims import MemoryClaims
from tests.fakes.function import FakeLambdaContext, event
from tests.fakes.message import PLANTED
from tests.fakes.receiver import ReceiverScene, failing_for
from tests.unit.workers.handlers.conftest import Printed
from workers.bootstrap import process as bootstrap
from workers.fate import UnavailableError
from workers.handlers.process import handler


def invoke(scene: ReceiverScene, records: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Message ids that the function reports as failed."""
    monkeypatch.setattr(bootstrap, "receiver", lambda: scene.receiver)
    monkeypatch.setattr(bootstrap, "claims", lambda: scene.claims)
    answer = handler(records, FakeLambdaContext())
    assert set(answer) == {"batchItemFailures"}
    assert all(set(one) == {"itemIdentifier"} for one in answer["batchItemFailures"])
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def ids(records: dict[str, Any]) -> list[str]:
    return [record["messageId"] for record in records["Records"]]


def test_a_fifo_batch_is_processed_and_nothing_comes_back(monkeypatch: pytest.MonkeyPatch, printed: Printed) -> None:
    scene, records = ReceiverScene(), event("sqs_fifo_payin")
    assert invoke(scene, records, monkeypatch) == []
    assert scene.row("payins", "975233263")["status"] == "VALIDATED"
    assert scene.row("payins", "422148048")["status"] == "PENDING"
    assert scene.causes == ["model:object_payload.payins.0.amount"]
    assert printed.metrics == {"MessagesProcessed": 3, "MessagesDeadLettered": 1}
    (line,) = printed.lines
    assert (line["message"], line["cause"]) == ("dead-lettered", "model:object_payload.payins.0.amount")
    assert line["record_id"] == ids(records)[2]
    assert line["function_request_id"] == FakeLambdaContext().aws_request_id


def test_a_standard_batch_is_processed_and_nothing_comes_back(
    monkeypatch: pytest.MonkeyPatch, printed: Printed
) -> None:
    scene = ReceiverScene("cardtransaction")
    assert invoke(scene, event("sqs_standard_cardtransaction"), monkeypatch) == []
    assert {key for _, (table, key) in scene.store.rows if table == "card_transactions"} == {"422148048", "422148049"}
    assert [letter.cause.split(":")[0] for letter in scene.letters.letters] == ["unreadable"]
    assert printed.metrics == {"MessagesProcessed": 2, "MessagesDeadLettered": 1}


def test_the_same_batch_twice_changes_nothing(monkeypatch: pytest.MonkeyPatch, printed: Printed) -> None:
    scene = ReceiverScene()
    records = event("sqs_fifo_payin")
    del records["Records"][2]
    invoke(scene, records, monkeypatch)
    before = dict(scene.store.rows), dict(scene.store.heads)
    assert invoke(scene, records, monkeypatch) == []
    assert (scene.store.rows, scene.store.heads) == before
    assert printed.metrics == {"MessagesProcessed": 3, "MessagesRepeated": 3}


def test_a_failed_fifo_message_comes_back_with_all_of_its_group_and_nobody_elses(
    monkeypatch: pytest.MonkeyPatch, printed: Printed
) -> None:
    scene = ReceiverScene(handlers=failing_for("975233263", ZeroDivisionError(PLANTED[0])))
    records = event("sqs_fifo_payin")
    first, second, _, _ = ids(records)
    assert invoke(scene, records, monkeypatch) == [first, second]
    assert "422148048" in {key for _, (_, key) in scene.store.rows}
    assert printed.metrics == {
        "MessagesRetried": 1,
        "MessagesBehind": 1,
        "MessagesDeadLettered": 1,
        "MessagesProcessed": 1,
    }
    retried = next(line for line in printed.lines if line["message"] == "tried again later")
    assert (retried["reason"], retried["blamed"]) == ("handler: ZeroDivisionError", True)


def test_a_failed_standard_message_comes_back_alone(monkeypatch: pytest.MonkeyPatch, printed: Printed) -> None:
    scene = ReceiverScene("cardtransaction", handlers=failing_for("422148048", ZeroDivisionError()))
    records = event("sqs_standard_cardtransaction")
    assert invoke(scene, records, monkeypatch) == [ids(records)[0]]


@pytest.mark.parametrize(
    ("family", "name"), [("payin", "sqs_fifo_payin"), ("cardtransaction", "sqs_standard_cardtransaction")]
)
def test_an_outage_brings_the_whole_batch_back_without_an_error(
    family: str, name: str, monkeypatch: pytest.MonkeyPatch, printed: Printed
) -> None:
    scene = ReceiverScene(family)
    scene.store.refuse, scene.letters.refuse = 100, True
    records = event(name)
    assert invoke(scene, records, monkeypatch) == ids(records)
    assert scene.letters.letters == []
    assert {line["reason"] for line in printed.lines} == {"refused by the test"}
    assert not any(line["blamed"] for line in printed.lines)


def test_how_often_a_record_was_received_decides_on_a_message_that_raises(
    monkeypatch: pytest.MonkeyPatch, printed: Printed
) -> None:
    scene = ReceiverScene("cardtransaction", handlers=failing_for("422148048", ZeroDivisionError()))
    records = event("sqs_standard_cardtransaction")
    records["Records"][0]["attributes"]["ApproximateReceiveCount"] = "5"
    assert invoke(scene, records, monkeypatch) == []
    assert scene.causes[0] == "unexpected:handler: ZeroDivisionError"
    assert "422148049" in {key for _, (_, key) in scene.store.rows}


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_an_empty_batch_needs_nothing(monkeypatch: pytest.MonkeyPatch, printed: Printed) -> None:
    assert invoke(ReceiverScene(), {"Records": []}, monkeypatch) == []


def test_nothing_that_is_printed_holds_a_value_of_a_message(monkeypatch: pytest.MonkeyPatch, printed: Printed) -> None:
    invoke(ReceiverScene(), event("sqs_fifo_payin"), monkeypatch)
    failing = ReceiverScene(handlers=failing_for("975233263", ValueError(PLANTED[0])))
    invoke(failing, event("sqs_fifo_payin"), monkeypatch)
    damaged = event("sqs_fifo_payin")
    for record in damaged["Records"]:
        record["body"] = record["body"][:-1]
    invoke(ReceiverScene(), damaged, monkeypatch)
    assert printed.lines
    assert not [value for value in PLANTED if value in printed.text]


def test_the_event_is_left_as_it_came(monkeypatch: pytest.MonkeyPatch, printed: Printed) -> None:
    records = event("sqs_fifo_payin")
    before = copy.deepcopy(records)
    invoke(ReceiverScene(), records, monkeypatch)
    assert records == before


def test_the_events_of_the_tests_are_what_the_bridge_sends() -> None:
    for record in event("sqs_fifo_payin")["Records"]:
        attributes = {name: one["stringValue"] for name, one in record["messageAttributes"].items()}
        envelope = read_envelope(attributes["envelope"])
        assert (envelope.id, envelope.type) == (attributes["id"], attributes["type"])
        assert (envelope.subject, envelope.stamp) == (record["attributes"]["MessageGroupId"], Stamp("legacy", 0))


def test_what_a_move_of_authority_has_overtaken_is_counted_and_does_not_come_back(
    monkeypatch: pytest.MonkeyPatch, printed: Printed
) -> None:
    scene, records = ReceiverScene(), event("sqs_fifo_payin")
    scene.store.records["payin"] = AuthorityRecord("payin", "live", 4, 4)
    envelope = records["Records"][0]["messageAttributes"]["envelope"]
    envelope["stringValue"] = envelope["stringValue"].replace('{"authority":"legacy"', '{"authority":"new"')
    assert invoke(scene, records, monkeypatch) == []
    assert len(scene.returns.sent) == 1
    assert printed.metrics == {"MessagesHeld": 1, "MessagesNotComparable": 3}


def test_a_claim_that_cannot_be_let_go_of_is_counted_and_the_message_is_done(
    monkeypatch: pytest.MonkeyPatch, printed: Printed
) -> None:
    scene, records = ReceiverScene(), event("sqs_fifo_payin")
    del records["Records"][1:]
    (record,) = records["Records"]
    attribute = record["messageAttributes"]["envelope"]
    body = record["body"].encode()
    claim = claim_on("payin", "w1", body)
    envelope = structs.replace(read_envelope(attribute["stringValue"]), body_encoding="claim", claim=claim)
    attribute["stringValue"], record["body"] = write_envelope(envelope), "a pointer"
    scene.claims.bucket.objects[claim.key] = body
    monkeypatch.setattr(MemoryClaims, "finish", refusing)
    assert invoke(scene, records, monkeypatch) == []
    assert printed.metrics == {"MessagesProcessed": 1, "MessagesUnfinished": 1}
    (line,) = printed.lines
    assert (line["message"], line["reason"]) == ("its claim stays", "CopyObject: AccessDenied")


def refusing(_self: MemoryClaims, _claim: Claim) -> None:
    raise UnavailableError("CopyObject: AccessDenied")
