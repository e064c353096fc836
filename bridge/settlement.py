"""What was taken and what has found its place, on the way into the journal and from there to the broker.

Nothing is sent that is not in the journal as taken, nothing is acknowledged that is not there as placed, on the disk.
While that cannot be written, everything stays where it is, and pauses grow. What SQS has accepted meanwhile is sent
again only once it is given back, shortly before the broker's delivery timeout.

The disk is waited for by a thread: what comes meanwhile is written, and goes to the disk together with the next.
"""

import logging
from concurrent.futures import Future, wait

from bridge.backoff import Backoff
from bridge.delivery_log import KEPT_S, PRUNED_AT_ONCE, DeliveryLog, Placed, Taken
from bridge.journal_file import JournalError
from bridge.port import Calls, Clock, Delivery, Source
from bridge.reconciliation import Place
from bridge.window import Pending
from contracts import point
from contracts.effect import body_digest

_LOG = logging.getLogger(__name__)
PRUNE_S = 10.0
FINISHED_WITHIN_S = 10.0
"""What is not on the disk by then will come again."""

_Settled = list[tuple[Pending, Placed]]


class Settlement:
    """The journal's side of one shipper."""

    def __init__(self, log: DeliveryLog, disk: Calls, clock: Clock, backoff: Backoff) -> None:
        """Args: disk: who waits for it."""
        self._log = log
        self._disk = disk
        self._clock = clock
        self._backoff = backoff
        self._taken: list[Taken] = []
        """Not in the log yet."""
        self._placed: _Settled = []
        """Have found their place; not in the log."""
        self._written: _Settled = []
        """In the log; nobody has seen to it that they are on the disk."""
        self._syncing: tuple[Future[None], _Settled] | None = None
        """Somebody is about it."""
        self._failure: str | None = None
        self._write_at = self._prune_at = 0.0

    def __len__(self) -> int:
        """Deliveries that have found their place and are not acknowledged."""
        return sum(map(len, self._unsettled))

    def waits_s(self, now: float) -> float:
        """Seconds until the journal, which could not be written, is tried again; 0 where it could."""
        return 0.0 if self._failure is None else max(0.0, self._write_at - now)

    def number(self) -> int:
        """A number for the next delivery."""
        return self._log.number()

    def take(self, sequence: int, delivery: Delivery, type_name: str = "", identity: str = "") -> None:
        """A delivery was taken; without type and identity where nobody can read it."""
        digest, redelivered = body_digest(delivery.body), delivery.facts.redelivered
        self._taken.append(Taken(sequence, delivery.queue, type_name, identity, digest, redelivered))

    def place(self, pending: Pending, place: Place, receipt: str = "") -> None:
        """A delivery has found its place."""
        self._placed.append((pending, Placed(pending.sequence, place, receipt)))

    def oldest_s(self, now: float) -> float:
        """How long the first delivery that waits for the journal has been in hand; 0 where none does."""
        first = next((settled[0][0] for settled in self._unsettled if settled), None)
        return 0.0 if first is None else now - first.taken_at

    def holds(self, queue: str) -> bool:
        """Whether any of them is of a RabbitMQ queue."""
        return any(pending.delivery.queue == queue for settled in self._unsettled for pending, _ in settled)

    @property
    def failure(self) -> str | None:
        """Why the journal could not be written the last time; None where it could."""
        return self._failure

    def write(self) -> bool:
        """Write down what is new; whether all of it is in the journal, without which nothing is to be sent."""
        if self._clock.monotonic() < self._write_at:
            return not (self._taken or self._placed)
        if not (self._taken or self._placed):
            self._recover()
            return True
        try:
            placed = [one for _, one in self._placed]
            self._log.write(self._taken, placed, self._clock.now(), durable=False)
        except JournalError as error:
            self._fail(error)
            return False
        self._taken.clear()
        self._written += self._placed
        self._placed.clear()
        self._recover()
        return True

    def settle(self, source: Source) -> bool:
        """Acknowledge what is on the disk, and have what was written get there; whether there was any of the first.

        Raises SourceLostError.
        """
        acknowledged = self._acknowledge(source)
        if self._written and self._syncing is None and self._clock.monotonic() >= self._write_at:
            self._syncing = self._disk.submit(self._log.sync), self._written
            self._written = []
            self._syncing[0].add_done_callback(lambda _: source.wake())
            acknowledged |= self._acknowledge(source)  # of a disk that answers at once
        return acknowledged

    def finish(self, source: Source) -> None:
        """Acknowledge all that has found its place, if the journal takes it. Waits for the disk, for some seconds."""
        self.write()
        self.settle(source)
        while self._syncing is not None and wait([self._syncing[0]], FINISHED_WITHIN_S).done:
            self.settle(source)

    @property
    def _unsettled(self) -> tuple[_Settled, _Settled, _Settled]:
        """Oldest first."""
        return (self._syncing[1] if self._syncing else []), self._written, self._placed

    def _acknowledge(self, source: Source) -> bool:
        if self._syncing is None or not self._syncing[0].done():
            return False
        synced, settled = self._syncing
        try:
            synced.result()
        except JournalError as error:
            self._syncing = None
            self._placed[:0] = settled
            self._fail(error)
            return False
        self._succeed()
        point.reach("ship.journalled")
        source.acknowledge([pending.delivery for pending, _ in settled])
        self._syncing = None
        point.reach("ship.acknowledged")
        return True

    def _fail(self, error: JournalError) -> None:
        pause_s = self._backoff.next_s()
        self._write_at = self._clock.monotonic() + pause_s
        detail = {"reason": str(error), "pause_s": round(pause_s, 2)}
        _LOG.error("the journal cannot be written: nothing is sent or acknowledged", extra=detail)
        self._failure = str(error)

    def _recover(self) -> None:
        """It could be written; whether it gets to the disk is seen where anything is on its way there."""
        if self._failure is not None and not self._written and self._syncing is None:
            self._succeed()

    def _succeed(self) -> None:
        self._backoff.reset()
        self._failure = None

    def give_back(self) -> None:
        """Nothing is in hand any more. Where that cannot be written down, it is when the next connection is opened."""
        try:
            self._log.write(self._taken, [], self._clock.now(), durable=False)
            self._log.give_back(self._clock.now())
            self._succeed()
        except JournalError as error:
            _LOG.error("the journal cannot be written", extra={"reason": str(error)})
        self._taken.clear()
        self._placed.clear()
        self._written.clear()
        self._syncing = None

    def prune(self) -> None:
        """Forget what is old enough, a little at a time."""
        if self._clock.monotonic() >= self._prune_at:
            self._prune_at = self._clock.monotonic() + PRUNE_S
            try:
                if self._log.prune(self._clock.now() - KEPT_S) == PRUNED_AT_ONCE:
                    self._prune_at = 0.0  # in the next round, until all of it is gone
            except JournalError as error:
                _LOG.error("the journal cannot be pruned", extra={"reason": str(error)})
