"""Either side first, late, twice, never, and in the same moment."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from contracts import point
from contracts.amendment import Amendment, Standing
from contracts.effect import Attempt, Ending
from contracts.message_type import MessageType
from contracts.registry import type_named
from contracts.verdict import Verdict
from tests.fakes.comparisons import MemoryComparisons
from tests.fakes.outcome import AT, attempt
from workers.expiry import Awaited, Round, Wait, decide_overdue, measure, overdue_verdict
from workers.fate import UnavailableError

PAYIN, CARD = type_named("payin.create"), type_named("cardtransaction.create")
LATENESS = timedelta(hours=1)
OVERDUE = AT + LATENESS + timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _unhooked() -> Iterator[None]:
    yield
    point.hook(None)


@pytest.fixture
def ledger() -> MemoryComparisons:
    return MemoryComparisons(page=2)


def run(
    ledger: MemoryComparisons,
    now: datetime = OVERDUE,
    types: Sequence[MessageType] = (PAYIN, CARD),
    in_time: Callable[[], bool] = lambda: True,
) -> list[Round]:
    return list(decide_overdue(types, ledger, LATENESS, now=now, in_time=in_time))


def decided(rounds: Sequence[Round]) -> dict[str, Verdict]:
    return {one: verdict for done in rounds for one, verdict in done.decided.items()}


def told(*endings: Ending, ours: bool = False, new_alone: bool = False, settled: bool = False) -> Awaited:
    attempts = tuple(attempt(number=number, ending=ending) for number, ending in enumerate(endings, 1))
    return Awaited("w1", PAYIN.name, 1, ours, attempts, new_alone, settled)


@pytest.mark.parametrize(
    ("entry", "verdict"),
    [
        (told(ours=True), Verdict.CANDIDATE_ONLY),
        (told("done"), Verdict.CONTROL_ONLY),
        (told("rejected"), Verdict.CONTROL_ONLY),
        (told("retried", "done"), Verdict.CONTROL_ONLY),
        (told("done", "duplicate"), Verdict.CONTROL_ONLY),
        (told("retried"), Verdict.EXPIRED),
        (told("duplicate"), Verdict.EXPIRED),
        (told("retried", "duplicate"), Verdict.EXPIRED),
        (told("done", "retried"), Verdict.EXPIRED),
        (told("retried", ours=True), Verdict.EXPIRED),
        (told("duplicate", ours=True), Verdict.EXPIRED),
        (told("done", "retried", ours=True), Verdict.EXPIRED),
        (told("retried", ours=True, new_alone=True), Verdict.SINGLE),
    ],
)
def test_what_is_said_when_the_time_is_up(entry: Awaited, verdict: Verdict) -> None:
    assert overdue_verdict(entry) is verdict


@pytest.mark.parametrize(
    "entry",
    [
        told("done", ours=True),
        told("rejected", ours=True),
        told("retried", "done", ours=True),
        told("done", ours=True, new_alone=True),
        told(settled=True),
        told("retried", settled=True),
        told("retried", ours=True, settled=True),
    ],
)
def test_what_both_sides_have_told_and_what_needs_no_side_is_the_judges(entry: Awaited) -> None:
    assert overdue_verdict(entry) is None


def test_nothing_is_said_before_the_time_is_up(ledger: MemoryComparisons) -> None:
    ledger.candidate(attempt(), AT)
    assert run(ledger, AT + LATENESS) == []
    assert decided(run(ledger)) == {"w1": Verdict.CANDIDATE_ONLY}


@pytest.mark.parametrize("first", ["control", "candidate"])
def test_a_side_that_never_tells_is_given_up_on_once(ledger: MemoryComparisons, first: str) -> None:
    getattr(ledger, first)(attempt(), AT)
    assert decided(run(ledger)) == {"w1": Verdict(f"{first} only")}
    assert run(ledger) == []
    assert run(ledger, OVERDUE + timedelta(days=7)) == []


@pytest.mark.parametrize("first", ["control", "candidate"])
def test_a_side_that_tells_late_but_in_time_is_left_to_the_judge(ledger: MemoryComparisons, first: str) -> None:
    second = {"control": ledger.candidate, "candidate": ledger.control}[first]
    getattr(ledger, first)(attempt(), AT)
    second(attempt(), AT + LATENESS)
    (done,) = run(ledger)
    assert (done.decided, done.left) == ({}, 1), "the judge is behind"
    ledger.judge("w1", Verdict.MATCH, OVERDUE)
    assert run(ledger) == []


@pytest.mark.parametrize("first", ["control", "candidate"])
def test_a_side_that_tells_after_its_time_amends_what_was_said(ledger: MemoryComparisons, first: str) -> None:
    second = {"control": ledger.candidate, "candidate": ledger.control}[first]
    getattr(ledger, first)(attempt(), AT)
    run(ledger)
    second(attempt(), OVERDUE)
    later = OVERDUE + timedelta(seconds=1)
    ledger.judge("w1", Verdict.MATCH, later)
    gone = Amendment(Verdict(f"{first} only"), OVERDUE, later, "late outcome")
    assert ledger.standing("w1") == Standing(Verdict.MATCH, later, (gone,), 1)


def test_a_side_that_tells_twice_waits_since_it_told_first(ledger: MemoryComparisons) -> None:
    ledger.control(attempt(ending="retried"), AT)
    ledger.control(attempt(ending="retried"), AT + LATENESS)
    assert decided(run(ledger)) == {"w1": Verdict.EXPIRED}


def test_a_late_attempt_that_is_not_the_last_has_its_own_time(ledger: MemoryComparisons) -> None:
    ledger.candidate(attempt(), AT)
    run(ledger)
    ledger.control(attempt(ending="retried"), OVERDUE)
    assert run(ledger, OVERDUE + LATENESS) == []
    assert decided(run(ledger, OVERDUE + LATENESS + timedelta(seconds=1))) == {"w1": Verdict.EXPIRED}
    standing = ledger.standing("w1")
    assert standing is not None
    assert [one.because for one in standing.amendments] == ["overdue"]


def test_a_further_attempt_that_leaves_a_match_unfinished_amends_it(ledger: MemoryComparisons) -> None:
    ledger.candidate(attempt(), AT)
    ledger.control(attempt(), AT)
    ledger.judge("w1", Verdict.MATCH, AT)
    ledger.control(attempt(number=2, ending="retried"), AT)
    assert decided(run(ledger)) == {"w1": Verdict.EXPIRED}


def test_an_attempt_to_catch_up_makes_nothing_of_what_new_alone_was_to_do(ledger: MemoryComparisons) -> None:
    ledger.candidate(attempt(), AT, new_alone=True)
    ledger.judge("w1", Verdict.SINGLE, AT)
    ledger.control(attempt(ending="retried"), AT)
    assert decided(run(ledger)) == {"w1": Verdict.SINGLE}
    assert ledger.standing("w1") == Standing(Verdict.SINGLE, AT), "which it was before"


@pytest.mark.parametrize("comes", ["control", "candidate"])
def test_an_outcome_of_the_same_moment_wins(ledger: MemoryComparisons, comes: str) -> None:
    first, second = (ledger.candidate, ledger.control) if comes == "control" else (ledger.control, ledger.candidate)
    first(attempt(), AT)
    point.hook(lambda name: second(attempt(), OVERDUE) if name == "timekeeper.read" else None)
    (done,) = run(ledger)
    assert (done.decided, done.overtaken) == ({}, 1)
    point.hook(None)
    ledger.judge("w1", Verdict.MATCH, OVERDUE)
    assert ledger.standing("w1") == Standing(Verdict.MATCH, OVERDUE), "without a trace of what was never said"


def test_an_outcome_of_the_moment_after_amends(ledger: MemoryComparisons) -> None:
    ledger.candidate(attempt(), AT)
    point.hook(lambda name: ledger.control(attempt(), OVERDUE) if name == "timekeeper.decided" else None)
    assert decided(run(ledger)) == {"w1": Verdict.CANDIDATE_ONLY}
    ledger.judge("w1", Verdict.MATCH, OVERDUE)
    standing = ledger.standing("w1")
    assert standing is not None
    assert [one.verdict for one in standing.amendments] == [Verdict.CANDIDATE_ONLY]


def test_a_crash_before_the_verdict_says_nothing_and_the_next_run_does(ledger: MemoryComparisons) -> None:
    def crash(name: str) -> None:
        raise KeyboardInterrupt(name)

    ledger.candidate(attempt(), AT)
    point.hook(crash)
    with pytest.raises(KeyboardInterrupt, match=r"timekeeper\.read"):
        run(ledger)
    assert ledger.standing("w1") is None
    point.hook(None)
    assert decided(run(ledger)) == {"w1": Verdict.CANDIDATE_ONLY}


def test_all_pages_of_all_types_are_looked_at_in_turns(ledger: MemoryComparisons) -> None:
    for number in range(5):
        ledger.candidate(attempt(message_id=f"p{number}"), AT)
        ledger.control(attempt(message_id=f"c{number}", type_name=CARD.name), AT)
    rounds = run(ledger, OVERDUE.replace(minute=0))
    assert [sorted(done.decided) for done in rounds] == [
        ["p0", "p1"],
        ["c0", "c1"],
        ["p2", "p3"],
        ["c2", "c3"],
        ["p4"],
        ["c4"],
    ]


def test_no_page_is_begun_once_the_time_is_up_and_the_next_run_goes_on(ledger: MemoryComparisons) -> None:
    for number in range(3):
        ledger.candidate(attempt(message_id=f"p{number}"), AT)
    turns = iter([True, False])
    assert set(decided(run(ledger, in_time=lambda: next(turns)))) == {"p0", "p1"}
    assert set(decided(run(ledger))) == {"p2"}


def test_a_type_may_have_a_time_of_its_own(ledger: MemoryComparisons) -> None:
    patient = replace(PAYIN, lateness_s=7200)
    ledger.candidate(attempt(), AT)
    assert run(ledger, types=[patient]) == []
    assert decided(run(ledger, AT + timedelta(seconds=7201), [patient])) == {"w1": Verdict.CANDIDATE_ONLY}
    assert measure([patient], ledger, LATENESS, AT + timedelta(seconds=7000)) == Wait(0, 0)


def test_an_entry_that_the_ledger_refuses_is_told_and_keeps_no_other_waiting(ledger: MemoryComparisons) -> None:
    ledger = MemoryComparisons(page=100)
    for number in range(3):
        ledger.candidate(attempt(message_id=f"p{number}"), AT)
    read = ledger.read

    def refuse(message_id: str) -> Awaited | None:
        if message_id == "p1":
            raise UnavailableError("GetItem: ThrottlingException")
        if message_id == "p2":
            raise KeyError("revision")
        return read(message_id)

    ledger.read = refuse  # type: ignore[method-assign]  # what a service may do to one of them
    (done,) = run(ledger)
    assert set(done.decided) == {"p0"}
    assert dict(done.reasons) == {"GetItem: ThrottlingException": 1, "KeyError": 1}


def test_a_ledger_that_cannot_be_asked_is_an_outage(ledger: MemoryComparisons) -> None:
    ledger.refuse = 1
    with pytest.raises(UnavailableError):
        run(ledger)
    ledger.refuse = 1
    with pytest.raises(UnavailableError):
        measure([PAYIN], ledger, LATENESS, AT)


def test_the_oldest_comparison_is_measured_and_how_long_it_is_past_its_time(ledger: MemoryComparisons) -> None:
    types = [PAYIN, CARD]
    assert measure(types, ledger, LATENESS, AT) == Wait(0, 0)
    ledger.candidate(attempt(message_id="c1", type_name=CARD.name), AT)
    ledger.candidate(attempt(), AT + timedelta(minutes=10))
    assert measure(types, ledger, LATENESS, AT + timedelta(minutes=59)) == Wait(59 * 60, 0)
    assert measure(types, ledger, LATENESS, AT + timedelta(minutes=61)) == Wait(61 * 60, 60)


def test_attempts_are_counted_as_the_judge_counts_them() -> None:
    """Whatever the order in which they came: the last by its number decides."""
    one, two = attempt(number=1), attempt(number=2, ending="retried")
    endings: list[tuple[Attempt, ...]] = [(one, two), (two, one)]
    assert {overdue_verdict(replace(told(), control=both)) for both in endings} == {Verdict.EXPIRED}
