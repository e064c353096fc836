"""`strangler compare calibrate` as a shell sees it."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.corpus_key import make_key_file
from ops.exit_code import ExitCode
from ops.parity.calibrate import NOW
from tests.fakes.message import NAME, payin
from tests.fakes.notification import notification, write_corpus
from tests.fakes.program import program
from tests.unit.ops.conftest import Ended, Strangler

SAY = """
import json, sys, uuid
for line in sys.stdin:
    one = json.loads(line)
    value = {VALUE}
    effects = [{"kind": "row", "name": "payins", "key": "1", "value": value}]
    print(json.dumps({"message_id": one["id"], "type": one["type"], "effects": effects}))
"""
Calibrate = Callable[..., Ended]


@pytest.fixture
def calibrate(strangler: Strangler, tmp_path: Path) -> Calibrate:
    """Calibrates with an oracle whose rows have this value."""
    corpus, key = write_corpus(
        tmp_path, [notification("payin.create", payin(f"w{number}", f"p{number}")) for number in range(3)]
    )

    def run(value: str, *options: str, key: Path = key) -> Ended:
        oracle = shlex.join(program(SAY.replace("{VALUE}", value), NOW))
        return strangler(
            "compare", "calibrate", "--corpus", str(corpus), "--key", str(key), "--oracle", oracle, *options
        )

    return run


def test_a_monolith_without_noise_ends_with_0(calibrate: Calibrate) -> None:
    ended = calibrate('{"user_id": 5}')
    assert ended.code == ExitCode.OK
    assert "payin.create: 3 messages, 0 noisy places" in ended.out
    assert "No noise" in ended.out


def test_noise_that_an_accepted_rule_covers_ends_with_0(calibrate: Calibrate) -> None:
    ended = calibrate('{"recorded_at": sys.argv[1]}')
    assert (ended.code, "tolerated: time within" in ended.out) == (ExitCode.OK, True)


def test_noise_that_no_rule_covers_ends_with_1_and_a_rule_to_copy(calibrate: Calibrate) -> None:
    ended = calibrate('{"user_id": str(uuid.uuid4())}', "--expires", "10")
    assert ended.code == ExitCode.ATTENTION
    assert (
        '"row:payins.user_id",\n    "uuid",\n    reason="noise of the monolith itself: seen in 3 messages"' in ended.out
    )
    assert "1 place to look at" in ended.err


def test_noise_of_money_has_no_rule(calibrate: Calibrate) -> None:
    ended = calibrate('{"amount": str(uuid.uuid4().int)}')
    assert ended.code == ExitCode.ATTENTION
    assert "no rule: " in ended.out
    assert "Rule(" not in ended.out


def test_the_json_document_has_every_place_and_no_value(calibrate: Calibrate) -> None:
    ended = calibrate(f'{{"user_id": str(uuid.uuid4()), "debtor_name": {NAME!r} + str(uuid.uuid4())}}', "--json")
    assert ended.code == ExitCode.ATTENTION
    assert ended.document["messages"] == {"payin.create": 3}
    places = {one["path"]: one for one in ended.document["places"]}
    assert places["row:payins.user_id"]["proposal"]["kind"] == "uuid"
    assert places["row:payins.user_id"]["share"] == 1.0
    assert places["row:payins.debtor_name"]["proposal"] is None
    assert "Planted" not in ended.out + ended.err


def test_only_so_many_messages_of_the_types_are_looked_at(calibrate: Calibrate) -> None:
    assert calibrate('{"a": 1}', "--messages", "2", "--json").document["messages"] == {"payin.create": 2}


def test_where_nothing_was_compared_nothing_is_called_free_of_noise(calibrate: Calibrate) -> None:
    ended = calibrate('{"a": 1}', "--type", "payin.craete")
    assert (ended.code, ended.out) == (ExitCode.ATTENTION, "")
    assert "nothing to calibrate with" in ended.err


def test_a_wrong_key_and_an_oracle_that_fails_are_told(calibrate: Calibrate, tmp_path: Path) -> None:
    make_key_file(tmp_path / "other")
    assert calibrate('{"a": 1}', key=tmp_path / "other").code == ExitCode.REFUSED
    ended = calibrate("sys.exit(3)")
    assert (ended.code, "ended with 3" in ended.err) == (ExitCode.FAILED, True)


def test_no_key_is_told(strangler: Strangler, tmp_path: Path) -> None:
    ended = strangler("compare", "calibrate", "--corpus", str(tmp_path / "corpus"))
    assert (ended.code, "STRANGLER_CORPUS_KEY" in ended.err) == (ExitCode.SETTINGS, True)
