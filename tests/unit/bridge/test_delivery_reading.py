"""A log of deliveries, played back against a model that knows each delivery and what became of it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.delivery_log import DELIVERY_SCHEMA, DeliveryLog, Placed, Taken
from bridge.delivery_reading import Playback, entries_of, read_deliveries
from bridge.journal_file import JournalError, JournalFile, database_path
from bridge.reconciliation import Entry, JournalReading, Message, Place, reconcile
from tests.rig.delivered import played

MESSAGES: list[Message] = [
    ("q1", "w1", "d1"),
    ("q1", "w1", "d2"),
    ("q1", "w2", "d1"),
    ("q2", "w1", "d1"),
    ("q2", "", "d3"),
]
PLACES: list[Place] = [one for one in get_args(Place) if one not in ("returned", "redelivered")]
SECRET = "pl4nted"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("journal")


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[JournalFile]:
    one = JournalFile(folder, "shipper", DELIVERY_SCHEMA)
    yield one
    one.close()


@pytest.fixture
def file(shared: JournalFile) -> JournalFile:
    """A journal without any entry."""
    empty(shared)
    return shared


def empty(file: JournalFile) -> None:
    with file.transaction(durable=False) as database:
        database.execute("DELETE FROM delivered")


@dataclass
class Known:
    """A delivery, as the model has it."""

    taken: Taken
    taken_at: float
    place: Place | None = None
    returned_at: float | None = None

    @property
    def message(self) -> Message:
        return self.taken.queue, self.taken.id, self.taken.digest


@dataclass
class Model:
    """Whoever writes a log, and remembers all of it."""

    log: DeliveryLog
    file: JournalFile
    now: float = 0.0
    """Of each entry another one, so that it tells which came first."""
    known: list[Known] = field(default_factory=list)

    @property
    def in_hand(self) -> list[Known]:
        return [one for one in self.known if one.place is None and one.returned_at is None]

    def write(self, taken: list[tuple[int, bool]], placed: list[tuple[int, Place]]) -> None:
        self.now += 1
        new = [
            Known(Taken(self.log.number(), queue, "payin.create", name, digest, redelivered), self.now)
            for (queue, name, digest), redelivered in ((MESSAGES[number], again) for number, again in taken)
        ]
        self.known += new
        found: list[Placed] = []
        for number, place in placed:
            if waiting := self.in_hand:
                one = waiting[number % len(waiting)]
                one.place = place
                found.append(Placed(one.taken.sequence, place))
        self.log.write([one.taken for one in new], found, self.now, durable=False)

    def give_back(self) -> None:
        self.now += 1
        for one in self.in_hand:
            one.returned_at = self.now
        self.log.give_back(self.now)

    def restart(self) -> None:
        """The process is killed, and the next one gives back what it had in hand."""
        self.log = DeliveryLog(self.file)
        self.give_back()

    def prune(self, back: int) -> None:
        """What was taken long ago is forgotten, whatever became of it."""
        before = self.now - back
        self.log.prune(before)
        self.known = [one for one in self.known if one.taken_at >= before]

    def reading(self, since: float) -> JournalReading:
        accounted: set[int] = set()
        came_again: Counter[Message] = Counter()
        for again in self.known:
            if not again.taken.redelivered:
                continue
            earlier = [
                one
                for one in self.known
                if one.message == again.message
                and one.returned_at is not None
                and one.returned_at < again.taken_at
                and id(one) not in accounted
            ]
            if earlier:
                accounted.add(id(earlier[0]))
            else:
                came_again[again.message] += 1
        places: Counter[tuple[str, Place]] = Counter()
        unresolved: list[Entry] = []
        for one in self.known:
            if one.taken_at < since:
                continue
            place: Place | None = "redelivered" if id(one) in accounted else one.place
            if place is not None:
                places[one.taken.queue, place] += 1
            else:
                where: Place | None = None if one.returned_at is None else "returned"
                taken = one.taken
                names = taken.sequence, taken.queue, taken.type, taken.id, taken.digest
                unresolved.append(Entry(*names, one.taken_at, where))
        return JournalReading(self.file.name, running=True, places=places, unresolved=unresolved, came_again=came_again)


writes = st.tuples(
    st.just("write"),
    st.lists(st.tuples(st.integers(0, len(MESSAGES) - 1), st.booleans()), max_size=4),
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(PLACES)), max_size=3),
)
steps = (
    writes | writes | st.sampled_from([("give_back",), ("restart",)]) | st.tuples(st.just("prune"), st.integers(0, 5))
)


@settings(max_examples=100)
@given(st.lists(steps, max_size=15), st.integers(0, 10))
def test_what_a_log_says_is_what_became_of_each_delivery(
    shared: JournalFile, folder: Path, course: list[tuple[str, object]], since: int
) -> None:
    empty(shared)
    model = Model(DeliveryLog(shared), shared)
    for name, *arguments in course:
        getattr(model, name)(*arguments)
    reading, expected = read_deliveries(folder, "shipper", since), model.reading(since)
    assert reading == expected
    counted = sum(one.consumed for one in reconcile([reading]).queues)
    assert counted == sum(one.taken_at >= since for one in model.known), "each delivery once"


def taken(sequence: int, name: str = "w1", *, redelivered: bool = False) -> Taken:
    return Taken(sequence, "q1", "payin.create", name, f"d-{name}", redelivered)


def test_of_deliveries_that_were_given_back_the_oldest_is_accounted_for_first(file: JournalFile, folder: Path) -> None:
    log = DeliveryLog(file)
    for sequence in (1, 2):
        log.write([taken(sequence)], [], float(sequence))
        log.give_back(sequence + 0.5)
    log.write([taken(3, redelivered=True)], [Placed(3, "accepted")], 3.0)
    reading = read_deliveries(folder, "shipper", 0.0)
    assert [(one.sequence, one.place) for one in reading.unresolved] == [(2, "returned")]
    assert [one.placed_at for one in played(file)] == [3.0, 2.5, 3.0]


def test_a_delivery_that_comes_again_while_it_is_in_hand_accounts_for_nothing(file: JournalFile, folder: Path) -> None:
    """Somebody else's was given back: the broker hands nothing out twice at once."""
    log = DeliveryLog(file)
    log.write([taken(1), taken(2, redelivered=True)], [], 1.0)
    log.give_back(2.0)
    reading = read_deliveries(folder, "shipper", 0.0)
    assert reading.came_again == {("q1", "w1", "d-w1"): 1}
    assert [(one.sequence, one.place) for one in reading.unresolved] == [(1, "returned"), (2, "returned")]


