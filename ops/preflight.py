"""What stands against a move of authority before it begins, and once more behind the fence, where nothing moves."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from bridge.port import Clock
from contracts.authority import AuthorityRecord, Stage, authority_of
from contracts.message_type import Family
from ops import fence
from ops.authority import Router
from ops.evidence import Evidence, Judged
from ops.objection import Objection, about
from ops.state import StateComparison
from ops.wording import plural
from workers.logic.registry import HANDLERS

LOOK_S = 1.0
PENDING_AT_ONCE = 5_000
"""More than that is no traffic but something that does not work: not waited for."""


class CompareState(Protocol):
    """Compares both sides' state of the family. Raises CommandError."""

    def __call__(self, patience_s: float) -> StateComparison: ...  # noqa: D102


class Preflight:
    """Looks at one family. Every method raises CommandError."""

    def __init__(
        self,
        family: Family,
        evidence: Evidence,
        compare_state: CompareState | None,
        clock: Clock,
        wait: Callable[[float], None],
    ) -> None:
        """Args: compare_state: None where nobody says how the monolith exports its state. wait: for so many seconds."""
        self._family = family
        self._evidence = evidence
        self._compare_state = compare_state
        self._clock = clock
        self._wait = wait

    def objections(
        self, record: AuthorityRecord, routers: Callable[[], Sequence[Router]], target: Stage, patience_s: float
    ) -> Iterator[Objection]:
        """All that stands against it while messages arrive.

        Args:
            routers: what they say now.
            patience_s: how long what is under way (a message that one side has, and the other not yet) may take to
                come to its end before it counts.
        """
        moving = authority_of(target) != record.authority
        if record.phase != "steady":
            yield Objection("under way", f"move {record.run} is {record.phase}: carry it on, or abort it")
            return
        yield from self._unroutable(routers, patience_s, moving=moving)
        if not moving:
            return
        if target == "live":
            if record.stage != "shadow":
                yield Objection("stage", f"it is in stage {record.stage}: it goes live from shadow only")
            yield from self._unported()
            yield from self._unsettled(patience_s)
            yield from self._blind()
        yield from self.replaying(record)
        if target == "live":
            yield from self.state(patience_s)
        elif self._compare_state is None:
            yield _UNKNOWN_STATE

    def agreement(self, timeout_s: float) -> Iterator[Objection]:
        """Behind the fence, before new gets authority: every message is judged, and every verdict agrees."""
        yield from self._unsettled(timeout_s)

    def replaying(self, record: AuthorityRecord) -> Iterator[Objection]:
        """Whether a replay may still change what the new side has: to be asked before anything is compared."""
        runs = self._evidence.replays()
        if runs:
            yield about("replay", f"{plural(len(runs), 'replay run')} not ended: let it end, or cancel it", runs)
        sent = self._evidence.unanswered(record)
        if sent:
            yield about("replay", f"{plural(len(sent), 'letter')} sent again and not answered yet", sent)

    def state(self, patience_s: float) -> Iterator[Objection]:
        """Whether both sides have the same rows, for every key."""
        if self._compare_state is None:
            yield _UNKNOWN_STATE
            return
        found = self._compare_state(patience_s)
        if not found.agrees:
            text = f"{plural(found.count, 'row')} not the same on both sides: `strangler compare state` shows them"
            yield about("state", text, [f"{one.table}/{one.key}" for one in found.rows])

    def _unroutable(
        self, routers: Callable[[], Sequence[Router]], patience_s: float, *, moving: bool
    ) -> tuple[Objection, ...]:
        until = self._clock.monotonic() + patience_s
        while True:
            found = tuple(fence.unroutable(routers(), moving=moving))
            passing = all(one.against in fence.PASSING for one in found)
            if not found or not passing or self._clock.monotonic() >= until:
                return found
            self._wait(LOOK_S)

    def _unported(self) -> Iterator[Objection]:
        missing = [one.name for one in self._family.types if one.name not in HANDLERS]
        if missing:
            yield Objection("no handler", f"not ported: {', '.join(missing)}")

    def _unsettled(self, patience_s: float) -> Iterator[Objection]:
        judged = self._judged(patience_s)
        if judged.pending:
            text = f"{plural(len(judged.pending), 'message')} without a verdict"
            yield about("pending", text, judged.pending)
        if judged.differing:
            counts = ", ".join(f"{len(ids):,} {verdict}" for verdict, ids in judged.differing.items())
            ids = [one for some in judged.differing.values() for one in some]
            yield about("differing", f"{plural(len(ids), 'message')} on which both sides differ: {counts}", ids)
        letters = self._evidence.letters()
        if letters:
            yield about("letters", f"{plural(len(letters), 'dead letter')} not resolved", letters)

    def _blind(self) -> Iterator[Objection]:
        """Whether the judge was shown not to see something: then that nothing differs says nothing."""
        found = self._evidence.survivors()
        if found:
            places = [f"{one.kind} in {one.path} of {one.type}" for one in found]
            text = f"mutants survived in {plural(len(found), 'place')}: that both sides agree proves nothing"
            yield about("void", text, places)

    def _judged(self, patience_s: float) -> Judged:
        """What is not agreed on, once those that are pending now have had their time."""
        judged = self._evidence.judged()
        until = self._clock.monotonic() + patience_s
        while judged.pending and len(judged.pending) <= PENDING_AT_ONCE and self._clock.monotonic() < until:
            self._wait(LOOK_S)
            judged = judged.after(self._evidence.judged_of(judged.pending))
        return judged


_UNKNOWN_STATE = Objection(
    "state", "nobody knows the monolith's: --monolith, or STRANGLER_MONOLITH_STATE, names the command that exports it"
)
