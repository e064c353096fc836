"""How a deployment is doing: what waits, what was given up on, what was judged. Decides what needs a look."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from contracts import naming
from contracts.liveness import Survivor
from contracts.message_type import Family
from contracts.registry import FAMILIES
from contracts.verdict import Verdict
from ops.comparison import TypeAgreement, total
from ops.ledger import DIFFERING
from ops.queue import QueueDepth
from ops.wording import plural


class Counts(Protocol):
    """What a status reads of the ledger."""

    def counts(self) -> Mapping[str, Mapping[Verdict, int]]:
        """Number of messages by type and verdict."""

    def pending(self) -> Mapping[str, int]:
        """Number of messages by type without verdict."""


class Depths(Protocol):
    """What a status reads of the queues."""

    def depths(self, names: Sequence[str], now: datetime) -> Mapping[str, QueueDepth]:
        """How full each queue is."""


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """A queue and its dead letters."""

    name: str
    """Family, `outcomes`, or `judge`."""
    queue: QueueDepth | None
    """None for the judge: it follows the ledger's stream and has no queue."""
    dead_letters: QueueDepth


@dataclass(frozen=True, slots=True)
class Status:
    """One deployment at one moment."""

    stack: str
    channels: tuple[ChannelStatus, ...]
    types: tuple[TypeAgreement, ...]
    """Pending messages are among the counts only where the whole ledger was read for them."""
    open_letters: int | None = None
    """Dead letters in their index that are not resolved; None where the deployment has no index yet."""
    survivors: tuple[Survivor, ...] = ()
    """Mutants that the present judge has called equal: it is blind there."""

    @property
    def attention(self) -> tuple[str, ...]:
        """What needs a look, one sentence each; empty where nothing does."""
        return tuple(self._attention())

    def _attention(self) -> Iterator[str]:
        for channel in self.channels:
            if channel.dead_letters.total:
                dead_letters = channel.dead_letters
                yield f"{plural(dead_letters.total, 'dead letter')} in {dead_letters.name}"
        if self.open_letters:
            yield f"{plural(self.open_letters, 'open dead letter')}: strangler dlq groups"
        counts = total(self.types)
        differing = sum(counts.get(verdict, 0) for verdict in DIFFERING)
        if differing:
            yield f"{plural(differing, 'message')} on which both sides differ: strangler compare show"
        if self.survivors:
            count = sum(one.count for one in self.survivors)
            yield f"{plural(count, 'mutant')} survived, verdicts prove nothing: strangler compare show"


def read_status(
    ledger: Counts,
    queues: Depths,
    stack: str,
    now: datetime,
    *,
    count_pending: bool = False,
    open_letters: int | None = None,
    survivors: Sequence[Survivor] = (),
    families: Sequence[Family] = FAMILIES,
) -> Status:
    """Gather the status of a deployment. `count_pending` reads the whole ledger; letters and survivors are known."""
    names = {family.name: _channel(stack, family) for family in families}
    names["outcomes"] = (naming.outcome_queue_name(stack), naming.outcome_dead_letter_queue_name(stack))
    judge = naming.judge_dead_letter_queue_name(stack)
    depths = queues.depths([*(name for pair in names.values() for name in pair), judge], now)
    channels = [
        ChannelStatus(name, depths[queue], depths[dead_letters]) for name, (queue, dead_letters) in names.items()
    ]
    pending = ledger.pending() if count_pending else {}
    types = [
        TypeAgreement(name, {**counts, Verdict.PENDING: pending[name]} if pending.get(name) else counts)
        for name, counts in ledger.counts().items()
    ]
    channels.append(ChannelStatus("judge", None, depths[judge]))
    return Status(stack, tuple(channels), tuple(types), open_letters, tuple(survivors))


def _channel(stack: str, family: Family) -> tuple[str, str]:
    queue = naming.queue_name(stack, family.name, ordered=family.ordered)
    return queue, naming.dead_letter_queue_name(stack, family.name, ordered=family.ordered)
