"""What can become of a message in a worker: a small closed vocabulary, each word with its own way out.

Nothing here quotes a message: causes end up in logs and in the attributes of dead letters.
"""

from typing import Literal

import msgspec

RejectCause = Literal[
    "unreadable", "unknown-type", "model", "rejected", "id-conflict", "copy-only", "unexpected", "envelope", "claim"
]


class Processed(msgspec.Struct, frozen=True):
    """Its records and its ledger entry are written."""


class AlreadyProcessed(msgspec.Struct, frozen=True):
    """The ledger knew it; nothing was changed."""


class DeadLettered(msgspec.Struct, frozen=True):
    """Can never succeed; lies in the dead-letter queue with its cause."""

    cause: str


class Retry(msgspec.Struct, frozen=True):
    """May succeed later; stays in its queue. `counts`: whether the message itself may be to blame."""

    reason: str
    counts: bool = False


class Behind(msgspec.Struct, frozen=True):
    """Waits behind a message of its group that has to be tried again."""


class Held(msgspec.Struct, frozen=True):
    """Its stamp, by which the new side had authority, is stale: on its way back to the router, which stamps it anew."""


class NotComparable(msgspec.Struct, frozen=True):
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
