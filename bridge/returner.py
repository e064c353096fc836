"""What the new side sends back to RabbitMQ: received, published with confirm, and only then deleted.

Order is kept per group: SQS hands out nothing of a group while something of it is in our hands, and a message that the
broker does not take goes back with all that follow it. So nothing may be published that SQS might have handed to
another returner meanwhile: a round that takes long gives its rest back. While RabbitMQ is away nothing is received, so
that an outage there turns nothing into dead letters.
"""

import logging
from collections.abc import Callable, Mapping

from bridge.backoff import Backoff
from bridge.port import (
    IN_HAND_S,
    Clock,
    Delivery,
    NotRoutedError,
    Outgoing,
    Outlet,
    Returning,
    ReturnQueue,
    SinkUnavailableError,
    SourceLostError,
)
from bridge.stamp import stamp
from contracts import point
from contracts.amqp_value import UnknownAmqpTypeError, untag_table
from contracts.claim import Claim, LostClaimError
from contracts.envelope import MalformedEnvelopeError, read_envelope
from contracts.return_message import MalformedReturnError, ReturnedEffect, ReturnedHold, read_return
from contracts.routing import Decision

_LOG = logging.getLogger(__name__)
RECEIVE_S = 2
"""Long poll: short enough to keep AMQP's heartbeat and to hear a stop in time."""
EFFECT_HEADER = "strangler-effect-id"
SEQUENCE_HEADER = "strangler-sequence"


class Returner:
    """Publishes what the return queue holds."""

    def __init__(
        self,
        connect: Callable[[], Outlet],
        queue: ReturnQueue,
        own_user: str,
        clock: Clock,
        backoff: Callable[[], Backoff] = Backoff,
        *,
        fetch: Callable[[Claim], bytes],
    ) -> None:
        """Args: connect: opens an outlet. own_user: the user of its connection. fetch: as `ClaimStore.fetch`."""
        self._connect = connect
        self._queue = queue
        self._own_user = own_user
        self._clock = clock
        self._fetch = fetch
        self._outlet: Outlet | None = None
        self._outlet_backoff = backoff()
        self._queue_backoff = backoff()
        self._make_backoff = backoff
        self._groups: dict[str, Backoff] = {}
        self._resume_at = 0.0
        self._failing_since: float | None = None
        self.counts = {"returned": 0, "refused": 0, "reconnected": 0}

    @property
    def connected(self) -> bool:
        """Whether we have a connection to the broker, as far as is known."""
        return self._outlet is not None

    def open(self) -> None:
        """Connect for the first time. Raises SourceLostError or SourceRefusedError: at the start, nobody retries."""
        self._outlet = self._connect()

    def step(self) -> None:
        """One round: receive up to ten, publish them, delete them."""
        if self._clock.monotonic() < self._resume_at:
            return
        try:
            if self._outlet is None:
                self._outlet = self._connect()
                self.counts["reconnected"] += 1
            self._outlet.rest(0)
            self._round(self._outlet)
            self._outlet_backoff.reset()
            self._queue_backoff.reset()
            self._failing_since = None
        except SourceLostError as error:
            self.close()
            self._pause(self._outlet_backoff, "broker lost", str(error))
        except SinkUnavailableError as error:
            self._pause(self._queue_backoff, "the return queue is away", str(error))

    def waits_s(self) -> float:
        """How long nothing can be done but wait."""
        return max(0.0, self._resume_at - self._clock.monotonic())

    def close(self) -> None:
        """Let go of the broker."""
        if self._outlet is not None:
            self._outlet.close()
            self._outlet = None

    def _round(self, outlet: Outlet) -> None:
        behind: dict[str, int] = {}
        # Taken before they are received: what SQS counts begins later.
        since = self._clock.monotonic()
        fetch = until_failing(self._fetch)
        received = list(self._queue.receive(RECEIVE_S))
        if received:
            point.reach("return.received")
        for number, message in enumerate(received):
            late = self._clock.monotonic() - since >= IN_HAND_S / 2
            if late or message.group in behind:
                self._queue.release(message, behind.get(message.group, 0))
                continue
            try:
                outlet.publish(self._read(message, fetch, since + IN_HAND_S))
            # S3, too: while it is away, what needs nothing of it goes on.
            except (NotRoutedError, MalformedReturnError, LostClaimError, SinkUnavailableError) as error:
                behind[message.group] = delay_s = self._delay_s(message.group)
                self.counts["refused"] += 1
                detail = {"kind": type(error).__name__, "reason": str(error), "pause_s": delay_s}
                _LOG.warning("cannot be returned; its group waits", extra=detail)
                self._queue.release(message, delay_s)
            except SourceLostError:
                for left in received[number:]:
                    self._queue.release(left, 0)
                raise
            else:
                point.reach("return.published")
                self._queue.delete(message)
                point.reach("return.deleted")
                self._groups.pop(message.group, None)
                self.counts["returned"] += 1

    def _read(self, message: Returning, fetch: Callable[[Claim], bytes], until: float) -> Outgoing:
        ready = outgoing(message.body, self._own_user, fetch)
        if self._clock.monotonic() >= until:
            raise SinkUnavailableError("GetObject: took so long that somebody else may have the message")
        return ready

    def _delay_s(self, group: str) -> int:
        """How long a group waits until its next try, in whole seconds."""
        return int(self._groups.setdefault(group, self._make_backoff()).next_s()) + 1

    def failing_s(self, now: float) -> float:
        """How long no round has ended well, in seconds; 0 where the last one has. Args: now: by the monotonic clock."""
        return 0.0 if self._failing_since is None else now - self._failing_since

    def _pause(self, backoff: Backoff, what: str, reason: str) -> None:
        if self._failing_since is None:
            self._failing_since = self._clock.monotonic()
        pause_s = backoff.next_s()
        self._resume_at = self._clock.monotonic() + pause_s
        _LOG.warning(what, extra={"reason": reason, "pause_s": round(pause_s, 2)})


