import copy
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from tests.fakes.function import FakeLambdaContext, event
from tests.fakes.message import NAME
from tests.unit.workers.handlers.conftest import Printed
from workers.bootstrap import outlet as bootstrap
from workers.fate import UnavailableError
from workers.handlers import outlet as outlet_handler
from workers.handlers import sweeper as sweeper_handler
from workers.outlet.outgoing import Kind
from workers.outlet.outlet import Round
from workers.outlet.port import Page

QUIET = pytest.mark.filterwarnings("ignore:No application metrics to publish")


@dataclass
class ScriptedOutlet:
    """Answers each message with a round, or with an error."""

    rounds: dict[str, Round | Exception] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)
    in_time: list[bool] = field(default_factory=list)

    def leave(
        self, message_ids: Sequence[str], in_time: Callable[[], bool], behind: dict[str, datetime] | None = None
    ) -> Mapping[str, Future[Round]]:
        self.asked.append(list(message_ids))
        self.in_time.append(in_time())
        return {one: self._future(one) for one in message_ids}

    def _future(self, message_id: str) -> Future[Round]:
        future: Future[Round] = Future()
        done = self.rounds.get(message_id, Round())
        if isinstance(done, Exception):
            future.set_exception(done)
        else:
            future.set_result(done)
        return future


@dataclass
class ScriptedEntries:
    """One page for each family that has one."""

    pages: dict[str, list[str]] = field(default_factory=dict)
    refuse: bool = False

    def due(self, family: str, now: datetime, rest: str | None) -> Page:
        assert now.tzinfo is not None
        if self.refuse:
            raise UnavailableError("Query: ThrottlingException")
        return Page(self.pages.get(family, []), None)


@pytest.fixture
def outlet(monkeypatch: pytest.MonkeyPatch) -> ScriptedOutlet:
    scripted = ScriptedOutlet()
    monkeypatch.setattr(bootstrap, "outlet", lambda: scripted)
    return scripted


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> ScriptedEntries:
    scripted = ScriptedEntries()
    monkeypatch.setattr(bootstrap, "pending_entries", lambda: scripted)
    return scripted


def counted(**kinds: int) -> Counter[Kind]:
    return Counter(kinds)  # type: ignore[arg-type]  # keywords are texts


def images(*message_ids: str) -> dict[str, Any]:
    records = event("dynamodb_stream_ledger")
    template = records["Records"].pop()
    for number, message_id in enumerate(message_ids):
        record = copy.deepcopy(template)
        record["dynamodb"]["Keys"]["pk"]["S"] = message_id
        record["dynamodb"]["SequenceNumber"] = f"44215845000000000174504390{number:02}"
        records["Records"].append(record)
    return records


def invoke(records: dict[str, Any], remaining_ms: int = 30_000) -> list[str]:
    answer = outlet_handler.handler(records, FakeLambdaContext(remaining_ms=remaining_ms))
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


@QUIET
def test_what_a_batch_lets_leave_is_counted_by_kind(outlet: ScriptedOutlet, printed: Printed) -> None:
    outlet.rounds = {
        "w1": Round(sent=counted(event=1, message=2)),
        "w2": Round(sent=counted(event=1), failed=counted(webhook=1), reasons=["webhook: 503"]),
        "w3": Round(repeated=counted(event=1)),
    }
    assert invoke(images("w1", "w2", "w3")) == []
    assert outlet.asked == [["w1", "w2", "w3"]]
    assert printed.metrics == {"EffectsSent": 4, "EffectsFailed": 1, "EffectsRepeated": 1}
    assert '"kind": "webhook"' in printed.text.replace('":"', '": "')
    (line,) = printed.lines
    assert (line["message"], line["message_id"], line["reasons"]) == (
        "effects tried again later",
        "w2",
        ["webhook: 503"],
    )


@QUIET
def test_an_outage_is_left_to_the_sweeper_and_a_fault_of_ours_comes_back_alone(
    outlet: ScriptedOutlet, printed: Printed
) -> None:
    outlet.rounds = {"w1": UnavailableError("GetItem: ThrottlingException"), "w3": ZeroDivisionError(NAME)}
    records = images("w1", "w2", "w3")
    assert invoke(records) == [records["Records"][2]["dynamodb"]["SequenceNumber"]]
    assert [(line["message_id"], line["reason"]) for line in printed.lines] == [
        ("w1", "GetItem: ThrottlingException"),
        ("w3", "ZeroDivisionError"),
    ]
    assert NAME not in printed.text


@QUIET
@pytest.mark.parametrize(("remaining_ms", "in_time"), [(30_000, True), (12_001, True), (12_000, False), (100, False)])
def test_no_partner_is_waited_for_when_the_function_is_about_to_end(
    outlet: ScriptedOutlet, printed: Printed, *, remaining_ms: int, in_time: bool
) -> None:
    invoke(images("w1"), remaining_ms)
    assert outlet.in_time == [in_time]


@QUIET
def test_an_empty_batch_needs_nothing(monkeypatch: pytest.MonkeyPatch, printed: Printed) -> None:
    monkeypatch.setattr(bootstrap, "outlet", None)
    assert invoke({"Records": []}) == []


@QUIET
def test_the_sweeper_sweeps_every_family(outlet: ScriptedOutlet, entries: ScriptedEntries, printed: Printed) -> None:
    entries.pages = {"payin": ["w1", "w2"], "balance": ["w3"]}
    outlet.rounds = {one: Round(sent=counted(event=1)) for one in ("w1", "w2", "w3")}
    sweeper_handler.handler({}, FakeLambdaContext())
    assert sorted(outlet.asked) == [["w1", "w2"], ["w3"]]
    assert printed.metrics == {"EffectsSent": 3}


def test_letters_and_what_is_overdue_are_counted_for_the_alarms(outlet: ScriptedOutlet, printed: Printed) -> None:
    outlet.rounds = {"w1": Round(letters=2, overdue=True), "w2": Round(overdue=True), "w3": Round()}
    invoke(images("w1", "w2", "w3"))
    assert printed.metrics == {"LettersIndexed": 2, "EffectsOverdue": 2}


@QUIET
def test_a_sweeper_without_time_begins_nothing(
    outlet: ScriptedOutlet, entries: ScriptedEntries, printed: Printed
) -> None:
    entries.pages = {"payin": ["w1"]}
    sweeper_handler.handler({}, FakeLambdaContext(remaining_ms=5_000))
    assert outlet.asked == []


@QUIET
def test_a_ledger_that_cannot_be_asked_ends_a_run_and_no_more(
    outlet: ScriptedOutlet, entries: ScriptedEntries, printed: Printed
) -> None:
    entries.refuse = True
    sweeper_handler.handler({}, FakeLambdaContext())
    assert [(line["level"], line["reason"]) for line in printed.lines] == [("ERROR", "Query: ThrottlingException")]
