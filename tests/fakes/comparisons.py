"""Comparisons in memory: the port's promises without DynamoDB. Held to the real ones by tests/conformance."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from contracts.amendment import Standing, amend
from contracts.effect import Attempt
from contracts.verdict import Verdict
from workers.expiry import Awaited, Page
from workers.fate import UnavailableError


@dataclass
class Kept:
    """An entry, and since when it has waited; None once it has its verdict."""

    awaited: Awaited
    since: datetime | None


@dataclass
class MemoryComparisons:
    """`Comparisons`, and what comes in. `refuse` makes so many of the next calls fail as an outage does."""

    kept: dict[str, Kept] = field(default_factory=dict)
    refuse: int = 0
    page: int = 100
    """Entries of one page."""

    # What comes in

    def control(self, one: Attempt, now: datetime) -> None:
        """The monolith tells of an attempt."""
        others = [known for known in self._entry(one).control if known.attempt != one.attempt]
        self._come_in(replace(self._entry(one), control=(*others, replace(one, effects=()))), now)

    def candidate(self, one: Attempt, now: datetime, *, new_alone: bool = False) -> None:
        """The new side tells."""
        ended = replace(self._entry(one), candidate_ended=True, new_alone=new_alone, decided=False)
        self._come_in(ended, None if new_alone else now)

    def stale(self, one: Attempt) -> None:
        """A copy came too late."""
        self._come_in(replace(self._entry(one), decided=True), None)

    def conflict(self, one: Attempt) -> None:
        """The id came with other bytes."""
        self._come_in(replace(self._entry(one), decided=True), None)

    def forget(self, message_id: str) -> None:
        """The entry is removed."""
        del self.kept[message_id]

    def judge(self, message_id: str, verdict: Verdict, now: datetime) -> None:
        """The judge gives a verdict."""
        assert self._write(self.kept[message_id].awaited, verdict, now)

    def standing(self, message_id: str) -> Standing | None:
        """The verdict that stands, and those before it."""
        return self.kept[message_id].awaited.standing

    # What is promised

    def overdue(self, type_name: str, until: datetime, rest: str | None) -> Page:
        self._called()
        after = None if rest is None else tuple(json.loads(rest))
        found = [
            (since.isoformat(), message_id)
            for since, message_id in self._waiting(type_name)
            if since < until and (after is None or (since.isoformat(), message_id) > after)
        ]
        shown = found[: self.page]
        return Page([one for _, one in shown], json.dumps(shown[-1]) if len(found) > len(shown) else None)

    def oldest(self, type_name: str) -> datetime | None:
        self._called()
        return min((since for since, _ in self._waiting(type_name)), default=None)

    def read(self, message_id: str) -> Awaited | None:
        self._called()
        kept = self.kept.get(message_id)
        return None if kept is None or kept.since is None else kept.awaited

    def decide(self, awaited: Awaited, verdict: Verdict, now: datetime) -> bool:
        self._called()
        return self._write(awaited, verdict, now)

    def _write(self, awaited: Awaited, verdict: Verdict, now: datetime) -> bool:
        kept = self.kept.get(awaited.message_id)
        if kept is None or kept.awaited != awaited:
            return False
        kept.awaited = replace(awaited, standing=amend(awaited.standing, verdict, now))
        kept.since = None
        return True

    def _entry(self, one: Attempt) -> Awaited:
        known = self.kept.get(one.message_id)
        return known.awaited if known else Awaited(one.message_id, one.type, 0, candidate_ended=False, control=())

    def _come_in(self, entry: Awaited, since: datetime | None) -> None:
        known = self.kept.get(entry.message_id)
        waits = known.since if known is not None and known.since is not None else since
        self.kept[entry.message_id] = Kept(replace(entry, revision=entry.revision + 1), waits)

    def _waiting(self, type_name: str) -> Sequence[tuple[datetime, str]]:
        return sorted(
            (kept.since, message_id)
            for message_id, kept in self.kept.items()
            if kept.since is not None and kept.awaited.type == type_name
        )

    def _called(self) -> None:
        if self.refuse:
            self.refuse -= 1
            raise UnavailableError("refused by the test")
