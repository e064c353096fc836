"""Groups differing messages by what they have in common: one bug, one group.

A bug shows in several places of a message (a fee in a row, in a message and in a webhook). Each message is put down to
the one signature that explains the most messages (greedy set cover); the places that differ along with it are named
beside it. Messages that differ in exactly the same places are one class, and only classes are looked at.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

DifferenceClass = frozenset[str]
"""The signatures of all differences of a message."""


@dataclass(frozen=True, slots=True)
class ClassGroup:
    """Classes of messages that differ, as far as can be told, for one reason."""

    signature: str
    classes: tuple[DifferenceClass, ...]
    count: int
    """Number of messages."""
    also: tuple[str, ...]
    """Signatures that came along, the most frequent first."""


@dataclass(frozen=True, slots=True)
class Group:
    """Messages that differ, as far as can be told, for one reason."""

    signature: str
    message_ids: tuple[str, ...]
    also: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of messages."""
        return len(self.message_ids)


def group_classes(classes: Mapping[DifferenceClass, int]) -> tuple[ClassGroup, ...]:
    """Group classes, each with its number of messages, the largest group first."""
    left = {one: count for one, count in classes.items() if one and count}
    counts: Counter[str] = Counter()
    holders: dict[str, list[DifferenceClass]] = {}
    for one, count in left.items():
        for signature in one:
            counts[signature] += count
            holders.setdefault(signature, []).append(one)
    queue = [_rank(signature, count) for signature, count in counts.items()]
    heapify(queue)
    groups = []
    while left:
        rank = heappop(queue)
        leading = rank[-1]
        if rank != (now := _rank(leading, counts[leading])):  # some of its messages are in a group by now
            heappush(queue, now)
            continue
        members = tuple(one for one in holders[leading] if one in left)
        along: Counter[str] = Counter()
        for one in members:
            for signature in one - {leading}:
                along[signature] += left[one]
        also = sorted(along, key=lambda signature: (-along[signature], signature))
        groups.append(ClassGroup(leading, members, counts[leading], tuple(also)))
        for one in members:
            count = left.pop(one)
            for signature in one:
                counts[signature] -= count
    return tuple(groups)


def _rank(signature: str, count: int) -> tuple[int, int, str]:
    """The most frequent first; of equals how it ended, then a place of a row, for rows are what is stored."""
    place = 0 if " | ending | " in signature else 1 if " | row:" in signature else 2
    return -count, place, signature


def group(messages: Mapping[str, Iterable[str]]) -> tuple[Group, ...]:
    """Group message ids by the signatures of their differences, the largest group first."""
    classes: dict[DifferenceClass, list[str]] = {}
    for message_id, signatures in messages.items():
        classes.setdefault(frozenset(signatures), []).append(message_id)
    order = {message_id: position for position, message_id in enumerate(messages)}
    found = group_classes({one: len(ids) for one, ids in classes.items()})
    groups = []
    for one in found:
        ids = [message_id for members in one.classes for message_id in classes[members]]
        groups.append(Group(one.signature, tuple(sorted(ids, key=order.__getitem__)), one.also))
    return tuple(groups)