def until_failing(fetch: Callable[[Claim], bytes]) -> Callable[[Claim], bytes]:
    """As `fetch`, but once it has raised SinkUnavailableError, it raises at once: one wait for S3 is enough."""
    away: SinkUnavailableError | None = None

    def fetch_or_refuse(claim: Claim) -> bytes:
        nonlocal away
        if away is not None:
            raise SinkUnavailableError(str(away))
        try:
            return fetch(claim)
        except SinkUnavailableError as error:
            away = error
            raise

    return fetch_or_refuse


def outgoing(text: str, own_user: str, fetch: Callable[[Claim], bytes]) -> Outgoing:
    """What is published for a message of the return queue. Raises MalformedReturnError, and what `fetch` raises."""
    returned = read_return(text)
    match returned:
        case ReturnedEffect():
            properties: Mapping[str, str | int] = {
                "content_type": returned.content_type,
                "delivery_mode": 2,
                "message_id": returned.effect,
            }
            headers = {EFFECT_HEADER: returned.effect, SEQUENCE_HEADER: returned.sequence}
            return Outgoing(returned.exchange, returned.routing_key, returned.body, properties, headers)
        case ReturnedHold():
            return _held(returned, own_user, fetch)


def _held(returned: ReturnedHold, own_user: str, fetch: Callable[[Claim], bytes]) -> Outgoing:
    """The message as the monolith published it, on its way into the hold queue: it was routed once, so in doubt."""
    try:
        envelope = read_envelope(returned.envelope)
        headers = None if envelope.amqp.headers is None else untag_table(envelope.amqp.headers)
    except (MalformedEnvelopeError, UnknownAmqpTypeError) as error:
        raise MalformedReturnError(f"return message: envelope: {type(error).__name__}") from error
    body = returned.body if envelope.claim is None else fetch(envelope.claim)
    message = Delivery("", body, envelope.amqp, headers, tag=0)
    decision = Decision("hold", envelope.stamp.epoch, doubtful=True)
    return stamp(message, returned.family, decision, id=returned.id, own_user=own_user)
