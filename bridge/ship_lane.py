"""One destination of the shipper: what waits for it, what is on its way to it, and how its answers are read.

A destination that refuses holds up nobody else's messages; an entry that is refused holds up only its key.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bridge.backoff import Backoff
from bridge.port import Answer, CallRefusedError, Calls, Clock, Express, Receipt, Sink, SinkUnavailableError
from bridge.window import BATCH_BYTES, Pending, Translate, Window
from contracts import point

_LOG = logging.getLogger(__name__)
CALLS_AT_ONCE = 64
BYTES_AT_ONCE = 2 * BATCH_BYTES
"""More than two calls are under way only where they are small: each holds what it sends several times over."""
_CALLS_OF_ANY_SIZE = 2
LATE_S = 10.0
ALTERED_TRIES = 5
"""After so many answers that something else was taken, the message is put aside: it does not survive this channel."""
IDLE_S = 0.5


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was begun."""

    batch: Sequence[tuple[int, Pending]]
    answer: Answer
    size_bytes: int
    """Of its entries, as SQS counts them."""


@dataclass(slots=True)
class Outcome:
    """What an answer says of the messages of its call."""

    accepted: list[tuple[Pending, Receipt]] = field(default_factory=list)
    refused: list[tuple[Pending, Receipt]] = field(default_factory=list)
    """Never, as they are."""
    again: int = 0
    """How many are sent again."""


