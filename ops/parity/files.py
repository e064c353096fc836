"""Judges two files of outcomes: any program's control against any program's candidate.

Two files of one run tell of the same messages in the same order, each once: they are read side by side, and where two
lines have the same bytes nobody looks further. Of any other two an index is made first.
"""

from array import array
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product, zip_longest
from pathlib import Path

from contracts.effect import MalformedOutcomeError
from contracts.judge import match_of_lines
from contracts.outcome_line import OutcomeLine, Outline, read_line
from contracts.tally import Sighting
from contracts.verdict import AGREED, Verdict
from ops.fault import CommandError
from ops.parity.judging import Judging
from ops.parity.outcome_file import OutcomeFile, join, opened

VERDICTS_KEPT = 1_000
"""Messages that are told one by one; those that differ go before those that agree."""


@dataclass(frozen=True, slots=True)
class MessageVerdict:
    """One message's verdict."""

    message_id: str
    type: str
    verdict: Verdict
    signatures: tuple[str, ...]


@dataclass
class JudgedFiles:
    """What two files came to."""

    judging: Judging
    differing: list[MessageVerdict] = field(default_factory=list)
    agreeing: list[MessageVerdict] = field(default_factory=list)
    messages: int = 0
    of_other_types: Counter[str] = field(default_factory=Counter)
    """Messages of types that were not asked for, by type."""
    types_unlike: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Messages that both sides name otherwise, by both names. Judged as what the control calls it, if that was asked
    for."""

    @property
    def verdicts(self) -> Sequence[MessageVerdict]:
        """Message by message, as many as are kept."""
        return (*self.differing, *self.agreeing)[:VERDICTS_KEPT]


def judge_files(control: Path, candidate: Path, types: Collection[str] | None, today: date) -> JudgedFiles:
    """Judge every message that either file tells of.

    Args:
        control: the monolith's outcomes, NDJSON.
        candidate: ours.
        types: only these types; all where None.
        today: the day by which rules expire.

    Raises:
        CommandError: a file cannot be read, or one of its lines is no outcome.
    """
    return _judge_side_by_side(control, candidate, types, today) or _judge_joined(control, candidate, types, today)


def _judge_side_by_side(
    control: Path, candidate: Path, types: Collection[str] | None, today: date
) -> JudgedFiles | None:
    """None where the files do not tell of the same messages in the same order, each once, or a line cannot be read."""
    found = JudgedFiles(Judging(today))
    hashes = array("q")
    with opened(control) as theirs, opened(candidate) as ours:
        for position, (one, other) in enumerate(zip_longest(theirs, ours, fillvalue=b"")):
            outline = match_of_lines(one, other)
            if outline is not None and _is_match(outline, types, found):
                hashes.append(hash(outline.message_id))
                continue
            try:
                control_line, candidate_line = read_line(one), read_line(other)
                if control_line.message_id != candidate_line.message_id:
                    return None
                hashes.append(hash(control_line.message_id))
                size = len(one) + len(other)
                _judge(_Message((position,), (position,), (control_line,), (candidate_line,), size), types, found)
            except (MalformedOutcomeError, RecursionError):
                return None  # the other way says where it is
    return found if len(set(hashes)) == len(hashes) else None


def _is_match(outline: Outline, types: Collection[str] | None, found: JudgedFiles) -> bool:
    """Whether that was counted: a message for which both sides did the same, and of which no mutants are made."""
    if types is not None and outline.type not in types:
        found.of_other_types[outline.type] += 1
        return True
    if not found.judging.match(outline.type, acting=bool(outline.effects)):
        return False
    found.messages += 1
    if len(found.agreeing) < VERDICTS_KEPT:
        found.agreeing.append(MessageVerdict(outline.message_id, outline.type, Verdict.MATCH, ()))
    return True


def _judge_joined(control: Path, candidate: Path, types: Collection[str] | None, today: date) -> JudgedFiles:
    found = JudgedFiles(Judging(today))
    with OutcomeFile(control) as theirs, OutcomeFile(candidate) as ours:
        for one in _messages(theirs, ours):
            try:
                _judge(one, types, found)
            except MalformedOutcomeError as error:
                raise _blame(one, theirs, ours) from error
            except RecursionError as error:
                raise _too_deep(one, theirs, ours) from error
    return found


@dataclass(slots=True)
class _Message:
    """One message's outcomes, and where they stand in their files."""

    theirs_at: Sequence[int]
    ours_at: Sequence[int]
    control: Sequence[OutcomeLine]
    candidate: Sequence[OutcomeLine]
    size_bytes: int


def _messages(theirs: OutcomeFile, ours: OutcomeFile) -> Iterator[_Message]:
    for theirs_at, ours_at in join(theirs, ours):
        if len(theirs_at) == len(ours_at) == 1:
            (one, size), (other, other_size) = theirs.read(theirs_at[0]), ours.read(ours_at[0])
            if one.message_id == other.message_id:
                yield _Message(theirs_at, ours_at, (one,), (other,), size + other_size)
                continue
        control, candidate = [theirs.read(one) for one in theirs_at], [ours.read(one) for one in ours_at]
        ids = {line.message_id for line, _ in (*control, *candidate)}
        for message_id in ids if len(ids) == 1 else sorted(ids):  # several only where their hashes are the same
            yield _Message(
                theirs_at,
                ours_at,
                [line for line, _ in control if line.message_id == message_id],
                [line for line, _ in candidate if line.message_id == message_id],
                sum(size for line, size in (*control, *candidate) if line.message_id == message_id),
            )


def _judge(one: _Message, types: Collection[str] | None, found: JudgedFiles) -> None:
    first = (one.control or one.candidate)[0]
    named = dict.fromkeys(line.type for line in (*one.control, *one.candidate))
    name = next((each for each in named if types is None or each in types), None)
    if name is None:
        found.of_other_types[first.type] += 1
        return
    for theirs, ours in product({line.type for line in one.control}, {line.type for line in one.candidate}):
        if theirs != ours:
            found.types_unlike[theirs, ours] += 1
    position = (one.theirs_at or one.ours_at)[0]
    judgement = found.judging.judge(one.control, one.candidate, Sighting(position), one.size_bytes, name)
    found.messages += 1
    kept = found.agreeing if judgement.verdict in AGREED else found.differing
    if len(kept) < VERDICTS_KEPT:
        signatures = sorted({difference.signature(name) for difference in judgement.differences})
        kept.append(MessageVerdict(first.message_id, name, judgement.verdict, tuple(signatures)))


def _blame(one: _Message, theirs: OutcomeFile, ours: OutcomeFile) -> CommandError:
    """Which line it is that cannot be read."""
    for file, places in ((theirs, one.theirs_at), (ours, one.ours_at)):
        for place in places:
            try:
                for effect in file.read(place)[0].effect_lines():
                    effect.effect()
            except MalformedOutcomeError as error:
                return file.refusal(place, error)
    raise AssertionError("both sides can be read")


def _too_deep(one: _Message, theirs: OutcomeFile, ours: OutcomeFile) -> CommandError:
    """One of a message's outcomes is nested deeper than anything that both sides make."""
    file, place = (theirs, one.theirs_at[0]) if one.theirs_at else (ours, one.ours_at[0])
    return file.refusal(place, MalformedOutcomeError("outcome.effects[].value: nested too deep, here or beside it"))
