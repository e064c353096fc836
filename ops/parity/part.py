"""Compares one part of a corpus: the oracle and our handlers, side by side, in the corpus' order."""

import base64
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson

from contracts.branch import exercised
from contracts.codecs.error import DecodeError
from contracts.coverage import Coverage
from contracts.effect import Attempt, Effect, MalformedOutcomeError
from contracts.judge import Judgement
from contracts.liveness import Liveness
from contracts.message_type import MessageType, NormalForm
from contracts.outcome_line import OutcomeLine, read_line
from contracts.registry import type_named
from contracts.tally import Sighting, Tally
from contracts.verdict import Verdict
from ops.corpus import CorpusReader
from ops.corpus_key import open_key
from ops.parity.judging import Judging
from ops.parity.oracle import Oracle, OracleError
from ops.parity.plan import Plan

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared, and with what."""

    corpus: Path
    key: str = field(repr=False)
    """As `--key` names it."""
    unfinished: bool
    oracle: Sequence[str] = field(repr=False)
    secret: str = field(repr=False)
    """That both sides sign webhooks with."""
    today: date


@dataclass
class Part:
    """What was found in a part. Added up over all parts it is the comparison."""

    tally: Tally = field(default_factory=Tally)
    liveness: Liveness = field(default_factory=Liveness)
    coverage: dict[str, Coverage] = field(default_factory=dict)
    """By type."""

    def merge(self, other: "Part") -> None:
        """Take in another part."""
        self.tally.merge(other.tally)
        self.liveness.add(other.liveness)
        for name, one in other.coverage.items():
            self.coverage[name] = self.coverage[name].merged(one) if name in self.coverage else one


@dataclass(frozen=True, slots=True)
class _Sent:
    """A notification on its way through both sides."""

    position: int
    line: bytes = field(repr=False)
    last: bool
    """Whether it is the message's last delivery."""


@dataclass(slots=True)
class _Open:
    """A message some of whose deliveries are still to come."""

    seen: Sighting
    size_bytes: int = 0
    control: list[OutcomeLine] = field(default_factory=list)
    candidate: list[OutcomeLine] = field(default_factory=list)
    conflict: bool = False


def compare_part(sides: Sides, plan: Plan, number: int, tick: Callable[[int], None]) -> Part:
    """Compare the messages of one part. Raises CommandError.

    Args:
        sides: what is compared.
        plan: which message is in which part.
        number: of the part.
        tick: told of each message that was compared.
    """
    part = _Comparing(sides, tick)
    with (
        CorpusReader(sides.corpus, open_key(sides.key), unfinished=sides.unfinished) as corpus,
        Oracle(sides.oracle, sides.secret) as oracle,
    ):
        sent: deque[_Sent] = deque()

        def notifications() -> Iterator[bytes]:
            for position, line in _selected(corpus, plan, number):
                sent.append(_Sent(position, line, last=bool(plan.last[position])))
                yield line

        for answer in oracle.answers(notifications()):
            part.compare(sent.popleft(), answer)
    return part.found


def _selected(corpus: CorpusReader, plan: Plan, number: int) -> Iterator[tuple[int, bytes]]:
    position = 0
    for segment in corpus.segments():
        for line in segment.lines:
            if plan.parts[position] == number:
                yield position, line
            position += 1


class _Comparing:
    """Both sides of one part."""

    def __init__(self, sides: Sides, tick: Callable[[int], None]) -> None:
        from ops.parity.candidate import Candidate  # noqa: PLC0415  brings the AWS Encryption SDK

        self.found = Part()
        self._judging = Judging(sides.today, self.found.tally, self.found.liveness)
        self._candidate = Candidate(sides.secret.encode())
        self._open: dict[str, _Open] = {}
        self._tick = tick

    def compare(self, sent: _Sent, answer: bytes) -> None:
        """Take the oracle's answer to one notification, have our side's, and judge the message if it was the last."""
        notification: dict[str, Any] = orjson.loads(sent.line)
        message_id = str(notification["id"])
        one = self._open.get(message_id)
        if one is None:
            seen = Sighting(sent.position, notification.get("at") or "")
            one = self._open[message_id] = _Open(seen)
        control = self._control(message_id, notification["type"], answer, sent.position)
        self._exercise(notification, control)
        one.control.append(control)
        ours = self._candidate.process(notification)
        one.conflict |= ours.conflict
        if ours.outcome is not None:
            candidate = read_line(ours.outcome)
            _ensure_same_message(control, candidate, sent.position)
            one.candidate.append(candidate)
        one.size_bytes += len(answer) + len(ours.outcome or b"")
        if sent.last:
            del self._open[message_id]
            self._judge(notification["type"], message_id, one)
        self._tick(1)

    def _judge(self, name: str, message_id: str, one: _Open) -> None:
        if one.conflict:
            conflict = Judgement(Verdict.ID_CONFLICT)
            self.found.tally.of(name).add(conflict, name, message_id, one.seen, one.size_bytes)
        else:
            try:
                self._judging.judge(one.control, one.candidate, one.seen, one.size_bytes, name)
            except MalformedOutcomeError as error:  # the monolith's: ours is written here
                raise OracleError(
                    f"its answer to notification {one.seen.position + 1}, or a later one: {error}"
                ) from error
            except RecursionError as error:
                raise OracleError(f"its answer to notification {one.seen.position + 1} is nested too deep") from error

    def _control(self, message_id: str, name: str, answer: bytes, position: int) -> OutcomeLine:
        if not answer:
            answer = orjson.dumps({"message_id": message_id, "type": name, "ending": "rejected", "effects": []})
        try:
            line = read_line(answer)
            line.effect_lines()
        except MalformedOutcomeError as error:
            raise OracleError(f"its answer to notification {position + 1} of the corpus: {error}") from error
        return line

    def _exercise(self, notification: dict[str, Any], control: OutcomeLine) -> None:
        contract = type_named(notification["type"])
        coverage = self.found.coverage.setdefault(contract.name, Coverage())
        coverage.add(exercised(contract, _form(contract, notification), _attempt(control)))


def _ensure_same_message(control: OutcomeLine, candidate: OutcomeLine, position: int) -> None:
    """Two outcomes of different messages must not be compared. Raises OracleError."""
    if control.ending == candidate.ending == "done" and control.message_id != candidate.message_id:
        raise OracleError(
            f"its answer to notification {position + 1} of the corpus names another message than ours: its answers are "
            "not in the order of the notifications, or the contract names another identity than the monolith has"
        )


def _attempt(line: OutcomeLine) -> Attempt:
    """As much of it as tells which branches it took."""
    effects = tuple(Effect(one.kind, one.name, one.key, {}) for one in line.effect_lines())
    return Attempt(line.message_id, line.type, line.attempt, line.ending, None, _NEVER, effects)


def _form(contract: MessageType, notification: dict[str, Any]) -> NormalForm | None:
    try:
        return contract.decode(base64.b64decode(notification["body_base64"]))
    except DecodeError:
        return None
