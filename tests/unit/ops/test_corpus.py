"""A corpus gives back what was put into it, in order, or says why it does not."""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.corpus import CorpusReader, outline
from ops.corpus_format import HEAD, CorpusError, UnfinishedCorpusError
from ops.corpus_key import CorpusKey, WrongKeyError, file_key, make_key_file
from ops.corpus_writer import CorpusWriter
from ops.exit_code import ExitCode

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
Make = Callable[..., Path]


@pytest.fixture
def key(tmp_path: Path) -> CorpusKey:
    make_key_file(tmp_path / "key")
    return file_key(tmp_path / "key")


def lines_of(count: int, begin: int = 0) -> list[bytes]:
    return [b'{"n":%d}' % number for number in range(begin, begin + count)]


def put(writer: CorpusWriter, lines: Sequence[bytes], per_segment: int = 3) -> None:
    for position, line in enumerate(lines, 1):
        writer.append(line, "payin.create", f"2026-11-21T10:00:00.{position:03}Z")
        if position % per_segment == 0:
            writer.flush()
    writer.flush()


@pytest.fixture
def make(tmp_path: Path, key: CorpusKey) -> Make:
    """A corpus of so many records, three to a segment."""

    def made(name: str = "corpus", count: int = 9, *, finished: bool = True) -> Path:
        path = tmp_path / name
        writer = CorpusWriter.create(path, key, now=NOW, types=("payin.create",))
        put(writer, lines_of(count))
        writer.finish() if finished else writer.close()
        return path

    return made


def read(path: Path, key: CorpusKey, *, unfinished: bool = False) -> list[bytes]:
    with CorpusReader(path, key, unfinished=unfinished) as reader:
        return [one.line for one in reader.records()]


def frames(path: Path) -> tuple[bytes, list[bytes]]:
    """The header's line, then segments and end marker as they lie there."""
    data = path.read_bytes()
    at = data.index(b"\n") + 1
    header, found = data[:at], []
    while at < len(data):
        size = HEAD.size + HEAD.unpack_from(data, at)[-1]
        found.append(data[at : at + size])
        at += size
    return header, found


def test_what_was_put_in_comes_out_in_order_with_its_position(make: Make, key: CorpusKey) -> None:
    with CorpusReader(make(count=10), key) as reader:
        assert (reader.records_total, reader.segments_total, reader.finished) == (10, 4, True)
        found = list(reader.records())
        assert [one.line for one in found] == lines_of(10)
        assert [one.position for one in found] == list(range(10))
        assert list(reader.records()) == found, "it can be read again"
        assert reader.tally is not None
        assert (reader.tally.types, reader.tally.first) == ({"payin.create": 10}, "2026-11-21T10:00:00.001Z")
        assert reader.tally.last == "2026-11-21T10:00:00.010Z"


def test_an_empty_one_is_whole(make: Make, key: CorpusKey) -> None:
    assert read(make(count=0), key) == []


def test_nobody_else_may_read_the_file_and_nothing_in_it_is_in_clear(make: Make) -> None:
    path = make()
    assert path.stat().st_mode & 0o777 == 0o600
    assert b'"n"' not in path.read_bytes()


def test_a_file_that_is_there_is_never_written_over(make: Make, key: CorpusKey) -> None:
    path = make()
    before = path.read_bytes()
    with pytest.raises(CorpusError, match="there already"):
        CorpusWriter.create(path, key, now=NOW, types=None)
    assert path.read_bytes() == before


def test_another_key_is_told_and_so_is_a_key_that_only_says_that_it_is_the_one(
    make: Make, key: CorpusKey, tmp_path: Path
) -> None:
    make_key_file(tmp_path / "other")
    other = file_key(tmp_path / "other")
    with pytest.raises(WrongKeyError, match=f"sealed with the key {key.name}.*this is {other.name}"):
        read(make(), other)
    impostor = CorpusKey("file", key.name, other._provider)
    with pytest.raises(WrongKeyError):
        read(tmp_path / "corpus", impostor)


