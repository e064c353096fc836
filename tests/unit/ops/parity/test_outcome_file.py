"""Two files are joined by message id, and what cannot be read stops the comparison."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.parity import outcome_file as module
from ops.parity.outcome_file import OutcomeFile, join
from tests.fakes.message import NAME

Joined = tuple[tuple[str, ...], tuple[str, ...]]


def line(message_id: str, **fields: Any) -> bytes:
    return json.dumps({"message_id": message_id, "type": "payin.create", "effects": [], **fields}).encode() + b"\n"


@pytest.fixture
def joined(tmp_path: Path) -> Callable[[bytes, bytes], list[Joined]]:
    """What two files of these bytes are joined to: ids and attempts of each pair."""

    def of(control: bytes, candidate: bytes) -> list[Joined]:
        (tmp_path / "control").write_bytes(control)
        (tmp_path / "candidate").write_bytes(candidate)
        with OutcomeFile(tmp_path / "control") as theirs, OutcomeFile(tmp_path / "candidate") as ours:
            return [(told(theirs, one), told(ours, other)) for one, other in join(theirs, ours)]

    return of


def told(file: OutcomeFile, positions: Sequence[int]) -> tuple[str, ...]:
    lines = [file.read(position)[0] for position in positions]
    return tuple(one.message_id if one.attempt == 1 else f"{one.message_id}/{one.attempt}" for one in lines)


Join = Callable[[bytes, bytes], list[Joined]]


def test_messages_in_another_order_are_joined_all_the_same(joined: Join) -> None:
    lines = [line(f"w{number}") for number in range(50)]
    found = joined(b"".join(lines), b"".join(reversed(lines)))
    assert sorted(found) == sorted(((f"w{n}",), (f"w{n}",)) for n in range(50))


def test_all_attempts_at_a_message_come_together(joined: Join) -> None:
    control = line("a") + line("b") + line("a", attempt=2)
    candidate = line("b", attempt=2) + line("a") + line("b")
    assert sorted(joined(control, candidate)) == [(("a", "a/2"), ("a",)), (("b",), ("b/2", "b"))]


def test_a_message_that_only_one_side_tells_of_stands_alone(joined: Join) -> None:
    assert sorted(joined(line("a") + line("b"), line("b") + line("c"))) == [
        ((), ("c",)),
        (("a",), ()),
        (("b",), ("b",)),
    ]
    assert joined(line("a"), b"") == [(("a",), ())]
    assert joined(b"", line("a")) == [((), ("a",))]
    assert joined(b"", b"") == []


@given(st.lists(st.sampled_from("abcdé\\"), max_size=12), st.lists(st.sampled_from("abcdé\\"), max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_outcome_of_both_files_is_in_exactly_one_pair(
    joined: Join, control: list[str], candidate: list[str]
) -> None:
    found = joined(b"".join(map(line, control)), b"".join(map(line, candidate)))
    for side, ids in enumerate((control, candidate)):
        assert sorted(one for pair in found for one in pair[side]) == sorted(ids)
    assert all(len(set(one + other)) == 1 for one, other in found)
    assert len(found) == len({*control, *candidate})


def test_ids_whose_hashes_are_the_same_come_together(joined: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_hash", lambda _: 7)
    assert joined(line("a") + line("b"), line("b") + line("c")) == [(("a", "b"), ("b", "c"))]
    assert joined(line("a"), line("b")) == [(("a",), ("b",))]


def test_the_join_is_the_same_in_every_process(joined: Join) -> None:
    control, candidate = (b"".join(map(line, ids)) for ids in ("abcdefgh", "hgfedcba"))
    assert [one[0] for one, _ in joined(control, candidate)] == ["a", "b", "c", "d", "e", "f", "g", "h"]


@pytest.mark.parametrize(
    "text",
    [
        line("w1"),
        line("w1").rstrip(),
        b"\n\n" + line("w1") + b"\r\n  \n",
        line("w1").replace(b"\n", b"\r\n"),
        b'{"format":1,"message_id":"w1","type":"t","effects":[]}',
        b' { "message_id" : "w1" , "type":"t","effects":[]}\n',
        b'{"type":"t","effects":[],"message_id":"w1"}\n',
        b'{"message_id":"\\u0077\\u0031","type":"t","effects":[]}\n',
    ],
)
def test_a_line_is_found_however_it_is_written(joined: Join, text: bytes) -> None:
    assert joined(text, line("w1")) == [(("w1",), ("w1",))]


def test_an_id_past_ascii_is_the_same_escaped_or_not(joined: Join) -> None:
    plain = json.dumps({"message_id": NAME, "type": "t", "effects": []}, ensure_ascii=False).encode()
    assert joined(plain, line(NAME)) == [((NAME,), (NAME,))]


def test_lines_longer_than_what_is_read_at_once_are_read_whole(joined: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_READ_BYTES", 64)
    lines = [line(f"w{number}", cause="x" * 50 * number) for number in range(6)]
    assert len(joined(b"".join(lines), b"".join(reversed(lines)))) == 6


def test_a_line_is_as_large_as_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(line("a") + line("b"))
    with OutcomeFile(tmp_path / "file") as file:
        assert (len(file), file.read(1)[1]) == (2, len(line("b")))
        assert file.read(0)[0].message_id == "a", "it can go back"


def refusal(path: Path) -> str:
    with pytest.raises(CommandError) as refused, OutcomeFile(path) as file:  # noqa: PT012  either may refuse
        for position in range(len(file)):
            file.read(position)
    assert refused.value.code is ExitCode.USAGE
    assert str(path) in str(refused.value)
    return str(refused.value)


def test_what_is_no_file_of_outcomes_is_refused(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refusal(tmp_path / "missing")
    assert "no regular file" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "no regular file" in refusal(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (b"Zo\xc3\xa9 Planted\n", "not JSON"),
        (b'{"message_id":5}\n', "outcome.message_id: unfit"),
        (b'{"message_id":"w2","type":"t"}\n', "outcome.effects: missing"),
        (b'{"message_id":"w2","type":"Planted","effects":[]\n', "not JSON"),
        (b'{"message_id":"\xff","type":"t","effects":[]}\n', "not JSON"),
        (b'{"format":2,"message_id":"w2","type":"t","effects":[]}\n', "outcome.format: unfit"),
        (b"\xef\xbb\xbf" + line("w2"), "not JSON"),
    ],
)
def test_a_line_that_is_no_outcome_is_named_by_its_number_and_not_quoted(tmp_path: Path, bad: bytes, told: str) -> None:
    (tmp_path / "file").write_bytes(line("w1") + b"\n" + bad + line("w3"))
    text = refusal(tmp_path / "file")
    assert f"{tmp_path / 'file'}, outcome 2: " in text
    assert told in text
    assert "Planted" not in text
