"""Plans a replay: which letters can be sent again, where to, in which order, and what stands against the others. Pure.

Where a message goes is inferred from its letter and never typed. A message obeys its stamp. Where authority has moved
since, only one that the new side alone was to act on can be stamped anew: a copy that the monolith has acted on would
be done twice.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from contracts import naming
from contracts.authority import AuthorityRecord
from contracts.envelope import Stamp
from contracts.message_type import Family
from contracts.staleness import staleness
from ops.letter import Letter, in_order
from ops.plan_file import PlannedLetter, Way

TAPPED = Stamp("legacy", 0)
"""What a message is stamped with that nobody has stamped: legacy decides, nothing had moved."""

Against = Literal[
    "resolved", "being replayed", "forbidden", "unreadable", "unknown family", "fenced", "moved", "id conflict"
]


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a letter is left out."""

    letter: str
    against: Against
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a translator makes now of a message that could not be read when it came."""

    message_id: str
    type: str
    key: str | None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known around the letters."""

    stack: str
    families: Mapping[str, Family]
    authority: Mapping[str, AuthorityRecord]
    readings: Mapping[str, Reading | str]
    """By letter of the Invalid Message Channel: what it reads as now, or why it still cannot be read."""
    running: frozenset[str]
    """Replay runs that have not ended."""
    rehome: bool = False


@dataclass(frozen=True, slots=True)
class Weighed:
    """What can be replayed, and what cannot."""

    letters: tuple[PlannedLetter, ...]
    objections: tuple[Objection, ...]


def weigh(letters: Sequence[Letter], around: Circumstances, limit: int | None = None) -> Weighed:
    """Plan for the oldest `limit` letters that nothing stands against, oldest first.

    Of letters of one message with different bodies, none is taken: which of them is meant has to be said by its id.
    """
    conflicting = _conflicting(letters)
    planned: list[PlannedLetter] = []
    objections: list[Objection] = []
    for letter in in_order({one.letter_id: one for one in letters}.values()):
        if limit is not None and len(planned) == limit:
            break
        one = _weigh(letter, around) if letter.letter_id not in conflicting else _conflict(letter)
        if isinstance(one, Objection):
            objections.append(one)
        else:
            planned.append(one)
    return Weighed(tuple(planned), tuple(objections))


def order_key(family: str, business_key: str | None) -> str | None:
    """What is kept in order among itself, as a digest; None where no business key is known."""
    if business_key is None:
        return None
    return hashlib.sha256(f"{family}\0{business_key}".encode()).hexdigest()[:16]


def forbidden(family: Family, type_name: str | None) -> str | None:
    """Why the contract forbids to replay the type; None where it does not."""
    for one in family.types:
        if one.name == type_name and one.replay == "forbidden":
            return f"the contract of {one.name} forbids to replay it: {one.replay_because}"
    return None


def _weigh(letter: Letter, around: Circumstances) -> PlannedLetter | Objection:
    if letter.state == "resolved":
        return _against(letter, "resolved", f"it was resolved at {letter.resolved_at}, by run {letter.resolved_by}")
    if letter.state == "replaying" and letter.sent_in in around.running:
        return _against(
            letter, "being replayed", f"run {letter.sent_in} has it: let it end, run it again, or cancel it"
        )
    reading = around.readings.get(letter.letter_id)
    if isinstance(reading, str):
        return _against(letter, "unreadable", f"it still cannot be read ({reading}): mend the contract first")
    type_name = letter.type if reading is None else reading.type
    family = _family(letter, type_name, around.families)
    if family is None:
        return _against(letter, "unknown family", "no contract names its type or family")
    if letter.source == "return" and letter.effect is None and letter.stamp is None:
        return _against(letter, "unreadable", "nobody can read what was to go back: settle it by hand, close it")
    refusal = forbidden(family, type_name)
    if refusal is not None:
        return _against(letter, "forbidden", refusal)
    return _send(letter, reading, family, around)


def _send(letter: Letter, reading: Reading | None, family: Family, around: Circumstances) -> PlannedLetter | Objection:
    record = around.authority[family.name]
    if record.phase == "fenced":
        return _against(letter, "fenced", f"authority over {family.name} is being moved: carry that on, or abort it")
    stamp = letter.stamp or (TAPPED if letter.source == "invalid" else None)
    way = _way(letter)
    if stamp is not None and way == "worker":
        stale = staleness(stamp, record)
        if stale == "not comparable":
            text = "the monolith has acted on it, and the new side has moved on: it would be compared with nothing"
            return _against(letter, "moved", f"{text} (see docs/runbook.md)")
        if stale == "hold" and not around.rehome:
            text = f"stamped new in epoch {stamp.epoch}, {family.name} is {record.stage} in epoch {record.stamp_epoch}"
            return _against(letter, "moved", f"{text}: --rehome hands it to the router, which stamps it anew")
        way = "hold" if stale == "hold" else "worker"
    key = letter.business_key if reading is None else reading.key
    return PlannedLetter(
        letter=letter.letter_id,
        message_id=letter.message_id if reading is None else reading.message_id,
        type=letter.type if reading is None else reading.type,
        family=family.name,
        source=letter.source,
        cause=letter.cause,
        fingerprint=letter.fingerprint,
        body_digest=letter.body_digest,
        authority=None if stamp is None else stamp.authority,
        stamp_epoch=None if stamp is None else stamp.epoch,
        first_seen=letter.first_seen,
        key=order_key(family.name, key) if way != "outlet" else None,
        effect=letter.effect,
        way=way,
        queue=_queue(way, family, around.stack),
    )


def _way(letter: Letter) -> Way:
    """Where a letter goes while its stamp holds."""
    if letter.source == "return":
        return "hold" if letter.effect is None else "return"
    return "worker" if letter.effect is None else "outlet"


def _queue(way: Way, family: Family, stack: str) -> str:
    if way in ("hold", "return"):
        return naming.return_queue_name(stack)
    if way == "outlet":
        return naming.ledger_table_name(stack)
    return naming.queue_name(stack, family.name, ordered=family.ordered)


def _family(letter: Letter, type_name: str | None, families: Mapping[str, Family]) -> Family | None:
    for family in families.values():
        if any(one.name == type_name for one in family.types):
            return family
    return None if letter.family is None else families.get(letter.family)


def _conflicting(letters: Sequence[Letter]) -> frozenset[str]:
    """Letters of messages that several of the chosen letters hold with different bodies."""
    bodies: dict[str, set[str]] = {}
    for letter in letters:
        if letter.message_id is not None and letter.effect is None:
            bodies.setdefault(letter.message_id, set()).add(letter.body_digest)
    several = {message_id for message_id, digests in bodies.items() if len(digests) > 1}
    return frozenset(one.letter_id for one in letters if one.effect is None and one.message_id in several)


def _conflict(letter: Letter) -> Objection:
    return _against(
        letter, "id conflict", "another letter has the same message id with other bytes: choose one with --letter"
    )


def _against(letter: Letter, against: Against, text: str) -> Objection:
    return Objection(letter.letter_id, against, text)
