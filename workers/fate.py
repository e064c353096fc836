"""What can become of a message in a worker: a small closed vocabulary, each word with its own way out.

Nothing here quotes a message: causes end up in logs and in the attributes of dead letters.
"""

from dataclasses import dataclass
from typing import Literal

RejectCause = Literal[
    "unreadable", "unknown-type", "model", "rejected", "id-conflict", "copy-only", "unexpected", "envelope", "claim"
]


@dataclass(frozen=True, slots=True)
class Processed:
    """Its records and its ledger entry are written."""


@dataclass(frozen=True, slots=True)
class AlreadyProcessed:
    """The ledger knew it; nothing was changed."""


@dataclass(frozen=True, slots=True)
class DeadLettered:
    """Can never succeed; lies in the dead-letter queue with its cause."""

    cause: str


@dataclass(frozen=True, slots=True)
class Retry:
    """May succeed later; stays in its queue. `counts`: whether the message itself may be to blame."""

    reason: str
    counts: bool = False


@dataclass(frozen=True, slots=True)
class Behind:
    """Waits behind a message of its group that has to be tried again."""


@dataclass(frozen=True, slots=True)
class Held:
    """Its stamp, by which the new side had authority, is stale: on its way back to the router, which stamps it anew."""


@dataclass(frozen=True, slots=True)
class NotComparable:
    """A copy whose stamp is stale: noted as that, and no record touched."""


Fate = Processed | AlreadyProcessed | DeadLettered | Retry | Behind | Held | NotComparable


class RejectedError(Exception):
    """This message can never succeed."""

    def __init__(self, cause: RejectCause, detail: str = "") -> None:
        """Args: detail: place and kind of the fault, never a value."""
        self.code: RejectCause = cause
        self.cause = f"{cause}:{detail}" if detail else cause
        super().__init__(self.cause)


class UnavailableError(Exception):
    """A service refuses or cannot be reached; the message is not to blame. The text names operation and error code."""


class ConflictError(Exception):
    """Somebody else has written one of the items since they were read."""
