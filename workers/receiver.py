"""The Idempotent Receiver of a family: what becomes of each message of a batch.

Messages are taken in waves: as many as touch different records share one read and one transaction; a message whose
records are touched already waits for the next wave, so that it sees what the one before it wrote. If a shared
transaction is cancelled, its messages go singly. A message that must be tried again keeps the rest of its group
behind it.
"""

import random
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from contracts import point
from contracts.claim import LostClaimError
from contracts.effect import Attempt
from contracts.message_type import Family
from workers.aside import CONFLICT_TRIES, Aside, is_known, stale_as
from workers.claim import UntilAway
from workers.fate import (
    Behind,
    ConflictError,
    Fate,
    Processed,
    RejectedError,
    Retry,
    UnavailableError,
)
from workers.logic.decision import Context, RejectedMessageError
from workers.logic.handler import Handler
from workers.port import Carried, Claims, Commit, Loaded, Queues, Store, Wanted
from workers.reading import Opened, Work, open_record, read_message
from workers.sqs import REPLAY_ATTRIBUTE, Received
from workers.store.seal import BrokenSealError

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
        queues: Queues,
        claims: Claims,
        context: Callable[[str], Context],
        *,
        jitter: Callable[[], float] = _RANDOM.random,
    ) -> None:
        """Args: handlers: by message type. context: made anew for each message, of its id. jitter: 0 to 1."""
        self._family = family
        self._types = {message_type.name: message_type for message_type in family.types}
        self._handlers = handlers
        self._store = store
        self._aside = Aside(family, store, queues.dead_letters, queues.returns)
        self._visibility = queues.visibility
        self._claims = claims
        self._context = context
        self._jitter = jitter

    def settle(self, batch: Sequence[Received]) -> Mapping[str, Fate]:
        """The fate of every record, by its id. Never raises for a message or a service."""
        fates: dict[str, Fate] = {}
        blocked: set[str] = set()
        wave: list[Work] = []
        claims = UntilAway(self._claims)

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
                if opened.envelope.claim is not None:
                    close_wave()  # a large body comes alone, and not at all for what has to wait
                    if received.group in blocked:
                        note(received, Behind())
                        continue
                work = read_message(_fetched(opened, claims), self._family.name)
            except UnavailableError as error:
                note(received, Retry(str(error)))
                continue
            except RejectedError as error:
                close_wave()
                note(
                    received, Behind() if received.group in blocked else self._aside.put_aside(received, opened, error)
                )
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
            if any(
                is_known(work.opened, one) or stale_as(work.opened, one) is not None
                for work, one in zip(wave, loaded, strict=True)
            ):
                return None
            self._commit([self._decide(work, one) for work, one in zip(wave, loaded, strict=True)])
        except (RejectedError, ConflictError, BrokenSealError, _FaultError, ValueError):
            return None
        except UnavailableError as error:
            return [Retry(str(error))] * len(wave)
        return [Processed()] * len(wave)

    def _settle_single(self, work: Work) -> Fate:
        try:
            for _ in range(CONFLICT_TRIES):
                (loaded,) = self._store.load([self._wanted(work)])
                try:
                    settled = self._aside.settle_known(work.opened, work.aggregate, loaded)
                    if settled is not None:
                        return settled
                    self._commit([self._decide(work, loaded)])
                except ConflictError:
                    continue
                return Processed()
        except UnavailableError as error:
            return Retry(str(error))
        except RejectedError as error:
            return self._aside.reject(work.received, work.opened, error)
        except (BrokenSealError, _FaultError, ValueError) as error:
            return self._blame(work, error)
        return Retry("somebody else keeps writing the same items")

    def _commit(self, commits: Sequence[Commit]) -> None:
        point.reach("worker.decided")
        self._store.commit(commits)
        point.reach("worker.committed")

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
        stamp = opened.envelope.stamp
        return Commit(
            aggregate=work.aggregate,
            version=loaded.version,
            epoch=stamp.epoch,
            rows=decision.rows,
            attempt=Attempt(
                opened.envelope.id, opened.message_type.name, 1, "done", None, context.now, decision.effects()
            ),
            body_digest=opened.digest,
            received_at=opened.envelope.time,
            authority=stamp.authority,
            carried=_carried(opened) if stamp.authority == "new" else None,
            replay=opened.received.attributes.get(REPLAY_ATTRIBUTE),
        )

    def _blame(self, work: Work, error: Exception) -> Fate:
        """A fault of the message or of our code, not of a service: tried some times, then put aside."""
        detail = str(error) if isinstance(error, _FaultError) else type(error).__name__
        if work.received.receives < BLAMED_RECEIVES:
            return Retry(detail, counts=True)
        return self._aside.put_aside(work.received, work.opened, RejectedError("unexpected", detail))

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


def _fetched(opened: Opened, claims: Claims) -> Opened:
    """With its body, wherever that lies. Raises RejectedError, UnavailableError."""
    claim, receives = opened.envelope.claim, opened.received.receives
    if claim is None:
        return opened
    try:
        return replace(opened, body=claims.fetch(claim))
    except LostClaimError as error:
        if error.what == "missing" and receives < BLAMED_RECEIVES:  # it was there before the message was sent
            raise UnavailableError(str(error)) from error
        raise RejectedError("claim", error.what) from error


def _carried(opened: Opened) -> Carried:
    """What the ledger is to keep. What lies in S3 stays there, for an item of the ledger could not hold it."""
    body = b"" if opened.envelope.claim is not None else opened.body
    return Carried(body, opened.received.attributes["envelope"])


def _same_group(work: Work, other: Work) -> bool:
    return work.received.group is not None and work.received.group == other.received.group
