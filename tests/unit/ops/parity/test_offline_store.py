from dataclasses import replace

import pytest

from contracts.effect import Ending
from ops.parity.offline_store import OfflineStore
from tests.fakes.outcome import attempt
from workers.fate import ConflictError
from workers.logic.decision import Row
from workers.port import Aggregate, Commit, Loaded, Stale, Wanted

PAYIN = Aggregate("default", "payin", "p1")
KEY = ("payins", "p1")


def commit(message_id: str, version: int = 0, *, ending: Ending = "done", rows: int = 1, digest: str = "d") -> Commit:
    written = (Row("payins", "p1", {"amount": message_id}),) * rows
    return Commit(PAYIN, version, 0, written, attempt(message_id=message_id, ending=ending), digest, "")


def load(store: OfflineStore, message_id: str, *rows: tuple[str, str]) -> Loaded:
    (loaded,) = store.load([Wanted(message_id, PAYIN, rows)])
    return loaded


def test_what_was_committed_is_read_by_the_next_message_and_its_id_is_known() -> None:
    store = OfflineStore()
    assert (load(store, "w1", KEY).glance, load(store, "w1", KEY).rows, load(store, "w1").version) == (None, {}, 0)
    store.commit([commit("w1")])
    loaded = load(store, "w1", KEY)
    assert loaded.glance is not None
    assert (loaded.glance.processed, loaded.glance.body_digest, loaded.glance.as_copy) == (True, "d", True)
    assert loaded.rows[KEY].columns == {"amount": "w1"}
    assert loaded.version == 1
    assert load(store, "w2", ("payins", "p2")).rows == {}
    assert store.last == attempt(message_id="w1")


def test_a_rejected_message_may_come_again_and_a_processed_one_may_not() -> None:
    store = OfflineStore()
    store.commit([commit("w1", ending="rejected", rows=0)])
    glance = load(store, "w1").glance
    assert glance is not None
    assert not glance.processed
    store.commit([commit("w1")])
    with pytest.raises(ConflictError, match="message"):
        store.commit([commit("w1", 1)])


def test_rows_that_were_decided_on_an_older_version_are_refused_and_change_nothing() -> None:
    store = OfflineStore()
    store.commit([commit("w1")])
    with pytest.raises(ConflictError, match="head"):
        store.commit([commit("w2", 1), commit("w3", 0)])
    assert load(store, "w2").glance is None
    assert load(store, "w2").version == 1
    store.commit([commit("w4", 0, rows=0)])
    assert load(store, "w4").version == 1, "who writes no row moves no head"


def test_the_rows_of_another_business_key_are_others() -> None:
    store = OfflineStore()
    store.commit([commit("w1"), replace(commit("w2"), aggregate=replace(PAYIN, key="p2"))])
    assert load(store, "w3", KEY).rows[KEY].columns == {"amount": "w1"}


def test_an_id_that_came_with_other_bytes_is_noted() -> None:
    store = OfflineStore()
    store.mark_conflict("w1")
    assert store.conflicts == {"w1"}


def test_nothing_is_stale_where_nothing_moves() -> None:
    with pytest.raises(AssertionError):
        OfflineStore().mark_stale(Stale("w1", "payin.create", PAYIN, 1, ""))
