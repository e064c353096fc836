"""README and docs, held to the code: what they name is there, what they must name they name, what runs in them runs."""

import ast
import importlib.util
import json
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import BaseModel

from bridge.__main__ import ExitCode as BridgeExitCode
from bridge.amqp_connection import BLOCKED
from bridge.check import Fault
from bridge.metric import COUNTERS, metrics
from bridge.pause import Pause
from bridge.settings import SECTIONS
from bridge.snapshot import FamilyView, LaneView, Pane, RoutePause, Snapshot, Unready
from contracts.amendment import Because
from contracts.difference import DifferenceKind
from contracts.effect import Ending, parse_attempt
from contracts.envelope import read_envelope
from contracts.invalid_message import Cause
from contracts.registry import FAMILIES
from contracts.rule import RuleKind
from contracts.verdict import Verdict
from ops.cli import command_line
from ops.objection import AGAINST
from workers.fate import RejectCause
from workers.observability import Metric
from workers.settings import JudgeSettings, LettersSettings, OutletSettings, ProcessSettings, TimekeeperSettings

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
ADRS = sorted((DOCS / "adr").glob("*.md"))
PAGES = sorted(
    chain(REPOSITORY.glob("*.md"), *((REPOSITORY / name).rglob("*.md") for name in ("docs", "legacy", "tests")))
)
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))

_FENCE = re.compile(r"^ *```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
_STRANGLER = re.compile(r"(?:^|[\s/]|-m )(?:strangler|ops)((?: +[^\s|>&;#)]+)+)")
_OPERATED = re.compile(r"strangler |-m ops ")
_MAKE = re.compile(r"(?:^|&& )make +([a-z-]+)(?: +ARGS=\"([^\"]*)\")?", re.MULTILINE)
_MODULE = re.compile(r"python3? -m ([\w.]+)")
_PATH = re.compile(r"(?:contracts|bridge|workers|infra|ops|legacy|tests|docs)/[\w./*-]*")
_WARNINGS = {"_LOG.warning", "_LOG.error", "self._tell", "self._pause"}
_GLOBAL_OPTIONS = {"-h", "--help"}


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of code."""

    language: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    for found in _FENCE.finditer(page.read_text("utf-8")):
        yield Block(found["language"], found["text"])


def prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text("utf-8"))


def shown(page: Path) -> Iterator[str]:
    """Whatever is shown as code: spans, and lines of shell blocks, continued ones as one."""
    yield from _SPAN.findall(prose(page))
    for block in blocks(page):
        if block.language == "sh":
            yield from block.text.replace("\\\n", " ").splitlines()


def anchors(page: Path) -> set[str]:
    """Anchors of the headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def rows(page: Path) -> Iterator[list[str]]:
    """Cells of all table rows."""
    for line in prose(page).splitlines():
        if line.lstrip().startswith("|"):
            yield [cell.strip() for cell in line.strip().strip("|").split("|")]


def named(page: Path) -> set[str]:
    """All that the first column of a page's tables names as code."""
    return {name for cells in rows(page) for name in _SPAN.findall(cells[0])}


@pytest.fixture(scope="module")
def tree() -> Any:
    return command_line()


@pytest.fixture(scope="module")
def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text("utf-8"), re.MULTILINE))


def problems(tree: Any, words: list[str]) -> Iterator[str]:
    """What of a command line does not exist."""
    command, waiting = tree, list(words)
    while waiting and hasattr(command, "commands"):
        name = waiting.pop(0)
        if name in _GLOBAL_OPTIONS:
            return
        if name not in command.commands:
            yield name
            return
        command = command.commands[name]
    known = _GLOBAL_OPTIONS.union(*(one.opts for one in command.params))
    yield from (one for word in waiting if word.startswith("-") and (one := word.split("=")[0]) not in known)


def test_there_are_pages_to_look_at() -> None:
    names = {str(page.relative_to(REPOSITORY)) for page in PAGES}
    assert {"README.md", "docs/architecture.md", "docs/cli.md", "legacy/recorder/README.md"} <= names
    assert len(ADRS) > 0


