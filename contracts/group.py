"""Groups differing messages by what they have in common: one bug, one group.

A bug shows in several places of a message (a fee in a row, in a message and in a webhook). Each message is put down to
the one signature that explains the most messages (greedy set cover); the places that differ along with it are named
beside it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """Messages that differ, as far as can be told, for one reason."""

    signature: str
    message_ids: tuple[str, ...]
    also: tuple[str, ...]
    """Signatures that came along, the most frequent first."""

    @property
    def count(self) -> int:
        """Number of messages."""
        return len(self.message_ids)


def group(messages: Mapping[str, Iterable[str]]) -> tuple[Group, ...]:
    """Group message ids by the signatures of their differences, the largest group first."""
    distinct = {message_id: frozenset(signatures) for message_id, signatures in messages.items()}
    left = {message_id: signatures for message_id, signatures in distinct.items() if signatures}
    groups = []
    while left:
        counts = Counter(signature for signatures in left.values() for signature in signatures)
        # Where several places differ equally often, a place of a row names the bug best: rows are what is stored.
        leading = min(counts, key=lambda signature: (-counts[signature], " | row:" not in signature, signature))
        members = [message_id for message_id, signatures in left.items() if leading in signatures]
        along = Counter(signature for message_id in members for signature in left[message_id] - {leading})
        also = sorted(along, key=lambda signature: (-along[signature], signature))
        groups.append(Group(leading, tuple(members), tuple(also)))
        for message_id in members:
            del left[message_id]
    return tuple(groups)
