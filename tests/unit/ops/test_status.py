from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from contracts.liveness import Survivor
from contracts.verdict import Verdict
from ops.queue import QueueDepth
from ops.status import Status, read_status

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@dataclass
class MemoryLedger:
    counted: Mapping[str, Mapping[Verdict, int]]
    scans: int = 0

    def counts(self) -> Mapping[str, Mapping[Verdict, int]]:
        return self.counted

    def pending(self) -> Mapping[str, int]:
        self.scans += 1
        return {"payin.create": 4}


@dataclass
class MemoryQueues:
    waiting: Mapping[str, int] = field(default_factory=dict)

    def depths(self, names: Sequence[str], now: datetime) -> Mapping[str, QueueDepth]:
        return {name: QueueDepth(name, self.waiting.get(name, 0), 0, 0) for name in names}


def _status(
    counts: Mapping[Verdict, int] | None = None, waiting: Mapping[str, int] | None = None, *, pending: bool = False
) -> Status:
    ledger = MemoryLedger({"payin.create": counts or {}})
    return read_status(ledger, MemoryQueues(waiting or {}), "unit", NOW, count_pending=pending)


def test_every_channel_of_the_deployment_is_looked_at() -> None:
    channels = {one.name: one for one in _status().channels}
    assert list(channels) == ["payin", "payout", "cardtransaction", "balance", "outcomes", "judge"]
    assert channels["payin"].queue is not None
    assert channels["payin"].queue.name == "unit-payin.fifo"
    assert channels["cardtransaction"].dead_letters.name == "unit-cardtransaction-dead"
    assert channels["judge"].queue is None


def test_a_deployment_at_work_needs_no_look() -> None:
    status = _status({Verdict.MATCH: 5, Verdict.MATCH_BY_RULE: 2, Verdict.SINGLE: 1}, {"unit-payin.fifo": 1000})
    assert status.attention == ()


def test_a_dead_letter_needs_a_look() -> None:
    for queue in ("unit-payin-dead.fifo", "unit-outcomes-dead", "unit-judge-dead"):
        assert _status(waiting={queue: 1}).attention == (f"1 dead letter in {queue}",)


def test_an_open_letter_needs_a_look() -> None:
    def attention(letters: int | None) -> tuple[str, ...]:
        return read_status(MemoryLedger({}), MemoryQueues(), "unit", NOW, open_letters=letters).attention

    assert attention(2) == ("2 open dead letters: strangler dlq groups",)
    assert attention(0) == attention(None) == ()


def test_a_differing_message_needs_a_look() -> None:
    (sentence,) = _status({Verdict.MATCH: 5, Verdict.MISMATCH: 2, Verdict.ID_CONFLICT: 1}).attention
    assert sentence.startswith("3 messages on which both sides differ")


def test_a_mutant_that_survived_needs_a_look() -> None:
    survivors = (Survivor("payin.create", "one cent", "row:payins.net", 2),)
    (sentence,) = read_status(MemoryLedger({}), MemoryQueues(), "unit", NOW, survivors=survivors).attention
    assert sentence == "2 mutants survived, verdicts prove nothing: strangler compare show"


def test_pending_messages_are_counted_only_on_request() -> None:
    ledger = MemoryLedger({"payin.create": {Verdict.MATCH: 1}})
    read_status(ledger, MemoryQueues(), "unit", NOW)
    assert ledger.scans == 0
    (one,) = _status({Verdict.MATCH: 1}, pending=True).types
    assert one.counts == {Verdict.MATCH: 1, Verdict.PENDING: 4}
    assert _status({Verdict.MATCH: 1}, pending=True).attention == ()
