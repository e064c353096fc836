from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.delivery_log import DELIVERY_SCHEMA, DeliveryLog, Placed, Taken
from bridge.journal_file import JournalFile
from ops.command.reconcile import read_since
from ops.exit_code import ExitCode
from tests.unit.ops.conftest import Strangler

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def write(folder: Path, *, lost: bool) -> None:
    file = JournalFile(folder, "shipper", DELIVERY_SCHEMA)
    log = DeliveryLog(file)
    one, two = (Taken(log.number(), "strangler.tap.payin", "payin.create", name, "d" * 64) for name in ("w1", "w2"))
    log.write([one, two], [Placed(one.sequence, "accepted", "m-1")], 1_000.0)
    log.write([], [] if lost else [Placed(two.sequence, "quarantined")], 1_001.0)
    log.give_back(1_002.0)
    file.close()


def test_where_nothing_is_missing_the_account_ends_well(tmp_path: Path, strangler: Strangler) -> None:
    write(tmp_path, lost=False)
    done = strangler("bridge", "reconcile", "--journal", str(tmp_path))
    assert done.code == 0
    assert done.out.splitlines()[-1] == "consumed 2, 1 accepted by SQS, 1 quarantined, none missing"


def test_what_has_no_decision_is_listed_and_the_exit_code_says_so(tmp_path: Path, strangler: Strangler) -> None:
    write(tmp_path, lost=True)
    done = strangler("bridge", "reconcile", "--journal", str(tmp_path))
    assert done.code == 1
    assert "w2" in done.out
    assert "has not come again" in done.out
    assert done.out.splitlines()[-1] == "consumed 2, 1 accepted by SQS, 1 missing"


def test_a_script_gets_one_document(tmp_path: Path, strangler: Strangler) -> None:
    write(tmp_path, lost=True)
    found = strangler("bridge", "reconcile", "--journal", str(tmp_path), "-o", "json").document
    assert [(one["queue"], one["consumed"], one["missing"]) for one in found["queues"]] == [
        ("strangler.tap.payin", 2, 1)
    ]
    assert [(one["id"], one["why"]) for one in found["missing"]] == [("w2", "given back, and has not come again")]


def test_only_what_was_taken_since_counts(tmp_path: Path, strangler: Strangler) -> None:
    write(tmp_path, lost=True)
    done = strangler("bridge", "reconcile", "--journal", str(tmp_path), "--since", "1970-01-01T01:00")
    assert (done.code, done.out.splitlines()[-1]) == (0, "consumed 0, none missing")


def test_a_folder_without_a_journal_is_told(tmp_path: Path, strangler: Strangler) -> None:
    done = strangler("bridge", "reconcile", "--journal", str(tmp_path))
    assert done.code == ExitCode.SETTINGS
    assert "no journal of a shipper or a router" in done.err


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("90m", datetime(2026, 11, 27, 10, 30, tzinfo=UTC)),
        ("24h", datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("7d", datetime(2026, 11, 20, 12, tzinfo=UTC)),
        ("2026-11-27T08:00", datetime(2026, 11, 27, 8, tzinfo=UTC)),
        ("2026-11-27T08:00+01:00", datetime(2026, 11, 27, 7, tzinfo=UTC)),
    ],
)
def test_a_time_is_an_age_or_a_time(text: str, at: datetime) -> None:
    assert read_since(text, NOW) == at


@pytest.mark.parametrize("text", ["yesterday", "24", "-1h", "24H"])
def test_what_is_no_time_is_a_wrong_command_line(text: str, strangler: Strangler) -> None:
    assert strangler("bridge", "reconcile", "--since", text).code == ExitCode.USAGE