def test_a_place_that_is_told_twice_is_the_first(file: JournalFile, folder: Path) -> None:
    log = DeliveryLog(file)
    log.write([taken(1)], [Placed(1, "accepted", "m-1"), Placed(1, "quarantined")], 1.0)
    log.write([], [Placed(1, "held")], 2.0)
    assert read_deliveries(folder, "shipper", 0.0).places == {("q1", "accepted"): 1}
    (one,) = played(file)
    assert (one.place, one.placed_at, one.receipt) == ("accepted", 1.0, "m-1")


def test_what_became_of_deliveries_whose_beginning_is_forgotten_is_not_told(file: JournalFile, folder: Path) -> None:
    log = DeliveryLog(file)
    log.write([taken(1), taken(2)], [], 1.0)
    log.write([], [Placed(1, "accepted")], 2.0)
    log.write([taken(3, "w2")], [], 2.0)
    log.give_back(3.0)
    log.write([taken(4, redelivered=True), taken(5, "w2", redelivered=True)], [], 4.0)
    assert log.prune(2.0) == 1
    reading = read_deliveries(folder, "shipper", 0.0)
    assert reading.places == {("q1", "redelivered"): 1}, "3"
    assert reading.came_again == {("q1", "w1", "d-w1"): 1}, "2 is forgotten"
    assert [one.sequence for one in reading.unresolved] == [4, 5]


def test_a_log_may_be_played_as_far_as_it_goes_and_then_further(file: JournalFile, folder: Path) -> None:
    log, playback = DeliveryLog(file), Playback()
    log.write([taken(1), taken(2)], [], 1.0)
    for entry in entries_of(folder, "shipper"):
        assert list(playback.play(*entry)) == []
    assert sorted(playback.in_hand) == [1, 2]
    log.write([], [Placed(2, "accepted")], 2.0)
    *_, last = entries_of(folder, "shipper")
    assert [(one.taken.sequence, one.place) for one in playback.play(*last)] == [(2, "accepted")]
    assert sorted(playback.in_hand) == [1]


@pytest.mark.parametrize("broken", [b"{", b'[["' + SECRET.encode() + b'"]]', b"[[1]]", b"\xff", b'{"sequence": 1}'])
@pytest.mark.parametrize("column", ["taken", "placed"])
def test_an_entry_that_cannot_be_read_is_told_and_not_quoted(
    file: JournalFile, folder: Path, column: str, broken: bytes
) -> None:
    with file.transaction(durable=False) as database:
        database.execute(f"INSERT INTO delivered (at, {column}) VALUES (1.0, ?)", (broken,))
    with pytest.raises(JournalError, match="cannot be read") as told:
        read_deliveries(folder, "shipper", 0.0)
    assert SECRET not in str(told.value)


def test_a_journal_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"router\.sqlite3"):
        read_deliveries(tmp_path, "router", 0.0)
    with pytest.raises(JournalError, match=r"router\.sqlite3"):
        list(entries_of(tmp_path, "router"))
    assert not database_path(tmp_path, "router").exists()


def test_a_journal_without_a_log_is_told(tmp_path: Path) -> None:
    JournalFile(tmp_path, "router", "").close()
    with pytest.raises(JournalError, match="delivered"):
        read_deliveries(tmp_path, "router", 0.0)


def test_whoever_reads_keeps_nobody_from_writing(file: JournalFile, folder: Path) -> None:
    DeliveryLog(file).write([taken(1)], [], 1.0)
    entries = entries_of(folder, "shipper")
    next(entries)
    with file.transaction(durable=False) as database:
        database.execute("DELETE FROM delivered")
    assert list(entries) == []
