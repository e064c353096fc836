"""`strangler compare oracle` as a shell sees it."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.corpus_key import make_key_file
from ops.exit_code import ExitCode
from tests.fakes.message import payin
from tests.fakes.notification import notification, write_corpus
from tests.fakes.program import program
from tests.unit.ops.conftest import Ended, Strangler

SAY = """
import json, sys
for line in sys.stdin:
    one = json.loads(line)
    print(json.dumps({"message_id": one["id"], "type": one["type"], "effects": []}))
"""
Check = Callable[..., Ended]


@pytest.fixture
def check(strangler: Strangler, tmp_path: Path) -> Check:
    """Tries a program with three messages."""
    corpus, key = write_corpus(tmp_path, [notification("payin.create", payin(f"w{number}")) for number in range(3)])

    def run(code: str, *options: str, key: Path = key) -> Ended:
        oracle = shlex.join(program(code))
        return strangler("compare", "oracle", "--corpus", str(corpus), "--key", str(key), "--oracle", oracle, *options)

    return run


def test_a_program_that_keeps_every_promise_ends_with_0(check: Check) -> None:
    ended = check(SAY)
    assert ended.code == ExitCode.OK
    assert ended.out.count("kept ") == 6
    assert "BROKEN" not in ended.out


def test_a_broken_promise_ends_with_1_and_is_named(check: Check) -> None:
    ended = check("import sys\nfor line in sys.stdin: print('Zzyx')")
    assert ended.code == ExitCode.ATTENTION
    assert "BROKEN every answer is an outcome document: oracle: answer 1: outcome: not JSON" in ended.out
    assert "Zzyx" not in ended.out + ended.err


def test_the_json_document_lists_the_promises(check: Check) -> None:
    told = check(SAY, "--json", "--messages", "2").document
    assert told["messages"] == 2
    assert [one["kept"] for one in told["promises"]] == [True] * 6
    assert told["promises"][0]["found"] == "2 answers"


def test_what_cannot_be_started_is_a_broken_promise(strangler: Strangler, check: Check, tmp_path: Path) -> None:
    ended = strangler(
        "compare", "oracle", "--corpus", str(tmp_path / "corpus"), "--key", str(tmp_path / "key"), "--oracle", "/none"
    )
    assert (ended.code, "cannot be started" in ended.out) == (ExitCode.ATTENTION, True)


def test_an_empty_corpus_tries_nothing(strangler: Strangler, tmp_path: Path) -> None:
    corpus, key = write_corpus(tmp_path, [])
    ended = strangler("compare", "oracle", "--corpus", str(corpus), "--key", str(key), "--oracle", "true")
    assert (ended.code, "no message to try it with" in ended.err) == (ExitCode.SETTINGS, True)


def test_a_missing_a_wrong_key_and_a_missing_corpus_are_told(
    strangler: Strangler, check: Check, tmp_path: Path
) -> None:
    make_key_file(tmp_path / "other")
    assert check(SAY, key=tmp_path / "other").code == ExitCode.REFUSED
    ended = strangler("compare", "oracle", "--corpus", str(tmp_path / "corpus"), "--oracle", "true")
    assert (ended.code, "STRANGLER_CORPUS_KEY" in ended.err) == (ExitCode.SETTINGS, True)
    ended = strangler(
        "compare", "oracle", "--corpus", str(tmp_path / "none"), "--key", str(tmp_path / "key"), "--oracle", "true"
    )
    assert ended.code == ExitCode.SETTINGS
