import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge.journal import Balance, Journal, Note
from bridge.journal_file import JournalError, JournalTakenError
from contracts.routing import Decision, Route


def note(
    message_id: str, route: Route = "legacy", epoch: int = 0, digest: str = "d", *, doubtful: bool = False
) -> Note:
    return Note("payin", message_id, digest, Decision(route, epoch, doubtful=doubtful))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "router")
    yield journal
    journal.close()


def ids(journal: Journal, now: float, *urgent: str) -> list[str]:
    return [entry.id for entry in journal.due(now, 100, urgent=urgent)]


def test_what_was_written_is_there_after_the_process_is_gone(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    first.record([note("w1", "new", 3), note("w2", "hold", doubtful=True)], 1.0)
    first.close()
    second = Journal(tmp_path)
    assert second.latest("payin", "w1", "d") == Decision("new", 3)
    assert second.latest("payin", "w2", "d") == Decision("hold", 0, doubtful=True)
    assert second.name == first.name
    second.close()


def test_what_another_process_reads_is_on_the_disk_when_recording_returns(tmp_path: Path, journal: Journal) -> None:
    journal.record([note("w1")], 1.0)
    with closing(sqlite3.connect(tmp_path / "router" / "router.sqlite3")) as other, other:
        assert other.execute("SELECT id, route FROM decision").fetchall() == [("w1", "legacy")]
    other.close()


def test_a_router_with_another_journal_is_another_router(tmp_path: Path, journal: Journal) -> None:
    other = Journal(tmp_path / "other")
    assert other.name != journal.name
    other.close()


def test_a_journal_belongs_to_one_router_at_a_time(tmp_path: Path, journal: Journal) -> None:
    with pytest.raises(JournalTakenError, match="another router"):
        Journal(tmp_path / "router")
    journal.close()
    Journal(tmp_path / "router").close()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="file"):
        Journal(tmp_path / "file" / "router")


def test_a_file_that_is_no_journal_is_told(tmp_path: Path) -> None:
    (tmp_path / "router.sqlite3").write_text("something else, and long enough to be looked at " * 50)
    with pytest.raises(JournalError, match="not a database"):
        Journal(tmp_path)


def test_a_waiver_settles_what_was_decided_before_it_wherever_it_went_and_nothing_else(journal: Journal) -> None:
    journal.record([note("w1", "shadow"), note("w1", "legacy", digest="e"), note("w2"), note("w3")], 1.0)
    journal.record([Note("payout", "w1", "d", Decision("legacy", 0))], 1.0)
    journal.record([note("w3")], 5.0)  # published again
    journal.waive("payin", [("w1", 4.0), ("w3", 4.0), ("unknown", 4.0)], 6.0)
    assert journal.balance() == {"payin": Balance(2, ("w2", "w3")), "payout": Balance(1, ("w1",))}
    assert journal.latest("payin", "w1", "d") == Decision("shadow", 0)
    assert journal.prune(6.1) == 2


def test_the_latest_decision_wins_and_the_earlier_one_stays_to_be_settled(journal: Journal) -> None:
    journal.record([note("w1", "legacy", 0)], 1.0)
    journal.record([note("w1", "hold", 0)], 2.0)
    assert journal.latest("payin", "w1", "d") == Decision("hold", 0)
    assert [(entry.id, entry.route) for entry in journal.due(9.0, 10)] == [("w1", "legacy")]
    journal.record([note("w1", "legacy", 0)], 3.0)
    assert journal.latest("payin", "w1", "d") == Decision("legacy", 0)
    assert journal.balance() == {"payin": Balance(1, ("w1",))}


def test_the_same_id_with_other_bytes_or_of_another_family_is_another_message(journal: Journal) -> None:
    journal.record([note("w1")], 1.0)
    assert journal.latest("payin", "w1", "other") is None
    assert journal.latest("payout", "w1", "d") is None


def test_what_is_held_was_sent_to_nobody_and_needs_no_settling(journal: Journal) -> None:
    journal.record([note("w1", "hold")], 1.0)
    assert journal.balance() == {}
    assert ids(journal, 9.0) == []


def test_settled_entries_are_followed_until_they_are_forgotten(journal: Journal) -> None:
    journal.record([note("w1"), note("w2")], 1.0)
    (first, _) = journal.due(9.0, 10)
    journal.settle([first.sequence], 10.0)
    assert journal.balance() == {"payin": Balance(1, ("w2",))}
    assert journal.prune(10.0) == 0
    assert journal.latest("payin", "w1", "d") is not None
    assert journal.prune(10.1) == 1
    assert journal.latest("payin", "w1", "d") is None
    assert journal.prune(1e9) == 0, "an unsettled one stays"


def test_an_entry_that_was_sent_again_meanwhile_is_not_settled_by_an_earlier_look(journal: Journal) -> None:
    journal.record([note("w1")], 1.0)
    (seen,) = journal.due(9.0, 10)
    journal.record([note("w1")], 2.0)
    journal.settle([seen.sequence], 3.0)
    journal.record([note("w2")], 3.0)
    assert ids(journal, 9.0) == ["w1", "w2"]
    assert journal.latest("payin", "w1", "d") == Decision("legacy", 0)


def test_what_is_not_final_is_looked_up_less_and_less_often(journal: Journal) -> None:
    journal.record([note("w1")], 0.0)
    now, waits = 0.0, []
    for _ in range(8):
        (entry,) = journal.due(now, 10)
        journal.postpone([entry.sequence], now)
        before = now
        while not journal.due(now, 10):
            now += 1
        waits.append(now - before)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_of_a_family_that_is_to_move_everything_is_looked_up(journal: Journal) -> None:
    journal.record([note("w1")], 0.0)
    journal.postpone([journal.due(0.0, 1)[0].sequence], 0.0)
    assert ids(journal, 0.5) == []
    assert ids(journal, 0.5, "payin") == ["w1"]
    assert ids(journal, 0.5, "payout") == []


def test_the_longest_waiting_come_first_and_no_more_than_asked_for(journal: Journal) -> None:
    for n in range(5):
        journal.record([note(f"w{n}")], float(n))
    assert [entry.id for entry in journal.due(9.0, 2)] == ["w0", "w1"]


def test_a_few_ids_are_named_of_what_is_unsettled(journal: Journal) -> None:
    journal.record([note(f"w{n:02d}") for n in range(30)], 1.0)
    assert journal.balance() == {"payin": Balance(30, tuple(f"w{n:02d}" for n in range(10)))}


def test_a_batch_is_written_whole_or_not_at_all(journal: Journal) -> None:
    broken = Note("payin", "w2", "d", Decision(None, 0))  # type: ignore[arg-type]
    with pytest.raises(JournalError):
        journal.record([note("w1"), broken], 1.0)
    assert journal.latest("payin", "w1", "d") is None
    journal.record([note("w1")], 1.0)


def test_a_journal_that_is_closed_says_so(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.close()
    journal.close()
    for call in (lambda: journal.record([note("w1")], 1.0), lambda: journal.prune(1.0), journal.balance):
        with pytest.raises(JournalError):
            call()