@each_page
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    dead = []
    for target in _LINK.findall(_SPAN.sub("", prose(page))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            dead.append(target)
    assert dead == []


@each_page
def test_every_path_that_is_named_exists(page: Path) -> None:
    paths = [word for line in shown(page) for word in line.split() if _PATH.fullmatch(word)]
    roots = [REPOSITORY] if page.parent in (REPOSITORY, DOCS, DOCS / "adr") else [page.parent, REPOSITORY]
    assert [path for path in paths if not any(list(root.glob(path.rstrip("/"))) for root in roots)] == []


@each_page
def test_every_command_that_is_shown_exists_with_its_options(page: Path, tree: Any) -> None:
    wrong = {
        line: unknown
        for line in shown(page)
        if _OPERATED.search(line)
        for found in _STRANGLER.finditer(line)
        if (unknown := list(problems(tree, words(found[1]))))
    }
    assert wrong == {}


def words(command: str) -> list[str]:
    """Words as a shell splits them; of a part of a line whose quotes are open, as if there were none."""
    try:
        return shlex.split(command)
    except ValueError:
        return shlex.split(command.replace("'", ""))


def test_a_command_or_option_that_does_not_exist_is_seen(tree: Any) -> None:
    assert list(problems(tree, ["canary", "--to", "live"])) == ["canary"]
    assert list(problems(tree, ["compare", "show", "--pretty", "--type", "payin.create"])) == ["--pretty"]
    assert list(problems(tree, ["demo", "--break", "cents"])) == []


@each_page
def test_every_make_target_that_is_shown_exists(page: Path, targets: set[str], tree: Any) -> None:
    calls = [call for line in shown(page) for call in _MAKE.findall(line)]
    assert [target for target, _ in calls if target not in targets] == []
    assert [one for target, given in calls for one in problems(tree, [target, *given.split()]) if given] == []


@each_page
def test_every_module_that_is_to_be_run_is_there(page: Path) -> None:
    modules = {name for line in shown(page) for name in _MODULE.findall(line)}
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []


@each_page
def test_python_runs_and_json_reads(page: Path) -> None:
    for block in blocks(page):
        if block.language == "python":
            exec(compile(block.text, str(page), "exec"), {"__name__": page.stem})
        elif block.language == "json":
            document = json.loads(block.text)
            if "specversion" in document:
                assert read_envelope(block.text).type in {one.name for family in FAMILIES for one in family.types}
            elif "format" in document:
                assert parse_attempt(block.text).effects


def test_every_metric_is_documented_and_no_other() -> None:
    documented = {
        name
        for name in named(DOCS / "architecture.md")
        if re.match(r"(Effects|Letters|Messages|Mutants|Outcomes)[A-Z]", name)
    }
    assert documented == set(get_args(Metric))


def test_every_metric_of_the_bridge_is_documented_with_its_labels_and_no_other() -> None:
    lane = LaneView("queue", 1, 1.0, 1.0, "absent")
    family = FamilyView("f", active=True, holding=True, held=1, epoch=1, in_hand=1, unsettled=1, paused="journal")
    pane = Pane()
    pane.latest = Snapshot(0.0, connected=True, counts=dict.fromkeys(COUNTERS, 1), lanes=(lane,), families=(family,))
    told = {
        (sample.name, *sample.labels)
        for metric in text_string_to_metric_families(metrics(pane, lambda: 0.0)().decode())
        for sample in metric.samples
    }
    documented = {
        (cells[0].strip("`"), *_SPAN.findall(cells[1]))
        for cells in rows(DOCS / "configuration.md")
        if cells[0].startswith("`strangler_bridge_")
    }
    assert documented == told


def test_every_count_of_the_bridges_loops_is_a_metric() -> None:
    """Nobody has to think of it: a new count that is forgotten here is seen in the source."""
    counted = {
        name
        for module in ("shipper", "router", "returner")
        for name in re.findall(r'counts\["(\w+)"\]', (REPOSITORY / "bridge" / f"{module}.py").read_text("utf-8"))
    }
    assert len(counted) > 5
    assert counted <= COUNTERS.keys()


def test_every_key_of_the_bridge_is_documented_with_its_variable_and_no_other() -> None:
    documented = {tuple(_SPAN.findall(cells[0])) for cells in rows(DOCS / "configuration.md") if len(cells) == 4}
    assert {pair for pair in documented if len(pair) == 2} == {
        (name, field.alias) for kind in SECTIONS.values() for name, field in kind.model_fields.items()
    }


@pytest.mark.parametrize(
    "vocabulary", [Unready, Pause, RoutePause], ids=["not ready", "sending pauses", "routing pauses"]
)
def test_every_trouble_of_the_bridge_is_in_its_runbook(vocabulary: object) -> None:
    assert set(get_args(vocabulary)) - named(DOCS / "runbook-bridge.md") == set()


def test_every_fault_that_a_check_finds_has_its_exit_code_documented() -> None:
    assert set(get_args(Fault)) - named(DOCS / "configuration.md") == set()


def test_every_warning_of_the_bridges_log_is_in_its_runbook() -> None:
    warned = {BLOCKED}
    for module in (REPOSITORY / "bridge").glob("*.py"):
        for call in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in _WARNINGS:
                texts = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                warned.update(texts[:1])
    assert len(warned) > 10
    assert warned - named(DOCS / "runbook-bridge.md") == set()


def test_every_exit_code_of_the_bridge_is_in_its_runbook() -> None:
    told = {cells[0] for cells in rows(DOCS / "runbook-bridge.md")}
    assert {str(code.value) for code in BridgeExitCode} - {str(BridgeExitCode.NO_DEPLOYMENT.value)} <= told


@pytest.mark.parametrize(
    "settings", [ProcessSettings, OutletSettings, LettersSettings, TimekeeperSettings, JudgeSettings]
)
def test_every_environment_variable_is_documented(settings: type[BaseModel]) -> None:
    variables = {field.alias for field in settings.model_fields.values()}
    assert variables - named(DOCS / "architecture.md") == set()


@pytest.mark.parametrize(
    "vocabulary",
    [Ending, DifferenceKind, RejectCause, Cause, Because],
    ids=["ending", "difference", "reject", "invalid", "amended"],
)
def test_every_word_of_a_closed_vocabulary_is_explained(vocabulary: object) -> None:
    assert set(get_args(vocabulary)) - named(DOCS / "glossary.md") == set()


def test_every_objection_is_explained_with_what_to_do() -> None:
    assert set(AGAINST) - named(DOCS / "cut-over.md") == set()


def test_every_verdict_is_explained_and_so_is_every_kind_of_rule() -> None:
    glossary = DOCS / "glossary.md"
    assert {verdict.value for verdict in Verdict} - named(glossary) == set()
    assert set(get_args(RuleKind)) - set(_SPAN.findall(prose(glossary))) == set()


@pytest.mark.parametrize("adr", ADRS, ids=lambda adr: adr.stem)
def test_a_decision_has_its_number_context_alternatives_and_consequences(adr: Path) -> None:
    text = adr.read_text("utf-8")
    assert re.fullmatch(r"\d{4}-[a-z]+(-[a-z]+)+", adr.stem)
    assert text.startswith(f"# {adr.stem[:4]} ")
    parts = [text.find(f"**{part}") for part in ("Context.", "Decision.", "Weighed", "Consequences.")]
    assert -1 < parts[0] < parts[1] < parts[2] < parts[3]


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(adr.stem[:4]) for adr in ADRS] == list(range(1, len(ADRS) + 1))


def test_every_dependency_has_its_reason_and_no_other_has() -> None:
    project: Mapping[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = chain(project["dependencies"], *project["optional-dependencies"].values())
    assert named(DOCS / "adr" / "0008-depend-on-what-the-field-uses.md") == {
        re.split(r"[\[<>=;]", name)[0] for name in wanted
    }
