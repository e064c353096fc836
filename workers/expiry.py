"""Comparisons of which a side does not tell in time: what is said of them then, and the rounds that find them.

The first side that tells begins the time. Who is late amends what was said: an outcome raises the entry's revision, and
a verdict is written on the revision that was read, so that an outcome of the same moment always wins.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from contracts import point
from contracts.amendment import Standing
from contracts.effect import Attempt
from contracts.judge import final_ending
from contracts.message_type import MessageType
from contracts.verdict import Verdict
from workers.fate import UnavailableError

AT_ONCE = 8
"""Entries looked at side by side."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """An entry that waits for a side, as it is now."""

    message_id: str
    type: str
    revision: int
    candidate_ended: bool
    """The new side has told: it has processed the message, or put it aside."""
    control: tuple[Attempt, ...]
    """The monolith's attempts, without their effects, which are sealed."""
    new_alone: bool = False
    """The new side had authority over it: nobody waits for the monolith."""
    decided: bool = False
    """It needs no other side: the id was in conflict, or the copy stale. The judge says so."""
    standing: Standing | None = None
    """The verdict of what was known before."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the messages that are overdue."""

    message_ids: Sequence[str]
    rest: str | None
    """Where the next page begins; None at the end."""


class Comparisons(Protocol):
    """The ledger's entries that wait for a side. Every method blocks for a call; raises UnavailableError."""

    def overdue(self, type_name: str, until: datetime, rest: str | None) -> Page:
        """Those of a type that have waited since before a time, the oldest first. Eventually consistent."""

    def oldest(self, type_name: str) -> datetime | None:
        """Since when the oldest of a type has waited; None where nothing waits. Eventually consistent."""

    def read(self, message_id: str) -> Awaited | None:
        """The entry, strongly consistent; None where it waits no more, or is gone. It is not found again then."""

    def decide(self, awaited: Awaited, verdict: Verdict, now: datetime) -> bool:
        """Write a verdict, and let it wait no more. False, and nothing is changed, where the entry has changed."""


@dataclass(slots=True)
class Round:
    """What became of some overdue entries."""

    decided: dict[str, Verdict] = field(default_factory=dict)
    """By message id."""
    overtaken: int = 0
    """An outcome came in the same moment; the judge looks at it."""
    left: int = 0
    """Both sides have told: the judge is behind, or has given up."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why entries could not be read or written; the next run finds them again."""


@dataclass(frozen=True, slots=True)
class Wait:
    """How long comparisons have waited, in whole seconds; 0 where none does."""

    undecided_s: int
    """The oldest one."""
    overdue_s: int
    """The one that is longest past its time."""


def overdue_verdict(awaited: Awaited) -> Verdict | None:
    """What is to be said of an entry whose time is up; None where saying it is the judge's. Pure."""
    control_ended = final_ending(awaited.control) is not None
    if awaited.decided or (awaited.candidate_ended and control_ended):
        return None
    if awaited.candidate_ended and awaited.new_alone:
        return Verdict.SINGLE  # an attempt to catch up is none that somebody has to wait for
    if awaited.candidate_ended and not awaited.control:
        return Verdict.CANDIDATE_ONLY
    return Verdict.CONTROL_ONLY if control_ended else Verdict.EXPIRED


def lateness_of(message_type: MessageType, lateness: timedelta) -> timedelta:
    """How long a side may tell after the other. Args: lateness: the deployment's own, unless the contract has one."""
    return lateness if message_type.lateness_s is None else timedelta(seconds=message_type.lateness_s)


def decide_overdue(
    types: Sequence[MessageType],
    comparisons: Comparisons,
    lateness: timedelta,
    *,
    now: datetime,
    in_time: Callable[[], bool],
) -> Iterator[Round]:
    """One round a page, the types taking turns, until nothing is overdue or the time is up.

    Raises UnavailableError where the ledger cannot be asked what is overdue.
    """
    turns: deque[tuple[MessageType, str | None]] = deque((one, None) for one in types)
    turns.rotate(-now.minute)  # so that no type is always the one for which there is no time
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while turns and in_time():
            message_type, rest = turns.popleft()
            page = comparisons.overdue(message_type.name, now - lateness_of(message_type, lateness), rest)
            if page.message_ids:
                done = Round()
                looks = [pool.submit(_look, comparisons, one, now) for one in page.message_ids]
                for message_id, look in zip(page.message_ids, looks, strict=True):
                    _note(done, message_id, look.result())
                yield done
            if page.rest is not None:
                turns.append((message_type, page.rest))


def measure(types: Sequence[MessageType], comparisons: Comparisons, lateness: timedelta, now: datetime) -> Wait:
    """How long comparisons have waited by now. Raises UnavailableError."""
    undecided_s = overdue_s = 0
    for message_type in types:
        since = comparisons.oldest(message_type.name)
        if since is not None:
            age = now - since
            undecided_s = max(undecided_s, int(age.total_seconds()))
            overdue_s = max(overdue_s, int((age - lateness_of(message_type, lateness)).total_seconds()))
    return Wait(undecided_s, overdue_s)


_Look = Verdict | UnavailableError | str
"""What was said; or `gone`, `left`, `overtaken`; or why nothing could be."""


def _look(comparisons: Comparisons, message_id: str, now: datetime) -> _Look:
    try:
        awaited = comparisons.read(message_id)
        if awaited is None:
            return "gone"
        verdict = overdue_verdict(awaited)
        if verdict is None:
            return "left"
        point.reach("timekeeper.read")
        if not comparisons.decide(awaited, verdict, now):
            return "overtaken"
        point.reach("timekeeper.decided")
    except UnavailableError as error:
        return error
    except (LookupError, ValueError) as error:  # one entry that cannot be read must not keep the others waiting
        return UnavailableError(type(error).__name__)
    return verdict


def _note(done: Round, message_id: str, look: _Look) -> None:
    match look:
        case Verdict():
            done.decided[message_id] = look
        case UnavailableError():
            done.reasons[str(look)] += 1
        case "left":
            done.left += 1
        case "overtaken":
            done.overtaken += 1
