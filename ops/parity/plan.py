"""Divides a corpus into parts that are compared each by itself, in the corpus' order and with state of their own.

Messages of one business key are in one part, as are all deliveries of one message: what a handler finds of its
aggregate is what it would find in production. Of every delivery three bytes are kept.
"""

import base64
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import orjson

from contracts.codecs.error import DecodeError
from contracts.identify import business_key
from contracts.invalid_message import InvalidMessageError
from contracts.message_type import MessageType
from contracts.registry import family_of
from ops.corpus import Recorded
from ops.notification import contract_of

PART_MESSAGES = 20_000
"""About how many messages a part has, so that memory stays flat however large the corpus is."""
MOST_PARTS = 4_096
LEFT_OUT = 0xFFFF
"""The part of messages that nobody asked for."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which message is in which part."""

    parts: "array[int]"
    """By the delivery's position."""
    last: bytearray = field(repr=False)
    """By the same, whether it is the last delivery of its message: 1 or 0."""
    count: int
    """Of parts."""
    types: "Counter[str]"
    """Messages of each type that are compared."""
    left_out: "Counter[str]"
    """Messages of other types, and of those without a contract."""

    @property
    def messages(self) -> int:
        """That are compared."""
        return sum(self.types.values())


def plan(records: Iterable[Recorded], types: Collection[str] | None, parts: int) -> Plan:
    """Divide a corpus.

    Args:
        records: all of it, in order, from position 0.
        types: which types to compare; all where None.
        parts: into how many.
    """
    assigned, counts, left_out = array("H"), Counter[str](), Counter[str]()
    last, latest = bytearray(), dict[int, int]()
    for record in records:
        last.append(0)
        notification = orjson.loads(record.line)
        contract = contract_of(notification["type"])
        if contract is None or (types is not None and contract.name not in types):
            assigned.append(LEFT_OUT)
            left_out[notification["type"]] += 1
            continue
        counts[contract.name] += 1
        family = family_of(contract.name).name
        part = crc32(f"{family} {_key(contract, notification)}".encode("utf-8", "replace")) % parts
        message = hash(str(notification["id"]))  # of whatever family: there is one ledger
        former = latest.get(message)
        if former is not None:  # with another key it is an id conflict: to be seen, both have to be in one part
            part, last[former] = assigned[former], 0
        latest[message] = record.position
        last[record.position] = 1
        assigned.append(part)
    return Plan(assigned, last, parts, counts, left_out)


def _key(contract: MessageType, notification: Mapping[str, Any]) -> str:
    """The business key; of a message that has none to be read, its id."""
    try:
        return business_key(contract, contract.decode(base64.b64decode(notification["body_base64"])))
    except (DecodeError, InvalidMessageError):
        return str(notification["id"])
