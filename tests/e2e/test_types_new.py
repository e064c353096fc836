"""A type that nobody has ported: from a corpus to its first verdict, in a copy of the repository without a contract."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contracts.codecs.json_body import decode_json
from contracts.codecs.message_object import symfony_object
from ops.exit_code import ExitCode
from tests.contract.parity.side import SECRET, scenario
from tests.leak import leaks

REPOSITORY = Path(__file__).resolve().parents[2]
MODULES = {"balance.update": "balance", "payout.update": "payout", "cardtransaction.create": "card_transaction"}
"""Types that are taken out, and what their modules are called."""
EFFECTS = {
    "balance.update": {"row:balances", "row:journal", "message:accounting/balance.changed", "webhook:balance.changed"},
    "payout.update": {"row:payouts", "row:journal", "message:accounting/payout.settled", "webhook:payout.settled"},
    "cardtransaction.create": {
        *("row:card_transactions", "row:journal", "message:accounting/card.captured", "webhook:card.captured"),
    },
}
SHOWN = {"state", "constant", "currency"}
"""Meanings of fields whose values may stand in source."""
each_type = pytest.mark.parametrize("name", EFFECTS)


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the repository, and a corpus beside it."""

    root: Path
    corpus: Path
    key: Path
    notifications: Sequence[Mapping[str, Any]]

    def strangler(self, *words: str) -> Ended:
        return self.run("-m", "ops", *words)

    def run(self, *arguments: str) -> Ended:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STRANGLER_"))}
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env={**inherited, "PYTHONPATH": str(self.root), "STRANGLER_CORPUS_KEY": str(self.key), "COLUMNS": "120"},
            capture_output=True,
            text=True,
            check=False,
            timeout=150,
        )
        assert "Traceback" not in done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    def new(self, name: str, *options: str) -> Ended:
        return self.strangler("types", "new", name, "--from", str(self.corpus), "-o", "json", *options)

    def compare(self, name: str) -> Any:
        ended = self.strangler(
            "compare", "run", "--type", name, "--corpus", str(self.corpus), "--workers", "1", "--json"
        )
        assert ended.code in (ExitCode.OK, ExitCode.ATTENTION), ended.err
        return ended.document

    def bodies(self, name: str) -> Iterator[Mapping[Any, Any]]:
        for one in self.notifications:
            if one["type"] == name:
                body = base64.b64decode(one["body_base64"])
                yield (
                    decode_json(body) if name != "payout.update" else symfony_object(body, "App\\Message\\PayoutUpdate")
                )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory, php: Sequence[str]) -> Copy:
    folder = tmp_path_factory.mktemp("types-new")
    root = folder / "repository"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout.split("\0")
    for file in filter(None, files):
        if (REPOSITORY / file).is_file() and not file.startswith("tests/"):
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / file, root / file)
    _take_out(root)
    notifications = scenario(php, 1500, seed=11)
    recording = folder / "recording.ndjson"
    recording.write_text("".join(f"{json.dumps(one)}\n" for one in notifications), "utf-8")
    made = Copy(root, folder / "payments.corpus", folder / "corpus.key", notifications)
    made.key.parent.mkdir(exist_ok=True)
    assert made.strangler("corpus", "import", str(recording), "--corpus", str(made.corpus)).code == ExitCode.OK
    return made


def _take_out(root: Path) -> None:
    """Take the types out of the copy: contracts, models, handlers, and their lines in both registries."""
    for module in MODULES.values():
        for file in ("contracts/family", "contracts/model", "workers/logic"):
            (root / file / f"{module}.py").unlink()
    registry = root / "contracts" / "registry.py"
    constants = "|".join(module.upper() for module in MODULES.values())
    lines = registry.read_text("utf-8").splitlines(keepends=True)
    registry.write_text("".join(one for one in lines if not re.search(rf'[ "]({constants})("?,)?$', one)), "utf-8")
    handlers = root / "workers" / "logic" / "registry.py"
    text = handlers.read_text("utf-8")
    text = re.sub(rf"^    .*\b({'|'.join(MODULES.values())})\.HANDLER,\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^(from workers\.logic import).*$", r"\1 payin", text, flags=re.MULTILINE)
    handlers.write_text(text, "utf-8")


