"""Takes a bounded sample of one type out of a corpus, and counts the whole."""

import base64
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import orjson

from ops.corpus import Recorded

_EVERY = 1 << 32
_MOST_BYTES = 128 * 1024 * 1024
"""Of lines in each half of a sample: memory stays flat however large messages are."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One line of the corpus."""

    line: bytes = field(repr=False)
    body: bytes = field(repr=False)
    properties: Mapping[str, Any] = field(repr=False)
    headers: Mapping[str, Any] = field(repr=False)


@dataclass
class Sample:
    """The type's first deliveries, as they came, and others spread over the rest: all those of a message, or none."""

    deliveries: int = 0
    """Of the type, in the whole corpus."""
    others: "Counter[str]" = field(default_factory=Counter)
    """Deliveries of other types."""
    origins: "Counter[tuple[str, str]]" = field(default_factory=Counter)
    """Exchange and routing key, of all deliveries of the type."""
    neighbours: set[str] = field(default_factory=set)
    """Exchanges of other types."""
    first: list[Delivery] = field(default_factory=list)
    spread: list[tuple[int, Delivery]] = field(default_factory=list)

    @property
    def all(self) -> list[Delivery]:
        """What was taken, in the order of the corpus."""
        return [*self.first, *(one for _, one in self.spread)]


def take_sample(records: Iterable[Recorded], type_name: str, *, first: int, spread: int) -> Sample:
    """Read a corpus, one record in memory at a time but for the sample.

    Args:
        records: all of it.
        type_name: whose messages are taken.
        first: how many deliveries are taken as they come: keys repeat close to each other, and the oracle needs order.
        spread: how many are taken from behind them.
    """
    sample, threshold = Sample(), _EVERY
    first_bytes = spread_bytes = 0
    for record in records:
        notification = orjson.loads(record.line)
        exchange = notification.get("exchange", "")
        if notification["type"] != type_name:
            sample.others[notification["type"]] += 1
            sample.neighbours.add(exchange)
            continue
        sample.deliveries += 1
        sample.origins[exchange, notification.get("routing_key", "")] += 1
        if len(sample.first) < first and first_bytes < _MOST_BYTES:
            first_bytes += len(record.line)
            sample.first.append(_delivery(record.line, notification))
            continue
        rank = crc32(str(notification["id"]).encode("utf-8", "replace"))
        if rank < threshold:
            sample.spread.append((rank, _delivery(record.line, notification)))
            spread_bytes += len(record.line)
        while len(sample.spread) > spread or spread_bytes > _MOST_BYTES:
            threshold //= 2
            sample.spread = [one for one in sample.spread if one[0] < threshold]
            spread_bytes = sum(len(one.line) for _, one in sample.spread)
    return sample


def _delivery(line: bytes, notification: Mapping[str, Any]) -> Delivery:
    return Delivery(
        line,
        base64.b64decode(notification["body_base64"]),
        notification.get("properties") or {},
        notification.get("headers") or {},
    )
