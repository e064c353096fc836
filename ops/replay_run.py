"""Runs a plan: takes each letter, sends it, waits for what the workers and the ledger say, and notes it in the letter.

Whatever a kill -9 leaves behind is carried on by running the same plan again. A letter is marked before its message is
sent, so that a later run knows what may have been sent: that is sent again, under the same deduplication id within five
minutes and harmless after them, for the ledger knows the message. A letter ends only after its message was answered.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from bridge.backoff import Backoff
from bridge.port import Clock, Receipt
from contracts import point
from contracts.authority import AuthorityRecord, authority_of
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.letter import Letter
from ops.plan_file import Plan, PlannedLetter
from ops.replay_answer import ENDS_LETTER, Answer, Glance, hear, noted_answer
from ops.replay_course import Course, Progress
from ops.replay_message import Outgoing, RefusedLetterError
from ops.replay_record import RunState
from ops.token_bucket import TokenBucket

LOOK_S = 1.0
"""How often answers, the cancel flag and authority are looked at."""
_LEAST_PAUSE_S = 0.02
"""No wait is shorter: one that is too short for a clock to move would never end."""
TROUBLES = 5
"""After so many sendings in a row of which nothing was taken, the run gives up; it can be carried on."""


class Letters(Protocol):
    """The index; `ops.letter_index.LetterIndex` says what each does."""

    def found(self, letter_ids: Sequence[str]) -> Mapping[str, Letter]: ...  # noqa: D102
    def mark(self, letter: Letter, run: str) -> bool: ...  # noqa: D102
    def answer(self, letter_id: str, run: str, answer: str, *, again: bool = False) -> bool: ...  # noqa: D102
    def resolve(self, letter: Letter, run: str, answer: str, now: datetime) -> bool: ...  # noqa: D102


class Records(Protocol):
    """The run's record; `ops.replay_record.RunRecords` says what each does."""

    def note(self, run: str, progress: Progress, now: datetime, state: RunState = "running") -> None: ...  # noqa: D102
    def is_cancelled(self, run: str) -> bool: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run talks to. Everything may raise CommandError; the run can then be carried on."""

    letters: Letters
    records: Records
    glances: Callable[[Sequence[str]], Mapping[str, Glance]]
    """The ledger's word on messages, by id."""
    open: Callable[[PlannedLetter, Letter], Outgoing]
    """Opens a letter and makes the message of it. Raises RefusedLetterError."""
    send: Callable[[Sequence[Outgoing]], Sequence[Receipt]]
    reopen: Callable[[PlannedLetter], None]
    """Makes the effect that a letter is about due again; repeating it is safe."""
    authority: Callable[[], Mapping[str, AuthorityRecord]]
    """What is decided about the plan's families now."""
    clock: Clock
    wait: Callable[[float], None]
    """Lets so many seconds pass."""
    interrupted: Callable[[], bool]
    show: Callable[[Progress], None]


