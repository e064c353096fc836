"""What becomes of messages that are not to be processed: known already, stale, refused for good.

A message obeys its stamp. Where authority has moved since it was stamped, nothing is decided about it here, be it
readable or not: it goes back to be stamped anew, or, if it is a copy, is noted as not comparable.
"""

from datetime import UTC, datetime

from contracts import point
from contracts.effect import Attempt
from contracts.message_type import Family
from contracts.return_message import ReturnedHold, return_group
from contracts.staleness import Staleness, staleness
from workers.fate import (
    AlreadyProcessed,
    ConflictError,
    DeadLettered,
    Fate,
    Held,
    NotComparable,
    RejectedError,
    Retry,
    UnavailableError,
)
from workers.port import Aggregate, Commit, DeadLetter, DeadLetters, Loaded, Returns, Stale, Store, Wanted
from workers.reading import Opened
from workers.sqs import REPLAY_ATTRIBUTE, Received

CONFLICT_TRIES = 4
"""How often a message is read and decided anew after somebody else was faster."""


class Aside:
    """Settles messages of one family that the handlers do not get, or have refused."""

    def __init__(self, family: Family, store: Store, dead_letters: DeadLetters, returns: Returns) -> None:
        self._family = family
        self._store = store
        self._dead_letters = dead_letters
        self._returns = returns

    def settle_known(self, opened: Opened, aggregate: Aggregate, loaded: Loaded) -> Fate | None:
        """The fate of what needs no decision any more; None where it does. Raises ConflictError, UnavailableError."""
        glance = loaded.glance
        if glance is not None and glance.body_digest not in (None, opened.digest):
            return self._quarantine(opened)
        if (
            glance is not None
            and glance.as_copy
            and not glance.control_final
            and opened.envelope.stamp.authority == "new"
        ):
            # A copy came by another way, past the router: done, it would leave without effects of either side.
            return self.reject(opened.received, None, RejectedError("copy-only"))
        if (glance is not None and glance.processed) or is_the_monoliths(opened, loaded):
            return AlreadyProcessed()
        stale = stale_as(opened, loaded)
        if stale == "hold":
            return self._hold(opened, aggregate)
        if stale == "not comparable":
            envelope = opened.envelope
            self._store.mark_stale(Stale(envelope.id, envelope.type, aggregate, envelope.stamp.epoch, envelope.time))
            return NotComparable()
        return None

    def _hold(self, opened: Opened, aggregate: Aggregate) -> Fate:
        """Back to the router, in the order of its key. Raises UnavailableError."""
        envelope = opened.envelope
        self._returns.send(
            ReturnedHold(
                self._family.name,
                envelope.id,
                opened.received.attributes["envelope"],
                b"" if envelope.claim is not None else opened.body,
            ),
            group=return_group(self._family.name, aggregate.key),
            # With the epoch: once it was stamped anew it may become stale anew, and is another message then.
            deduplication=f"hold#{envelope.id}#{opened.digest}#{envelope.stamp.epoch}",
        )
        point.reach("worker.held")
        return Held()

    def put_aside(self, received: Received, opened: Opened | None, error: RejectedError) -> Fate:
        """What can never succeed, unless it is settled already or no longer ours to refuse."""
        if opened is None:
            return self.reject(received, None, error)
        aggregate = self._aggregate(opened)
        try:
            for _ in range(CONFLICT_TRIES):
                (loaded,) = self._store.load([Wanted(opened.envelope.id, aggregate, ())])
                try:
                    settled = self.settle_known(opened, aggregate, loaded)
                except ConflictError:
                    continue
                return self.reject(received, opened, error) if settled is None else settled
        except UnavailableError as unavailable:
            return Retry(str(unavailable))
        except ValueError:  # the ledger cannot hold such an id
            return self.reject(received, opened, error)
        return Retry("somebody else keeps writing the same items")

    def reject(self, received: Received, opened: Opened | None, error: RejectedError) -> Fate:
        """To the dead letters, with its cause; then to the ledger, so that it can be judged and found."""
        letter = DeadLetter(
            received.body, received.attributes, error.cause, received.group, received.record_id, received.receives
        )
        try:
            self._dead_letters.send(letter)
            point.reach("worker.dead-lettered")
            if opened is not None:
                self._note_rejection(opened, error)
        except UnavailableError as unavailable:
            return Retry(str(unavailable))
        return DeadLettered(error.cause)

    def _quarantine(self, opened: Opened) -> Fate:
        """The same id with other bytes: neither dropped nor processed. Raises UnavailableError."""
        self._store.mark_conflict(opened.envelope.id)
        return self.reject(opened.received, None, RejectedError("id-conflict"))

    def _note_rejection(self, opened: Opened, error: RejectedError) -> None:
        envelope = opened.envelope
        attempt = Attempt(envelope.id, envelope.type, 1, "rejected", error.cause, datetime.now(UTC), ())
        aggregate, stamp = self._aggregate(opened), envelope.stamp
        replay = opened.received.attributes.get(REPLAY_ATTRIBUTE)
        note = Commit(
            aggregate, 0, stamp.epoch, (), attempt, opened.digest, envelope.time, stamp.authority, replay=replay
        )
        for _ in range(CONFLICT_TRIES):
            try:
                self._store.commit([note])
            except ConflictError:
                (loaded,) = self._store.load([Wanted(envelope.id, aggregate, ())])
                if (loaded.glance is not None and loaded.glance.processed) or is_the_monoliths(opened, loaded):
                    return  # somebody has processed it meanwhile: that is how it ended
            except ValueError:
                return  # the ledger cannot hold such an id: the letter is what remains
            else:
                return
        raise UnavailableError("somebody else keeps writing the ledger's entry")

    def _aggregate(self, opened: Opened) -> Aggregate:
        """Of a message that cannot be read: by the business key that its envelope tells, if it does."""
        return Aggregate(opened.message_type.tenant, self._family.name, opened.envelope.subject or "")


def is_known(opened: Opened, loaded: Loaded) -> bool:
    """Whether the ledger has an outcome that may leave nothing to be decided about the message here."""
    ours = loaded.glance is not None and loaded.glance.body_digest is not None
    return ours or is_the_monoliths(opened, loaded)


def is_the_monoliths(opened: Opened, loaded: Loaded) -> bool:
    """Whether the new side alone was to act on a message that the monolith has ended, as nobody does by the protocol.

    Its publisher has sent it again after a move. Of a copy, the monolith's outcome is what is expected.
    """
    final = loaded.glance is not None and loaded.glance.control_final
    return final and opened.envelope.stamp.authority == "new"


def stale_as(opened: Opened, loaded: Loaded) -> Staleness | None:
    """What a stale message ends as; None where its stamp holds."""
    return staleness(opened.envelope.stamp, loaded.record, loaded.epoch)
