import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge.delivery_log import DELIVERY_SCHEMA, DeliveryLog, Taken
from bridge.journal_file import JournalError, JournalFile


@pytest.fixture
def file(tmp_path: Path) -> Iterator[JournalFile]:
    one = JournalFile(tmp_path / "journal", "shipper", DELIVERY_SCHEMA)
    yield one
    one.close()


def write(file: JournalFile) -> None:
    log = DeliveryLog(file)
    log.write([Taken(log.number(), "q", "t", "w1", "d")], [], 1.0, durable=False)


def in_its_own_file(tmp_path: Path) -> int:
    """How many entries the database holds without its log."""
    alone = tmp_path / "alone.sqlite3"
    shutil.copy(tmp_path / "journal" / "shipper.sqlite3", alone)
    with closing(sqlite3.connect(alone)) as database:
        if not database.execute("SELECT * FROM sqlite_master WHERE name = 'delivered'").fetchall():
            return 0
        ((count,),) = database.execute("SELECT count(*) FROM delivered")
    return int(count)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What becomes of the next attempts to have a log on the disk; all others end well."""
    answers: list[str] = []
    sync = os.fdatasync

    def answer(descriptor: int) -> None:
        if answers and answers.pop(0) == "refused":
            raise OSError(5, "Input/output error")
        sync(descriptor)

    monkeypatch.setattr(os, "fdatasync", answer)
    return answers


def test_what_is_written_is_in_the_log_and_the_log_on_the_disk(
    file: JournalFile, tmp_path: Path, disk: list[str]
) -> None:
    write(file)
    disk.append("taken")
    file.sync()
    assert disk == []
    assert in_its_own_file(tmp_path) == 0


def test_what_the_disk_has_refused_is_written_whole_before_it_counts(
    file: JournalFile, tmp_path: Path, disk: list[str]
) -> None:
    write(file)
    disk.append("refused")
    with pytest.raises(JournalError, match="Input/output error"):
        file.sync()
    file.sync()
    assert in_its_own_file(tmp_path) == 1


def test_it_does_not_count_while_somebody_reads_and_it_cannot_be_written_whole(
    file: JournalFile, tmp_path: Path, disk: list[str]
) -> None:
    write(file)
    disk.append("refused")
    with pytest.raises(JournalError):
        file.sync()
    with closing(sqlite3.connect(tmp_path / "journal" / "shipper.sqlite3", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM delivered").fetchall()
        with pytest.raises(JournalError, match="somebody reads"):
            file.sync()
    file.sync()
    assert in_its_own_file(tmp_path) == 1


def test_a_place_without_a_write_ahead_log_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "shipper.sqlite3", isolation_level=None)) as other:
        other.execute("CREATE TABLE t (a)")
        other.execute("BEGIN EXCLUSIVE")  # so it cannot be changed to
        with pytest.raises(JournalError):
            JournalFile(folder, "shipper", DELIVERY_SCHEMA)
