"""The claim check, on the receiving side: what lies in S3 for a message goes when the message is finished.

A message that the new side had authority over stays: the monolith catches up with it from there, however long after.
One that was dead-lettered, or is on its way back to be stamped anew, is not finished.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from contracts.claim import Claim
from contracts.envelope import MalformedEnvelopeError, read_envelope
from workers.fate import AlreadyProcessed, Fate, NotComparable, Processed, UnavailableError
from workers.port import Claims
from workers.sqs import Received

_T = TypeVar("_T")


class UntilAway:
    """`Claims` for one batch, which ask no more once the service is away: a function has not the time for ten waits."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims
        self._away: UnavailableError | None = None

    def fetch(self, claim: Claim) -> bytes:
        """See `Claims.fetch`."""
        return self._asked(self._claims.fetch, claim)

    def finish(self, claim: Claim) -> None:
        """See `Claims.finish`."""
        self._asked(self._claims.finish, claim)

    def _asked(self, ask: Callable[[Claim], _T], claim: Claim) -> _T:
        if self._away is not None:
            raise self._away
        try:
            return ask(claim)
        except UnavailableError as error:
            self._away = error
            raise


def finish(claims: Claims, batch: Sequence[Received], fates: Mapping[str, Fate]) -> Mapping[str, str]:
    """Let go of what is finished. Returns what could not be let go of: reason by record id. It stays, and costs."""
    failures, asked = {}, UntilAway(claims)
    for received in batch:
        claim = _finished(received, fates[received.record_id])
        if claim is not None:
            try:
                asked.finish(claim)
            except UnavailableError as error:
                failures[received.record_id] = str(error)
    return failures


def _finished(received: Received, fate: Fate) -> Claim | None:
    if not isinstance(fate, Processed | AlreadyProcessed | NotComparable):
        return None
    try:
        envelope = read_envelope(received.attributes.get("envelope", ""))
    except MalformedEnvelopeError:
        return None
    return envelope.claim if envelope.stamp.authority == "legacy" else None
