from datetime import UTC, datetime, timedelta

import pytest

from contracts.registry import FAMILIES
from contracts.verdict import Verdict
from tests.fakes.comparisons import MemoryComparisons
from tests.fakes.function import FakeLambdaContext
from tests.fakes.outcome import attempt
from tests.unit.workers.handlers.conftest import Printed
from workers.bootstrap import timekeeper as bootstrap
from workers.expiry import Awaited
from workers.fate import UnavailableError
from workers.handlers.timekeeper import RESERVE_MS, handler

LATENESS_S = 3600
LONG_AGO = datetime.now(UTC) - timedelta(hours=2)


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> MemoryComparisons:
    made = MemoryComparisons()
    monkeypatch.setattr(bootstrap, "comparisons", lambda: (made, LATENESS_S))
    return made


def invoke(remaining_ms: int = 30_000) -> None:
    handler({"source": "aws.events"}, FakeLambdaContext(remaining_ms=remaining_ms))


def test_where_nothing_waits_only_that_is_told(ledger: MemoryComparisons, printed: Printed) -> None:
    invoke()
    assert printed.metrics == {"MessagesUndecidedSeconds": 0, "MessagesOverdueSeconds": 0}
    assert printed.lines == []


def test_what_is_overdue_is_decided_counted_and_named(ledger: MemoryComparisons, printed: Printed) -> None:
    for family in FAMILIES:
        for one in family.types:
            ledger.candidate(attempt(message_id=one.name, type_name=one.name), LONG_AGO)
    ledger.control(attempt(message_id="young"), datetime.now(UTC) - timedelta(minutes=30))
    invoke()
    types = {one.name for family in FAMILIES for one in family.types}
    assert printed.metrics["MessagesExpired"] == len(types)
    assert 1800 <= printed.metrics["MessagesUndecidedSeconds"] < 1900
    assert printed.metrics["MessagesOverdueSeconds"] == 0
    assert {(line["message"], line["verdict"]) for line in printed.lines} == {
        ("decided by the clock", "candidate only")
    }
    assert {line["message_id"] for line in printed.lines} == types


def test_what_new_alone_was_to_do_has_not_expired(ledger: MemoryComparisons, printed: Printed) -> None:
    ledger.candidate(attempt(), LONG_AGO, new_alone=True)
    ledger.control(attempt(ending="retried"), LONG_AGO)
    invoke()
    standing = ledger.standing("w1")
    assert standing is not None
    assert standing.verdict is Verdict.SINGLE
    assert "MessagesExpired" not in printed.metrics
    assert printed.lines == []


def test_what_the_judge_owes_is_told_and_seen_in_the_measure(ledger: MemoryComparisons, printed: Printed) -> None:
    ledger.candidate(attempt(), LONG_AGO)
    ledger.control(attempt(), LONG_AGO)
    invoke()
    (line,) = printed.lines
    assert (line["message"], line["messages"]) == ("the judge owes verdicts", 1)
    assert printed.metrics["MessagesOverdueSeconds"] >= 3600


def test_what_cannot_be_decided_is_told_by_its_reason_and_comes_again(
    ledger: MemoryComparisons, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(awaited: Awaited, verdict: Verdict, now: datetime) -> bool:
        raise UnavailableError("UpdateItem: ThrottlingException")

    ledger.candidate(attempt(), LONG_AGO)
    monkeypatch.setattr(ledger, "decide", refuse)
    invoke()
    (line,) = printed.lines
    assert (line["message"], line["reasons"]) == ("not decided", {"UpdateItem: ThrottlingException": 1})
    monkeypatch.undo()
    assert ledger.read("w1") is not None


def test_no_page_is_begun_when_little_time_is_left(ledger: MemoryComparisons, printed: Printed) -> None:
    ledger.candidate(attempt(), LONG_AGO)
    invoke(remaining_ms=RESERVE_MS)
    assert ledger.standing("w1") is None
    assert printed.metrics["MessagesOverdueSeconds"] >= 3600


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_a_ledger_that_cannot_be_asked_fails_the_run_so_that_an_alarm_rings(
    ledger: MemoryComparisons, printed: Printed
) -> None:
    ledger.refuse = 1
    with pytest.raises(UnavailableError):
        invoke()