def _tree(root: Path) -> Mapping[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def planned(copy: Copy) -> tuple[Ended, bool]:
    """A dry run, and whether it has left everything as it was."""
    before = _tree(copy.root)
    ended = copy.new("balance.update")
    return ended, _tree(copy.root) == before


@pytest.fixture(scope="module")
def scaffolded(copy: Copy, planned: tuple[Ended, bool]) -> Mapping[str, Any]:
    """What was told of each type, all of them being written."""
    told = {}
    for name in MODULES:
        ended = copy.new(name, "--execute")
        assert ended.code == ExitCode.OK, ended.err
        told[name] = ended.document
    return told


def _written(copy: Copy, told: Any) -> Mapping[str, str]:
    return {one["path"]: (copy.root / one["path"]).read_text("utf-8") for one in told["files"] if one["new"]}


def test_without_execute_files_are_listed_edits_shown_and_nothing_is_written(planned: tuple[Ended, bool]) -> None:
    ended, untouched = planned
    assert (ended.code, untouched) == (ExitCode.OK, True)
    files = {one["path"]: one for one in ended.document["files"]}
    assert [path for path, one in files.items() if one["new"]] == [
        "contracts/model/balance_update.py",
        "contracts/family/balance.py",
        "workers/logic/balance_update.py",
        "tests/contract/cases/balance-update-first/case.toml",
        "tests/contract/cases/balance-update-first/messages.ndjson",
    ]
    assert "+    BALANCE,\n" in files["contracts/registry.py"]["diff"]
    assert '+    "balance.update": balance_update.HANDLER,\n' in files["workers/logic/registry.py"]["diff"]


@each_type
def test_the_first_comparison_ends_and_names_every_missing_effect(
    copy: Copy, scaffolded: Mapping[str, Any], name: str
) -> None:
    assert set(scaffolded[name]["effects"]) == EFFECTS[name]
    comparison = copy.compare(name)
    (agreement,) = comparison["types"]
    assert set(agreement["counts"]) == {"mismatch"}
    signatures = {one for group in comparison["groups"] for one in (group["signature"], *group["also"])}
    assert {f"{name} | {path} | missing effect | effect -> -" for path in EFFECTS[name]} <= signatures


@each_type
def test_nothing_personal_of_the_corpus_is_in_a_file(copy: Copy, scaffolded: Mapping[str, Any], name: str) -> None:
    told = scaffolded[name]
    text = "\n".join([*_written(copy, told).values(), json.dumps(told)])
    shown = {field for field, meaning in told["plain"].items() if meaning in SHOWN}
    values = {
        value
        for body in copy.bodies(name)
        for field, value in _leaves(body, "")
        if field not in shown and len(value) >= 5
    }
    assert len(values) > 100
    assert [value for value in values if value in text] == []
    assert leaks([(name, text)]) == []


def _leaves(value: Any, name: str) -> Iterator[tuple[str, str]]:
    value = getattr(value, "properties", value)
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _leaves(one, str(key))
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one, name)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield name, str(value)


def test_what_a_contract_calls_plain_is_what_the_reviewed_one_does_or_less(scaffolded: Mapping[str, Any]) -> None:
    from contracts.registry import type_named  # noqa: PLC0415  of this repository, not of the copy

    for name, told in scaffolded.items():
        reviewed = {effect.path: effect.plain for effect in type_named(name).effects}
        for path, effect in told["effects"].items():
            assert set(effect["plain"]) <= reviewed[path], path
        derived = {effect.path: dict(effect.derived) for effect in type_named(name).effects}
        assert {path: effect["derived"] for path, effect in told["effects"].items()} == derived


def test_the_formatter_the_linter_and_the_type_checker_take_it_as_it_is(
    copy: Copy, scaffolded: Mapping[str, Any]
) -> None:
    files = [path for told in scaffolded.values() for path in _written(copy, told) if path.endswith(".py")]
    files += ["contracts/registry.py", "workers/logic/registry.py"]
    for words in (("ruff", "format", "--check"), ("ruff", "check"), ("mypy", "--follow-imports=silent")):
        ended = copy.run("-m", *words, *files)
        assert ended.code == 0, ended.out + ended.err
    layers = [str(Path(sys.executable).with_name("lint-imports"))]
    done = subprocess.run(layers, cwd=copy.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@each_type
def test_the_invented_messages_are_ones_that_the_monolith_processes(
    copy: Copy, scaffolded: Mapping[str, Any], php: Sequence[str], name: str
) -> None:
    folder = copy.root / "tests" / "contract" / "cases" / f"{name.replace('.', '-')}-first"
    assert "\nported = false\n" in (folder / "case.toml").read_text("utf-8")
    lines = []
    for line in (folder / "messages.ndjson").read_text("utf-8").splitlines():
        told = json.loads(line)
        body = told.get("body_base64") or base64.b64encode(json.dumps(told["body"]).encode()).decode()
        lines.append(json.dumps({"type": name, "id": told["id"], "body_base64": body, "properties": {}, "headers": {}}))
    answered = subprocess.run(
        [*php, str(REPOSITORY / "legacy" / "monolith" / "bin" / "oracle.php")],
        input="".join(f"{one}\n" for one in lines),
        env={"WEBHOOK_SECRET": SECRET, "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [json.loads(one)["ending"] for one in answered.stdout.splitlines()] == ["done", "done"]


def test_nothing_is_written_over(copy: Copy, scaffolded: Mapping[str, Any]) -> None:
    before = _tree(copy.root / "contracts")
    ended = copy.new("balance.update", "--execute")
    assert (ended.code, ended.out) == (ExitCode.OBJECTED, "")
    assert _tree(copy.root / "contracts") == before


def test_with_the_ported_handler_both_sides_agree_under_the_scaffolded_contract(
    copy: Copy, scaffolded: Mapping[str, Any]
) -> None:
    ported = (REPOSITORY / "workers" / "logic" / "balance.py").read_text("utf-8")
    theirs = "from contracts.model.balance_update import Balance, BalanceUpdate as BalanceNotification"
    ported, found = re.subn(r"^from contracts\.model\.balance import .*$", theirs, ported, flags=re.MULTILINE)
    assert found == 1
    (copy.root / "workers" / "logic" / "balance_update.py").write_text(ported, "utf-8")
    comparison = copy.compare("balance.update")
    assert comparison["agreement"] == 1.0
    assert (comparison["groups"], comparison["survivors"]) == ([], [])
