"""`strangler compare run` and `report` as a shell sees them."""

import json
import shlex
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from ops.audit_chain import verify
from ops.corpus_key import make_key_file
from ops.exit_code import ExitCode
from ops.parity import run as run_module
from ops.parity.audit_file import read_entries
from ops.parity.candidate import Candidate
from ops.parity.oracle import SECRET_VARIABLE
from tests.fakes.message import PLANTED, balance, payin
from tests.fakes.notification import notification, write_corpus
from tests.fakes.pool import InThisProcess
from tests.fakes.program import NOW, SECRET, answering, outcomes, program
from tests.unit.ops.conftest import Ended, Strangler

TRAFFIC = [
    notification("payin.create", payin(f"w{number}", f"p{number}"), at="2026-11-21T10:00:00Z") for number in range(6)
]
TRAFFIC += [notification("balance.update", balance("b1", "7")), notification("refund.create", b"{}", id="r1")]

SAID = "Zoé Planted-dupont"
"""What both sides make of `NAME`."""
Run = Callable[..., Ended]


class Scene:
    """A folder with a corpus, its key, and a few oracles."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.corpus, self.key = write_corpus(folder, TRAFFIC)
        known, answers = TRAFFIC[:-1], outcomes(TRAFFIC[:-1])
        self.agreeing = answering(folder, known, answers)
        dearer = [one.replace(b'"fee":133.39', b'"fee":133.40').replace(SAID.encode(), b"Jean") for one in answers]
        self.dearer = answering(folder, known, dearer)
        self.failing = program("raise SystemExit(3)")

    @property
    def runs(self) -> list[Path]:
        return sorted(one for one in (self.folder / "runs").iterdir() if one.is_dir())


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(run_module, "ProcessPoolExecutor", InThisProcess)
    monkeypatch.setattr(run_module, "fingerprint", lambda: "f" * 64)
    monkeypatch.setattr(
        "ops.parity.candidate.Candidate", partial(Candidate, clock=lambda: NOW)
    )  # behind: a rule is hit
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    return Scene(tmp_path)


@pytest.fixture
def run(strangler: Strangler, scene: Scene) -> Run:
    """Runs the command over the scene's corpus."""

    def compare(oracle: tuple[str, ...], *options: str, key: Path | None = None) -> Ended:
        return strangler(
            "compare", "run", "--corpus", str(scene.corpus), "--key", str(key or scene.key),
            "--oracle", shlex.join(oracle), "--runs", str(scene.folder / "runs"), "--parts", "2", *options,
        )  # fmt: skip

    return compare


def test_two_sides_that_agree_end_with_0_and_keep_their_reports(run: Run, scene: Scene) -> None:
    ended = run(scene.agreeing)
    assert ended.code == ExitCode.OK, ended.err
    assert "100 %" in ended.out
    assert "left out: 1 message of refund.create" in ended.err
    (folder,) = scene.runs
    assert {one.name for one in folder.iterdir()} >= {"run.json", "report.json", "report.html", "junit.xml"}
    assert {one.name: oct(one.stat().st_mode & 0o077) for one in folder.iterdir() if one.stat().st_mode & 0o077} == {}
    report = json.loads((folder / "report.json").read_text())
    assert (report["agreement"], report["groups"], report["objections"]) == (1.0, [], [])
    assert f"report: {folder / 'report.html'}" in ended.err


def test_one_bug_is_one_group_and_nothing_personal_is_kept_in_clear(run: Run, scene: Scene) -> None:
    ended = run(scene.dearer, "--json")
    assert ended.code == ExitCode.ATTENTION
    found = ended.document
    (group,) = found["groups"]
    assert (group["count"], group["first"]["at"], group["since"]) == (6, "2026-11-21T10:00:00Z", None)
    assert found["objections"] == ["6 messages differ, in 1 group"]
    assert found["run"] == str(scene.runs[0])
    (folder,) = scene.runs
    for file in folder.iterdir():
        content = file.read_bytes()
        assert not any(mark.encode() in content for mark in PLANTED), file
        assert SECRET.encode() not in content, file
    assert not any(mark in ended.out + ended.err for mark in PLANTED)