class ReplayRun:
    """One run of one plan."""

    def __init__(self, plan: Plan, around: Surroundings, *, answer_timeout_s: float) -> None:
        """Args: answer_timeout_s: how long a letter that was sent is waited for."""
        self._plan = plan
        self._run = plan.run
        self._around = around
        self._timeout_s = answer_timeout_s
        self._course = Course(plan.letters, plan.failures_allowed)
        self._bucket = TokenBucket(plan.rate_per_s, around.clock.monotonic)
        self._backoff = Backoff()
        self._resume_at_s = 0.0
        self._troubles = 0

    def execute(self) -> Progress:
        """Run to the end, or until something stops it. Raises CommandError where AWS does not serve us."""
        self._take_up()
        while True:
            self._look()
            looked_at_s = self._now_s()
            while self._now_s() - looked_at_s < LOOK_S and not self._course.finished:
                self._send(self._course.next(self._allowed()))
                self._around.show(self._course.progress)
                self._around.wait(self._pause_s(looked_at_s))
            if self._course.finished:
                break
        progress = self._course.progress
        state: RunState = "cancelled" if progress.stop == "cancelled" else "stopped"
        if progress.stop is None and not progress.not_sent:
            state = "done"
        self._around.records.note(self._run, progress, self._now(), state)
        point.reach("replay.noted")
        self._around.show(progress)
        return progress

    def _take_up(self) -> None:
        """Take over what an earlier start of this run has noted already."""
        found = self._around.letters.found([one.letter for one in self._plan.letters])
        for planned in self._plan.letters:
            letter = found.get(planned.letter)
            if letter is None or letter.body_digest != planned.body_digest:
                self._course.answered(planned, "refused")
                continue
            noted = noted_answer(letter, self._run)
            if noted is None and letter.state == "resolved":
                noted = "already done"
            if noted is not None:
                self._course.answered(planned, noted)

    def _look(self) -> None:
        """Answers first, then whether to go on."""
        out = self._course.out()
        overdue = {one.letter for one in self._course.overdue(self._now_s(), self._timeout_s)}
        if out:
            for planned, letter, glance in self._read(out):
                answer = hear(planned, letter, glance, self._run)
                if answer is None and planned.letter in overdue:
                    answer = "no answer"
                if answer is not None:
                    self._settle(planned, letter, answer)
        if self._around.records.is_cancelled(self._run):
            self._course.stop("cancelled")
        if self._around.interrupted():
            self._course.stop("interrupted")
        if moved(self._plan, self._around.authority()):
            self._course.stop("authority has moved")
        self._around.records.note(self._run, self._course.progress, self._now())
        point.reach("replay.noted")

    def _send(self, chosen: Sequence[PlannedLetter]) -> None:
        if not chosen:
            return
        ready: list[tuple[PlannedLetter, Letter, Outgoing]] = []
        for planned, letter, glance in self._read(chosen):
            answer = hear(planned, letter, glance, self._run)
            if answer is not None:
                self._settle(planned, letter, answer)
                continue
            outgoing: Outgoing | None = None
            try:
                if planned.way != "outlet":
                    outgoing = self._around.open(planned, letter)
            except RefusedLetterError:
                self._settle(planned, letter, "refused")
                continue
            if not self._around.letters.mark(letter, self._run):
                self._settle(planned, letter, "refused")  # another run has taken it, or ended it
                continue
            point.reach("replay.marked")
            marked = dataclasses.replace(letter, state="replaying", sent_in=self._run)
            if outgoing is None:
                self._around.reopen(planned)
                point.reach("replay.sent")
                self._bucket.take(1)
                self._course.went(planned, self._now_s())
            else:
                ready.append((planned, marked, outgoing))
        if ready:
            receipts = self._around.send([outgoing for _, _, outgoing in ready])
            point.reach("replay.sent")
            self._note_receipts(ready, receipts)

    def _note_receipts(
        self, sent: Sequence[tuple[PlannedLetter, Letter, Outgoing]], receipts: Sequence[Receipt]
    ) -> None:
        """Whatever happened to its neighbours, each letter goes its own way; what was not taken is sent again later."""
        taken = 0
        for (planned, letter, _), receipt in zip(sent, receipts, strict=True):
            if receipt.fate == "unknown":
                continue
            taken += 1
            self._bucket.take(1)
            if receipt.fate == "refused":
                self._settle(planned, letter, "refused")
            elif planned.way == "hold":
                self._settle(planned, letter, "handed to hold")
            elif planned.way == "return":
                self._settle(planned, letter, "handed to return")
            else:
                self._course.went(planned, self._now_s())
        if taken == len(sent):
            self._backoff.reset()
            self._troubles = 0
            return
        self._resume_at_s = self._now_s() + self._backoff.next_s()
        self._troubles = 0 if taken else self._troubles + 1
        if self._troubles == TROUBLES:
            reason = next(receipt.reason for receipt in receipts if receipt.fate == "unknown")
            raise CommandError(
                ExitCode.UNREACHABLE, f"SQS takes nothing ({reason}); the same command carries run {self._run} on"
            )

    def _settle(self, planned: PlannedLetter, letter: Letter, answer: Answer) -> None:
        """Note the answer in the letter. One that has come back in this moment is looked at again."""
        if noted_answer(letter, self._run) is None:
            if answer in ENDS_LETTER:
                if letter.state != "resolved":
                    if not self._around.letters.resolve(letter, self._run, answer, self._now()):
                        return
                    point.reach("replay.resolved")
            else:
                again = answer in ("refused", "not comparable") and letter.sent_in == self._run
                self._around.letters.answer(letter.letter_id, self._run, answer, again=again)
                point.reach("replay.noted")
        self._course.answered(planned, answer)

    def _read(self, wanted: Sequence[PlannedLetter]) -> Sequence[tuple[PlannedLetter, Letter, Glance | None]]:
        """Ledger before index: a message that was dead-lettered in between is seen in the index."""
        glances = self._around.glances([one.message_id for one in wanted if one.message_id is not None])
        letters = self._around.letters.found([one.letter for one in wanted])
        read = []
        for planned in wanted:
            letter = letters.get(planned.letter)
            if letter is None:
                self._course.answered(planned, "refused")
            else:
                read.append((planned, letter, glances.get(planned.message_id or "")))
        return read

    def _allowed(self) -> int:
        return self._bucket.available if self._now_s() >= self._resume_at_s else 0

    def _pause_s(self, looked_at_s: float) -> float:
        """Until something can be done again."""
        until_look_s = max(_LEAST_PAUSE_S, looked_at_s + LOOK_S - self._now_s())
        if not self._course.next(1):
            return until_look_s
        return min(until_look_s, max(self._bucket.wait_s, self._resume_at_s - self._now_s(), _LEAST_PAUSE_S))

    def _now_s(self) -> float:
        return self._around.clock.monotonic()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._around.clock.now(), UTC)


def moved(plan: Plan, records: Mapping[str, AuthorityRecord]) -> Sequence[str]:
    """Families of the plan over which authority has moved since, or is being moved, in words."""
    words = []
    for family in plan.families:
        record = records[family.name]
        if record.phase == "fenced":
            words.append(f"authority over {family.name} is being moved")
        elif (record.authority, record.stamp_epoch) != (authority_of(family.stage), family.stamp_epoch):
            words.append(
                f"{family.name} was {family.stage} in epoch {family.stamp_epoch} when the plan was made, and is "
                f"{record.stage} in epoch {record.stamp_epoch}"
            )
    return words
