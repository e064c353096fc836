"""A run and its folder: what was found is kept, and what is gone on with is the same run."""

import json
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from contracts.liveness import Liveness
from contracts.tally import Tally
from contracts.verdict import Verdict
from ops.corpus_key import WrongKeyError, make_key_file
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.parity import manifest as manifest_module
from ops.parity import run as module
from ops.parity.candidate import Candidate
from ops.parity.manifest import MANIFEST, REPORT, Manifest, earlier, fingerprint, write_manifest
from ops.parity.oracle import OracleError
from ops.parity.part import Part, Sides, compare_part
from ops.parity.run import Run, Wanted, merged
from tests.fakes.message import balance, payin
from tests.fakes.notification import notification, write_corpus
from tests.fakes.pool import InThisProcess
from tests.fakes.program import NOW, SECRET, answering, outcomes, program

TODAY = date(2026, 11, 21)
TRAFFIC = [notification("payin.create", payin(f"w{number}", f"p{number}")) for number in range(12)]
TRAFFIC += [notification("balance.update", balance("b1", "7")), notification("refund.create", b"{}", id="r1")]


@pytest.fixture
def wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wanted:
    """A comparison of a small corpus with an oracle that differs in every fourth message."""
    monkeypatch.setattr(module, "ProcessPoolExecutor", InThisProcess)
    monkeypatch.setattr("ops.parity.candidate.Candidate", partial(Candidate, clock=lambda: NOW))
    monkeypatch.setattr(module, "fingerprint", lambda: "code")
    monkeypatch.setattr(module, "_TICKS", 1)
    corpus, key = write_corpus(tmp_path, TRAFFIC)
    answers = outcomes(TRAFFIC[:-1])
    answers[::4] = [one.replace(b'"currency":"EUR"', b'"currency":"CHF"') for one in answers[::4]]
    oracle = answering(tmp_path, TRAFFIC[:-1], answers)
    return Wanted(Sides(corpus, str(key), False, oracle, SECRET, TODAY), None, 2, 5)  # noqa: FBT003


def silent(_done: int) -> None:
    """Nobody looks."""


def same(one: Part, other: Part) -> bool:
    return (one.tally, one.liveness, one.coverage) == (other.tally, other.liveness, other.coverage)


def test_a_run_compares_every_message_and_keeps_what_it_found(tmp_path: Path, wanted: Wanted) -> None:
    run = Run.begin(tmp_path / "run", wanted)
    seen: list[int] = []
    run.compare(seen.append)
    assert (run.left, seen[-1]) == ([], 13)
    counts = run.found().tally.of("payin.create").counts
    assert counts[Verdict.MISMATCH] == 3
    assert sum(counts.values()) == 12
    assert run.plan.left_out == {"refund.create": 1}
    assert same(merged(tmp_path / "run", wanted.sides.key), run.found())


