import copy
import threading
from typing import Any

import pytest

from tests.fakes.function import FakeLambdaContext, event
from tests.fakes.message import PLANTED
from tests.fakes.outlet import MemoryLetters
from tests.unit.workers.handlers.conftest import Printed
from workers.bootstrap import letters as bootstrap
from workers.handlers.letters import handler

QUIET = pytest.mark.filterwarnings("ignore:No application metrics to publish")


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> MemoryLetters:
    store = MemoryLetters()
    monkeypatch.setattr(bootstrap, "letter_store", lambda: store)
    return store


def dead(queue: str = "strangler-payin-dead.fifo") -> dict[str, Any]:
    records = copy.deepcopy(event("sqs_fifo_payin"))
    for record in records["Records"]:
        record["eventSourceARN"] = f"arn:aws:sqs:eu-west-3:123456789012:{queue}"
        record["messageAttributes"]["cause"] = {"stringValue": "model:amount", "dataType": "String"}
    return records


def invoke(records: dict[str, Any]) -> list[str]:
    return [one["itemIdentifier"] for one in handler(records, FakeLambdaContext())["batchItemFailures"]]


def test_every_record_becomes_a_letter(letters: MemoryLetters, printed: Printed) -> None:
    records = dead()
    assert invoke(records) == []
    assert len(letters.letters) == 4
    one = next(one for one in letters.letters.values() if one.delivery == records["Records"][0]["messageId"])
    assert (one.queue, one.family, one.cause) == ("strangler-payin-dead.fifo", "payin", "model:amount")
    assert one.at.isoformat() == "2026-11-21T10:00:00.123000+00:00"
    assert printed.metrics == {"LettersIndexed": 4}
    assert printed.lines == []


@QUIET
def test_a_delivery_that_comes_again_is_not_counted_again(letters: MemoryLetters, printed: Printed) -> None:
    invoke(dead())
    assert invoke(dead()) == []
    assert printed.metrics == {"LettersIndexed": 4}


@QUIET
def test_an_outage_keeps_every_letter_in_its_queue(letters: MemoryLetters, printed: Printed) -> None:
    letters.refuse = True
    records = dead()
    assert invoke(records) == [record["messageId"] for record in records["Records"]]
    assert {line["reason"] for line in printed.lines} == {"UpdateItem: ThrottlingException"}
    assert printed.metrics == {}


def test_a_record_that_our_code_stumbles_over_stays_alone_and_quotes_nothing(
    letters: MemoryLetters, printed: Printed
) -> None:
    records = dead()
    del records["Records"][1]["attributes"]["SentTimestamp"]
    assert invoke(records) == [records["Records"][1]["messageId"]]
    assert printed.metrics == {"LettersIndexed": 3}
    (line,) = printed.lines
    assert (line["message"], line["reason"]) == ("letter not indexed", "KeyError")
    assert not [value for value in PLANTED if value in printed.text]


def test_the_store_is_built_once_and_not_side_by_side(monkeypatch: pytest.MonkeyPatch, printed: Printed) -> None:
    builders: list[str] = []

    def build() -> MemoryLetters:
        builders.append(threading.current_thread().name)
        return MemoryLetters()

    monkeypatch.setattr(bootstrap, "letter_store", build)
    assert invoke(dead()) == []
    assert builders == [threading.current_thread().name]


@QUIET
def test_an_empty_batch_fails_in_nothing(letters: MemoryLetters, printed: Printed) -> None:
    assert invoke({"Records": []}) == []
    assert printed.lines == []
