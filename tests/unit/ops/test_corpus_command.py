"""`strangler corpus` as a shell sees it."""

import base64
import io
import json
import os
import sys
from pathlib import Path

import pytest

from ops.corpus import CorpusReader
from ops.corpus_key import file_key
from ops.exit_code import ExitCode
from tests.leak import leaks
from tests.unit.ops.conftest import Strangler

GOOD = b'{"type":"payin.create","body_base64":"","id":"%d","at":"2026-11-21T10:00:0%dZ"}\n'


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "mine.ndjson"
    path.write_bytes(b"".join(GOOD % (number, number) for number in range(3)))
    return path


@pytest.fixture
def places(tmp_path: Path) -> tuple[str, ...]:
    return ("--corpus", str(tmp_path / "corpus"), "--key", str(tmp_path / "key"))


def lines(folder: Path) -> list[str]:
    with CorpusReader(folder / "corpus", file_key(folder / "key")) as reader:
        return [json.loads(one.line)["id"] for one in reader.records()]


def test_a_recording_becomes_a_corpus_and_its_key_is_made(
    strangler: Strangler, recording: Path, places: tuple[str, ...], tmp_path: Path
) -> None:
    ended = strangler("corpus", "import", str(recording), *places)
    assert (ended.code, ended.out) == (ExitCode.OK, "")
    assert "3 records in 1 segment" in ended.err
    assert lines(tmp_path) == ["0", "1", "2"]
    assert strangler("corpus", "import", str(recording), *places).code == ExitCode.CANNOT_WRITE


def test_standard_input_is_a_recording(
    strangler: Strangler, places: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD % (7, 7))))
    assert strangler("corpus", "import", "-", *places).code == ExitCode.OK
    assert lines(tmp_path) == ["7"]


def test_bad_lines_are_named_and_not_quoted_and_nothing_is_made(
    strangler: Strangler, recording: Path, places: tuple[str, ...], tmp_path: Path
) -> None:
    recording.write_bytes(recording.read_bytes() + b"Zzyx\n" * 30 + GOOD % (4, 4))
    ended = strangler("corpus", "import", str(recording), *places)
    assert ended.code == ExitCode.ATTENTION
    assert "line 4: no JSON\n" in ended.err
    assert "and 10 bad lines more" in ended.err
    assert "Zzyx" not in ended.err
    assert not (tmp_path / "corpus").exists()


def test_bad_lines_can_be_left_out(
    strangler: Strangler, recording: Path, places: tuple[str, ...], tmp_path: Path
) -> None:
    recording.write_bytes(b"nonsense\n" + recording.read_bytes())
    ended = strangler("corpus", "import", str(recording), *places, "--skip-bad")
    assert ended.code == ExitCode.ATTENTION
    assert "3 records in 1 segment, 1 line left out" in ended.err
    assert lines(tmp_path) == ["0", "1", "2"]


