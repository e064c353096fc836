"""How often SQS may have taken each message of a run: by what the journals and the endpoint saw, not by a round number.

A delivery is accepted once; once more for every answer that hid the truth about it. So of a message may be accepted

    allowed beyond its publications = deliveries that were sent - publications + answers that hid an acceptance

Deliveries that were sent are told apart by the time of their taking, which the envelope carries; and there were no more
of them than the journals know: what was given back to the broker, or acknowledged in vain, comes again and is written
down again. Only a process that was killed may have had one more that is in no journal, for it sends while the journal
is written. Behind a router, which publishes a message twice where it was killed, two deliveries may be taken in the
same millisecond: there the journals count alone.

The sum over all messages is the budget of the run; but each message is held to its own. Pure.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.rig.history import Message, Published


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One acceptance by SQS, with what explains a second one."""

    message: Message
    taken: str
    """When the bridge took the delivery that it was, as the envelope says."""
    hidden: bool
    """Whether its caller may not have been told of it."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """Duplicates of a run that have a reason, and messages that came more often than that."""

    budget: int
    beyond: Sequence[str]
    """Ids."""


def allow(
    published: Iterable[Published],
    acceptances: Sequence[Acceptance],
    delivered: Iterable[Message],
    *,
    kills: int,
    routed: bool,
) -> Allowance:
    """Hold each message to its own allowance.

    Args:
        published: every publication.
        acceptances: everything that SQS took, repetitions and swallowed ones included.
        delivered: every delivery that the shippers' journals know, but of the Invalid Message Channel.
        kills: how many processes were killed.
        routed: whether the shipper stands behind a router.
    """
    publications = Counter((one.id, one.digest) for one in published)
    deliveries = Counter(delivered)
    takings = _takings(acceptances)
    hidden = Counter(one.message for one in acceptances if one.hidden)
    accepted = Counter(one.message for one in acceptances)
    budget = 0
    beyond: list[str] = []
    for message, count in accepted.items():
        due = max(1, publications[message])
        sent = deliveries[message] + (kills if takings[message] > 1 else 0)  # one that was killed was not the last
        if not routed:
            sent = min(sent, takings[message] * due)  # its sender's repetitions may be taken together
        allowed = max(0, sent - due) + hidden[message]
        budget += allowed
        if count - due > allowed:
            beyond.append(message[0])
    return Allowance(budget, tuple(beyond))


def _takings(acceptances: Iterable[Acceptance]) -> Mapping[Message, int]:
    """Different deliveries of each message, as far as SQS took them."""
    found: dict[Message, set[str]] = defaultdict(set)
    for one in acceptances:
        found[one.message].add(one.taken)
    return {message: len(times) for message, times in found.items()}
