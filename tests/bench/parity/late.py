"""Bar 11: what comes an hour late amends what the clock has said, and any figure that was read can be computed again.

Both sides' outcomes come in some order, the clock is called every five minutes, and the judge judges what it is given:
the product's own judge, clock and amendments, over stores in memory.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any, Literal

from contracts.amendment import Standing
from contracts.effect import Attempt
from contracts.registry import type_named
from contracts.verdict import BY_CLOCK, UNDECIDED, Verdict, agreement
from tests.bench.parity.bar import Measured
from tests.fakes.comparisons import MemoryComparisons
from tests.fakes.key import static_sealer
from tests.fakes.outcome import AT, attempt, row
from workers.expiry import Awaited, decide_overdue
from workers.judging import judge_image
from workers.store.attribute import seal_attempt

_TYPE = type_named("payin.create")
_LATENESS = timedelta(hours=1)
_LATE = timedelta(hours=1, minutes=5)
_CALLED = timedelta(minutes=5)
_TODAY = date(2026, 11, 21)
_SEALER = static_sealer()

Side = Literal["control", "candidate"]
Event = tuple[Side, Attempt]


@dataclass
class Forgetful(MemoryComparisons):
    """A store in which the latest verdict is all that is known."""

    def _write(self, awaited: Awaited, verdict: Verdict, now: datetime) -> bool:
        written = super()._write(awaited, verdict, now)
        if written:
            kept = self.kept[awaited.message_id]
            kept.awaited = replace(kept.awaited, standing=Standing(verdict, now))
        return written


@dataclass
class _Course:
    """One order of the events."""

    store: MemoryComparisons
    now: datetime = AT
    images: dict[str, dict[str, Any]] = field(default_factory=dict)
    read: dict[datetime, float | None] = field(default_factory=dict)
    """Agreement as it was read, by when."""

    def come(self, side: Side, one: Attempt) -> None:
        """A side tells; the judge looks at the entry."""
        head = {"pk": {"S": one.message_id}, "tenant": {"S": "default"}, "type": {"S": one.type}}
        image = self.images.setdefault(one.message_id, head)
        image["candidate" if side == "candidate" else f"control_attempt_{one.attempt}"] = {"B": _sealed(side, one)}
        (self.store.candidate if side == "candidate" else self.store.control)(one, self.now)
        verdict = judge_image(image, _TYPE, _SEALER, _TODAY).judgement.verdict
        if verdict not in UNDECIDED:
            self.store.judge(one.message_id, verdict, self.now)

    def call(self, now: datetime) -> None:
        """The clock is called, and somebody reads the agreement."""
        for _ in decide_overdue([_TYPE], self.store, _LATENESS, now=now, in_time=lambda: True):
            pass
        self.read[now] = agreement(Counter(one.verdict for one in self.standings.values()))

    @property
    def standings(self) -> Mapping[str, Standing]:
        """Every message that has a verdict."""
        found = ((message_id, self.store.standing(message_id)) for message_id in self.store.kept)
        return {message_id: one for message_id, one in found if one is not None}

    def computed(self) -> Mapping[datetime, float | None]:
        """The agreement at the same times, from the verdicts that stand in the end and those before them."""
        return {
            now: agreement(Counter(verdict for one in self.standings.values() for verdict in _stood_at(one, now)))
            for now in self.read
        }


def _stood_at(standing: Standing, now: datetime) -> Iterator[Verdict]:
    if standing.since <= now:
        yield standing.verdict
    else:
        yield from (one.verdict for one in standing.amendments if one.since <= now < one.until)


@cache
def _sealed_once(side: Side, message_id: str, status: str) -> bytes:
    name = "candidate" if side == "candidate" else "control1"
    return seal_attempt(_outcome(message_id, status), name, "default", _SEALER)


def _sealed(side: Side, one: Attempt) -> bytes:
    return _sealed_once(side, one.message_id, str(one.effects[0].value["status"]))


def _outcome(message_id: str, status: str) -> Attempt:
    return attempt(row(key=message_id, status=status), message_id=message_id)


def _play(events: Sequence[Event], gaps: Sequence[timedelta], store: MemoryComparisons) -> _Course:
    course = _Course(store)
    called = AT + _CALLED
    for (side, one), gap in zip(events, gaps, strict=True):
        course.now += gap
        while called <= course.now:
            course.call(called)
            called += _CALLED
        course.come(side, one)
    for _ in range(-(-_LATE // _CALLED)):
        course.call(called)
        called += _CALLED
    return course


def amend_what_was_said(messages: int, orders: int, store: Callable[[], MemoryComparisons]) -> Measured:
    """Every message of which one side tells an hour late, or never; then the same events in other orders.

    Args:
        messages: one in seven differs, one in eleven is told of by the monolith alone.
        orders: how many, the first with everything of the candidate an hour late.
        store: a new one for each order.
    """
    control: list[Event] = [("control", _outcome(f"w{n}", "VALIDATED")) for n in range(messages)]
    candidate: list[Event] = [
        ("candidate", _outcome(f"w{n}", "PENDING" if n % 7 == 0 else "VALIDATED")) for n in range(messages) if n % 11
    ]
    events, second = [*control, *candidate], timedelta(seconds=1)
    late = _play(events, [second] * len(control) + [_LATE] + [second] * (len(candidate) - 1), store())
    kept = sum(
        [(one.verdict, one.because) for one in late.standings[told.message_id].amendments]
        == [(Verdict.CONTROL_ONLY, "late outcome")]
        for _, told in candidate
    )
    random, courses = Random(11), [late]
    for _ in range(orders - 1):
        shuffled = random.sample(events, len(events))
        courses.append(_play(shuffled, [random.choice((second, _CALLED, _LATE)) for _ in events], store()))
    again = sum(course.computed() == course.read for course in courses)
    figures = {list(course.read.values())[-1] for course in courses}
    by_clock = sum(one.verdict in BY_CLOCK for one in late.standings.values())
    readings = sum(len(course.read) for course in courses)
    return Measured(
        f"{kept} of {len(candidate)} verdicts of the clock are amended by the late outcome and kept, {by_clock} stand; "
        f"in {again} of {len(courses)} orders every figure of {readings:,} readings is computed again; in the end all "
        f"orders have {'one figure' if len(figures) == 1 else f'{len(figures)} figures'}",
        kept == len(candidate)
        and by_clock == messages - len(candidate)
        and again == len(courses)
        and len(figures) == 1
        and None not in figures,
    )
