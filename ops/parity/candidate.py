"""The new side in this process: the bridge's translator and the workers' own receiver, over memory.

Nothing is mocked but what lies outside of them: the store, the queues, the clock. A message takes the way that it takes
in production, one message a batch.
"""

import base64
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.port import Delivery
from bridge.translator import notification_translator
from contracts.claim import Claim, LostClaimError, write_pointer
from contracts.effect import Attempt, write_attempt
from contracts.envelope import AmqpFacts
from contracts.invalid_message import InvalidMessageError
from contracts.message_type import Family
from contracts.registry import family_of
from contracts.return_message import Returned
from ops.parity.offline_store import OfflineStore
from workers.fate import DeadLettered
from workers.logic.decision import Context
from workers.logic.registry import HANDLERS
from workers.port import DeadLetter, Queues
from workers.receiver import BLAMED_RECEIVES, Receiver
from workers.sqs import Received

LAG = timedelta(seconds=61)
"""How far our clock is behind the monolith's: shadow runs later, and a wall clock in an outcome shall show itself."""

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the new side made of one delivery."""

    outcome: bytes | None
    """An outcome document; None where it was known already, or its id came with other bytes."""
    conflict: bool = False


class Candidate:
    """The new side for one part of a corpus: it begins without any record."""

    def __init__(self, secret: bytes, clock: Clock = lambda: datetime.now(UTC), lag: timedelta = LAG) -> None:
        """Args: secret: signs webhooks, as the monolith's does. lag: how far its clock is behind the monolith's."""
        self._lag = lag
        self._secret = secret
        self._clock = clock
        self._store = OfflineStore()
        self._claims: dict[str, bytes] = {}
        self._families: dict[str, tuple[Family, Receiver, Callable[[Delivery], Any]]] = {}

    def process(self, notification: Mapping[str, Any]) -> Answer:
        """Process one line of a corpus."""
        family, receiver, translate = self._family(notification["type"])
        facts = AmqpFacts(
            notification.get("exchange", ""),
            notification.get("routing_key", ""),
            redelivered=bool(notification.get("redelivered", False)),
            properties=notification.get("properties") or {},
        )
        body = base64.b64decode(notification["body_base64"])
        try:
            entry = translate(Delivery(family.name, body, facts, notification.get("headers") or None, 0))
        except InvalidMessageError as error:
            return Answer(self._rejection(notification, error.cause))
        carried = entry.body
        if entry.deposit is not None:
            self._claims[entry.deposit.key] = entry.deposit.body
            carried = write_pointer("offline", entry.deposit.key)
        attributes = {"envelope": entry.envelope, "type": entry.type, "id": entry.id}
        # As if it had failed often: what fails is told now, not tried again.
        received = Received("0", "", BLAMED_RECEIVES, entry.group, carried, attributes)
        fate = receiver.settle([received])["0"]
        self._claims.clear()
        attempt, self._store.last = self._store.last, None
        if attempt is not None:
            return Answer(write_attempt(attempt).encode())
        if entry.id in self._store.conflicts:
            return Answer(None, conflict=True)
        return Answer(self._rejection(notification, fate.cause) if isinstance(fate, DeadLettered) else None)

    def _rejection(self, notification: Mapping[str, Any], cause: str) -> bytes:
        attempt = Attempt(str(notification["id"]), notification["type"], 1, "rejected", cause, self._clock(), ())
        return write_attempt(attempt).encode()

    def _family(self, type_name: str) -> tuple[Family, Receiver, Callable[[Delivery], Any]]:
        family = family_of(type_name)
        if family.name not in self._families:
            receiver = Receiver(
                family,
                HANDLERS,
                self._store,
                Queues(_Nowhere(), _Nowhere(), _Nowhere()),
                _Claims(self._claims),
                self._context,
            )
            translate = notification_translator(family, lambda: self._clock().timestamp())
            self._families[family.name] = family, receiver, translate
        return self._families[family.name]

    def _context(self, message_id: str) -> Context:
        return Context(message_id, self._clock() + self._lag, lambda: str(uuid.uuid4()), self._secret)


class _Nowhere:
    """Dead letters, returns and visibility: an outcome tells what became of a message."""

    def send(self, _sent: DeadLetter | Returned, *, group: str = "", deduplication: str = "") -> None:
        """Nothing leaves."""

    def delay(self, _receipts: Iterable[tuple[str, int]]) -> None:
        """Nothing waits."""


@dataclass(frozen=True, slots=True)
class _Claims:
    """Bodies that no queue takes, while their message is processed."""

    bodies: Mapping[str, bytes]

    def fetch(self, claim: Claim) -> bytes:
        """See `Claims.fetch`."""
        if claim.key not in self.bodies:
            raise LostClaimError("missing")
        return claim.check(self.bodies[claim.key])

    def finish(self, _claim: Claim) -> None:
        """Nothing is kept."""
