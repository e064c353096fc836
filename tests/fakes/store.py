"""In-memory store: the port's promises without DynamoDB or KMS. Held to the real one by tests/conformance."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from contracts.authority import AuthorityRecord
from contracts.effect import Attempt
from workers.fate import ConflictError, UnavailableError
from workers.logic.decision import Row, RowKey
from workers.port import Commit, LedgerGlance, Loaded, Stale, Wanted
from workers.store.seal import BrokenSealError


@dataclass
class Entry:
    body_digest: str
    attempt: Attempt
    commit: Commit


@dataclass
class MemoryStore:
    """A `Store`. `refuse` makes so many of the next calls fail as an outage does."""

    entries: dict[str, Entry] = field(default_factory=dict)
    conflicts: set[str] = field(default_factory=set)
    heads: dict[str, tuple[int, int]] = field(default_factory=dict)
    rows: dict[tuple[str, RowKey], Row] = field(default_factory=dict)
    records: dict[str, AuthorityRecord] = field(default_factory=dict)
    """What is decided, by family; the default where nothing is."""
    stale: dict[str, Stale] = field(default_factory=dict)
    refuse: int = 0
    calls: list[str] = field(default_factory=list)
    noted: set[str] = field(default_factory=set)
    """Messages of which the ledger knows what the monolith did."""
    control_final: set[str] = field(default_factory=set)
    """Those of them that the monolith will not try again."""
    broken: set[str] = field(default_factory=set)
    """Partitions whose rows cannot be opened."""
    before_commit: Callable[[Sequence[Commit]], None] = lambda _: None
    """Where a test lets somebody else be faster: between the read and the write."""

    def load(self, wanted: Sequence[Wanted]) -> Sequence[Loaded]:
        self._called("load")
        return [self._loaded(wish) for wish in wanted]

    def commit(self, commits: Sequence[Commit]) -> None:
        self._called("commit")
        self.before_commit(commits)
        for commit in commits:
            version, epoch = self.heads.get(commit.aggregate.partition, (0, 0))
            known = self.entries.get(commit.attempt.message_id)
            if known is not None and known.attempt.ending == "done":
                raise ConflictError("message")
            if commit.authority == "new" and commit.attempt.message_id in self.control_final:
                raise ConflictError("message")
            if commit.leaves and commit.carried is None:
                raise ValueError("no message")
            if commit.rows and (version != commit.version or epoch > commit.epoch):
                raise ConflictError("head")
        for commit in commits:
            partition = commit.aggregate.partition
            if commit.rows:
                self.heads[partition] = (commit.version + 1, commit.epoch)
            for row in commit.rows:
                self.rows[partition, row.row_key] = row
            self.entries[commit.attempt.message_id] = Entry(commit.body_digest, commit.attempt, commit)
            self.stale.pop(commit.attempt.message_id, None)

    def mark_stale(self, stale: Stale) -> None:
        self._called("mark_stale")
        entry = self.entries.get(stale.message_id)
        if entry is not None and entry.attempt.ending == "done":
            raise ConflictError("message")
        self.stale[stale.message_id] = stale

    def mark_conflict(self, message_id: str) -> None:
        self._called("mark_conflict")
        self.conflicts.add(message_id)

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.refuse:
            self.refuse -= 1
            raise UnavailableError("refused by the test")

    def _loaded(self, wish: Wanted) -> Loaded:
        entry = self.entries.get(wish.message_id)
        partition = wish.aggregate.partition
        if partition in self.broken and wish.rows:
            raise BrokenSealError("broken by the test")
        known = wish.message_id in self.noted | self.control_final | self.conflicts | set(self.stale)
        version, epoch = self.heads.get(partition, (0, 0))
        found = {key: self.rows[partition, key] for key in wish.rows if (partition, key) in self.rows}
        processed = entry is not None and entry.attempt.ending == "done"
        return Loaded(
            LedgerGlance(
                processed=processed,
                body_digest=None if entry is None else entry.body_digest,
                control_final=wish.message_id in self.control_final,
                as_copy=processed and entry is not None and entry.commit.authority == "legacy",
            )
            if entry is not None or known
            else None,
            version,
            epoch,
            self.records.get(wish.aggregate.family, AuthorityRecord(wish.aggregate.family)),
            found,
        )
