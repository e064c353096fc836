"""From what was handed to the endpoint to what the history checker wants: the legacy bytes behind each acceptance."""

import hashlib
from collections.abc import Iterable, Mapping

from contracts.envelope import MalformedEnvelopeError, decode_body, read_envelope
from tests.rig.history import Accepted
from tests.rig.s3 import Object
from tests.rig.sqs import Handed

UNREADABLE = "unreadable"


def digest(body: bytes) -> str:
    """The digest by which the checker knows a body."""
    return hashlib.sha256(body).hexdigest()


def read_accepted(
    history: Iterable[Handed], objects: Mapping[tuple[str, str], Object] | None = None, queue: str | None = None
) -> list[Accepted]:
    """What SQS took of our shipper's, in order, with ids by attribute `id` and bodies decoded as the envelope says.

    Args:
        objects: what lies in S3, where claim checks lead to.
        queue: of this queue only.
    """
    found: list[Accepted] = []
    for one in history:
        if one.stored != "no" and queue in (None, one.queue):
            digested = _digest(one, objects or {})
            found.append(Accepted(one.id or "", digested, one.deduplication, swallowed=one.stored == "duplicate"))
    return found


def claimed(one: Handed, objects: Mapping[tuple[str, str], Object]) -> Object | None:
    """The object of S3 that a message speaks of, in its body or its envelope."""
    text = one.body + one.attributes.get("envelope", "")
    return next((kept for (_, key), kept in objects.items() if key in text), None)


def _digest(one: Handed, objects: Mapping[tuple[str, str], Object]) -> str:
    kept = claimed(one, objects)
    if kept is not None:
        return digest(kept.data)
    try:
        envelope = read_envelope(one.attributes.get("envelope", ""))
        return digest(decode_body(one.body, envelope.body_encoding))
    except MalformedEnvelopeError:
        return UNREADABLE