class ShipLane:
    """One queue's way to its destination."""

    def __init__(
        self,
        destination: str,
        translate: Translate,
        sink: Sink,
        calls: Calls,
        clock: Clock,
        backoff: Callable[[], Backoff],
        *,
        express: Express | None = None,
        last: bool = False,
    ) -> None:
        """Build it.

        Args:
            express: see `bridge.shipper.Shipper`.
            last: whether it is the Invalid Message Channel itself: what cannot go on from there never comes back to it.
        """
        self.destination = destination
        self.translate = translate
        self.last = last
        self.window = Window()
        self.pause_reason: str | None = None
        """Why nothing was taken of the last call; None where something was."""
        self.accepted_at: float | None = None
        """When the destination last took something, by the monotonic clock."""
        self._sink = sink
        self._calls = calls
        self._express = express
        self._clock = clock
        self._make_backoff = backoff
        self._backoff = backoff()
        self._failing: dict[int, Backoff] = {}
        self._resume_at = 0.0
        self._under_way: deque[Call] = deque()
        self._bytes_under_way = 0

    def begin(self, now: float, wake: Callable[[], None]) -> None:
        """Begin as many calls as may be; `wake` is called from another thread when one ends."""
        while self._may_begin() and now >= self._resume_at:
            batch = self.window.next_batch(now)
            if not batch:
                return
            size_bytes = 0
            for _, pending in batch:
                pending.attempts += 1
                size_bytes += pending.size_bytes
            point.reach("ship.sending")
            self._under_way.append(Call(batch, self._begin(batch, now, wake), size_bytes))
            self._bytes_under_way += size_bytes

    def ended(self) -> Iterator[Call]:
        """Calls that have ended since."""
        if not self._under_way:
            return
        for _ in range(len(self._under_way)):
            call = self._under_way.popleft()
            if call.answer.done():
                self._bytes_under_way -= call.size_bytes
                yield call
            else:
                self._under_way.append(call)

    def settle(self, call: Call, now: float) -> Outcome:
        """Read the answer: what was taken leaves the window, what was not is offered again in its time."""
        outcome = Outcome()
        try:
            receipts = call.answer.result()
        except SinkUnavailableError as error:
            self._pause(str(error), now)
            for ticket, _ in call.batch:
                self.window.retry(ticket, now)
            return outcome
        except CallRefusedError as error:
            self._part(call, str(error), now, outcome)
            return outcome
        for (ticket, pending), receipt in zip(call.batch, receipts, strict=True):
            if receipt.fate == "accepted":
                outcome.accepted.append((pending, receipt))
                self._forget(ticket)
                continue
            pending.altered += receipt.fate == "altered"
            if receipt.fate == "refused" or pending.altered >= ALTERED_TRIES:
                outcome.refused.append((pending, receipt))
                self._forget(ticket)
            else:
                outcome.again += 1
                delay_s = self._failing.setdefault(ticket, self._make_backoff()).next_s()
                self.window.retry(ticket, now + delay_s)
        if outcome.accepted or not outcome.again:
            self._backoff.reset()
            self.pause_reason = None
            self.accepted_at = now
        if outcome.again:
            reasons = sorted({one.reason for one in receipts if one.fate in ("unknown", "altered")})
            if outcome.accepted:
                self._tell("entries are sent again", reasons, outcome.again, len(call.batch))
            else:
                self._pause(f"{outcome.again} of {len(call.batch)} entries not accepted: {', '.join(reasons)}", now)
        return outcome

    def waits_s(self, now: float) -> float:
        """Seconds until something can be begun or looked at; IDLE_S at most."""
        if any(call.answer.done() for call in self._under_way):
            return 0.0
        wait_s = self.window.waits_s(now) if self._may_begin() else None
        if wait_s is None:
            return IDLE_S
        return min(IDLE_S, max(wait_s, self._resume_at - now))

    def oldest_s(self, now: float) -> float:
        """How long the oldest message has been in hand; 0 where there is none."""
        oldest_at = self.window.oldest_at
        return 0.0 if oldest_at is None else now - oldest_at

    def clear(self) -> None:
        """The connection is gone. What calls under way still say is not listened to; the pause goes on."""
        self.window.clear()
        self._failing.clear()
        for call in self._under_way:
            call.answer.cancel()  # what no thread has begun yet is not sent any more
        self._under_way.clear()
        self._bytes_under_way = 0

    def _may_begin(self) -> bool:
        calls = len(self._under_way)
        return calls < _CALLS_OF_ANY_SIZE or (calls < CALLS_AT_ONCE and self._bytes_under_way < BYTES_AT_ONCE)

    def _begin(self, batch: Sequence[tuple[int, Pending]], now: float, wake: Callable[[], None]) -> Answer:
        if self._express is not None and self._clock.monotonic() - now < LATE_S:
            kept = [pending.kept for _, pending in batch if pending.kept is not None]
            begun = self._express.begin(self.destination, kept) if len(kept) == len(batch) else None
            if begun is not None:
                point.reach("ship.sent")
                return begun
        answer = self._calls.submit(lambda: self._send(batch, now))
        answer.add_done_callback(lambda _: wake())
        return answer

    def _send(self, batch: Sequence[tuple[int, Pending]], begun_at: float) -> Sequence[Receipt]:
        """On a thread of the crew."""
        if self._clock.monotonic() - begun_at >= LATE_S:
            # The process was stopped meanwhile, or all threads hang: the broker may have given it to somebody else.
            raise SinkUnavailableError(f"not sent: it has waited for {LATE_S:.0f} s or more")
        receipts = self._sink.send(self.destination, [pending.entry() for _, pending in batch])
        point.reach("ship.sent")
        return receipts

    def _part(self, call: Call, reason: str, now: float, outcome: Outcome) -> None:
        """A call was refused for what is in it: each of its entries goes alone, and the one to blame is found."""
        if len(call.batch) == 1:
            ((ticket, pending),) = call.batch
            outcome.refused.append((pending, Receipt("refused", reason)))
            self._forget(ticket)
            return
        outcome.again = len(call.batch)
        for ticket, pending in call.batch:
            pending.alone = True
            self.window.retry(ticket, now)
        self._tell("a call is parted: it was refused as a whole", [reason], outcome.again, len(call.batch))

    def _forget(self, ticket: int) -> None:
        self.window.settle(ticket)
        if self._failing:
            self._failing.pop(ticket, None)

    def _pause(self, reason: str, now: float) -> None:
        pause_s = self._backoff.next_s()
        self._resume_at = now + pause_s
        self.pause_reason = reason
        detail = {"destination": self.destination, "reason": reason, "pause_s": round(pause_s, 2)}
        _LOG.warning("sending pauses", extra=detail)

    def _tell(self, what: str, reasons: Sequence[str], count: int, of: int) -> None:
        detail = {"destination": self.destination, "reason": ", ".join(reasons), "entries": count, "of": of}
        _LOG.warning(what, extra=detail)
