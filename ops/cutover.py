"""Moves authority over a family: fence, quiesce, catch up and compare, switch, release. Behind docs/cut-over.md.

Where a move stands is the authority record's alone, so every command reads it first and goes on from there: the same
command again carries on what was interrupted, whoever began it; two at once do what one does. Each step is audited in
the transaction that does it. Until the switch everything can be undone, and is, where something stands against it.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from contracts import point
from contracts.authority import (
    AuthorityRecord,
    IllegalMoveError,
    Stage,
    abandon,
    authority_of,
    begin,
    complete,
    observe,
    settle,
)
from ops import fence
from ops.audit_chain import NotAsReadError
from ops.authority import AuthorityStore, Router, Standing
from ops.catch_up import CatchUp, against
from ops.errand import Ended, OvertakenError, Patience, Tools, Who
from ops.fault import CommandError
from ops.objection import Objection, in_words
from ops.preflight import Preflight

LOOK_S = 0.5
TELL_S = 5.0
"""A wait says at least so often what it waits for."""


class Cutover:
    """Moves one family, in one operator's name. Every method raises CommandError and leaves what can be carried on."""

    def __init__(
        self,
        family: str,
        store: AuthorityStore,
        preflight: Preflight,
        catch_up: CatchUp,
        who: Who,
        patience: Patience,
        tools: Tools,
    ) -> None:
        """Args: tools: time, and what progress is told to."""
        self._family = family
        self._store = store
        self._preflight = preflight
        self._catch_up = catch_up
        self._who = who
        self._patience = patience
        self._tools = tools
        self._run: str | None = None
        """The move that this command has begun, or carries on."""
        self._against: tuple[Objection, ...] = ()
        """Why it was undone by us."""
        self._carried: str | None = None
        """The move of somebody else whose release this command carries on: to be audited once."""
        self._acted = False
        """Whether this command has changed anything."""

    def observe(self) -> Ended:
        """From legacy to shadow: the new side gets copies. Moves no authority, so nothing is held."""
        standing = self._store.standing(self._family)
        record = standing.record
        if record.stage == "shadow" and record.phase == "steady":
            return Ended("done" if self._acted else "nothing", record)
        objections = tuple(self._preflight.objections(record, self._routers, "shadow", 0))
        if objections:
            return Ended("refused", record, objections)
        try:
            after = self._change(standing, observe(record, copies=True), "shadow: observe").record
            waiting = self._wait(after, self._patience.confirm_s, lambda all_: fence.unaware(all_, after.epoch))
        except (NotAsReadError, OvertakenError):
            return self.observe()
        return Ended("unfinished" if waiting else "done", after, waiting)

    def move(self, target: Stage) -> Ended:
        """Move authority to the side that acts in that stage, from wherever the record is."""
        while True:
            standing = self._store.standing(self._family)
            record = standing.record
            try:
                match record.phase:
                    case "steady":
                        ended = self._begin(standing, target)
                    case "fenced":
                        ended = self._switch(standing, target)
                    case "releasing":
                        ended = self._release(standing)
            except (NotAsReadError, OvertakenError):
                self._tools.tell(f"{self._family}: somebody else has moved it on; looking again")
                continue
            if ended is not None:
                return ended

    def abort(self) -> Ended:
        """Undo a move that has not switched, and end one that has."""
        while True:
            standing = self._store.standing(self._family)
            record = standing.record
            try:
                match record.phase:
                    case "steady":
                        return Ended("done" if self._acted else "nothing", record)
                    case "fenced":
                        self._run = record.run
                        self._change(standing, abandon(record, _run(record)), "abort: abandon")
                    case "releasing":
                        self._run = record.run
                        ended = self._release(standing)
                        if ended is not None:
                            return ended
            except (NotAsReadError, OvertakenError):
                continue

    def catch_up(self) -> tuple[int, tuple[Objection, ...]]:
        """Let the monolith catch up while new acts: messages published, and what stands against calling it done."""
        record = self._store.standing(self._family).record
        if record.authority != "new" or record.phase != "steady":
            text = f"it is {record.phase} in stage {record.stage}: only a family that is live has anything to catch up"
            return 0, (Objection("stage", text),)
        self._append("catch-up: publish")
        try:
            caught = self._catch_up.run(record, self._patience.quiesce_s, settled=False)
        except OvertakenError as overtaken:
            return overtaken.published, (_MEANWHILE,)
        return caught.published, tuple(against(caught))

    def _begin(self, standing: Standing, target: Stage) -> Ended | None:
        record = standing.record
        if authority_of(record.stage) == authority_of(target):
            return Ended("done" if self._acted else "nothing", record)
        if self._run is not None:
            return Ended("undone", record, self._against or (_BY_SOMEBODY,))
        objections = tuple(self._preflight.objections(record, self._routers, target, self._patience.preflight_s))
        if objections:
            return Ended("refused", record, objections)
        self._append(f"{_verb(target)}: begin")
        point.reach("cutover.audited")
        if target != "live":
            # While new still acts, so that less is left to be done while messages are held.
            objections = tuple(against(self._catch_up.run(record, self._patience.quiesce_s, settled=False)))
            if objections:
                return Ended("refused", record, objections)
        run = self._tools.run_id()
        self._change(standing, begin(record, target, run), f"{_verb(target)}: fence", run=run)
        self._run = run
        self._tools.tell(
            f"{self._family}: fenced; messages are held from now on. Interrupted, the same command goes on"
        )
        point.reach("cutover.begun")
        return None

    def _switch(self, standing: Standing, target: Stage) -> Ended | None:
        record = standing.record
        if record.target is None or authority_of(record.target) != authority_of(target):
            text = f"move {record.run} to {record.target} is behind its fence: carry it on, or abort it"
            return Ended("refused", record, (Objection("under way", text),))
        if self._run != record.run:
            self._append(f"{_verb(target)}: carry on", run=record.run)
            self._run = record.run
            self._tools.tell(f"{self._family}: move {record.run} is behind its fence; carrying it on")
        objections = self._behind_fence(record)
        if objections:
            for one in objections:
                self._tools.tell(f"{self._family}: {in_words(one)}")
            self._against = objections
            detail = {"against": [in_words(one) for one in objections]}
            self._change(standing, abandon(record, _run(record)), f"{_verb(target)}: abandon", **detail)
            self._tools.tell(f"{self._family}: undone; what was held goes where it would have gone")
            return None
        switched = complete(record, _run(record), self._now())
        self._change(standing, switched, f"{_verb(target)}: switch")
        self._tools.tell(
            f"{self._family}: switched, {switched.authority} has authority from epoch {switched.stamp_epoch}"
        )
        point.reach("cutover.switched")
        return None

    def _behind_fence(self, record: AuthorityRecord) -> tuple[Objection, ...]:
        """All steps before the switch; what stands against it, if anything does."""
        waiting = self._wait(record, self._patience.confirm_s, lambda all_: fence.unconfirmed(all_, record.epoch))
        if waiting:
            return waiting
        confirmed = fence.heard_at(self._routers())
        point.reach("cutover.confirmed")
        waiting = self._quiesce(record, confirmed)
        if waiting:
            return waiting
        point.reach("cutover.quiesced")
        objections = _answered(record, lambda: self._verified(record))
        if objections:
            return objections
        point.reach("cutover.verified")
        # Comparing takes its time: is it still as it was?
        return self._quiesce(record, confirmed) or _answered(record, lambda: self._preflight.replaying(record))

    def _quiesce(self, record: AuthorityRecord, confirmed: fence.Heard) -> tuple[Objection, ...]:
        return self._wait(record, self._patience.quiesce_s, lambda all_: fence.unquiet(all_, record.epoch, confirmed))

    def _verified(self, record: AuthorityRecord) -> Iterator[Objection]:
        """Everything that was stamped before is final on all sides: do they agree, and is the other side ready?"""
        # First of all: what a replay changes from here on, neither verdicts nor the catch-up would know of. None begins
        # any more, for a run registers before it reads that the family is fenced.
        replaying = tuple(self._preflight.replaying(record))
        if replaying:
            yield from replaying
            return
        if record.target == "live":
            self._tools.tell(f"{self._family}: quiet; looking at verdicts and state")
            yield from self._preflight.agreement(self._patience.quiesce_s)
        else:
            self._tools.tell(f"{self._family}: quiet; the monolith catches up")
            behind = tuple(against(self._catch_up.run(record, self._patience.quiesce_s, settled=True)))
            if behind:
                yield from behind
                return
        yield from self._preflight.state(0)

    def _release(self, standing: Standing) -> Ended | None:
        record = standing.record
        if self._run is None and self._carried != record.run:
            self._append("release: carry on", run=record.run)
            self._carried = record.run
        waiting = self._wait(record, self._patience.release_s, lambda all_: fence.unreleased(all_, record.epoch))
        if waiting:
            return Ended("unfinished", record, (*self._against, *waiting))
        point.reach("cutover.released")
        self._change(standing, settle(record, _run(record)), "settle")
        point.reach("cutover.settled")
        return None

    def _wait(
        self,
        record: AuthorityRecord,
        timeout_s: float,
        waiting_for: Callable[[Sequence[Router]], Iterator[Objection]],
    ) -> tuple[Objection, ...]:
        """What is still waited for when time is up. Raises OvertakenError once the record is another."""
        clock = self._tools.clock
        until, tell_at, told = clock.monotonic() + timeout_s, 0.0, ""
        while True:
            if self._store.standing(self._family).record != record:
                raise OvertakenError
            waiting = tuple(waiting_for(self._routers()))
            if not waiting or clock.monotonic() >= until:
                return waiting
            line = "; ".join(map(in_words, waiting))
            if line != told or clock.monotonic() >= tell_at:
                self._tools.tell(f"{self._family}: waiting: {line}")
                told, tell_at = line, clock.monotonic() + TELL_S
            self._tools.wait(LOOK_S)

    def _routers(self) -> tuple[Router, ...]:
        return self._store.routers(self._family, self._now())

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._tools.clock.now(), UTC)

    def _append(self, action: str, **detail: Any) -> None:
        self._store.audit(self._who.act(action, self._family, detail))

    def _change(self, read: Standing, after: AuthorityRecord, action: str, **detail: Any) -> Standing:
        changed = self._store.change(read, after, self._who.act(action, self._family, detail), self._now())
        self._acted = True
        return changed


_BY_SOMEBODY = Objection("under way", "somebody else has undone it: `strangler cutover history` says who and why")
_MEANWHILE = Objection("under way", "somebody else has changed its record: `strangler cutover show`, then again")


def _answered(record: AuthorityRecord, look: Callable[[], Iterator[Objection]]) -> tuple[Objection, ...]:
    """What was found. Whoever does not answer must not keep messages held: that stands against it, too."""
    try:
        return tuple(look())
    except CommandError as error:
        return (Objection("state" if record.target == "live" else "catch-up", str(error)),)


def _verb(target: Stage) -> str:
    return "live" if target == "live" else "back"


def _run(record: AuthorityRecord) -> str:
    if record.run is None:
        raise IllegalMoveError(f"{record.family} is {record.phase} without a move")
    return record.run
