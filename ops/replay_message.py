"""What is sent again of an opened letter: the message as it came, with the run's mark and nothing else of ours. Pure.

Identity is kept (whoever counts by message id still can), group and order too. The deduplication id is made of
identity, body and run: within a run SQS swallows a repetition, and never what an earlier run or the bridge has sent.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from bridge.port import Delivery, Deposit, Entry
from contracts.claim import Claim
from contracts.effect import body_digest
from contracts.entry_size import entry_bytes
from contracts.envelope import MalformedEnvelopeError, decode_body, read_envelope
from contracts.invalid_message import InvalidMessageError
from contracts.letter import LetterContent
from contracts.message_type import Family
from contracts.return_message import ReturnedHold, return_group, write_return
from ops.plan_file import PlannedLetter
from workers.sqs import REPLAY_ATTRIBUTE

CARRIED = ("envelope", "type", "id", "traceparent")
"""Message attributes that a message came with. What else a letter has are notes of its failures."""

Translate = Callable[[Delivery], Entry]


class RefusedLetterError(Exception):
    """A letter is not what the plan says, or can be sent by nobody. The text never quotes it."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to send."""

    queue: str
    body: str = field(repr=False)
    attributes: dict[str, str] = field(repr=False)
    group: str | None
    deduplication: str | None
    deposit: Deposit | None = field(default=None, repr=False)
    """What is to lie in S3 first; the body, empty before, points to it then."""

    @property
    def size_bytes(self) -> int:
        """As SQS counts."""
        return entry_bytes(self.body, self.attributes)


def legacy_body(content: LetterContent) -> tuple[bytes, Claim | None]:
    """The monolith's bytes in a letter of the Dead Letter Channel, or the claim on them.

    Of an unreadable envelope, what lay in the queue.
    """
    try:
        envelope = read_envelope(content.attributes.get("envelope", ""))
        if envelope.claim is not None:
            return b"", envelope.claim
        return decode_body(content.body, envelope.body_encoding), None
    except MalformedEnvelopeError:
        return content.body.encode(), None


def again(planned: PlannedLetter, content: LetterContent, family: Family, run: str) -> Outgoing:
    """The message of a letter, to its family's queue. Raises RefusedLetterError."""
    body, claim = legacy_body(content)
    digest = _checked(planned, body, claim)
    attributes = {name: content.attributes[name] for name in CARRIED if name in content.attributes}
    attributes[REPLAY_ATTRIBUTE] = run
    if not family.ordered:
        return Outgoing(planned.queue, content.body, attributes, None, None)
    if content.group is None:
        raise RefusedLetterError("it has no message group, and its family is ordered")
    return Outgoing(planned.queue, content.body, attributes, content.group, deduplication(planned, digest, run))


def translated(planned: PlannedLetter, delivery: Delivery, translate: Translate, run: str) -> Outgoing:
    """The message of a letter of the Invalid Message Channel, translated anew. Raises RefusedLetterError."""
    digest = _checked(planned, delivery.body)
    try:
        entry = translate(delivery)
    except InvalidMessageError as error:
        raise RefusedLetterError(f"it still cannot be read: {error.cause}") from error
    if (entry.id, entry.type) != (planned.message_id, planned.type):
        raise RefusedLetterError("it reads as another message than when the plan was made")
    attributes = {"envelope": entry.envelope, "type": entry.type, "id": entry.id, REPLAY_ATTRIBUTE: run}
    group_deduplication = None if entry.group is None else deduplication(planned, digest, run)
    return Outgoing(planned.queue, entry.body, attributes, entry.group, group_deduplication, entry.deposit)


def rehomed(planned: PlannedLetter, content: LetterContent, business_key: str | None, run: str) -> Outgoing:
    """The message of a letter on its way to the hold queue, to be stamped anew. Raises RefusedLetterError."""
    body, claim = legacy_body(content)
    digest = _checked(planned, body, claim)
    envelope = content.attributes.get("envelope")
    if envelope is None or planned.message_id is None:
        raise RefusedLetterError("it has no envelope: nobody knows where it came from")
    returned = write_return(ReturnedHold(planned.family, planned.message_id, envelope, body))
    group = return_group(planned.family, business_key or planned.message_id)
    return Outgoing(planned.queue, returned, {REPLAY_ATTRIBUTE: run}, group, deduplication(planned, digest, run))


def returned(planned: PlannedLetter, content: LetterContent, body: bytes, claim: Claim | None, run: str) -> Outgoing:
    """The message of a letter of the way back, as it came: to the return queue again. Raises RefusedLetterError.

    Args:
        body: what is in it, as `contracts.return_message` reads it.
        claim: on what is not in it.
    """
    digest = _checked(planned, body, claim)
    if content.group is None:
        raise RefusedLetterError("it has no message group, and the return queue is ordered")
    return Outgoing(
        planned.queue, content.body, {REPLAY_ATTRIBUTE: run}, content.group, deduplication(planned, digest, run)
    )


def deduplication(planned: PlannedLetter, digest: str, run: str) -> str:
    """Identity, of the message or of its one effect, body and run."""
    identity = planned.effect or planned.message_id or ""
    return hashlib.sha256(f"{identity}\0{digest}\0{run}".encode()).hexdigest()


def _checked(planned: PlannedLetter, body: bytes, claim: Claim | None = None) -> str:
    """Digest of the body, wherever it lies."""
    digest = body_digest(body) if claim is None else claim.sha256
    if digest != planned.body_digest:
        raise RefusedLetterError("its body is not the one that the plan was made for")
    return digest