def test_one_without_its_end_is_refused_and_tells_what_can_be_read(make: Make, key: CorpusKey) -> None:
    path = make(finished=False)
    with pytest.raises(UnfinishedCorpusError, match=r"3 whole segments with 9 records.*--unfinished"):
        read(path, key)
    assert read(path, key, unfinished=True) == lines_of(9)


@pytest.mark.parametrize("cut", [1, 20, HEAD.size, HEAD.size + 1, 150])
def test_one_that_was_cut_off_anywhere_reads_up_to_its_last_whole_segment(make: Make, key: CorpusKey, cut: int) -> None:
    path = make(finished=False)
    os.truncate(path, path.stat().st_size - cut)
    with pytest.raises(UnfinishedCorpusError) as refused:
        read(path, key)
    assert (refused.value.segments, refused.value.records, refused.value.code) == (2, 6, ExitCode.UNFINISHED)
    assert read(path, key, unfinished=True) == lines_of(6)


def test_space_that_was_never_written_is_no_segment(make: Make, key: CorpusKey) -> None:
    path = make(finished=False)
    os.truncate(path, path.stat().st_size + 5000)
    assert read(path, key, unfinished=True) == lines_of(9)


def rewrite(path: Path, change: Callable[[bytes, list[bytes]], bytes]) -> None:
    path.write_bytes(change(*frames(path)))


@pytest.mark.parametrize(
    "change",
    [
        lambda header, found: header + found[1] + found[0] + found[2] + found[3],
        lambda header, found: header + found[0] + found[1] + found[3],
        lambda header, found: header + found[0] + found[2] + found[3],
        lambda header, found: header + found[0] + found[1] + found[2] + found[2] + found[3],
        lambda header, found: header.replace(b'"pseudonymised":false', b'"pseudonymised":true') + b"".join(found),
        lambda header, found: header.replace(b"payin.create", b"payin.update") + b"".join(found),
        lambda header, found: header + b"".join(found) + b"more",
        lambda header, found: header + b"".join(found[:2]) + found[2][:-1] + bytes([found[2][-1] ^ 1]) + found[3],
        lambda header, found: header + found[0][:6] + b"\1" + found[0][7:] + b"".join(found[1:]),
    ],
    ids=["swapped", "last left out", "one left out", "one twice", "flag", "types", "appended", "a bit", "a head"],
)
def test_whatever_was_altered_is_refused(
    make: Make, key: CorpusKey, change: Callable[[bytes, list[bytes]], bytes]
) -> None:
    path = make()
    rewrite(path, change)
    with pytest.raises(CorpusError, match="is broken") as refused:
        read(path, key)
    assert refused.value.code == ExitCode.FAILED


def test_segments_and_headers_of_another_corpus_are_refused(make: Make, key: CorpusKey) -> None:
    one, other = make("one"), make("other")
    header, found = frames(one)
    other_header, other_found = frames(other)
    one.write_bytes(header + found[0] + other_found[1] + found[2] + found[3])
    with pytest.raises(CorpusError, match="segment 1 was altered"):
        read(one, key)
    one.write_bytes(other_header + b"".join(found))
    with pytest.raises(CorpusError, match="was altered"):
        read(one, key)


def test_a_whole_segment_comes_out_before_a_broken_one_and_nothing_of_that(make: Make, key: CorpusKey) -> None:
    path = make()
    rewrite(path, lambda header, found: header + found[0] + found[1][:-1] + b"\0" + found[2] + found[3])
    seen = []
    with CorpusReader(path, key) as reader, pytest.raises(CorpusError):
        seen += [one.line for one in reader.records()]
    assert seen == []
    with CorpusReader(path, key) as reader:
        records = reader.records()
        assert [next(records).line for _ in range(3)] == lines_of(3)
        with pytest.raises(CorpusError):
            next(records)


