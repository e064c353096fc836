"""`strangler demo` as a newcomer runs it: from nothing to figures, a report and an exit code."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contracts.registry import FAMILIES
from tests.leak import leaks
from tests.stage import REPOSITORY

pytestmark = pytest.mark.timeout(500)

TYPES = {message_type.name for family in FAMILIES for message_type in family.types}
MESSAGES = 150
SEED_WITH_EVERY_BUG = 4
"""Among the first hundred of its messages are half a cent of a fee and a float that Python's JSON writes otherwise."""
ENDS_WITHIN_S = 450
ATTENTION = 1
WRITTEN = ("summary.json", "report.html")


@dataclass(frozen=True, slots=True)
class Run:
    """A demo that has ended."""

    code: int
    place: Path
    table: str
    notes: str

    @property
    def summary(self) -> dict[str, Any]:
        """Its figures."""
        document: dict[str, Any] = json.loads((self.place / "summary.json").read_text("utf-8"))
        return document

    @property
    def published(self) -> dict[str, dict[str, Any]]:
        """The publisher's own log, by id."""
        lines = (self.place / "published.ndjson").read_text("utf-8").splitlines()
        return {line["id"]: line for line in map(json.loads, lines)}

    def told(self) -> Iterator[tuple[str, str]]:
        """All that a demo tells or leaves to be read. Not what belongs to the monolith, nor the functions' package."""
        for file in [*(self.place / name for name in WRITTEN), *sorted(self.place.rglob("*.log"))]:
            yield str(file.relative_to(self.place)), file.read_text("utf-8", "replace")
        yield "standard output", self.table
        yield "standard error", self.notes


