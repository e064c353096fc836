"""From a sample and the oracle's answers to the design of a type. Pure; refuses where there is nothing to go by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from contracts.codecs.error import DecodeError
from contracts.message_type import AmqpProperty, BodyField
from ops.scaffold.design import Design, From, Naming, Seen
from ops.scaffold.effect import Effects
from ops.scaffold.identity import Candidate, Read, business_keys, identities
from ops.scaffold.place import Place
from ops.scaffold.reading import Codec, recognise
from ops.scaffold.sample import Delivery, Sample
from ops.wording import number

_PROPERTIES: Mapping[str, Literal["message_id", "correlation_id"]] = {
    "message_id": "message_id",
    "correlation_id": "correlation_id",
}
_PROPERTY = "property:"
_DIGITS_OF_DATA = 4
"""An id in a routing key has as many, and no name has."""


class NothingToGoByError(ValueError):
    """A type cannot be inferred. Says why, and what to do; quotes nothing."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the operator knows and a corpus does not."""

    queue: str | None = None
    """The monolith's own."""
    identity: str | None = None
    """A field of the body, or `property:message_id`."""
    business_key: str | None = None


def infer(
    naming: Naming,
    sample: Sample,
    effects: Effects,
    told: Told,
    *,
    rejected: frozenset[bytes] = frozenset(),
    pseudonymised: bool,
) -> Design:
    """The design. Raises NoCodecError, NothingToGoByError.

    Args:
        naming: of the type's parts.
        sample: of its messages.
        effects: the oracle's answers.
        told: what was said on the command line.
        rejected: bodies that the oracle refuses: they teach nothing of what a message has to be.
        pseudonymised: as the corpus says of itself.
    """
    taken = [one for one in sample.all if one.body not in rejected] or sample.all
    codec = recognise((one.body, one.headers) for one in taken)
    reads, unreadable = _read(codec, taken)
    body = Place()
    for read in reads:
        body.take(dict(read.form))
    doubts: list[str] = []
    identity = _identity(told, reads, doubts)
    key = _business_key(told, reads, identity, naming, doubts)
    origin = _origin(naming, sample, told, doubts)
    if unreadable:
        doubts.append(f"{number(unreadable)} of {number(len(taken))} messages cannot be decoded as {codec.framework}")
    if effects.asked and not effects.by_path:
        doubts.append("the oracle made nothing of any message: are they of a type that it knows?")
    seen = Seen(sample.deliveries, len(reads), unreadable, pseudonymised)
    return Design(naming, codec, body, identity, key, origin, effects, seen, tuple(doubts))


def _read(codec: Codec, taken: Sequence[Delivery]) -> tuple[list[Read], int]:
    reads: list[Read] = []
    for one in taken:
        try:
            reads.append(Read(one.body, one.properties, codec.decode(one.body)))
        except DecodeError:
            continue
    return reads, len(taken) - len(reads)


def _identity(told: Told, reads: Sequence[Read], doubts: list[str]) -> BodyField | AmqpProperty:
    if told.identity is not None:
        name = told.identity
        if not name.startswith(_PROPERTY):
            return BodyField(_existing(name, reads, "--identity"))
        known = _PROPERTIES.get(name.removeprefix(_PROPERTY))
        if known is None:
            raise NothingToGoByError(
                f"--identity: property:{' or property:'.join(_PROPERTIES)}, or a field of the body"
            )
        return AmqpProperty(known)
    found = identities(reads)
    if not found:
        doubts.append("no field tells one message from another: message_id is assumed, --identity names another one")
        return AmqpProperty("message_id")
    return _source(found[0])


def _source(one: Candidate) -> BodyField | AmqpProperty:
    return BodyField(one.name) if one.source == "body" else AmqpProperty(_PROPERTIES[one.name])


def _business_key(
    told: Told, reads: Sequence[Read], identity: BodyField | AmqpProperty, naming: Naming, doubts: list[str]
) -> BodyField:
    if told.business_key is not None:
        return BodyField(_existing(told.business_key, reads, "--business-key"))
    found = business_keys(reads, identity.name if isinstance(identity, BodyField) else "", naming.family)
    if not found:
        raise NothingToGoByError(
            "no field of the body is called an id, so that none can be the business key: --business-key names it"
        )
    best = found[0]
    if not best.repeats:
        doubts.append(f"no value of {best.name} comes with two messages: is it the business key?")
    others = [one.name for one in found[1:] if one.repeats and best.repeats]
    if others:
        doubts.append(f"business key {best.name}; it might be {' or '.join(others)} as well")
    return BodyField(best.name)


def _existing(name: str, reads: Sequence[Read], option: str) -> str:
    if not any(name in read.form for read in reads):
        raise NothingToGoByError(f"{option}: no message has that field at its top")
    return name


def _origin(naming: Naming, sample: Sample, told: Told, doubts: list[str]) -> From:
    (exchange, key), _ = sample.origins.most_common(1)[0]
    keys = {routing_key for name, routing_key in sample.origins if name == exchange}
    routing_key: str | None = key or None
    if sum(map(str.isdigit, key)) >= _DIGITS_OF_DATA:
        routing_key = None
        doubts.append("routing keys hold data: the whole exchange is taken to be of this type")
    elif len(keys) > 1 and exchange not in sample.neighbours:
        routing_key = None
        doubts.append(f"{len(keys)} routing keys: the whole exchange is taken to be of this type")
    elif len(sample.origins) > 1:
        rest = sum(sample.origins.values()) - sample.origins[exchange, key]
        doubts.append(f"{number(rest)} messages came another way than the contract says")
    if not exchange:
        doubts.append("the corpus does not tell the exchange: complete the origin before anything is deployed")
    assumed = told.queue is None
    if assumed:
        doubts.append(f"the monolith's own queue is assumed to be monolith.{naming.family}: --queue names it")
    return From(exchange, routing_key, told.queue or f"monolith.{naming.family}", assumed)
