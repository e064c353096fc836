"""`strangler compare run` over what the monolith publishes: beside the real one, killed, resumed, and with a bug.

The command runs as an operator runs it, in a process of its own.
"""

import base64
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ops.audit_chain import verify
from ops.exit_code import ExitCode
from ops.notification import read_notification
from ops.parity.audit_file import NAME as AUDIT
from ops.parity.audit_file import read_entries
from tests.contract.parity.side import MONOLITH, scenario
from tests.fakes.notification import write_corpus
from tests.leak import MARKS, leaks
from tests.patience import eventually

ROOT = Path(__file__).parents[2]
MESSAGES, SEED = 1_000, 21
# What is passed on is the monolith's answer, but for every fiftieth payin's row: there one field is another.
BUG = """
import json, subprocess, sys
field, log, *oracle = sys.argv[1:]
monolith = subprocess.Popen(oracle, stdin=sys.stdin, stdout=subprocess.PIPE)
seen = 0
for line in monolith.stdout:
    answer = json.loads(line)
    rows = [one["value"] for one in answer["effects"] if one["kind"] == "row" and one["name"] == "payins"]
    if answer["type"] == "payin.create" and rows and rows[0][field]:
        seen += 1
        if seen % 50 == 0:
            known = rows[0][field]
            rows[0][field] = round(known + 0.01, 2) if field == "fee" else known[:-1]
            line = json.dumps(answer).encode() + b"\\n"
            with open(log, "a") as file:
                file.write("altered\\n")
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
sys.exit(monolith.wait())
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Desk:
    """A corpus and its key, and the command."""

    folder: Path
    corpus: Path
    key: Path
    oracle: Sequence[str]

    def words(self, runs: str, *options: str, oracle: Sequence[str] | None = None) -> list[str]:
        return [
            sys.executable, "-m", "ops", "compare", "run", "--corpus", str(self.corpus), "--key", str(self.key),
            "--oracle", shlex.join(oracle or self.oracle), "--runs", str(self.folder / runs), "--json", *options,
        ]  # fmt: skip

    def run(self, runs: str, *options: str, oracle: Sequence[str] | None = None) -> Ended:
        return call(self.words(runs, *options, oracle=oracle))

    def report(self, folder: str, *options: str) -> Ended:
        return call(
            [sys.executable, "-m", "ops", "compare", "report", folder, "--key", str(self.key), "--json", *options]
        )

    def with_bug(self, field: str) -> tuple[Sequence[str], Path]:
        """An oracle that is wrong in that field now and then, and a file with a line for each time."""
        log = self.folder / f"altered-{field}"
        return (sys.executable, "-c", BUG, field, str(log), *self.oracle), log


def call(words: Sequence[str]) -> Ended:
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture(scope="module")
def desk(php: Sequence[str], tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("desk")
    published = [json.loads(read_notification(json.dumps(one).encode()).line) for one in scenario(php, MESSAGES, SEED)]
    bodies = b"".join(base64.b64decode(one["body_base64"]) for one in published)
    assert all(mark.encode() in bodies for mark in MARKS), "there is something to leak"
    corpus, key = write_corpus(folder, published)
    return Desk(folder, corpus, key, (*php, str(MONOLITH / "bin" / "oracle.php")))


@pytest.fixture(scope="module")
def agreed(desk: Desk) -> Ended:
    """A run over the corpus in one go."""
    return desk.run("agreed", "--parts", "8", "--workers", "2")


def kept(document: Any) -> Any:
    """What a report says of the messages; where and when it was made aside."""
    return {name: item for name, item in document.items() if name not in ("facts", "run")}


def folder_of(ended: Ended) -> Path:
    return Path(ended.document["run"])


def test_both_sides_agree_on_every_message_and_no_mutant_survives(agreed: Ended) -> None:
    assert agreed.code == ExitCode.OK, agreed.err
    found = agreed.document
    assert (found["agreement"], found["groups"], found["survivors"], found["objections"]) == (1.0, [], [], [])
    assert sum(sum(one["counts"].values()) for one in found["types"]) == MESSAGES
    assert {one["type"] for one in found["types"]} == {one["type"] for one in found["mutants"]}
    assert all(one["killed"] for one in found["mutants"])
    assert all(rule["problem"] is None for rule in found["rules"])


def test_a_run_that_was_killed_in_the_middle_goes_on_and_tells_the_same(desk: Desk, agreed: Ended) -> None:
    words = desk.words("killed", "--parts", "8", "--workers", "2")
    command = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        done = eventually(lambda: list((desk.folder / "killed").glob("*/part-*.sealed")), 60, "a part is done")
        family = descendants(command.pid)
        assert len(family) >= 3, "two processes, and at least one oracle"
    finally:
        command.kill()
        command.wait()
    (folder,) = (desk.folder / "killed").iterdir()
    assert len(done) < 8
    assert not (folder / "report.json").exists()
    eventually(lambda: not any(map(alive, family)), 30, "nothing of it is left")

    resumed = desk.run("killed", "--workers", "1", "--resume", str(folder))
    assert resumed.code == ExitCode.OK, resumed.err
    assert kept(resumed.document) == kept(agreed.document)
    assert {one.name for one in folder.glob("part-*.sealed")} == {f"part-{number:04}.sealed" for number in range(8)}


def descendants(pid: int) -> list[int]:
    """Processes that it has started, and those that they have."""
    try:
        children = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []
    return [*children, *(below for child in children for below in descendants(child))]


def alive(pid: int) -> bool:
    """A zombie, which nobody here can reap, is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_bug_is_one_group_with_its_trap_and_one_line_for_ci(desk: Desk) -> None:
    oracle, log = desk.with_bug("fee")
    ended = desk.run("fee", "--parts", "1", "--workers", "1", oracle=oracle)
    altered = len(log.read_text().splitlines())
    assert ended.code == ExitCode.ATTENTION, ended.err
    (group,) = ended.document["groups"]
    assert altered >= 3
    assert (group["signature"], group["count"]) == ("payin.create | row:payins.fee | value | float -> float", altered)
    assert group["trap"]["title"] == "rounding half a cent"
    assert ended.document["objections"] == [f"{altered} messages differ, in 1 group"]
    (counts,) = (one["counts"] for one in ended.document["types"] if one["type"] == "payin.create")
    assert group["share"] == altered / sum(counts.values())
    assert counts["mismatch"] == altered