@contextlib.contextmanager
def demos(output: Path, *commands: Sequence[str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Demos at the same time; on leaving, none is left."""
    running: list[subprocess.Popen[bytes]] = []
    try:
        for number, options in enumerate(commands):
            with (output / f"{number}.out").open("wb") as out, (output / f"{number}.err").open("wb") as err:
                command = [sys.executable, "-m", "ops", "demo", *options]
                environment = {**os.environ, "COLUMNS": "200"}
                running.append(subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=out, stderr=err))
        for one in running:
            one.wait(ENDS_WITHIN_S)
        yield running
    finally:
        for one in running:
            if one.poll() is None:
                one.send_signal(signal.SIGINT)
                one.wait(ENDS_WITHIN_S)


def ended(output: Path, number: int, code: int, place: Path) -> Run:
    texts = ((output / f"{number}.{kind}").read_text("utf-8") for kind in ("out", "err"))
    return Run(code, place, *texts)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Two demos with one and the same folder, beside each other; the second one ends after its shadow run."""
    output = tmp_path_factory.mktemp("two")
    folder = output / "var" / "demo"
    options = ["--messages", str(MESSAGES), "--folder", str(folder)]
    with demos(output, options, [*options, "--shadow-only"]) as running:
        codes = [one.returncode for one in running]
    assert codes == [0, 0], "\n".join((output / f"{number}.err").read_text("utf-8") for number in (0, 1))
    return [ended(output, number, code, place_of(output, number)) for number, code in enumerate(codes)]


def place_of(output: Path, number: int) -> Path:
    """Where a demo that went well says that its summary is: which of two came first is theirs to know."""
    [place] = re.findall(r"summary: (\S+)/summary\.json", (output / f"{number}.err").read_text("utf-8"))
    return Path(place)


def test_a_second_demo_beside_the_first_takes_a_folder_of_its_own_and_both_end_well(two: list[Run]) -> None:
    assert [run.code for run in two] == [0, 0]
    assert {run.place.name for run in two} == {"demo", "demo-2"}


def test_nothing_of_them_runs_on(two: list[Run]) -> None:
    places = {str(run.place.parent) for run in two}

    assert [command for command in _command_lines() if any(place in command for place in places)] == []


def test_the_summary_has_what_the_next_program_needs(two: list[Run]) -> None:
    for run in two:
        summary = run.summary
        for name in ("published", "ledger", "lost", "processed_twice", "pending"):
            assert type(summary[name]) is int, name
        for name in ("agreement", "duration_s"):
            assert type(summary[name]) is float, name
        assert_counts(summary["verdicts"])
        assert type(summary["groups"]) is list
        assert set(summary["types"]) == TYPES
        for figures in summary["types"].values():
            assert_counts(figures["verdicts"])
            assert figures["seen"] == sum(figures["verdicts"].values()) > 0
            assert 0 < figures["p50_s"] <= figures["p99_s"] < summary["duration_s"]


def test_mutants_were_made_beside_the_verdicts_and_none_survived(two: list[Run]) -> None:
    for run in two:
        summary, page = run.summary, (run.place / "report.html").read_text("utf-8")
        assert summary["mutants"]["killed"] > 5 * len(TYPES)
        assert (summary["mutants"]["survived"], summary["survivors"], summary["void"]) == (0, [], False)
        assert "called different" in page
        assert "none survived" in page
        assert all(0 < one["agreement_at_least"] < 1 for one in summary["types"].values())


def assert_counts(verdicts: Mapping[str, Any]) -> None:
    assert verdicts
    assert all(type(name) is str and type(count) is int and count > 0 for name, count in verdicts.items())


def test_nothing_is_lost_nothing_done_twice_and_both_sides_agree_on_every_message(two: list[Run]) -> None:
    for run in two:
        summary = run.summary
        published = len(run.published)
        assert published == MESSAGES
        assert (summary["published"], summary["ledger"]) == (published, published)
        assert (summary["lost"], summary["processed_twice"], summary["pending"]) == (0, 0, 0)
        assert (summary["agreement"], summary["groups"]) == (1.0, [])
        assert set(summary["verdicts"]) <= {"match", "match by rule"}
        assert sum(summary["verdicts"].values()) == published


def test_authority_moves_and_goes_back_under_traffic_and_what_failed_is_replayed(two: list[Run]) -> None:
    summary = two[0].summary
    moved = summary["cutover"]

    assert moved["family"] == "payin"
    assert (moved["lost"], moved["twice"], moved["legacy_after_switch"]) == (0, 0, 0)
    assert moved["new_after_switch"] > 0
    assert moved["back_ok"] is True
    assert summary["replayed"] >= 1


def test_the_second_act_can_be_left_out(two: list[Run]) -> None:
    summary = two[1].summary

    assert (summary["cutover"], summary["replayed"]) == (None, 0)


def test_what_it_published_is_worth_looking_at(two: list[Run]) -> None:
    # So that the run above cannot be clean for want of anything difficult.
    published = list(two[0].published.values())
    early = {line["key"] for line in published if line["type"] == "payin.update"}
    places = [(line["type"], line["key"]) for line in published]

    assert {line["type"] for line in published} == TYPES
    assert any(line["copies"] == 2 for line in published)
    assert any(
        places.index(("payin.update", key)) < places.index(("payin.create", key))
        for key in early
        if ("payin.create", key) in places
    )


def test_it_prints_a_table_and_where_to_read_on(two: list[Run]) -> None:
    for run in two:
        assert all(name in run.table for name in TYPES)
        assert f"{MESSAGES} published, 0 lost, 0 processed twice" in run.notes
        assert f"report: {run.place / 'report.html'}" in run.notes
        assert "Traceback" not in run.table + run.notes


def test_neither_report_nor_log_nor_summary_shows_anything_personal(two: list[Run]) -> None:
    for run in two:
        told = dict(run.told())
        assert {"summary.json", "report.html", "logs/shipper.log", "aws/aws.log", "rabbitmq/rabbitmq.log"} <= set(told)
        assert leaks(told.items()) == []


FEE = "cardtransaction.create | row:card_transactions.fee | value | float -> float"
JOURNAL = "balance.update | row:journal"
SIGNATURE = 'payout.update | webhook:payout.settled.headers.X-Signature | value | "base64(32)" -> "base64(32)"'


BROKEN: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "one": {FEE: (0, 0), f"{JOURNAL} | missing effect | effect -> -": (1, 0), SIGNATURE: (0, 0)},
    "other": {f"{JOURNAL} | extra effect | - -> effect": (0, 1)},
}
"""By demo, the groups that its bugs are to show as, and what the audit counts of each message that differs."""
BUGS = {"one": ("cents", "lost-row", "signature"), "other": ("double-row",)}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Run]:
    """Demos with seeded bugs, beside each other."""
    output = tmp_path_factory.mktemp("broken")
    options = ["--messages", "100", "--seed", str(SEED_WITH_EVERY_BUG)]
    commands = [
        [*options, "--folder", str(output / name), *(word for bug in bugs for word in ("--break", bug))]
        for name, bugs in BUGS.items()
    ]
    with demos(output, *commands) as running:
        return {
            name: ended(output, number, one.returncode, output / name)
            for number, (name, one) in enumerate(zip(BUGS, running, strict=True))
        }


@pytest.mark.parametrize("name", BROKEN)
def test_each_seeded_bug_is_one_group_that_names_it(name: str, broken: Mapping[str, Run]) -> None:
    run, expected = broken[name], BROKEN[name]
    summary = run.summary
    counts = {group["signature"]: group["count"] for group in summary["groups"]}

    assert run.code == ATTENTION, run.notes
    assert set(counts) == set(expected)
    assert all(counts.values())
    assert sum(counts.values()) == summary["verdicts"]["mismatch"]
    assert (summary["lost"], summary["processed_twice"]) == tuple(
        sum(counts[signature] * each[place] for signature, each in expected.items()) for place in (0, 1)
    )
    assert summary["pending"] == 0
    published = summary["published"]
    assert summary["agreement"] == (published - summary["verdicts"]["mismatch"]) / published < 1
    assert leaks(run.told()) == []


def _command_lines() -> Iterator[str]:
    for process in Path("/proc").iterdir():
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, ProcessLookupError):  # it has just ended
            yield (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
