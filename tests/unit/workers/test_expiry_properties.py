"""Whatever the order in which sides tell, the judge judges and the clock runs."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from contracts.effect import Ending
from contracts.registry import type_named
from contracts.verdict import Verdict
from tests.fakes.comparisons import MemoryComparisons
from tests.fakes.outcome import AT, attempt
from workers.expiry import Awaited, decide_overdue, overdue_verdict

PAYIN = type_named("payin.create")
LATENESS = timedelta(hours=1)


_WORDS: list[tuple[str, int, Ending]] = [
    ("candidate", 1, "done"),
    ("control", 1, "retried"),
    ("control", 1, "duplicate"),
    ("control", 2, "retried"),
    ("control", 2, "done"),
    ("judge", 0, "done"),
    ("timekeeper", 0, "done"),
]


@given(st.lists(st.tuples(st.sampled_from(_WORDS), st.integers(0, 5000)), max_size=12))
def test_whatever_comes_when_the_last_verdict_is_that_of_all_that_was_told_and_the_trace_has_no_gap(
    course: list[tuple[tuple[str, int, Ending], int]],
) -> None:
    ledger, now = MemoryComparisons(), AT
    for (who, number, ending), seconds in course:
        now += timedelta(seconds=seconds)
        if who in ("candidate", "control"):
            getattr(ledger, who)(attempt(number=number, ending=ending), now)
        elif who == "timekeeper":
            _call_time(ledger, now)
        else:
            _judge(ledger, now)
    _judge(ledger, now)
    _call_time(ledger, now + LATENESS + timedelta(seconds=1))

    told_of = {(who, number): ending for (who, number, ending), _ in course if who in ("candidate", "control")}
    control = tuple(
        attempt(number=number, ending=ending) for (who, number), ending in told_of.items() if who == "control"
    )
    if told_of:
        everything = Awaited("w1", PAYIN.name, 1, ("candidate", 1) in told_of, control)
        standing = ledger.standing("w1")
        assert standing is not None
        assert standing.verdict is (overdue_verdict(everything) or Verdict.MATCH)
        stood = [*((one.since, one.until) for one in standing.amendments), (standing.since, now)]
        assert [until for _, until in stood[:-1]] == [since for since, _ in stood[1:]]
        assert ledger.oldest(PAYIN.name) is None


def _judge(ledger: MemoryComparisons, now: datetime) -> None:
    """What the stream brings about: both sides' final outcomes are there."""
    waiting = ledger.read("w1")
    if waiting is not None and overdue_verdict(waiting) is None:
        ledger.judge("w1", Verdict.MATCH, now)


def _call_time(ledger: MemoryComparisons, now: datetime) -> None:
    for _ in decide_overdue([PAYIN], ledger, LATENESS, now=now, in_time=lambda: True):
        pass
