import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge.delivery_log import DELIVERY_SCHEMA, PRUNE, DeliveryLog, Placed, Taken
from bridge.delivery_reading import read_deliveries
from bridge.journal_file import JournalError, JournalFile
from bridge.reconciliation import reconcile
from tests.rig.delivered import played

QUEUE = "strangler.tap.payin"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[JournalFile]:
    one = JournalFile(tmp_path, "shipper", DELIVERY_SCHEMA)
    yield one
    one.close()


@pytest.fixture
def log(file: JournalFile) -> DeliveryLog:
    return DeliveryLog(file)


def taken(log: DeliveryLog, name: str, *, redelivered: bool = False, queue: str = QUEUE) -> Taken:
    return Taken(log.number(), queue, "payin.create", name, f"digest-{name}", redelivered)


def places(file: JournalFile) -> list[tuple[str, str | None]]:
    return [(one.taken.id, one.place) for one in played(file)]


def test_a_delivery_is_there_once_it_is_taken_and_has_its_place_once_it_is_placed(
    log: DeliveryLog, file: JournalFile
) -> None:
    one, two = taken(log, "w1"), taken(log, "w2")
    log.write([one, two], [], 1.0)
    log.write([], [Placed(one.sequence, "accepted", "m-1")], 2.0)
    assert places(file) == [("w1", "accepted"), ("w2", None)]
    found, _ = played(file)
    assert (found.receipt, found.at, found.placed_at) == ("m-1", 1.0, 2.0)


def test_what_is_taken_and_placed_at_once_is_written_in_one_go(log: DeliveryLog, file: JournalFile) -> None:
    one = taken(log, "")
    log.write([one], [Placed(one.sequence, "quarantined")], 1.0)
    assert places(file) == [("", "quarantined")]


def test_what_is_in_hand_is_given_back_and_what_has_its_place_keeps_it(log: DeliveryLog, file: JournalFile) -> None:
    one, two = taken(log, "w1"), taken(log, "w2")
    log.write([one, two], [Placed(one.sequence, "held")], 1.0)
    log.give_back(2.0)
    assert places(file) == [("w1", "held"), ("w2", "returned")]


def test_a_message_that_comes_again_accounts_for_one_that_was_given_back(log: DeliveryLog, file: JournalFile) -> None:
    log.write([taken(log, "w1"), taken(log, "w1")], [], 1.0)
    log.give_back(2.0)
    log.write([taken(log, "w1", redelivered=True)], [], 3.0)
    assert places(file) == [("w1", "redelivered"), ("w1", "returned"), ("w1", None)]


@pytest.mark.parametrize(
    ("name", "queue", "redelivered"),
    [("w2", QUEUE, True), ("w1", "strangler.ship.payin", True), ("w1", QUEUE, False)],
)
def test_another_message_accounts_for_nothing(
    log: DeliveryLog, file: JournalFile, name: str, queue: str, *, redelivered: bool
) -> None:
    log.write([taken(log, "w1")], [], 1.0)
    log.give_back(2.0)
    log.write([taken(log, name, queue=queue, redelivered=redelivered)], [], 3.0)
    assert places(file)[0] == ("w1", "returned")


def test_numbers_go_on_where_an_earlier_process_has_ended(log: DeliveryLog, file: JournalFile) -> None:
    one = taken(log, "w1")
    log.write([one], [], 1.0)
    assert DeliveryLog(file).number() == one.sequence + 1


def test_pruning_forgets_what_was_written_long_ago(log: DeliveryLog, file: JournalFile) -> None:
    old, given_back = taken(log, "w1"), taken(log, "w2")
    log.write([old, given_back], [Placed(old.sequence, "accepted")], 1.0)
    log.give_back(1.0)
    late = taken(log, "w4")
    log.write([late], [Placed(late.sequence, "accepted")], 9.0)
    assert log.prune(5.0) == 2
    assert places(file) == [("w4", "accepted")]


def test_what_found_its_place_after_its_being_taken_was_forgotten_is_counted_no_more(
    log: DeliveryLog, file: JournalFile
) -> None:
    one = taken(log, "w1")
    log.write([one], [], 1.0)
    log.write([], [Placed(one.sequence, "accepted")], 9.0)
    log.prune(5.0)
    assert places(file) == []


def test_pruning_looks_no_further_than_its_slice(log: DeliveryLog, file: JournalFile) -> None:
    late = taken(log, "w1")
    log.write([late], [Placed(late.sequence, "accepted")], 9.0)
    (plan,) = [row[-1] for row in file.rows("EXPLAIN QUERY PLAN " + PRUNE, (10, 5.0)) if "delivered" in row[-1]][:1]
    assert "SEARCH" in plan


def test_pruning_takes_a_slice_at_a_time(log: DeliveryLog, file: JournalFile) -> None:
    for number in range(5):
        one = taken(log, f"w{number}")
        log.write([one], [Placed(one.sequence, "accepted")], 1.0)
    assert [log.prune(5.0, limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_a_journal_is_read_while_its_process_runs_and_after_it_was_killed(
    tmp_path: Path, log: DeliveryLog, file: JournalFile
) -> None:
    log.write([taken(log, "w1")], [], 1.0, durable=False)
    log.write([taken(log, "w2")], [], 5.0, durable=False)
    reading = read_deliveries(tmp_path, "shipper", 2.0)
    assert (reading.name, reading.running) == (file.name, True)
    assert [(one.id, one.place) for one in reading.unresolved] == [("w2", None)]
    file.close()
    assert not read_deliveries(tmp_path, "shipper", 0.0).running


def test_what_came_again_and_accounts_for_nothing_here_is_told_for_others(tmp_path: Path, log: DeliveryLog) -> None:
    log.write([taken(log, "w1")], [], 1.0)
    log.give_back(2.0)
    log.write([taken(log, "w1", redelivered=True), taken(log, "w2", redelivered=True)], [], 3.0)
    reading = read_deliveries(tmp_path, "shipper", 0.0)
    assert {key[1]: count for key, count in reading.came_again.items()} == {"w2": 1}
    assert reading.places == {(QUEUE, "redelivered"): 1}
    assert reconcile([reading]).missing == ()


def test_a_file_that_is_no_journal_is_told(tmp_path: Path) -> None:
    (tmp_path / "router.sqlite3").write_text("something else, and long enough to be looked at " * 50)
    with pytest.raises(JournalError, match=r"router\.sqlite3"):
        read_deliveries(tmp_path, "router", 0.0)


def test_reading_changes_nothing(tmp_path: Path, log: DeliveryLog, file: JournalFile) -> None:
    log.write([taken(log, "w1")], [], 1.0)
    file.close()
    before = {one.name for one in tmp_path.iterdir()}
    read_deliveries(tmp_path, "shipper", 0.0)
    with closing(sqlite3.connect(tmp_path / "shipper.sqlite3")) as other:
        assert other.execute("SELECT count(*) FROM delivered").fetchall() == [(1,)]
    assert {one.name for one in tmp_path.iterdir()} <= before | {"shipper.sqlite3-wal", "shipper.sqlite3-shm"}