@pytest.mark.parametrize("cut", [0, 1, 60])
def test_a_recording_that_was_killed_goes_on(make: Make, key: CorpusKey, cut: int) -> None:
    path = make(finished=False)
    os.truncate(path, path.stat().st_size - cut)
    whole = 9 if cut == 0 else 6
    writer = CorpusWriter.resume(path, key)
    assert (writer.tally.records, writer.segments) == (whole, whole // 3)
    put(writer, lines_of(4, begin=whole))
    writer.finish()
    assert read(path, key) == lines_of(whole + 4)


def test_a_finished_one_goes_on_too(make: Make, key: CorpusKey) -> None:
    path = make()
    writer = CorpusWriter.resume(path, key)
    put(writer, lines_of(2, begin=9))
    writer.finish()
    assert read(path, key) == lines_of(11)


def test_a_last_segment_that_was_never_wholly_on_the_disk_is_written_anew(make: Make, key: CorpusKey) -> None:
    path = make(finished=False)
    rewrite(path, lambda header, found: header + found[0] + found[1] + found[2][:80] + bytes(len(found[2]) - 80))
    writer = CorpusWriter.resume(path, key)
    assert writer.tally.records == 6
    writer.finish()
    assert read(path, key) == lines_of(6)


def test_going_on_with_one_that_was_altered_is_refused_and_changes_nothing(make: Make, key: CorpusKey) -> None:
    path = make(finished=False)
    rewrite(path, lambda header, found: header + found[0][:-1] + b"\0" + found[1] + found[2])
    before = path.read_bytes()
    with pytest.raises(CorpusError, match="segment 0 was altered"):
        CorpusWriter.resume(path, key)
    assert path.read_bytes() == before


def test_two_never_write_one_file(make: Make, key: CorpusKey) -> None:
    path = make(finished=False)
    first = CorpusWriter.resume(path, key)
    with pytest.raises(CorpusError, match="somebody is writing"):
        CorpusWriter.resume(path, key)
    first.close()
    CorpusWriter.resume(path, key).close()


def test_what_was_not_flushed_is_not_there(make: Make, key: CorpusKey) -> None:
    path = make(finished=False)
    writer = CorpusWriter.resume(path, key)
    writer.append(b"{}", "payin.create", None)
    assert writer.waiting == 1
    writer.close()
    assert read(path, key, unfinished=True) == lines_of(9)


def test_a_segment_is_full_by_bytes_or_by_records(tmp_path: Path, key: CorpusKey) -> None:
    writer = CorpusWriter.create(tmp_path / "corpus", key, now=NOW, types=None)
    writer.append(b"x" * 1_000_000, "a", None)
    assert writer.full
    writer.flush()
    assert not writer.full
    for _ in range(1000):
        writer.append(b"{}", "a", None)
    assert writer.full
    writer.close()


def test_what_stands_in_clear_needs_no_key(make: Make) -> None:
    one = outline(make(finished=False))
    assert (one.segments, one.records, one.finished) == (3, 9, False)
    assert (one.header.types, one.header.pseudonymised) == (("payin.create",), False)


@pytest.mark.parametrize("content", [b"", b"{}\n", b'{"type":"payin.create"}\n', b"\x00\xff\n", b"[1]\n", b'"x"\n'])
def test_what_is_no_corpus_is_told(tmp_path: Path, key: CorpusKey, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(CorpusError, match="is no corpus") as refused:
        read(tmp_path / "file", key)
    assert refused.value.code == ExitCode.SETTINGS


def test_a_later_version_is_told(make: Make, key: CorpusKey) -> None:
    path = make()
    rewrite(path, lambda header, found: header.replace(b'"version":1', b'"version":2') + b"".join(found))
    with pytest.raises(CorpusError, match="another version than 1"):
        read(path, key)


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path, key: CorpusKey) -> None:
    with pytest.raises(CorpusError, match="No such file") as refused:
        CorpusWriter.create(tmp_path / "absent" / "corpus", key, now=NOW, types=None)
    assert refused.value.code == ExitCode.CANNOT_WRITE
    if Path("/dev/full").exists():
        writer = CorpusWriter.create(tmp_path / "corpus", key, now=NOW, types=None)
        with Path("/dev/full").open("r+b", buffering=0) as full:
            writer.close()
            writer._file = full
            writer.append(b"{}", "a", None)
            with pytest.raises(CorpusError, match="No space left"):
                writer.flush()
