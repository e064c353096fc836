"""What can go wrong at the endpoint, and how a test asks for it: by name, with a budget, while programs run.

aws.faults.arm(Fault.LOST_RESPONSE, times=3)
aws.faults.arm(Fault.ENTRY_INTERNAL, chance=1 / 16_000, seed=7)
aws.faults.arm(Fault.ENTRY_REFUSED, marked=lambda entry: "poison" in entry.body)
aws.faults.hits["lost-response"]
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from tests.rig.entry import Entry

SENDS = frozenset({"SendMessageBatch", "SendMessage"})


class Fault(StrEnum):
    """Faults by what is lost. Of a call: nothing accepted. Of an entry: that one is not. Of an answer: all accepted."""

    SERVER_ERROR = "server-error"
    """Call: HTTP 500."""
    UNAVAILABLE = "unavailable"
    """Call: HTTP 503."""
    THROTTLED = "throttled"
    """Call: HTTP 400, ThrottlingException."""
    REQUEST_THROTTLED = "request-throttled"
    """Call: HTTP 400, RequestThrottled."""
    EXPIRED_TOKEN = "expired-token"
    """Call: HTTP 403."""
    UNKNOWN_TOKEN = "unknown-token"
    """Call: HTTP 403, InvalidClientTokenId."""
    CLOCK_SKEW = "clock-skew"
    """Call: HTTP 403, SignatureDoesNotMatch, because the signature has expired."""
    ACCESS_DENIED = "access-denied"
    """Call: HTTP 403."""
    KMS_DISABLED = "kms-disabled"
    """Call: HTTP 400."""
    LOST_REQUEST = "lost-request"
    """Call: the connection is closed, nothing was read."""

    ENTRY_INTERNAL = "entry-internal"
    """Entry: Failed, InternalError, not the sender's fault."""
    ENTRY_THROTTLED = "entry-throttled"
    """Entry: Failed, ThrottlingException, which SQS calls the sender's fault."""
    ENTRY_REFUSED = "entry-refused"
    """Entry: Failed, InvalidMessageContents, the sender's fault."""

    SLOW = "slow"
    """Answer: comes after `seconds`."""
    LOST_RESPONSE = "lost-response"
    """Answer: the connection is closed instead."""
    WRONG_BODY_CHECKSUM = "wrong-body-checksum"
    """Answer: of the first entry (or of those marked), as all that follow."""
    WRONG_ATTRIBUTE_CHECKSUM = "wrong-attribute-checksum"
    """Answer."""
    MISSING_ID = "missing-id"
    """Answer: the entry is left out."""
    UNKNOWN_ID = "unknown-id"
    """Answer: comes under an id that nobody sent."""
    DOUBLED_ID = "doubled-id"
    """Answer: is there twice."""
    CONTRADICTORY_ID = "contradictory-id"
    """Answer: both in Successful and in Failed."""
    TRUNCATED = "truncated"
    """Answer: half of its JSON."""
    HTML = "html"
    """Answer: status 200 and a page of somebody else's."""


OF_CALL = (
    Fault.LOST_REQUEST, Fault.SERVER_ERROR, Fault.UNAVAILABLE, Fault.THROTTLED, Fault.REQUEST_THROTTLED,
    Fault.EXPIRED_TOKEN, Fault.UNKNOWN_TOKEN, Fault.CLOCK_SKEW, Fault.ACCESS_DENIED, Fault.KMS_DISABLED,
)  # fmt: skip
OF_ENTRY = (Fault.ENTRY_INTERNAL, Fault.ENTRY_THROTTLED, Fault.ENTRY_REFUSED)
OF_ANSWER = tuple(one for one in Fault if one not in OF_CALL and one not in OF_ENTRY)


@dataclass(slots=True)
class Arming:
    """A fault that waits for its occasion."""

    fault: Fault
    times: int | None
    chance: float
    every: int
    skip: int
    until: float | None
    marked: Callable[[Entry], bool] | None
    operations: Collection[str]
    seconds: float
    random: Random
    _seen: int = field(default=0)

    def strikes(self, operation: str, entries: Sequence[Entry]) -> bool:
        """Whether it happens to this call or, of faults of an entry, to the one entry that is given."""
        if (
            self.times == 0
            or operation not in self.operations
            or not (self.until is None or time.monotonic() < self.until)
        ):
            return False
        if self.marked is not None and not any(map(self.marked, entries)):
            return False
        self._seen += 1
        if self._seen <= self.skip or (self._seen - self.skip) % self.every or self.random.random() >= self.chance:
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Faults:
    """All that is armed, and what has struck. Armed by the test's thread, asked by the server's."""

    def __init__(self) -> None:
        self._armed: list[Arming] = []
        self._hits: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def hits(self) -> Counter[str]:
        """How often each fault has struck, by its name."""
        with self._lock:
            return Counter(self._hits)

    def arm(
        self,
        fault: Fault,
        *,
        times: int | None = None,
        chance: float = 1.0,
        seed: int = 0,
        every: int = 1,
        skip: int = 0,
        for_s: float | None = None,
        marked: Callable[[Entry], bool] | None = None,
        operations: Collection[str] = SENDS,
        seconds: float = 1.0,
    ) -> None:
        """Let a fault happen from now on. Occasions are calls, or entries where the fault is one of an entry.

        Args:
            times: to how many occasions; None: until it is disarmed.
            chance: to each occasion, drawn from `seed`.
            every: only to each N-th occasion.
            skip: occasions that pass before.
            for_s: for so many seconds.
            marked: only to such entries, or to calls that hold one. Runs on the server's thread.
            operations: whose calls are occasions; by default those that send. `PutObject`, `GetItem` have faults of a
                call, SLOW and LOST_RESPONSE only.
            seconds: how slow SLOW is.
        """
        until = None if for_s is None else time.monotonic() + for_s
        with self._lock:
            self._armed.append(
                Arming(fault, times, chance, every, skip, until, marked, operations, seconds, Random(seed))
            )

    def disarm(self, fault: Fault | None = None) -> None:
        """Let it not happen any more; without a name, nothing."""
        with self._lock:
            self._armed = [one for one in self._armed if fault is not None and one.fault is not fault]

    def strike(self, faults: Collection[Fault], operation: str, entries: Sequence[Entry] = ()) -> Arming | None:
        """The first of these faults that happens to this call or entry; it counts as having happened."""
        with self._lock:
            for one in self._armed:
                if one.fault in faults and one.strikes(operation, entries):
                    self._hits[one.fault.value] += 1
                    return one
        return None

    def strike_all(self, faults: Collection[Fault], operation: str, entries: Sequence[Entry] = ()) -> list[Arming]:
        """All of these faults that happen to this call."""
        struck = (self.strike([one], operation, entries) for one in faults)
        return [one for one in struck if one is not None]

    def count(self, name: str) -> None:
        """Note something that happened and was not armed here."""
        with self._lock:
            self._hits[name] += 1
