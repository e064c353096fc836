"""The history checker: what was published, against what SQS took, what was put aside and what is left. Pure.

    finding = judge(published, accepted, ended)
    assert finding.faults == {}
    assert finding.duplicates <= budget

Everything is by message id and digest of the legacy body, for an id may come with other bytes. Every list is in order
of time: publication, acceptance.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Published:
    """One publication. A message that is published twice is there twice."""

    id: str
    digest: str
    """Of the body."""
    key: str | None = None
    """Business key."""
    ordered: bool = True
    """Whether SQS keeps the order of its type."""
    confirmed: bool = True
    """Whether the broker has confirmed it: if not, it may be anywhere or nowhere."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """One acceptance by SQS, whatever its caller was told of it."""

    id: str
    digest: str
    """Of the legacy body, decoded; `unreadable` where it could not be."""
    deduplication: str | None = None
    swallowed: bool = False
    """By FIFO deduplication: nobody receives it a second time."""


@dataclass(frozen=True, slots=True)
class Ended:
    """One message that lies in a RabbitMQ queue at the end."""

    queue: str
    digest: str


@dataclass(frozen=True)
class Finding:
    """What the history says. `faults` must be empty; how many duplicates are too many, the caller says."""

    published: int
    accepted: int
    """Distinct messages that SQS took."""
    set_aside: Mapping[str, int]
    """Messages in each RabbitMQ queue at the end."""
    lost: Sequence[str] = ()
    """Ids: published and confirmed, and nowhere."""
    altered: Sequence[str] = ()
    """Ids: accepted with bytes that nobody published under that id."""
    foreign: Sequence[str] = ()
    """Ids: accepted, never published."""
    renamed: Sequence[str] = ()
    """Ids under which SQS took a body that was published under another one."""
    unstable: Sequence[str] = ()
    """Ids: the same message came with different deduplication ids."""
    overtaken: Sequence[str] = ()
    """Ids: first accepted after a later message of their key."""
    twice: Sequence[str] = ()
    """Ids: accepted, and yet in a queue of RabbitMQ at the end."""
    repeated: Mapping[str, int] = field(default_factory=dict)
    """Id to acceptances beyond its publications, whether deduplication swallowed them or not."""
    swallowed: int = 0
    """How many of those deduplication swallowed."""

    @property
    def duplicates(self) -> int:
        """Acceptances beyond publications, as counted at SQS's door."""
        return sum(self.repeated.values())

    @property
    def delivered_twice(self) -> int:
        """Those among them that somebody will receive."""
        return self.duplicates - self.swallowed

    @cached_property
    def faults(self) -> Mapping[str, Sequence[str]]:
        """What must never be, by name; without what did not happen. `twice` is one where nothing should be left."""
        names = ("lost", "altered", "foreign", "renamed", "unstable", "overtaken")
        return {name: found for name in names if (found := getattr(self, name))}

    def as_text(self) -> str:
        """One line."""
        counts = {name: len(found) for name, found in self.faults.items()} | {"in two places": len(self.twice)}
        wrong = ", ".join(f"{name} {count}" for name, count in counts.items() if count) or "nothing wrong"
        return (
            f"{self.published} published, {self.accepted} accepted, aside {dict(self.set_aside)}, "
            f"{self.duplicates} duplicates ({self.swallowed} swallowed): {wrong}"
        )


Message = tuple[str, str]
"""Id and digest."""


def judge(published: Sequence[Published], accepted: Sequence[Accepted], ended: Iterable[Ended] = ()) -> Finding:
    """Compare.

    Args:
        published: in order of publication.
        accepted: in order of acceptance, repetitions and swallowed ones included.
        ended: what lies in queues of RabbitMQ: the Invalid Message Channel, and what is left in all others.
    """
    ended = tuple(ended)
    publications = Counter((one.id, one.digest) for one in published)
    ids = {one.id for one in published}
    owners: dict[str, set[str]] = defaultdict(set)
    for one in published:
        owners[one.digest].add(one.id)
    first: dict[Message, int] = {}
    for position, acceptance in enumerate(accepted):
        first.setdefault((acceptance.id, acceptance.digest), position)
    renamed = [one.id for one in accepted if one.id not in owners.get(one.digest, {one.id})]
    aside = Counter(one.digest for one in ended)
    repeated, swallowed = _repetitions(publications, accepted)
    return Finding(
        published=len(published),
        accepted=len(first),
        set_aside=Counter(one.queue for one in ended),
        lost=_lost(published, accepted, aside),
        altered=_distinct(
            one.id
            for one in accepted
            if one.id in ids and (one.id, one.digest) not in publications and one.digest not in owners
        ),
        foreign=_distinct(one.id for one in accepted if one.id not in ids and one.digest not in owners),
        renamed=_distinct(renamed),
        unstable=_unstable(accepted),
        overtaken=_overtaken(published, first),
        twice=_distinct(one.id for one in accepted if aside[one.digest]),
        repeated=repeated,
        swallowed=swallowed,
    )


def _lost(published: Sequence[Published], accepted: Sequence[Accepted], aside: Counter[str]) -> Sequence[str]:
    """A body under another id is not lost: it is renamed, which is found elsewhere."""
    taken = {one.digest for one in accepted}
    return _distinct(one.id for one in published if one.confirmed and one.digest not in taken and not aside[one.digest])


def _repetitions(publications: Counter[Message], accepted: Sequence[Accepted]) -> tuple[Mapping[str, int], int]:
    seen: Counter[Message] = Counter()
    repeated: Counter[str] = Counter()
    swallowed = 0
    for one in accepted:
        message = one.id, one.digest
        seen[message] += 1
        if seen[message] > max(1, publications[message]):
            repeated[one.id] += 1
            swallowed += one.swallowed
    return dict(repeated), swallowed


def _unstable(accepted: Sequence[Accepted]) -> Sequence[str]:
    marks: dict[Message, set[str | None]] = defaultdict(set)
    for one in accepted:
        marks[one.id, one.digest].add(one.deduplication)
    return _distinct(message[0] for message, known in marks.items() if len(known) > 1)


def _overtaken(published: Sequence[Published], first: Mapping[Message, int]) -> Sequence[str]:
    """Of each ordered key: messages whose first acceptance came after that of a later one."""
    lanes: dict[str, dict[Message, None]] = defaultdict(dict)
    for one in published:
        message = one.id, one.digest
        if one.ordered and one.key is not None and message in first:
            lanes[one.key].setdefault(message)
    found: list[str] = []
    for lane in lanes.values():
        earliest = len(first) + max(first.values(), default=0) + 1
        for message in reversed(lane):
            if first[message] > earliest:
                found.append(message[0])
            earliest = min(earliest, first[message])
    return _distinct(reversed(found))


def _distinct(ids: Iterable[str]) -> Sequence[str]:
    return tuple(dict.fromkeys(ids))
