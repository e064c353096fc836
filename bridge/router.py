"""The router's loop: take, decide, write down, publish, acknowledge; and release what was held. Knows no vendor.

A message is on this router's disk before it is published, and acknowledged only once its next queue has it. What the
broker will not take stays unacknowledged: the family pauses, says why, and tries again. Families do not wait for each
other, and none waits for AWS: what is decided comes from `bridge.authority`.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta

from bridge.backoff import Backoff
from bridge.board import Board
from bridge.journal import Journal
from bridge.journal_file import JournalError
from bridge.lane import Lane, Work
from bridge.port import Clock, Junction, NotRoutedError, SourceLostError
from contracts import point
from contracts.message_type import Family

_LOG = logging.getLogger(__name__)
POLL_S = 0.25
LOOK_S = 1.0
"""How often the hold queue is looked at while nothing is held, and another router's place."""
MEASURE_S = 2.0
"""How often the depths of queues are looked at."""
BATCH = 100
"""Messages that share one commit of the journal."""
KEEP_AT_MOST = 10_000
"""Held messages in doubt, and behind one, that are in hand at a time."""
KEEP_BYTES = 64 * 1024 * 1024
"""No further one is taken while the bodies of those weigh as much."""


class Router:
    """Routes the messages of several families, each by what is decided about it."""

    def __init__(
        self,
        connect: Callable[[], Junction],
        families: Sequence[Family],
        journal: Journal,
        board: Board,
        clock: Clock,
        delivery_timeout: timedelta,
        backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        """A router that has not connected yet.

        Args:
            connect: opens the router's place at the broker.
            families: what it routes.
            journal: its own; nobody else's.
            board: where it finds what is decided, and says what it does.
            clock: time.
            delivery_timeout: how long the broker lets a delivery go unacknowledged.
            backoff: delays of one thing that is tried again.
        """
        self._connect = connect
        self._journal = journal
        self._board = board
        self._clock = clock
        self._lanes = {family.name: Lane(family, backoff(), delivery_timeout, journal, board) for family in families}
        self._by_queue = {family.legacy_queue: self._lanes[family.name] for family in families}
        self._junction_backoff = backoff()
        self._reconnect_at = 0.0
        self._measure_at = 0.0
        self._junction: Junction | None = None
        self.counts: Counter[str] = Counter()

    @property
    def lanes(self) -> Mapping[str, Lane]:
        """What is in hand, by family. For looking only."""
        return self._lanes

    @property
    def connected(self) -> bool:
        """Whether we have a place at the broker, as far as is known."""
        return self._junction is not None

    @property
    def in_flight(self) -> int:
        """Messages that are decided and not yet settled."""
        return sum(lane.in_hand for lane in self._lanes.values())

    def open(self) -> None:
        """Connect for the first time. Raises SourceLostError or SourceRefusedError: at the start, nobody retries."""
        self._give_back()  # what an earlier process had in hand when it was killed
        self._junction = self._connect()
        self._report()

    def step(self) -> None:
        """One round. A lost connection is opened again, in its time.

        Raises SourceRefusedError where the broker has come back and will not serve us any more.
        """
        try:
            if self._junction is None:
                if self._clock.monotonic() < self._reconnect_at:
                    self._report()
                    return
                self._junction = self._connect()
                self.counts["reconnected"] += 1
                self._junction_backoff.reset()
            self._round(self._junction)
        except SourceLostError as error:
            self._lose(error)
        self._report()

    def drain(self, deadline_s: float) -> bool:
        """Take nothing new and finish what is in hand.

        False where the deadline or the end of the connection came first: nothing is lost, it will be delivered again.
        """
        until = self._clock.monotonic() + deadline_s
        try:
            if self._junction is not None:
                self._junction.pause()
                for lane in self._active():
                    self._attempt(lane, self._junction, self._route)
                while self.in_flight and self._clock.monotonic() < until:
                    self._junction.poll(POLL_S)
                    for lane in self._active():
                        self._attempt(lane, self._junction, self._finish)
        except SourceLostError as error:
            drained = not self.in_flight
            self._lose(error)
            return drained
        drained = not self.in_flight
        self.close()
        self._report()
        return drained

    def close(self) -> None:
        """Let go of the broker; whatever is unsettled is delivered again, to us or to another router."""
        if self._junction is not None:
            self._junction.close()
            self._junction = None
            self._give_back()
        for lane in self._lanes.values():
            lane.drop()

    def waits_s(self) -> float:
        """How long nothing can be done but wait: time until the next try at a lost broker."""
        if self._junction is not None:
            return 0.0
        return max(0.0, self._reconnect_at - self._clock.monotonic())

    def _round(self, junction: Junction) -> None:
        self._poll(junction, self._patience_s())
        for name, record in self._board.decided().items():
            if name in self._lanes:
                self._lanes[name].adopt(record)
        for lane in self._lanes.values():
            if not lane.active:
                self._claim(lane, junction)
        for lane in self._active():
            self._attempt(lane, junction, self._advance)
        self._measure(junction)

    def _poll(self, junction: Junction, timeout_s: float) -> None:
        for delivery in junction.poll(timeout_s):
            self._by_queue[delivery.queue].arrived.append(delivery)

    def _patience_s(self) -> float:
        """How long to wait for deliveries: not at all while there is something to do."""
        now = self._clock.monotonic()
        for lane in self._active():
            looks = lane.holding and lane.releasable and now >= lane.look_at
            if now >= lane.resume_at and (looks or lane.in_hand or (lane.arrived and not lane.waits)):
                return 0.0
        return POLL_S

    def _claim(self, lane: Lane, junction: Junction) -> None:
        if self._clock.monotonic() < lane.claim_at:
            return
        lane.claim_at = self._clock.monotonic() + LOOK_S
        if junction.claim(lane.family.name):
            lane.activate()
            _LOG.info("active", extra={"family": lane.family.name, "queue": lane.family.legacy_queue})
        else:
            lane.stand_by()

    def _attempt(self, lane: Lane, junction: Junction, do: Callable[[Lane, Junction], None]) -> None:
        if self._clock.monotonic() < lane.resume_at:
            return
        try:
            do(lane, junction)
        except (NotRoutedError, JournalError) as error:
            pause_s = lane.backoff.next_s()
            lane.resume_at = self._clock.monotonic() + pause_s
            self.counts["paused"] += 1
            lane.pause("journal" if isinstance(error, JournalError) else "not-routed", self._clock.monotonic())
            detail = {"family": lane.family.name, "reason": str(error), "pause_s": round(pause_s, 2)}
            _LOG.warning("routing pauses", extra=detail)
            if isinstance(error, NotRoutedError):
                junction.restore(lane.family.name)

    def _advance(self, lane: Lane, junction: Junction) -> None:
        self._finish(lane, junction)
        self._recover(lane, junction)
        self._release(lane, junction)
        self._route(lane, junction)
        self._confirm(lane, junction)

    def _recover(self, lane: Lane, junction: Junction) -> None:
        """What another connection had in hand comes first: once there is a fresh message or none, all of it is here."""
        if lane.recovering and not lane.arrived:
            waiting = junction.waiting(lane.family.name)
            self._poll(junction, 0)
            if not waiting and not lane.arrived:
                lane.recover()
        lane.recover_by_arrival()

    def _release(self, lane: Lane, junction: Junction) -> None:
        """Send on what is held, oldest first, unless it is behind a fence."""
        if lane.record is None or not lane.releasable or self._clock.monotonic() < lane.look_at:
            return
        taken, emptied, weight_bytes = 0, False, lane.kept_bytes
        for _ in range(min(BATCH, KEEP_AT_MOST - len(lane.kept))):
            if weight_bytes >= KEEP_BYTES:
                break
            delivery = junction.take_held(lane.family.name)
            if delivery is None:
                emptied = True
                break
            lane.take(delivery, junction.user)
            taken += 1
            weight_bytes += len(delivery.body)
        lane.release(junction.user)
        self._finish(lane, junction)
        if lane.kept:
            lane.look_at = self._clock.monotonic() + POLL_S
        elif emptied and not taken:  # and so everything that was taken before is settled, for the answer came after it
            lane.look_at = self._clock.monotonic() + LOOK_S
            self._end_holding(lane)

    def _end_holding(self, lane: Lane) -> None:
        """The hold queue is empty, and nothing of ours is on its way into it or out of it."""
        if not lane.recovering and lane.record is not None:
            lane.holding = False
            if lane.record.phase == "releasing":
                lane.released_epoch = lane.record.epoch

    def _route(self, lane: Lane, junction: Junction) -> None:
        """Decide about what has arrived, and send it there."""
        while lane.arrived:
            while lane.arrived and len(lane.decided) < BATCH:
                lane.recover_by_arrival()
                if lane.waits:
                    break
                lane.arrive(junction.user, self._clock.now())
            if not lane.decided:
                return
            self._finish(lane, junction)

    def _finish(self, lane: Lane, junction: Junction) -> None:
        """Write down what is decided, publish it, acknowledge it: each in order, each message once this far."""
        if lane.decided:
            point.reach("router.decided")
            notes = [work.note for work in lane.decided if work.note is not None]
            self._journal.record(notes, self._clock.now(), [work.taken for work in lane.decided])
            point.reach("router.journalled")
            lane.work.extend(lane.decided)
            lane.decided.clear()
        while lane.work:
            work = lane.work[0]
            self._publish(work, junction)
            # With the operating system, not on the disk: after a loss of power it may come again, and be placed again.
            self._journal.deliveries.write([], [work.placed], self._clock.now(), durable=False)
            point.reach("router.placed")
            junction.acknowledge(work.delivery)
            point.reach("router.acknowledged")
            lane.work.popleft()
            self.counts[work.route] += 1
            if work.released:
                self.counts["released"] += 1
            lane.backoff.reset()
            lane.paused = None

    def _publish(self, work: Work, junction: Junction) -> None:
        """Publish what is left to be published of a message, noting how far that has come."""
        if work.outgoing is not None:
            junction.publish(work.outgoing)
            work.outgoing = None
            point.reach("router.released-one" if work.released else "router.published")
        if work.cause is not None:
            junction.copy_aside(work.delivery, work.cause)
            _LOG.warning("copied to the Invalid Message Channel", extra={"cause": work.cause})
            work.cause = None

    def _confirm(self, lane: Lane, junction: Junction) -> None:
        """Confirm a fence, once nothing can follow any more that was decided before it."""
        record = lane.record
        if record is None or record.phase != "fenced" or lane.confirmed_epoch >= record.epoch:
            return
        if lane.recovering or lane.in_hand:
            return
        junction.waiting(lane.family.name)  # behind our acknowledgements
        point.reach("router.fenced")
        lane.confirmed_epoch = record.epoch
        self._measure_at = 0.0  # the first word after the fence tells of queues as they are behind it
        _LOG.info("fenced", extra={"family": record.family, "epoch": record.epoch})

    def _measure(self, junction: Junction) -> None:
        if self._clock.monotonic() >= self._measure_at:
            self._measure_at = self._clock.monotonic() + MEASURE_S
            for name, lane in self._lanes.items():
                lane.depth = junction.depth(name)

    def _active(self) -> Iterator[Lane]:
        return (lane for lane in self._lanes.values() if lane.active)

    def _report(self) -> None:
        now = self._clock.now()
        self._board.report({name: lane.report(now) for name, lane in self._lanes.items()})

    def _give_back(self) -> None:
        """Nothing is in hand any more. Where that cannot be written down, it is at the next end of a connection."""
        try:
            self._journal.deliveries.give_back(self._clock.now())
        except JournalError as error:
            _LOG.error("the journal cannot be written", extra={"reason": str(error)})

    def _lose(self, error: SourceLostError) -> None:
        self.close()
        pause_s = self._junction_backoff.next_s()
        self._reconnect_at = self._clock.monotonic() + pause_s
        _LOG.warning("broker lost", extra={"reason": str(error), "pause_s": round(pause_s, 2)})