def test_a_line_without_end_is_refused(
    strangler: Strangler, recording: Path, places: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.command.corpus.LINE_BYTES", 200)
    recording.write_bytes(b'"' + b"x" * 5000 + b'"\n' + GOOD % (1, 1))
    ended = strangler("corpus", "import", str(recording), *places, "--skip-bad")
    assert "line 1: longer than 200 bytes" in ended.err
    assert "1 record in" in ended.err


def test_without_a_key_there_is_no_corpus(strangler: Strangler, recording: Path, tmp_path: Path) -> None:
    ended = strangler("corpus", "import", str(recording), "--corpus", str(tmp_path / "corpus"))
    assert ended.code == ExitCode.SETTINGS
    assert "STRANGLER_CORPUS_KEY" in ended.err


def test_a_recording_that_is_not_there_is_told(strangler: Strangler, places: tuple[str, ...], tmp_path: Path) -> None:
    assert strangler("corpus", "import", str(tmp_path / "none"), *places).code == ExitCode.SETTINGS
    assert not (tmp_path / "corpus").exists()


def test_a_corpus_is_shown_without_values(
    strangler: Strangler, recording: Path, places: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strangler("corpus", "import", str(recording), *places)
    path = str(tmp_path / "corpus")
    closed = strangler("corpus", "show", path)
    assert (closed.code, "not opened" in closed.out, "payin.create" in closed.out) == (ExitCode.OK, True, False)
    monkeypatch.setenv("STRANGLER_CORPUS_KEY", str(tmp_path / "key"))
    opened = strangler("corpus", "show", path)
    assert "payin.create" in opened.out
    told = strangler("corpus", "show", path, "-o", "json").document
    assert told["opened"]["types"] == {"payin.create": 3}
    assert told["opened"]["last"] == "2026-11-21T10:00:02.000Z"
    assert (told["records"], told["finished"], told["pseudonymised"], told["types"]) == (3, True, False, None)
    assert "wrapped" not in told


def test_one_that_was_cut_short_is_shown_as_far_as_it_goes(
    strangler: Strangler, recording: Path, places: tuple[str, ...], tmp_path: Path
) -> None:
    strangler("corpus", "import", str(recording), *places)
    path = tmp_path / "corpus"
    os.truncate(path, path.stat().st_size - 1)
    ended = strangler("corpus", "show", str(path), *places[2:])
    assert ended.code == ExitCode.UNFINISHED
    assert "cut short" in ended.out


def test_another_key_is_told(strangler: Strangler, recording: Path, places: tuple[str, ...], tmp_path: Path) -> None:
    strangler("corpus", "import", str(recording), *places)
    strangler("corpus", "import", str(recording), "--corpus", str(tmp_path / "b"), "--key", str(tmp_path / "other"))
    ended = strangler("corpus", "show", str(tmp_path / "corpus"), "--key", str(tmp_path / "other"))
    assert ended.code == ExitCode.REFUSED
    assert "sealed with the key" in ended.err


def test_an_imported_corpus_can_have_pseudonyms(
    strangler: Strangler, recording: Path, places: tuple[str, ...], tmp_path: Path
) -> None:
    body = base64.b64encode(b'{"webhook_id":"w-1","ibanFullname":"Zoe Zzyx"}').decode()
    line = {
        "type": "payin.create",
        "body_base64": body,
        "headers": {"customer": "Zoe Zzyx", "x-death": [{"queue": "q"}]},
    }
    recording.write_text(f"{json.dumps(line)}\n" * 2, "utf-8")
    ended = strangler("corpus", "import", str(recording), *places, "--pseudonymise")
    assert ended.code == ExitCode.OK
    with CorpusReader(tmp_path / "corpus", file_key(tmp_path / "key")) as reader:
        assert reader.header.pseudonymised
        one, other = (json.loads(record.line) for record in reader.records())
    assert one == other
    read = json.loads(base64.b64decode(one["body_base64"]))
    assert (one["id"], read["webhook_id"], len(read["ibanFullname"])) == ("w-1", "w-1", 8)
    assert read["ibanFullname"] == one["headers"]["customer"] != "Zoe Zzyx"
    assert one["headers"]["x-death"] == [{"queue": "q"}]


def test_nothing_of_a_recording_stands_in_clear_anywhere_but_where_it_was(
    strangler: Strangler, recording: Path, places: tuple[str, ...], tmp_path: Path
) -> None:
    body = base64.b64encode(b'{"webhook_id":"w-1","ibanFullname":"Zoe Zzyx","DbtrIBAN":"FR76ZZ12"}').decode()
    good = json.dumps({"type": "payin.create", "body_base64": body})
    recording.write_text(f'{good}\n{{"type": "Zoe Zzyx "}}\n"FR76ZZ"\n{good[:-3]}\n', "utf-8")
    said = [strangler("corpus", "import", str(recording), *places, "--skip-bad")]
    said += [
        strangler("corpus", "show", str(tmp_path / "corpus"), *places[2:], *options) for options in ((), ("-o", "json"))
    ]
    assert [one.code for one in said] == [ExitCode.ATTENTION, ExitCode.OK, ExitCode.OK]
    recording.unlink()
    files = [(path.name, path.read_bytes()) for path in tmp_path.rglob("*") if path.is_file()]
    assert {name for name, _ in files} == {"corpus", "key"}
    assert leaks([*files, *(("said", one.out + one.err) for one in said)]) == []
