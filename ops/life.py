"""The life of one message as its ledger entry tells it: a story in steps, without anything that was in the message."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from contracts import naming
from contracts.message_type import Family
from contracts.registry import UnknownTypeError, family_named, family_of
from contracts.verdict import AGREED, BY_CLOCK, UNDECIDED
from ops.ledger import LedgerEntry
from ops.wording import plural

StepName = Literal["received", "decided", "control", "candidate", "amended", "judged", "dead letter"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is known about a message."""

    name: StepName
    at: str | None
    """ISO 8601; None where no time is kept."""
    text: str
    tone: Literal["good", "neutral", "bad"] = "neutral"


def tell(entry: LedgerEntry, stack: str) -> tuple[Step, ...]:
    """What happened, in the order of a message's way."""
    return tuple(_steps(entry, stack))


def _steps(entry: LedgerEntry, stack: str) -> Iterator[Step]:
    if entry.received_at is None:
        yield Step("received", None, "not by the new side: only the monolith has told of it so far", "bad")
    else:
        yield Step("received", entry.received_at, "by the bridge, from RabbitMQ")
    if entry.epoch is not None:
        yield Step("decided", None, f"stamped in epoch {entry.epoch}")
    yield _control(entry)
    yield _candidate(entry)
    yield from _amended(entry)
    yield _judged(entry)
    if entry.conflict or entry.candidate_ending == "rejected":
        yield _dead_letter(entry, stack)


def _control(entry: LedgerEntry) -> Step:
    attempts = entry.control_attempts
    if not attempts:
        return Step("control", None, "the monolith's recorder has not told what it did", "bad")
    endings = entry.control_endings or (None,) * len(attempts)
    each = [
        str(number) if ending is None else f"{number} ({ending})"
        for number, ending in zip(attempts, endings, strict=True)
    ]
    known = f"attempt{'' if len(each) == 1 else 's'} {', '.join(each)}"
    sealed = "ending and effects" if None in endings else "effects"
    return Step("control", None, f"the monolith's {known} known; {sealed} are sealed")


def _candidate(entry: LedgerEntry) -> Step:
    if entry.candidate_ending is None:
        return Step("candidate", None, "the new side has not finished it", "bad")
    sealed = "; its effects are sealed" if entry.candidate_sealed else ""
    if entry.candidate_ending == "rejected":
        return Step("candidate", entry.processed_at, f"rejected by the new side: {entry.candidate_cause}", "bad")
    return Step("candidate", entry.processed_at, f"{entry.candidate_ending} by the new side{sealed}")


def _amended(entry: LedgerEntry) -> Iterator[Step]:
    """The verdicts that stood before."""
    unkept = entry.amended - len(entry.amendments)
    if unkept:
        yield Step("amended", None, f"{plural(unkept, 'verdict')} before these are not kept")
    for one in entry.amendments:
        until = one.until.isoformat(timespec="milliseconds")
        yield Step(
            "amended", one.since.isoformat(timespec="milliseconds"), f"{one.verdict} until {until}: {one.because}"
        )


def _judged(entry: LedgerEntry) -> Step:
    if entry.verdict is None:
        waits = "" if entry.awaited_since is None else f"; waits since {entry.awaited_since}"
        return Step("judged", None, f"not yet: a verdict needs both sides' final outcomes{waits}")
    later = "; something has come in since, and will be judged" if entry.due else ""
    if entry.verdict in BY_CLOCK:
        later = f"; by the clock, for a side has told nothing final in time{later}"
    rules = f", tolerated: {', '.join(entry.rules)}" if entry.rules else ""
    tone: Literal["good", "neutral", "bad"] = "bad"
    if entry.verdict in AGREED:
        tone = "good"
    elif entry.verdict in UNDECIDED:
        tone = "neutral"
    return Step("judged", entry.judged_at, f"{entry.verdict}{rules}{later}", tone)


def _dead_letter(entry: LedgerEntry, stack: str) -> Step:
    family = _family(entry)
    queue = (
        "its family's dead-letter queue"
        if family is None
        else naming.dead_letter_queue_name(stack, family.name, ordered=family.ordered)
    )
    if entry.conflict:
        text = f"another message of the same id but with other bytes lies in {queue}, cause `id-conflict`"
    else:
        text = f"the message lies in {queue}, cause `{entry.candidate_cause}`, unless it was taken out"
    return Step("dead letter", None, text, "bad")


def _family(entry: LedgerEntry) -> Family | None:
    try:
        if entry.family is not None:
            return family_named(entry.family)
        return None if entry.type is None else family_of(entry.type)
    except UnknownTypeError:
        return None  # of a type that has left the registry since
