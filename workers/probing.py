"""Mutants beside live verdicts: whether the judge would see what is wrong, tried on some of what it has agreed to.

Which messages are tried needs no read: a process tries the first agreeing ones of each type that it sees, so that a
short shadow run is covered, and so is every deployment of new code; afterwards those whose id hashes to it, so that a
record that the stream brings again is treated alike. Made after the verdict is written, on one thread.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Protocol

from contracts.effect import Effect
from contracts.judge import judge
from contracts.liveness import Liveness, did_the_same
from contracts.message_type import MessageType
from contracts.verdict import AGREED, Verdict
from workers.judging import Judged

FIRST = 5
"""Agreeing messages of a type that each process tries, from its first one on: some 10 ms of its life."""


class Fates(Protocol):
    """Where counts of mutants are added up."""

    def add(self, message_type: MessageType, liveness: Liveness, now: datetime) -> None:
        """Add the type's counts to those of this judge. Blocks for one call of two seconds at most.

        Once more counts twice: nothing but a number hangs on it. Raises UnavailableError.
        """


@dataclass
class Probing:
    """What a process remembers of what it has tried."""

    one_in: int
    """After the first ones, one message in so many."""
    first: int = FIRST
    unsaved: Liveness = field(default_factory=Liveness)
    """Counts that have not been added to the others' yet."""
    _tried: Liveness = field(default_factory=Liveness)
    _agreed: Counter[str] = field(default_factory=Counter)
    _former: dict[str, Sequence[Effect]] = field(default_factory=dict)

    def wants(self, judged: Judged, message_type: MessageType) -> bool:
        """Whether mutants are to be made of a message that has just got its verdict."""
        if judged.judgement.verdict not in AGREED or not any(one.effects for one in judged.candidate):
            return False
        self._agreed[message_type.name] += 1
        return self._agreed[message_type.name] <= self.first or _hashes(judged.candidate[0].message_id, self.one_in)

    def probe(self, judged: Judged, message_type: MessageType, today: date) -> Liveness:
        """Make one mutant of each kind that the candidate's effects offer, and judge them; what became of these."""
        (candidate,) = judged.candidate  # the ledger keeps one outcome of ours

        def verdict(altered: Sequence[Effect]) -> Verdict | None:
            mutant = replace(candidate, effects=tuple(altered))
            found = judge(judged.control, [mutant], message_type.terms, today=today).verdict
            theirs = (effect for one in judged.control for effect in one.effects)
            return None if found is Verdict.MATCH and did_the_same(theirs, altered) else found

        before = self._tried.fates.copy()
        self._tried.probe(candidate.effects, message_type, verdict)
        former = self._former.get(message_type.name)
        if former is not None:
            self._tried.probe_pair(message_type, candidate.effects, former, verdict)
        self._former[message_type.name] = candidate.effects
        made = Liveness(self._tried.fates - before)
        self.unsaved.add(made)
        return made

    def saved(self, message_type: MessageType) -> None:
        """The type's counts have been added to the others'."""
        for known in [one for one in self.unsaved.fates if one[0] == message_type.name]:
            del self.unsaved.fates[known]


def _hashes(message_id: str, one_in: int) -> bool:
    digest = hashlib.blake2b(message_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % one_in == 0
