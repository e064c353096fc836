"""The new side's store for a comparison away from production: in memory, of one part of a corpus.

Keeps the promises of `workers.port.Store` as far as a copy of a message can come upon them: nothing moves, and legacy
has authority throughout.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contracts.authority import AuthorityRecord
from contracts.effect import Attempt
from workers.fate import ConflictError
from workers.logic.decision import Row, RowKey
from workers.port import Commit, LedgerGlance, Loaded, Stale, Wanted


@dataclass
class OfflineStore:
    """A `Store`."""

    heads: dict[str, int] = field(default_factory=dict)
    """Version by partition."""
    rows: dict[tuple[str, RowKey], Row] = field(default_factory=dict)
    known: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """Message id to the digest of its body, and whether it was processed."""
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
            if self.known.get(one.attempt.message_id, ("", False))[1]:
                raise ConflictError("message")
            if one.rows and self.heads.get(one.aggregate.partition, 0) != one.version:
                raise ConflictError("head")
        for one in commits:
            partition = one.aggregate.partition
            if one.rows:
                self.heads[partition] = one.version + 1
            self.rows.update({(partition, row.row_key): row for row in one.rows})
            self.known[one.attempt.message_id] = one.body_digest, one.attempt.ending == "done"
            self.last = one.attempt

    def mark_stale(self, stale: Stale) -> None:
        """See `Store.mark_stale`. Nothing moves here."""
        raise AssertionError(f"{stale.message_id}: no copy is stale where nothing moves")

    def mark_conflict(self, message_id: str) -> None:
        """See `Store.mark_conflict`."""
        self.conflicts.add(message_id)

    def _loaded(self, one: Wanted) -> Loaded:
        partition, known = one.aggregate.partition, self.known.get(one.message_id)
        found: Mapping[RowKey, Row] = {
            key: self.rows[partition, key] for key in one.rows if (partition, key) in self.rows
        }
        glance = None if known is None else LedgerGlance(known[1], known[0], as_copy=known[1])
        return Loaded(glance, self.heads.get(partition, 0), 0, AuthorityRecord(one.aggregate.family), found)