def test_beside_an_earlier_run_groups_are_new_still_there_or_fixed(run: Run, scene: Scene) -> None:
    assert run(scene.dearer, "--fail-on", "new-difference").code == ExitCode.ATTENTION, "there is none to compare with"
    (first,) = scene.runs
    shutil.move(first, first.with_name("20200101T000000Z"))
    again = run(scene.dearer, "--fail-on", "new-difference", "--json")
    assert (again.code, again.document["groups"][0]["since"]) == (ExitCode.OK, "still there")
    fixed = run(scene.agreeing, "--json", "--since", str(scene.runs[0]))
    assert (fixed.code, len(fixed.document["fixed"])) == (ExitCode.OK, 1)


def test_a_run_whose_oracle_failed_goes_on_with_another_try(run: Run, scene: Scene, tmp_path: Path) -> None:
    flag = tmp_path / "mended"
    code = f"import os, runpy, sys\nif not os.path.exists({str(flag)!r}): sys.exit(3)\n{scene.agreeing[-2]}"
    oracle = program(code, scene.agreeing[-1])
    ended = run(oracle)
    (folder,) = scene.runs
    assert ended.code == ExitCode.FAILED
    assert "ended with 3" in ended.err
    assert f"--resume {folder} goes on" in ended.err
    flag.touch()
    assert run(oracle, "--resume", str(folder)).code == ExitCode.OK
    assert scene.runs == [folder]
    told = run(oracle, "--resume", str(folder))
    assert (told.code, "run:" in told.err) == (ExitCode.OK, False), "there is nothing left, and the report is the same"


def test_a_run_about_something_else_is_not_gone_on_with(run: Run, scene: Scene) -> None:
    run(scene.agreeing)
    ended = run(scene.dearer, "--resume", str(scene.runs[0]))
    assert (ended.code, "another oracle" in ended.err) == (ExitCode.OBJECTED, True)


def test_a_folder_without_a_run_is_not_gone_on_with(run: Run, scene: Scene) -> None:
    ended = run(scene.agreeing, "--resume", str(scene.folder / "typo"))
    assert (ended.code, "holds no run to go on with" in ended.err) == (ExitCode.SETTINGS, True)
    assert not (scene.folder / "typo").exists()


def test_a_run_to_compare_with_is_looked_at_before_anything_runs(run: Run, scene: Scene) -> None:
    ended = run(scene.agreeing, "--since", str(scene.folder / "typo"))
    assert (ended.code, "typo" in ended.err) == (ExitCode.SETTINGS, True)
    assert not (scene.folder / "runs").exists()


def test_a_corpus_without_a_message_of_the_type_is_told(run: Run, scene: Scene) -> None:
    for name in ("payout.update", "payin.craete"):
        ended = run(scene.agreeing, "--type", name)
        assert (ended.code, ended.out) == (ExitCode.ATTENTION, "")
        assert "nothing to compare" in ended.err
        assert "6 of payin.create" in ended.err
    assert not (scene.folder / "runs").exists()


def test_a_key_is_asked_for_and_has_to_be_the_right_one(
    run: Run, scene: Scene, strangler: Strangler, tmp_path: Path
) -> None:
    ended = strangler("compare", "run", "--corpus", str(scene.corpus))
    assert (ended.code, "STRANGLER_CORPUS_KEY" in ended.err) == (ExitCode.SETTINGS, True)
    make_key_file(tmp_path / "other")
    assert run(scene.agreeing, key=tmp_path / "other").code == ExitCode.REFUSED
    assert run(scene.agreeing, key=tmp_path / "none").code == ExitCode.SETTINGS
    assert not (scene.folder / "runs").exists()


@pytest.mark.parametrize(
    ("oracle", "code"), [("/nonexistent/oracle", ExitCode.FAILED), ("php 'unclosed", ExitCode.USAGE)]
)
def test_an_oracle_that_cannot_be_started_is_told(
    strangler: Strangler, scene: Scene, oracle: str, code: ExitCode
) -> None:
    ended = strangler(
        "compare", "run", "--corpus", str(scene.corpus), "--key", str(scene.key), "--oracle", oracle,
        "--runs", str(scene.folder / "runs"),
    )  # fmt: skip
    assert (ended.code, "oracle" in ended.err) == (code, True)


