"""The course of a replay: which letters may go now, which are out, when it is over. Pure.

In order within a business key: the next message of a key goes only after the one before it was answered. One that gets
no answer keeps those behind it back. Once more have failed than the budget allows, nothing further goes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ops.plan_file import PlannedLetter
from ops.replay_answer import ENDS_LETTER, FAILURES, Answer

IN_FLIGHT = 200
"""Letters that may be out at once: what comes back late is waited for, not buried under more."""

Stop = Literal["cancelled", "interrupted", "too many failures", "authority has moved"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come."""

    letters: int
    answers: Mapping[Answer, int]
    in_flight: int
    not_sent: int
    stop: Stop | None

    @property
    def answered(self) -> int:
        """Letters that have their answer."""
        return sum(self.answers.values())

    @property
    def failures(self) -> int:
        """Letters that count against the budget."""
        return sum(count for answer, count in self.answers.items() if answer in FAILURES)

    @property
    def clean(self) -> bool:
        """Whether nothing is left to be done about any letter."""
        return sum(count for answer, count in self.answers.items() if answer in ENDS_LETTER) == self.letters


class Course:
    """What is to go, what is out, and what was answered."""

    def __init__(self, letters: Sequence[PlannedLetter], failures_allowed: int) -> None:
        """Args: letters: in their order."""
        self._letters = tuple(letters)
        self._waiting = list(letters)
        self._out: dict[str, tuple[PlannedLetter, float]] = {}
        self._answers: Counter[Answer] = Counter()
        self._barred: set[str] = set()
        self._failures_allowed = failures_allowed
        self._stop: Stop | None = None

    def stop(self, why: Stop) -> None:
        """Let nothing further go; what is out is still waited for. The first reason stays."""
        self._stop = self._stop or why

    def next(self, most: int) -> Sequence[PlannedLetter]:
        """Letters that may go now, at most so many, each of another key. They are not out until `went`."""
        if self._stop is not None:
            return ()
        busy = self._barred | {letter.key for letter, _ in self._out.values() if letter.key is not None}
        chosen: list[PlannedLetter] = []
        room = min(most, IN_FLIGHT - len(self._out))
        for letter in self._waiting:
            if len(chosen) >= room:
                break
            if letter.key is None or letter.key not in busy:
                chosen.append(letter)
            if letter.key is not None:
                busy.add(letter.key)
        return chosen

    def went(self, letter: PlannedLetter, at_s: float) -> None:
        """The letter was sent, by a clock that only grows."""
        self._waiting.remove(letter)
        self._out[letter.letter] = (letter, at_s)

    def answered(self, letter: PlannedLetter, answer: Answer) -> None:
        """The letter's answer has come, whether it was out or never had to go."""
        if self._out.pop(letter.letter, None) is None:
            self._waiting.remove(letter)
        self._answers[answer] += 1
        if answer == "no answer" and letter.key is not None:
            self._barred.add(letter.key)
        if self.progress.failures > self._failures_allowed:
            self.stop("too many failures")

    def out(self) -> Sequence[PlannedLetter]:
        """Letters that were sent and have no answer yet."""
        return [letter for letter, _ in self._out.values()]

    def overdue(self, now_s: float, timeout_s: float) -> Sequence[PlannedLetter]:
        """Letters that are out for longer than the timeout."""
        return [letter for letter, at_s in self._out.values() if now_s - at_s >= timeout_s]

    @property
    def finished(self) -> bool:
        """Whether nothing is out and nothing more may go."""
        return not self._out and not self.next(1)

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        return Progress(len(self._letters), Counter(self._answers), len(self._out), len(self._waiting), self._stop)


def describe(answers: Mapping[Answer, int]) -> Iterable[str]:
    """Counts in words, those that are not 0."""
    return (f"{count:,} {answer}" for answer, count in answers.items() if count)