def test_a_manifest_tells_nothing_of_a_command_line_or_a_person(tmp_path: Path, wanted: Wanted) -> None:
    secretive = replace(wanted, sides=replace(wanted.sides, oracle=("mysql", "--password=hush")))
    Run.begin(tmp_path / "run", secretive)
    text = (tmp_path / "run" / MANIFEST).read_text()
    assert "hush" not in text
    assert SECRET not in text
    assert json.loads(text)["parts"] == 5


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Parts that fail, as long as they stand in this list."""
    failing: list[int] = []

    def once(sides: Sides, plan: Any, number: int, tick: Any) -> Part:
        if number in failing:
            raise OracleError("ended with 3")
        return compare_part(sides, plan, number, tick)

    monkeypatch.setattr(module, "compare_part", once)
    return failing


def test_a_run_that_was_interrupted_goes_on_and_finds_what_one_go_would_have(
    tmp_path: Path, wanted: Wanted, failing: list[int]
) -> None:
    whole = Run.begin(tmp_path / "whole", wanted)
    whole.compare(silent)

    first = Run.begin(tmp_path / "run", wanted)
    failing += [sorted(first.left)[2]]
    with pytest.raises(OracleError):
        first.compare(silent)
    assert first.left == failing
    assert first.messages_of(first.done) + first.messages_of(failing) == 13

    failing.clear()
    again = Run.begin(tmp_path / "run", wanted)
    kept = again.messages_of(again.done)
    assert (again.left, again.manifest) == (first.left, first.manifest)
    seen: list[int] = []
    again.compare(seen.append)
    assert all(kept <= one <= 13 for one in seen)
    assert same(again.found(), whole.found())
    assert Run.begin(tmp_path / "run", wanted).left == []


def test_a_part_ends_with_its_command_and_leaves_nothing(
    tmp_path: Path, wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.begin(tmp_path / "run", wanted)
    left, seen = run.left, list[int]()

    def interrupted(sides: Sides, plan: Any, number: int, tick: Any) -> Part:
        def first(count: int) -> None:
            seen.append(count)
            module._stopping.set()
            tick(count)

        return compare_part(sides, plan, number, first)

    monkeypatch.setattr(module, "compare_part", interrupted)
    with pytest.raises(module._StoppedError):
        run.compare(silent)
    assert (len(seen), run.left, run.done) == (len(left), left, set()), "each ends at the first that it tells of"


def test_a_run_goes_on_as_it_was_divided_whatever_the_number_of_processes(tmp_path: Path, wanted: Wanted) -> None:
    by_size = replace(wanted, parts=None, workers=3)
    assert Run.begin(tmp_path / "run", by_size).manifest.parts == 3
    assert Run.begin(tmp_path / "run", replace(by_size, workers=8)).manifest.parts == 3


def test_a_run_goes_on_with_the_rules_of_the_day_on_which_it_was_begun(tmp_path: Path, wanted: Wanted) -> None:
    begun = Run.begin(tmp_path / "run", wanted)
    later = replace(wanted, sides=replace(wanted.sides, today=date(2099, 1, 1)))
    run = Run.begin(tmp_path / "run", later)
    assert run.wanted.sides.today.isoformat() == begun.manifest.begun[:10]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"types": ("payin.create",)}, "types"),
        ({"parts": 3}, "parts"),
        ({"oracle": program("pass")}, "oracle"),
        ({"code": "other"}, "code"),
        ({"corpus": 1}, "corpus"),
    ],
)
def test_a_run_about_something_else_is_not_gone_on_with(
    tmp_path: Path, wanted: Wanted, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], told: str
) -> None:
    Run.begin(tmp_path / "run", wanted)
    if "oracle" in change:
        wanted = replace(wanted, sides=replace(wanted.sides, **change))
    elif "code" in change:
        monkeypatch.setattr(module, "fingerprint", lambda: "other")
    elif "corpus" in change:
        (tmp_path / "other").mkdir()
        make_key_file(tmp_path / "other" / "key")
        corpus, key = write_corpus(tmp_path / "other", TRAFFIC)
        wanted = replace(wanted, sides=replace(wanted.sides, corpus=corpus, key=str(key)))
    else:
        wanted = replace(wanted, **change)
    with pytest.raises(CommandError, match=f"was begun with another .*{told}") as refused:
        Run.begin(tmp_path / "run", wanted)
    assert refused.value.code is ExitCode.OBJECTED


def test_a_corpus_without_a_message_of_the_types_is_told_and_no_run_begins(tmp_path: Path, wanted: Wanted) -> None:
    with pytest.raises(CommandError, match=r"nothing to compare.*12 of payin.create, 1 of refund.create") as refused:
        Run.begin(tmp_path / "run", replace(wanted, types=("payout.update",)))
    assert refused.value.code is ExitCode.ATTENTION
    assert not (tmp_path / "run").exists()


def test_another_key_begins_no_run(tmp_path: Path, wanted: Wanted) -> None:
    make_key_file(tmp_path / "other")
    with pytest.raises(WrongKeyError):
        Run.begin(tmp_path / "run", replace(wanted, sides=replace(wanted.sides, key=str(tmp_path / "other"))))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"types":null}', '{"types":null,"more":1}'])
def test_a_manifest_that_cannot_be_read_is_told(tmp_path: Path, wanted: Wanted, text: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / MANIFEST).write_text(text)
    with pytest.raises(CommandError, match="the run is lost"):
        Run.begin(tmp_path / "run", wanted)


def test_nobody_goes_on_with_a_run_that_somebody_is_at(tmp_path: Path, wanted: Wanted) -> None:
    run = Run.begin(tmp_path / "run", wanted)
    with module._alone(run.folder), pytest.raises(CommandError, match="at this moment") as refused:
        run.compare(silent)
    assert refused.value.code is ExitCode.OBJECTED
    run.compare(silent)
    assert run.left == []


def finished(folder: Path, manifest: Manifest, **changes: Any) -> Path:
    folder.mkdir(parents=True)
    write_manifest(folder, replace(manifest, **changes))
    (folder / REPORT).write_text("{}")
    return folder / REPORT


def test_the_earlier_run_is_the_latest_over_the_same_messages(
    tmp_path: Path, wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = tmp_path / "runs"
    run = Run.begin(runs / "now", wanted)
    assert earlier(runs, run.manifest, runs / "now") is None
    finished(runs / "a", run.manifest, begun="2026-01-01T00:00:00+00:00")
    last = finished(runs / "b", run.manifest, begun="2026-01-02T00:00:00+00:00", oracle="x", code="y", parts=1)
    finished(runs / "other corpus", run.manifest, begun="2026-01-03T00:00:00+00:00", corpus="x")
    finished(runs / "other types", run.manifest, begun="2026-01-03T00:00:00+00:00", types=("payin.create",))
    finished(runs / "unfinished", run.manifest, begun="2026-01-03T00:00:00+00:00").unlink()
    finished(runs / "broken", run.manifest)
    (runs / "broken" / MANIFEST).write_text("{")
    (runs / "now" / REPORT).write_text("{}")
    assert earlier(runs, run.manifest, runs / "now") == last
    monkeypatch.chdir(tmp_path)
    assert earlier(Path("runs"), run.manifest, runs / "now") == Path("runs/b/report.json")
    assert earlier(tmp_path / "none", run.manifest, runs / "now") is None


def test_the_fingerprint_changes_with_any_file_that_an_outcome_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest_module, "_ROOT", tmp_path)
    (tmp_path / "contracts").mkdir()
    prints = [fingerprint()]
    for name, text in (("a.py", ""), ("a.py", "x"), ("b.py", "x")):
        (tmp_path / "contracts" / name).write_text(text)
        prints = [*prints, fingerprint()]
    (tmp_path / "contracts" / "a.py").rename(tmp_path / "contracts" / "c.py")
    prints = [*prints, fingerprint()]
    (tmp_path / "contracts" / "notes.md").write_text("x")
    assert len(set(prints)) == 5
    assert fingerprint() == prints[-1]


def test_a_folder_without_parts_has_found_nothing(tmp_path: Path, wanted: Wanted) -> None:
    assert same(merged(tmp_path, wanted.sides.key), Part(Tally(), Liveness(), {}))