def test_nothing_personal_is_kept_but_sealed_and_to_reveal_it_is_written_down(desk: Desk) -> None:
    oracle, _ = desk.with_bug("debtor_name")
    ended = desk.run("name", "--parts", "2", "--workers", "2", oracle=oracle)
    folder = folder_of(ended)
    files = [one for one in folder.parent.rglob("*") if one.is_file()]
    assert len(files) >= 6
    assert not leaks((str(one), one.read_bytes()) for one in files)
    assert not leaks((str(one), one.read_text("utf-8")) for one in files if one.suffix != ".sealed")
    assert not leaks([("output", ended.out), ("errors", ended.err)])
    assert (folder / "report.html").exists()

    masked = desk.report(str(folder))
    assert kept(masked.document) == kept(json.loads((folder / "report.json").read_text()))
    assert not leaks([("output", masked.out)])

    refused = desk.report(str(folder), "--reveal")
    assert (refused.code, refused.out) == (ExitCode.USAGE, "")
    assert not (folder.parent / AUDIT).exists()

    revealed = desk.report(str(folder), "--reveal", "--reason", "OPS-17: a name is cut")
    names = [one["control"] for group in revealed.document["groups"] for one in group["examples"][0]["differences"]]
    assert leaks([("output", str(names))])
    entries = read_entries((folder.parent / AUDIT).read_bytes())
    assert [(one.act.action, one.act.reason, one.act.detail["run"]) for one in entries] == [
        ("compare: reveal", "OPS-17: a name is cut", folder.name)
    ]
    assert verify(entries) is None
    assert not leaks([(AUDIT, (folder.parent / AUDIT).read_text())])


def test_ctrl_c_keeps_what_was_found_and_says_how_to_go_on(desk: Desk) -> None:
    command = subprocess.Popen(
        desk.words("stopped", "--parts", "64", "--workers", "1"),
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        eventually(lambda: list((desk.folder / "stopped").glob("*/part-*.sealed")), 60, "a part is done")
        os.killpg(command.pid, signal.SIGINT)
        _, err = command.communicate(timeout=60)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(command.pid, signal.SIGKILL)
    (folder,) = (desk.folder / "stopped").iterdir()
    assert command.returncode == ExitCode.INTERRUPTED, err
    assert f"--resume {folder} goes on" in err
    assert not (folder / "report.json").exists()
