"""The Idempotent Receiver of a family: what becomes of each message of a batch.

Messages are taken in waves: as many as touch different records share one read and one transaction; a message whose
records are touched already waits for the next wave, so that it sees what the one before it wrote. If a shared
transaction is cancelled, its messages go singly. A message that must be tried again keeps the rest of its group
behind it.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from contracts.effect import Attempt
from contracts.message_type import Family
from workers.fate import (
    AlreadyProcessed,
    Behind,
    ConflictError,
    DeadLettered,
    Fate,
    Processed,
    RejectedError,
    Retry,
    UnavailableError,
)
from workers.logic.decision import Context, RejectedMessageError
from workers.logic.handler import Handler
from workers.port import Aggregate, Commit, DeadLetter, DeadLetters, Loaded, Store, Visibility, Wanted
from workers.reading import Opened, Work, open_record, read_message
from workers.sqs import Received
from workers.store.sealing import BrokenSealError

CONFLICT_TRIES = 4
"""How often a message is read and decided anew after somebody else was faster."""
BLAMED_RECEIVES = 5
"""After so many receives a message that fails by itself, not for an outage, is dead-lettered."""
BACKOFF_MOST_S = 900


_RANDOM = random.SystemRandom()


class _FaultError(Exception):
    """Our own code or an item failed; the text holds no value of the message."""


class Receiver:
    """Settles batches of one family's messages."""

    def __init__(
        self,
        family: Family,
        handlers: Mapping[str, Handler],
        store: Store,
        dead_letters: DeadLetters,
        visibility: Visibility,
        context: Callable[[str], Context],
        *,
        jitter: Callable[[], float] = _RANDOM.random,
    ) -> None:
        """Args: handlers: by message type. context: made anew for each message, of its id. jitter: 0 to 1."""
        self._family = family
        self._types = {message_type.name: message_type for message_type in family.types}
        self._handlers = handlers
        self._store = store
        self._dead_letters = dead_letters
        self._visibility = visibility
        self._context = context
        self._jitter = jitter

    def settle(self, batch: Sequence[Received]) -> Mapping[str, Fate]:
        """The fate of every record, by its id. Never raises for a message or a service."""
        fates: dict[str, Fate] = {}
        blocked: set[str] = set()
        wave: list[Work] = []

        def note(received: Received, fate: Fate) -> None:
            fates[received.record_id] = fate
            if isinstance(fate, Retry) and received.group is not None:
                blocked.add(received.group)

        def close_wave() -> None:
            for work, fate in zip(wave, self._settle_wave(wave), strict=True):
                note(work.received, fate)
            wave.clear()

        for received in batch:
            opened: Opened | None = None
            try:
                opened = open_record(received, self._types)
                work = read_message(opened, self._family.name)
            except RejectedError as error:
                close_wave()
                note(received, Behind() if received.group in blocked else self._reject(received, opened, error))
                continue
            if any(work.touches & other.touches or _same_group(work, other) for other in wave):
                close_wave()
            if received.group in blocked:
                note(received, Behind())
            else:
                wave.append(work)
        close_wave()
        self._back_off(batch, fates)
        return fates

    def _settle_wave(self, wave: Sequence[Work]) -> Sequence[Fate]:
        shared = self._settle_together(wave) if len(wave) > 1 else None
        return shared if shared is not None else [self._settle_single(work) for work in wave]

    def _settle_together(self, wave: Sequence[Work]) -> Sequence[Fate] | None:
        """All in one read and one transaction; None where each has to be looked at by itself."""
        try:
            loaded = self._store.load([self._wanted(work) for work in wave])
            if any(one.glance is not None and one.glance.body_digest is not None for one in loaded):
                return None
            self._store.commit([self._decide(work, one) for work, one in zip(wave, loaded, strict=True)])
        except (RejectedError, ConflictError, BrokenSealError, _FaultError, ValueError):
            return None
        except UnavailableError as error:
            return [Retry(str(error))] * len(wave)
        return [Processed()] * len(wave)

    def _settle_single(self, work: Work) -> Fate:
        try:
            for _ in range(CONFLICT_TRIES):
                (loaded,) = self._store.load([self._wanted(work)])
                if loaded.glance is not None and loaded.glance.body_digest not in (None, work.opened.digest):
                    return self._quarantine(work)
                if loaded.glance is not None and loaded.glance.processed:
                    return AlreadyProcessed()
                try:
                    self._store.commit([self._decide(work, loaded)])
                except ConflictError:
                    continue
                return Processed()
        except UnavailableError as error:
            return Retry(str(error))
        except RejectedError as error:
            return self._reject(work.received, work.opened, error)
        except (BrokenSealError, _FaultError, ValueError) as error:
            return self._blame(work, error)
        return Retry("somebody else keeps writing the same items")

    def _wanted(self, work: Work) -> Wanted:
        rows = self._handlers[work.opened.message_type.name].reads(work.message)
        return Wanted(work.opened.envelope.id, work.aggregate, rows)

    def _decide(self, work: Work, loaded: Loaded) -> Commit:
        opened, context = work.opened, self._context(work.opened.envelope.id)
        try:
            decision = self._handlers[opened.message_type.name].decide(work.message, loaded.rows, context)
        except RejectedMessageError as error:
            raise RejectedError("rejected", str(error)) from error
        except Exception as error:  # a handler is pure: whatever else it raises is a bug of ours
            raise _FaultError(f"handler: {type(error).__name__}") from error
        return Commit(
            aggregate=work.aggregate,
            version=loaded.version,
            epoch=opened.envelope.stamp.epoch,
            rows=decision.rows,
            attempt=Attempt(
                opened.envelope.id, opened.message_type.name, 1, "done", None, context.now, decision.effects()
            ),
            body_digest=opened.digest,
            received_at=opened.envelope.time,
        )

    def _blame(self, work: Work, error: Exception) -> Fate:
        """A fault of the message or of our code, not of a service: tried some times, then put aside."""
        detail = str(error) if isinstance(error, _FaultError) else type(error).__name__
        if work.received.receives < BLAMED_RECEIVES:
            return Retry(detail, counts=True)
        return self._reject(work.received, work.opened, RejectedError("unexpected", detail))

    def _reject(self, received: Received, opened: Opened | None, error: RejectedError) -> Fate:
        """To the dead letters, with its cause; then to the ledger, so that it can be judged and found."""
        letter = DeadLetter(received.body, received.attributes, error.cause, received.group, received.record_id)
        try:
            self._dead_letters.send(letter)
            if opened is not None:
                self._note_rejection(opened, error)
        except UnavailableError as unavailable:
            return Retry(str(unavailable))
        return DeadLettered(error.cause)

    def _quarantine(self, work: Work) -> Fate:
        """The same id with other bytes: neither dropped nor processed. Raises UnavailableError."""
        self._store.mark_conflict(work.opened.envelope.id)
        return self._reject(work.received, None, RejectedError("id-conflict"))

    def _note_rejection(self, opened: Opened, error: RejectedError) -> None:
        envelope = opened.envelope
        attempt = Attempt(envelope.id, envelope.type, 1, "rejected", error.cause, datetime.now(UTC), ())
        aggregate = Aggregate(opened.message_type.tenant, self._family.name, envelope.subject or "")
        note = Commit(aggregate, 0, envelope.stamp.epoch, (), attempt, opened.digest, envelope.time)
        for _ in range(CONFLICT_TRIES):
            try:
                self._store.commit([note])
            except ConflictError:
                (loaded,) = self._store.load([Wanted(envelope.id, aggregate, ())])
                if loaded.glance is not None and loaded.glance.processed:
                    return  # somebody has processed it meanwhile: that is how it ended
            except ValueError:
                return  # the ledger cannot hold such an id: the letter is what remains
            else:
                return
        raise UnavailableError("somebody else keeps writing the ledger's entry")

    def _back_off(self, batch: Sequence[Received], fates: Mapping[str, Fate]) -> None:
        """Let what is tried again come back later each time; what waits behind it comes back with it."""
        waits: dict[str | None, int] = {}
        delays = []
        for received in batch:
            fate = fates[received.record_id]
            if isinstance(fate, Retry):
                step_s = min(BACKOFF_MOST_S, 2 ** min(received.receives, 10))
                waits[received.group] = max(1, round(step_s * (0.5 + self._jitter() / 2)))
            if isinstance(fate, Retry | Behind):
                delays.append((received.receipt, waits.get(received.group, 1)))
        if delays:
            self._visibility.delay(delays)


def _same_group(work: Work, other: Work) -> bool:
    return work.received.group is not None and work.received.group == other.received.group
