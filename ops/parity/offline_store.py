"""The new side's store for a comparison away from production: in memory, of one part of a corpus.

Keeps the promises of `workers.port.Store` as one that nobody shares: the monolith's outcomes do not come here, nobody
moves authority, and no service refuses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contracts.authority import AuthorityRecord
from contracts.effect import Attempt
from workers.fate import ConflictError
from workers.logic.decision import Row, RowKey
from workers.port import Commit, LedgerGlance, Loaded, Stale, Wanted

_HEARD_OF = LedgerGlance(processed=False, body_digest=None)


@dataclass
class OfflineStore:
    """A `Store`."""

    heads: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Version and epoch by partition."""
    rows: dict[tuple[str, RowKey], Row] = field(default_factory=dict)
    known: dict[str, LedgerGlance] = field(default_factory=dict)
    """By message id."""
    conflicts: set[str] = field(default_factory=set)
    """Ids that came with other bytes."""
    last: Attempt | None = None
    """What was committed last; whoever takes it sets it back."""

    def load(self, wanted: Sequence[Wanted]) -> Sequence[Loaded]:
        """See `Store.load`."""
        return [self._loaded(one) for one in wanted]

    def commit(self, commits: Sequence[Commit]) -> None:
        """See `Store.commit`."""
        for one in commits:
            self._check(one)
        for one in commits:
            partition, done = one.aggregate.partition, one.attempt.ending == "done"
            if one.rows:
                self.heads[partition] = one.version + 1, one.epoch
            self.rows.update({(partition, row.row_key): row for row in one.rows})
            self.known[one.attempt.message_id] = LedgerGlance(
                done, one.body_digest, as_copy=done and one.authority == "legacy"
            )
            self.last = one.attempt

    def mark_stale(self, stale: Stale) -> None:
        """See `Store.mark_stale`."""
        if self.known.setdefault(stale.message_id, _HEARD_OF).processed:
            raise ConflictError("message")

    def mark_conflict(self, message_id: str) -> None:
        """See `Store.mark_conflict`."""
        self.conflicts.add(message_id)
        self.known.setdefault(message_id, _HEARD_OF)

    def _check(self, one: Commit) -> None:
        if self.known.get(one.attempt.message_id, _HEARD_OF).processed:
            raise ConflictError("message")
        version, epoch = self.heads.get(one.aggregate.partition, (0, 0))
        if one.rows and (version != one.version or epoch > one.epoch):
            raise ConflictError("head")
        if one.leaves and one.carried is None:
            raise ValueError("effects that leave need the message that they follow from")

    def _loaded(self, one: Wanted) -> Loaded:
        partition = one.aggregate.partition
        version, epoch = self.heads.get(partition, (0, 0))
        found: Mapping[RowKey, Row] = {
            key: self.rows[partition, key] for key in one.rows if (partition, key) in self.rows
        }
        return Loaded(self.known.get(one.message_id), version, epoch, AuthorityRecord(one.aggregate.family), found)
