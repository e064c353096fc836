import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from contracts.php.runtime import PHP_8_2
from ops.php_table import scoreboard_tables
from ops.php_vectors import Scoreboard, Thrown, Unreadable, VectorError, open_lines, replay, same


def line(function: str, arguments: bytes, result: bytes | None = None, **fields: Any) -> bytes:
    document: dict[str, Any] = {"f": function, "a": base64.b64encode(arguments).decode(), "t": "t.phpt", "tz": "UTC"}
    if result is not None:
        document["r"] = base64.b64encode(result).decode()
    return json.dumps(document | fields).encode()


UPPER = line("strtoupper", b'a:1:{i:0;s:2:"ab";}', b's:2:"AB";')
THROWS = line(
    "strtoupper", b"a:1:{i:0;a:0:{}}", x="TypeError: strtoupper(): Argument #1 ($string) must be of type string"
)


def replayed(*lines: bytes) -> Scoreboard:
    return replay(lines, PHP_8_2)


def test_values_and_what_is_thrown_agree() -> None:
    board = replayed(UPPER, THROWS, b"\n")
    assert board.document() == {
        "in_scope": 2,
        "agreed": 2,
        "per_function": {"strtoupper": {"in_scope": 2, "agreed": 2}},
    }


@pytest.mark.parametrize(
    ("vector", "answer"),
    [
        (line("strtoupper", b'a:1:{i:0;s:2:"ab";}', b's:2:"aB";'), "AB"),
        (line("strtoupper", b'a:1:{i:0;s:1:"1";}', b"i:1;"), "1"),
        (line("strtoupper", b"a:1:{i:0;a:0:{}}", x="ValueError: no"), Thrown("TypeError")),
        (line("strtoupper", b"a:1:{i:0;a:0:{}}", b"N;"), Thrown("TypeError")),
        (line("fmod", b"a:2:{i:0;d:-0;i:1;d:1;}", b"d:0;"), -0.0),
    ],
)
def test_a_difference_in_value_type_or_class_is_seen(vector: bytes, answer: Any) -> None:
    board = replayed(UPPER, vector)
    assert (board.in_scope, board.agreed) == (2, 1)
    [difference] = board.differences
    assert (difference.vector.line, same(difference.answer, answer)) == (2, True)


@pytest.mark.parametrize(
    ("vector", "reason"),
    [
        (line("date", b'a:1:{i:0;s:1:"Y";}', b's:4:"2026";'), "current time"),
        (line("date", b'a:2:{i:0;s:1:"Y";i:1;N;}', b's:4:"2026";'), "current time"),
        (line("mktime", b"a:2:{i:0;i:1;i:1;N;}", b"i:1;"), "current time"),
        (line("strval", b'a:1:{i:0;O:1:"A":0:{}}', b's:0:"";'), "object"),
        (
            line("unserialize", b'a:1:{i:0;s:12:"O:1:"A":0:{}";}', b"b:0;"),
            "object",
        ),
        (line("count", b"a:1:{i:0;a:1:{i:0;R:2;}}", b"i:1;"), "holds itself"),
    ],
)
def test_what_cannot_be_replayed_is_left_out_by_name(vector: bytes, reason: str) -> None:
    board = replayed(vector, UPPER)
    assert (dict(board.left_out), board.in_scope) == ({reason: 1}, 1)


def test_what_is_thrown_for_too_few_arguments_needs_no_time() -> None:
    board = replayed(line("mktime", b"a:0:{}", x="ArgumentCountError: mktime() expects at least 1 argument, 0 given"))
    assert (board.in_scope, board.agreed) == (1, 1)


DEEP = b"a:1:{i:0;" * 3000 + b"i:1;" + b"}" * 3000


def test_a_value_that_cannot_be_read_here_counts_as_disagreeing() -> None:
    board = replayed(UPPER, line("strval", b"a:1:{i:0;", b"i:7;"))
    assert (board.in_scope, board.agreed) == (2, 1)
    assert board.differences[0].vector.expected == Unreadable("truncated at byte 9")


def test_an_object_that_cannot_be_read_here_is_left_out_as_any_other() -> None:
    board = replayed(line("json_encode", b'a:1:{i:0;O:8:"stdClass":1:{s:2:"\0a";i:1;}}', b"b:0;"))
    assert (dict(board.left_out), board.in_scope) == ({"object": 1}, 0)


def test_values_may_be_nested_deeper_than_python_calls() -> None:
    board = replayed(line("array_values", b"a:1:{i:0;" + DEEP + b"}", DEEP))
    assert (board.in_scope, board.agreed) == (1, 1)


def test_differences_are_shown_briefly_however_deep_they_are() -> None:
    board = replayed(line("array_values", b"a:1:{i:0;" + DEEP + b"}", b"i:1;"), line("strval", b"a:1:{i:0;", b"i:7;"))
    shown = "".join(map(str, scoreboard_tables(board, differences=2)))
    assert max(map(len, shown.splitlines())) < 300
    assert "cannot be read here: truncated" in shown


def test_functions_out_of_scope_are_not_looked_at() -> None:
    board = replayed(line("levenshtein", b"not even a value"))
    assert (board.in_scope, dict(board.left_out)) == (0, {})


def test_zone_and_precision_are_those_of_the_call() -> None:
    zone = line("date", b'a:2:{i:0;s:1:"H";i:1;i:0;}', b's:2:"01";', tz="Europe/Paris")
    digits = line("strval", b"a:1:{i:0;d:0.10000000000000001;}", b's:19:"0.10000000000000001";', prec="17/17")
    assert replayed(zone, digits).agreed == 2


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"{", "not a vector"),
        (b"[]", "not a vector"),
        (b'{"f":"strval"}', "not a vector: KeyError: 'a'"),
        (line("strval", b"a:0:{}"), "not a vector: KeyError: 'x'"),
        (line("strval", b"i:7;", b"i:7;"), "its arguments are no list"),
        (line("strval", b"a:0:{}", b"i:7;", prec="x/y"), "not a vector"),
    ],
)
def test_what_is_no_vector_is_named_with_its_line(text: bytes, why: str) -> None:
    with pytest.raises(VectorError, match=f"line 2: {why}"):
        replayed(UPPER, text)


@pytest.mark.parametrize("packed", [True, False])
def test_files_may_be_gzipped(tmp_path: Path, packed: bool) -> None:  # noqa: FBT001  # a parameter of the test
    file = tmp_path / "vectors"
    file.write_bytes(gzip.compress(UPPER) if packed else UPPER)
    assert replay(open_lines(file), PHP_8_2).agreed == 1


def test_a_damaged_file_is_told_as_one_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "vectors.gz"
    file.write_bytes(gzip.compress(UPPER * 100)[:-20])
    with pytest.raises(OSError, match="compressed data is damaged"):
        replay(open_lines(file), PHP_8_2)