def test_a_corpus_that_cannot_be_read_is_told(run: Run, scene: Scene) -> None:
    scene.corpus.write_bytes(b"no corpus")
    assert run(scene.agreeing).code != ExitCode.OK
    assert not (scene.folder / "runs").exists()


@pytest.fixture
def report(strangler: Strangler, scene: Scene, run: Run) -> Run:
    """Shows a run once more, in which something differs."""
    run(scene.dearer)

    def once_more(*options: str, folder: Path | None = None, key: Path | None = None) -> Ended:
        return strangler("compare", "report", str(folder or scene.runs[0]), "--key", str(key or scene.key), *options)

    return once_more


def test_a_report_tells_what_the_run_has_told(report: Run, scene: Scene) -> None:
    ended = report("--json")
    assert ended.code == ExitCode.ATTENTION
    kept = json.loads((scene.runs[0] / "report.json").read_text())
    assert {name: item for name, item in ended.document.items() if name in kept} == {
        name: item for name, item in kept.items() if name != "facts"
    }
    assert not any(mark in ended.out for mark in PLANTED)


def test_to_reveal_needs_a_reason_and_is_written_down_before_anything_is_shown(report: Run, scene: Scene) -> None:
    audit = scene.folder / "runs" / "audit.ndjson"
    ended = report("--reveal")
    assert (ended.code, ended.out, audit.exists()) == (ExitCode.USAGE, "", False)
    ended = report("--reveal", "--reason", "OPS-17: odd label", "--json")
    shown = {one["control"]: one["candidate"] for one in ended.document["groups"][0]["examples"][0]["differences"]}
    assert shown["Jean"] == SAID
    entries = read_entries(audit.read_bytes())
    assert [(one.act.action, one.act.reason, one.act.detail) for one in entries] == [
        ("compare: reveal", "OPS-17: odd label", {"run": scene.runs[0].name})
    ]
    assert verify(entries) is None
    assert SAID not in (scene.runs[0] / "report.json").read_text()


def test_what_cannot_be_written_down_is_not_shown(report: Run, scene: Scene) -> None:
    (scene.folder / "runs" / "audit.ndjson").write_text("half a li")
    ended = report("--reveal", "--reason", "why")
    assert (ended.code, ended.out) == (ExitCode.CANNOT_WRITE, "")
    assert "so nothing is shown" in ended.err


def test_revealed_values_go_into_no_file(report: Run, scene: Scene) -> None:
    for option in ("--html", "--junit"):
        ended = report("--reveal", "--reason", "why", option, str(scene.folder / "file"))
        assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert not (scene.folder / "file").exists()


def test_a_run_whose_parts_are_not_those_that_it_told_of_is_refused(report: Run, scene: Scene) -> None:
    parts = sorted(scene.runs[0].glob("part-*.sealed"))
    assert len(parts) == 2
    parts[0].unlink()
    ended = report()
    assert (ended.code, "its parts hold other messages" in ended.err) == (ExitCode.FAILED, True)
    shutil.copy(parts[1], parts[0])
    assert report().code == ExitCode.FAILED


def test_a_folder_without_a_finished_run_and_another_key_are_told(report: Run, scene: Scene, tmp_path: Path) -> None:
    assert report(folder=tmp_path).code == ExitCode.SETTINGS
    make_key_file(tmp_path / "other")
    assert report(key=tmp_path / "other").code == ExitCode.REFUSED
    (scene.runs[0] / "report.json").write_text("{")
    assert report().code == ExitCode.FAILED


def test_beside_an_earlier_run_a_report_says_the_same_once_more(run: Run, report: Run, scene: Scene) -> None:
    shutil.move(scene.runs[0], scene.runs[0].with_name("20200101T000000Z"))
    run(scene.dearer)
    ended = report("--json", "--fail-on", "new-difference", folder=scene.runs[-1])
    assert (ended.code, ended.document["groups"][0]["since"]) == (ExitCode.OK, "still there")
