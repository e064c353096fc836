"""A process's share of an exploration."""

from collections import Counter
from dataclasses import dataclass

from tests.model.flaw import Flaw
from tests.model.protocol import explore
from tests.model.world import ViolationError

CHUNK = 500
"""Schedules that one process explores at a time; part of what a seed means."""
FLAW_CHUNKS = 24
"""A flaw that was not caught after so many is not caught."""


@dataclass(frozen=True, slots=True)
class Task:
    """Schedules to explore."""

    seed: int
    schedules: int
    flaw: Flaw | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a task."""

    task: Task
    tally: Counter[str]
    violation: str | None = None


def search(task: Task) -> Found:
    """Explore until a violation, or to the end. A flaw gets as many chunks as it takes."""
    total: Counter[str] = Counter()
    for chunk in range(1 if task.flaw is None else FLAW_CHUNKS):
        tally: Counter[str] = Counter()
        flaws = () if task.flaw is None else (task.flaw,)
        try:
            explore(task.schedules, seed_=task.seed + chunk, flaws=flaws, tally=tally, shrink=task.flaw is None)
        except ViolationError as error:
            schedule = "" if task.flaw else "\n" + "\n".join(getattr(error, "__notes__", ()))
            return Found(task, total + tally, f"{error}{schedule}")
        total += tally
    return Found(task, total)
