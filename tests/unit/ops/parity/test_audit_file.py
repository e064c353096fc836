"""The file is a chain by the same rules as a deployment's."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from ops.audit_chain import BEGINNING, verify
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.parity.audit_file import NAME, append_act, read_entries


def append(folder: Path, reason: str = "OPS-17: odd label", **detail: Any) -> None:
    append_act(folder, "compare: reveal", reason, detail)


def test_acts_make_a_chain_that_verifies(tmp_path: Path) -> None:
    for number in range(3):
        append(tmp_path, f"reason {number} — é\u2028\n", run=f"r{number}", more=[1, None, 0.5])
    entries = read_entries((tmp_path / NAME).read_bytes())
    assert [(one.sequence, one.act.reason) for one in entries] == [
        (1, "reason 0 — é\u2028\n"),
        (2, "reason 1 — é\u2028\n"),
        (3, "reason 2 — é\u2028\n"),
    ]
    assert entries[0].previous == BEGINNING
    assert entries[0].act.detail == {"run": "r0", "more": [1, None, 0.5]}
    assert "@" in entries[0].act.operator
    assert verify(entries) is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda lines: [lines[0], lines[1].replace(b"OPS", b"OPX"), lines[2]], "entry 2 was altered"),
        (lambda lines: [lines[0], lines[2]], "entry 2 is missing"),
        (lambda lines: lines[1:], "entry 1 is missing"),
        (lambda lines: [lines[0].replace(b'"sequence": 1', b'"sequence": 2'), *lines[1:]], "entry 1 is missing"),
    ],
)
def test_a_chain_that_was_tampered_with_does_not_verify(tmp_path: Path, change: Any, told: str) -> None:
    for _ in range(3):
        append(tmp_path)
    found = verify(read_entries(b"\n".join(change((tmp_path / NAME).read_bytes().splitlines()))))
    assert found is not None
    assert told in found.text


def test_what_is_appended_is_told(tmp_path: Path) -> None:
    entry = append_act(tmp_path, "compare: reveal", "why", {})
    assert read_entries((tmp_path / NAME).read_bytes()) == [entry]


@pytest.mark.parametrize(
    "last",
    [b'{"sequence": 2, "at"', b"nonsense\n", b"5\n", b'"text"\n', b"[]\n", b"{}\n", b'{"act": []}\n', b"\xff\n"],
)
def test_a_last_line_that_is_no_entry_is_refused_and_left_as_it_is(tmp_path: Path, last: bytes) -> None:
    append(tmp_path)
    before = (tmp_path / NAME).read_bytes() + last
    (tmp_path / NAME).write_bytes(before)
    with pytest.raises(CommandError, match="so nothing is shown: one of its lines is no entry") as refused:
        append(tmp_path)
    assert refused.value.code is ExitCode.CANNOT_WRITE
    assert (tmp_path / NAME).read_bytes() == before


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    append(tmp_path)
    append(tmp_path)
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_a_last_line_that_lost_its_end_stays_a_line(tmp_path: Path) -> None:
    append(tmp_path)
    (tmp_path / NAME).write_bytes((tmp_path / NAME).read_bytes().rstrip())
    append(tmp_path)
    entries = read_entries((tmp_path / NAME).read_bytes())
    assert len(entries) == 2
    assert verify(entries) is None


def test_where_nothing_can_be_written_nothing_is_shown(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file or directory") as refused:
        append(tmp_path / "missing")
    assert refused.value.code is ExitCode.CANNOT_WRITE
    (tmp_path / NAME).mkdir()
    with pytest.raises(CommandError, match="Is a directory"):
        append(tmp_path)


def test_acts_at_the_same_time_follow_each_other(tmp_path: Path) -> None:
    ready = threading.Barrier(8)

    def act() -> None:
        ready.wait()
        for _ in range(5):
            append(tmp_path)

    threads = [threading.Thread(target=act) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    entries = read_entries((tmp_path / NAME).read_bytes())
    assert len(entries) == 40
    assert verify(entries) is None


def test_every_line_is_json_by_itself(tmp_path: Path) -> None:
    append(tmp_path)
    append(tmp_path)
    lines = (tmp_path / NAME).read_bytes().split(b"\n")
    assert lines[-1] == b""
    assert [json.loads(line)["sequence"] for line in lines[:-1]] == [1, 2]
