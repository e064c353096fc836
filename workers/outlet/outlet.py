"""Lets pending effects of ledger entries leave, and notes which have: for the stream's function and for the sweeper.

Each entry is opened as the ledger has it, so that whoever comes late finds nothing to do. Events and follow-up
messages of all entries go first; partners, who may be slow to answer, are called after that, as long as there is time.
Follow-up messages of a business key stand in line, for the queue behind keeps the order in which they arrive: one that
cannot be sent keeps back those behind it. Keys, events and webhooks go side by side.
What was sent is noted in one write per entry. A crash before that write sends it again: receivers know effects by id.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contracts import point
from contracts.effect import MalformedOutcomeError, body_digest
from contracts.effect_id import Ordinal
from contracts.letter import WEBHOOK_UNDELIVERABLE, LetterContent, letter_id
from contracts.registry import family_named
from contracts.return_message import ReturnedEffect, return_group
from workers.fate import UnavailableError
from workers.outlet.outgoing import Kind, Outgoing, UnknownOrdinalError, outgoing
from workers.outlet.port import Call, Entries, Entry, Event, Events, Noted, NotSentError, Webhooks
from workers.port import Letters, Occurrence, Returns
from workers.store.attribute import open_attempt
from workers.store.entry import FIRST_SWEEP
from workers.store.seal import BrokenSealError, Sealer

AT_ONCE = 8
"""Entries dealt with side by side."""
OVERDUE = timedelta(minutes=10)
"""An effect that has not left so long after its message was processed is told of: somebody may have to look."""
GIVE_UP = timedelta(days=3)
"""A webhook that has not been taken so long after its message was processed becomes a dead letter."""
BACKOFF_LEAST = timedelta(seconds=30)
BACKOFF_MOST = timedelta(hours=1)
NEXT_IN_LINE = timedelta(milliseconds=1)
"""Between entries of a key that wait for the same one: the index of what is due keeps their order."""
NOTE_TRIES = 5
_DOUBLINGS = 10


@dataclass(slots=True)
class Round:
    """What one round has done for one entry."""

    sent: Counter[Kind] = field(default_factory=Counter)
    failed: Counter[Kind] = field(default_factory=Counter)
    repeated: Counter[Kind] = field(default_factory=Counter)
    letters: int = 0
    """Webhooks that became dead letters."""
    overdue: bool = False
    """Whether something stays that should have left long ago."""
    reasons: list[str] = field(default_factory=list)
    """Why something has failed: services and codes, no values."""


@dataclass(slots=True)
class _Work:
    """An entry on its way through a round."""

    entry: Entry
    round: Round
    messages: list[Outgoing] = field(default_factory=list)
    calls: list[Outgoing] = field(default_factory=list)
    kinds: dict[Ordinal, Kind] = field(default_factory=dict)
    left: set[Ordinal] = field(default_factory=set)
    given_up: set[Ordinal] = field(default_factory=set)
    failed: bool = False
    unopened: UnavailableError | None = None
    """Why it could not be opened now."""
    passed: bool = False
    """Its turn in its line is over."""
    due_at: datetime | None = None
    """When its place in its line lets it try again."""

    @property
    def group(self) -> str:
        """Its line."""
        return return_group(self.entry.family, self.entry.business_key)


class Outlet:
    """Sends what entries have pending."""

    def __init__(
        self,
        entries: Entries,
        sealer: Sealer,
        events: Events,
        returns: Returns,
        webhooks: Webhooks,
        letters: Letters,
        clock: Callable[[], datetime],
    ) -> None:
        """Args: sealer: opens outcomes. letters: where webhooks go that nobody takes."""
        self._entries = entries
        self._sealer = sealer
        self._events = events
        self._returns = returns
        self._webhooks = webhooks
        self._letters = letters
        self._clock = clock

    def leave(
        self, message_ids: Sequence[str], in_time: Callable[[], bool], behind: dict[str, datetime] | None = None
    ) -> Mapping[str, Future[Round]]:
        """One round for each message, by id; all are done when this returns.

        A future raises UnavailableError where an entry could not be read, opened or noted: the sweeper finds it.

        Args:
            in_time: whether there is time left to wait for a partner; what is not sent stays due.
            behind: lines that wait for one that could not be sent, by group, and until when. Kept up to date here;
                who has several rounds in one run passes it on.
        """
        waits = {} if behind is None else behind
        with ThreadPoolExecutor(AT_ONCE) as pool:
            begun = {one: pool.submit(self._begin, one) for one in dict.fromkeys(message_ids)}
            wait(begun.values())
            lines = _lines(begun.values())
            gone = {pool.submit(self._send_line, group, line, waits): line for group, line in lines.items()}
            in_line = {work.entry.message_id for line in lines.values() for work in line}
            rounds = {one: pool.submit(self._finish, begun[one], in_time) for one in begun if one not in in_line}
            for sent in as_completed(gone):
                for one in (work.entry.message_id for work in gone[sent]):
                    rounds[one] = pool.submit(self._finish, begun[one], in_time, sent)
            return {one: rounds[one] for one in begun}

    def _begin(self, message_id: str) -> _Work | None:
        """Open the entry, send its event; None where nothing is pending."""
        entry = self._entries.read(message_id)
        if entry is None:
            return None
        work = _Work(entry, Round())
        try:
            attempt = open_attempt(entry.candidate, entry.message_id, "candidate", entry.tenant, self._sealer)
            pending = tuple(outgoing(entry, attempt, family_named(entry.family)))
        except UnavailableError as error:
            work.unopened = error
            return work
        except (BrokenSealError, MalformedOutcomeError, UnknownOrdinalError) as error:
            work.failed = True
            work.round.reasons.append(type(error).__name__)
            return work
        point.reach("outlet.opened")
        for one in pending:
            work.kinds[one.ordinal] = one.kind
            match one.kind:
                case "webhook":
                    work.calls.append(one)
                case "message":
                    work.messages.append(one)
                case "event":
                    self._send(work, one)
        return work

    def _send_line(self, group: str, line: Sequence[_Work], behind: dict[str, datetime]) -> None:
        """Send the messages of one business key in order, up to the first one that cannot be sent."""
        until = behind.get(group)
        for work in line:
            if until is not None:
                until = work.due_at = until + NEXT_IN_LINE
                work.round.reasons.append("waits for a message before it")
            elif work.unopened is not None:  # nobody notes it: it is due as before, at the first sweep or already
                until = self._clock() + FIRST_SWEEP
            elif not all(self._send(work, one) for one in work.messages):
                until = work.due_at = self._clock() + _backoff(work.entry.tries)
            work.passed = True
        if until is not None:
            behind[group] = until

    def _finish(
        self, begun: Future[_Work | None], in_time: Callable[[], bool], line: Future[None] | None = None
    ) -> Round:
        """Call the partners, then note what has left. Args: line: done; None where nothing was to be sent in line."""
        work = begun.result()
        if work is None:
            return Round()
        if work.unopened is not None:
            raise work.unopened
        if line is not None and not work.passed:
            line.result()  # raises what has ended the line before its turn was over
        for one in work.calls:
            if in_time() and not self._send(work, one) and self._age(work.entry) >= GIVE_UP:
                self._give_up(work, one)
        stays = work.entry.pending - work.left - work.given_up
        work.round.overdue = bool(stays) and self._age(work.entry) >= OVERDUE
        self._note(work)
        return work.round

    def _send(self, work: _Work, one: Outgoing) -> bool:
        try:
            match one.what:
                case Event() as event:
                    self._events.put(event)
                case ReturnedEffect() as message:
                    self._returns.send(message, group=work.group, deduplication=message.effect)
                case Call() as call:
                    self._webhooks.post(call)
        except (NotSentError, UnavailableError) as error:
            work.failed = True
            work.round.failed[one.kind] += 1
            work.round.reasons.append(str(error))
            return False
        work.left.add(one.ordinal)
        work.round.sent[one.kind] += 1
        point.reach("outlet.sent")
        point.reach(f"outlet.sent.{one.kind}")
        return True

    def _age(self, entry: Entry) -> timedelta:
        return self._clock() - datetime.fromisoformat(entry.processed_at)

    def _give_up(self, work: _Work, one: Outgoing) -> None:
        """A letter instead of the webhook: kept whole, to be looked at and let leave again."""
        call, entry = one.what, work.entry
        if not isinstance(call, Call):
            return
        digest = body_digest(call.body)
        content = LetterContent(call.body.decode("utf-8", "surrogateescape"), {"effect": call.effect}, None)
        try:
            counted = self._letters.index(
                Occurrence(
                    letter_id=letter_id("sqs", call.effect, digest),
                    source="sqs",
                    queue="webhook",
                    cause=f"{WEBHOOK_UNDELIVERABLE}:{call.name}",
                    at=self._clock(),
                    attempts=entry.tries + 1,
                    body_digest=digest,
                    delivery=f"{call.effect}#{entry.tries}",
                    tenant=entry.tenant,
                    family=entry.family,
                    type=entry.type,
                    message_id=entry.message_id,
                    business_key=entry.business_key,
                    effect=call.effect,
                    content=content,
                )
            )
        except UnavailableError as error:
            work.round.reasons.append(str(error))
            return
        work.given_up.add(one.ordinal)
        work.round.letters += int(counted)

    def _note(self, work: _Work) -> None:
        """Raises UnavailableError."""
        entry: Entry | None = work.entry
        for _ in range(NOTE_TRIES):
            if entry is None or not (work.left or work.given_up or work.failed or work.due_at):
                return
            if self._entries.note(entry, self._noted(work, entry), self._clock()):
                point.reach("outlet.noted")
                return
            entry = self._entries.read(work.entry.message_id)
            pending = frozenset[Ordinal]() if entry is None else entry.pending
            for ordinal in work.left - pending:  # somebody else has sent it as well, and noted it first
                work.round.repeated[work.kinds[ordinal]] += 1
            work.left &= pending
            work.given_up &= pending
        raise UnavailableError("somebody else keeps writing the ledger's entry")

    def _noted(self, work: _Work, entry: Entry) -> Noted:
        rest = entry.pending - work.left - work.given_up
        due_at = None
        if rest:
            due_at = work.due_at or self._clock() + (_backoff(entry.tries) if work.failed else timedelta())
        return Noted(frozenset(work.left), frozenset(work.given_up), due_at, failed=bool(rest) and work.failed)


def _lines(begun: Iterable[Future[_Work | None]]) -> Mapping[str, Sequence[_Work]]:
    """Entries that have messages to send, or may have: by group, in the order of their sequence, then of the batch."""
    lines: dict[str, list[_Work]] = {}
    for first in begun:
        work = None if first.exception() is not None else first.result()
        if work is not None and (work.messages or work.unopened is not None):
            lines.setdefault(work.group, []).append(work)
    return {group: sorted(line, key=lambda work: work.entry.sequence) for group, line in lines.items()}


def _backoff(tries: int) -> timedelta:
    """Longer each time, up to an hour."""
    return min(BACKOFF_MOST, BACKOFF_LEAST * (1 << min(tries, _DOUBLINGS)))
