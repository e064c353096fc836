import json
import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from contracts.effect import Attempt
from tests.fakes.function import FakeLambdaContext, event
from tests.fakes.message import NAME, PLANTED
from tests.unit.workers.handlers.conftest import Printed
from workers.bootstrap import control as bootstrap
from workers.fate import UnavailableError
from workers.handlers.control import handler

QUIET = pytest.mark.filterwarnings("ignore:No application metrics to publish")


@dataclass
class MemoryControl:
    """What the ledger was told of the monolith's outcomes."""

    noted: list[Attempt] = field(default_factory=list)
    refuse: bool = False

    def note(self, attempt: Attempt, tenant: str) -> None:
        assert tenant == "default"
        if self.refuse:
            raise UnavailableError("UpdateItem: ThrottlingException")
        self.noted.append(attempt)


@pytest.fixture
def control(monkeypatch: pytest.MonkeyPatch) -> MemoryControl:
    store = MemoryControl()
    monkeypatch.setattr(bootstrap, "control_store", lambda: store)
    return store


def invoke(records: dict[str, Any]) -> list[str]:
    return [one["itemIdentifier"] for one in handler(records, FakeLambdaContext())["batchItemFailures"]]


def with_body(change: Any) -> dict[str, Any]:
    """One outcome of which the document was changed."""
    records = event("sqs_standard_outcomes")
    del records["Records"][1:]
    record = records["Records"][0]
    record["body"] = change if isinstance(change, str) else json.dumps({**json.loads(record["body"]), **change})
    return records


def test_outcomes_are_noted(control: MemoryControl, printed: Printed) -> None:
    assert invoke(event("sqs_standard_outcomes")) == []
    assert {(one.type, one.attempt, one.ending) for one in control.noted} == {
        ("payin.create", 1, "done"),
        ("payin.update", 1, "retried"),
        ("balance.update", 2, "done"),
    }
    assert printed.metrics == {"OutcomesNoted": 3}
    assert printed.lines == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("{", "outcome: not JSON"),
        ('{"format":1,"effects":NaN}', "outcome: not JSON"),
        ({"format": 2}, "outcome: expected an object of format 1"),
        ({"ending": NAME}, "outcome.ending: unknown"),
        ({"type": NAME}, "unknown type"),
        ({"effects": [{"kind": "row", "name": NAME}]}, "outcome.effects[0].value: expected an object"),
    ],
)
def test_an_outcome_that_cannot_be_read_stays_and_is_told_without_its_values(
    control: MemoryControl, printed: Printed, change: Any, reason: str
) -> None:
    records = with_body(change)
    assert invoke(records) == [records["Records"][0]["messageId"]]
    assert control.noted == []
    assert printed.metrics == {"OutcomesRefused": 1}
    (line,) = printed.lines
    assert (line["message"], line["reason"]) == ("outcome refused", reason)
    assert not [value for value in PLANTED if value in printed.text]


def test_an_outcome_without_an_envelope_stays(control: MemoryControl, printed: Printed) -> None:
    records = event("sqs_standard_outcomes")
    del records["Records"][0]["messageAttributes"]["envelope"]
    assert invoke(records) == [records["Records"][0]["messageId"]]
    assert len(control.noted) == 2


def test_the_store_is_built_once_and_not_side_by_side(monkeypatch: pytest.MonkeyPatch, printed: Printed) -> None:
    builders: list[str] = []

    def build() -> MemoryControl:
        builders.append(threading.current_thread().name)
        return MemoryControl()

    monkeypatch.setattr(bootstrap, "control_store", build)
    assert invoke(event("sqs_standard_outcomes")) == []
    assert builders == [threading.current_thread().name]


@QUIET
def test_an_empty_batch_fails_in_nothing(control: MemoryControl, printed: Printed) -> None:
    assert invoke({"Records": []}) == []
    assert printed.lines == []


@QUIET
def test_an_outage_brings_every_outcome_back_and_refuses_none(control: MemoryControl, printed: Printed) -> None:
    control.refuse = True
    records = event("sqs_standard_outcomes")
    assert invoke(records) == [record["messageId"] for record in records["Records"]]
    assert printed.metrics == {}
    assert {line["reason"] for line in printed.lines} == {"UpdateItem: ThrottlingException"}
