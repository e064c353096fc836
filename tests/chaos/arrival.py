"""What SQS took in a run, looked at one by one: whose it is, whether its caller knows, and whether it is all there."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bridge.delivery_log import read_taken
from bridge.delivery_reading import entries_of
from contracts import naming
from contracts.amqp_value import tag_table
from contracts.envelope import Envelope, MalformedEnvelopeError, read_envelope
from contracts.parked import PARKED_TYPE
from contracts.registry import FAMILIES
from tests.chaos.allowance import Acceptance
from tests.chaos.traffic import HEADERS
from tests.rig.fault import OF_ANSWER, Fault
from tests.rig.history import Message
from tests.rig.reading import read_accepted
from tests.rig.s3 import Object
from tests.rig.sqs import Handed

_HIDING = frozenset(one.value for one in OF_ANSWER if one is not Fault.SLOW)
_UNREAD_S = 0.25
"""An answer is read by then, if nothing is the matter with it."""
_SLOWEST_S = 1.0
"""No answer of a run is slower."""


def ours(history: Sequence[Handed]) -> Sequence[Handed]:
    """What SQS took, but for the index of dead letters."""
    return [one for one in history if one.stored != "no" and one.attributes.get("type") != PARKED_TYPE]


def read_acceptances(
    taken: Sequence[Handed], objects: Mapping[tuple[str, str], Object], left_at: Sequence[float]
) -> Sequence[Acceptance]:
    """Whose each acceptance is, and whether its caller may not know of it.

    Args:
        taken: what SQS took.
        objects: what lies in S3.
        left_at: when the endpoint broke all its connections, in seconds, monotonic: answers on their way were lost.
    """
    return [
        Acceptance(
            (read.id, read.digest), "" if (envelope := _envelope(one)) is None else envelope.time, _hid(one, left_at)
        )
        for one, read in zip(taken, read_accepted(taken, objects), strict=True)
    ]


def find_misfits(stack: str, taken: Sequence[Handed]) -> Sequence[str]:
    """What arrived in a queue of another family, or without the headers that it was published with; each kind once."""
    homes = {
        one.name: naming.queue_name(stack, family.name, ordered=family.ordered)
        for family in FAMILIES
        for one in family.types
    }
    headers = tag_table(HEADERS)
    found: dict[str, None] = {}
    for one in taken:
        envelope = _envelope(one)
        if envelope is None:
            found["an envelope that cannot be read"] = None
        elif envelope.amqp.headers != headers:
            found[f"headers of {envelope.type} are not those published"] = None
        if one.queue != homes.get(one.attributes.get("type", "")):
            found[f"{one.attributes.get('type')} in {one.queue}"] = None
    return tuple(found)


def _hid(one: Handed, left_at: Sequence[float]) -> bool:
    patience_s = _SLOWEST_S if one.answer == Fault.SLOW.value else _UNREAD_S
    return one.answer in _HIDING or any(0 <= left - one.at <= patience_s for left in left_at)


def _envelope(one: Handed) -> Envelope | None:
    try:
        return read_envelope(one.attributes.get("envelope", ""))
    except MalformedEnvelopeError:
        return None


def read_delivered(folder: Path) -> list[Message]:
    """Every delivery that a shipper's journal knows, but of the Invalid Message Channel."""
    return [
        (one.id, one.digest)
        for _, taken, _ in entries_of(folder, "shipper")
        for one in (read_taken(taken) if taken else ())
        if one.queue != naming.INVALID_MESSAGE_QUEUE
    ]
