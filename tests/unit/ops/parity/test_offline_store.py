"""What an offline comparison asks of its store beside the port's promises, which tests/conformance holds it to."""

from ops.parity.offline_store import OfflineStore
from tests.fakes.outcome import attempt
from workers.logic.decision import Row
from workers.port import Aggregate, Commit

PAYIN = Aggregate("default", "payin", "p1")


def commit(message_id: str, version: int = 0) -> Commit:
    return Commit(PAYIN, version, 0, (Row("payins", "p1", {}),), attempt(message_id=message_id), "d", "")


def test_what_was_committed_last_can_be_taken() -> None:
    store = OfflineStore()
    assert store.last is None
    store.commit([commit("w1")])
    store.commit([commit("w2", 1)])
    assert store.last == attempt(message_id="w2")


def test_an_id_that_came_with_other_bytes_is_noted_and_no_outcome() -> None:
    store = OfflineStore()
    store.mark_conflict("w1")
    assert (store.conflicts, store.last) == ({"w1"}, None)
