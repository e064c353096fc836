"""What was taken and what has found its place, on the way into the journal and from there to the broker.

Nothing is sent that is not in the journal as taken, nothing is acknowledged that is not there as placed. While that
cannot be written, everything stays where it is, and pauses grow. What SQS has accepted meanwhile is sent again only
once it is given back, shortly before the broker's delivery timeout.
"""

import logging
from collections.abc import Sequence

from bridge.backoff import Backoff
from bridge.delivery_log import KEPT_S, PRUNED_AT_ONCE, DeliveryLog, Placed, Taken
from bridge.journal_file import JournalError
from bridge.port import Clock, Delivery, Source
from bridge.reconciliation import Place
from bridge.window import Pending
from contracts import point
from contracts.effect import body_digest

_LOG = logging.getLogger(__name__)
PRUNE_S = 10.0


class Settlement:
    """The journal's side of one shipper."""

    def __init__(self, log: DeliveryLog, clock: Clock, backoff: Backoff) -> None:
        self._log = log
        self._clock = clock
        self._backoff = backoff
        self._taken: list[Taken] = []
        """Not in the log yet."""
        self._placed: list[tuple[Delivery, Placed]] = []
        """Have found their place; not in the log, not acknowledged."""
        self._placed_since = 0.0
        self._failure: str | None = None
        self._write_at = self._prune_at = 0.0

    def __len__(self) -> int:
        """Deliveries that have found their place and are not acknowledged."""
        return len(self._placed)

    def waits_s(self, now: float) -> float:
        """Seconds until the journal is tried again."""
        return max(0.0, self._write_at - now)

    def number(self) -> int:
        """A number for the next delivery."""
        return self._log.number()

    def take(self, sequence: int, delivery: Delivery, type_name: str = "", identity: str = "") -> None:
        """A delivery was taken; without type and identity where nobody can read it."""
        digest, redelivered = body_digest(delivery.body), delivery.facts.redelivered
        self._taken.append(Taken(sequence, delivery.queue, type_name, identity, digest, redelivered))

    def place(self, pending: Pending, place: Place, receipt: str = "") -> None:
        """A delivery has found its place."""
        if not self._placed:
            self._placed_since = pending.taken_at
        self._placed.append((pending.delivery, Placed(pending.sequence, place, receipt)))

    def oldest_s(self, now: float) -> float:
        """How long the first delivery that waits for the journal has been in hand; 0 where none does."""
        return now - self._placed_since if self._placed else 0.0

    @property
    def failure(self) -> str | None:
        """Why the journal could not be written the last time; None where it could."""
        return self._failure

    def note(self) -> bool:
        """Write down what was taken; whether all of it is in the journal, without which nothing is to be sent.

        It is not waited for the disk: what the machine forgets as it fails will come again.
        """
        return not self._taken or self._write([])

    def settle(self, source: Source) -> bool:
        """Write down and acknowledge what has its place; whether there was any. Raises SourceLostError."""
        if not self._placed or not self._write([one for _, one in self._placed]):
            return False
        point.reach("ship.journalled")
        source.acknowledge([delivery for delivery, _ in self._placed])
        self._placed.clear()
        point.reach("ship.acknowledged")
        return True

    def _write(self, placed: Sequence[Placed]) -> bool:
        if self._clock.monotonic() < self._write_at:
            return False
        try:
            self._log.write(self._taken, placed, self._clock.now(), durable=bool(placed))
        except JournalError as error:
            pause_s = self._backoff.next_s()
            self._write_at = self._clock.monotonic() + pause_s
            detail = {"reason": str(error), "pause_s": round(pause_s, 2)}
            _LOG.error("the journal cannot be written: nothing is sent or acknowledged", extra=detail)
            self._failure = str(error)
            return False
        self._backoff.reset()
        self._failure = None
        self._taken.clear()
        return True

    def give_back(self) -> None:
        """Nothing is in hand any more. Where that cannot be written down, it is when the next connection is opened."""
        try:
            self._log.write(self._taken, [], self._clock.now(), durable=False)
            self._log.give_back(self._clock.now())
        except JournalError as error:
            _LOG.error("the journal cannot be written", extra={"reason": str(error)})
        self._taken.clear()
        self._placed.clear()

    def prune(self) -> None:
        """Forget what is old enough, a little at a time."""
        if self._clock.monotonic() >= self._prune_at:
            self._prune_at = self._clock.monotonic() + PRUNE_S
            try:
                if self._log.prune(self._clock.now() - KEPT_S) == PRUNED_AT_ONCE:
                    self._prune_at = 0.0  # in the next round, until all of it is gone
            except JournalError as error:
                _LOG.error("the journal cannot be pruned", extra={"reason": str(error)})
