"""`strangler types new` as a shell sees it."""

import base64
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from ops.command import types_new
from ops.exit_code import ExitCode
from tests.unit.ops.conftest import Strangler

ORACLE = """
import base64, json, sys
for line in sys.stdin:
    told = json.loads(line)
    body = json.loads(base64.b64decode(told["body_base64"]))
    if body["n"] == 13:
        print()
        continue
    value = {"invoice_id": body["invoiceId"], "debtor": body["name"], "total": body["total"]}
    effects = [{"kind": "row", "name": "invoices", "key": body["invoiceId"], "value": value}]
    print(json.dumps({"message_id": told["id"], "type": told["type"], "effects": effects}))
"""


def line(number: int, type_name: str = "invoice.create") -> str:
    body = {"id": f"i{number}", "invoiceId": str(number % 7), "name": f"Zoé {number}", "total": "1.50", "n": number}
    told = {
        "type": type_name,
        "exchange": "billing",
        "routing_key": type_name,
        "body_base64": base64.b64encode(json.dumps(body).encode()).decode(),
        "at": None,
    }
    return json.dumps(told)


@pytest.fixture
def corpus(strangler: Strangler, tmp_path: Path) -> tuple[str, ...]:
    recording = tmp_path / "mine.ndjson"
    recording.write_text("".join(f"{line(number)}\n" for number in range(60)) + f"{line(1, 'payin.create')}\n", "utf-8")
    path, key = str(tmp_path / "corpus"), str(tmp_path / "key")
    assert strangler("corpus", "import", str(recording), "--corpus", path, "--key", key).code == ExitCode.OK
    return "--from", path, "--key", key


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout, as far as a scaffold looks at it."""
    checkout = tmp_path / "checkout"
    for file in ("contracts/registry.py", "workers/logic/registry.py", "docs/porting.md"):
        (checkout / file).parent.mkdir(parents=True)
        (checkout / file).write_text((types_new.ROOT / file).read_text("utf-8"), "utf-8")
    monkeypatch.setattr(types_new, "ROOT", checkout)
    return checkout


def tree(folder: Path) -> Mapping[str, str]:
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()}


def test_what_is_inferred_is_told_and_nothing_written(
    strangler: Strangler, corpus: tuple[str, ...], root: Path
) -> None:
    before = tree(root)
    ended = strangler("types", "new", "invoice.create", *corpus, "--oracle-messages", "0")
    assert ended.code == ExitCode.OK
    assert "business key  invoiceId" in ended.out
    assert "+    INVOICE," in ended.out
    assert "the monolith's own queue is assumed" in ended.out
    assert "would write 7 files; nothing was written" in ended.err
    assert "Zo" not in ended.out + ended.err
    assert tree(root) == before


def test_an_oracle_tells_the_effects_and_what_it_turns_away_teaches_nothing(
    strangler: Strangler, corpus: tuple[str, ...], root: Path, tmp_path: Path
) -> None:
    program = tmp_path / "oracle.py"
    program.write_text(ORACLE, "utf-8")
    options = ("--oracle", f"{sys.executable} {program}", "--execute", "-o", "json")
    ended = strangler("types", "new", "invoice.create", *corpus, *options)
    assert ended.code == ExitCode.OK
    assert ended.document["asked"] == 60
    assert ended.document["seen"]["read"] == 59
    assert ended.document["effects"] == {
        "row:invoices": {"messages": 59, "plain": {"invoice_id": "id", "total": "amount"}, "derived": {}}
    }
    assert "- row:invoices, in 59: invoice_id, debtor, total" in tree(root)["workers/logic/invoice_create.py"]
    assert "It refused 1 of them" in tree(root)["workers/logic/invoice_create.py"]
    assert [one["path"] for one in ended.document["files"] if one["path"] not in tree(root)] == []


def test_an_oracle_that_does_not_know_the_type_ends_it(
    strangler: Strangler, corpus: tuple[str, ...], root: Path
) -> None:
    before = tree(root)
    oracle = f"{sys.executable} -c 'raise SystemExit(3)'"
    ended = strangler("types", "new", "invoice.create", *corpus, "--oracle", oracle, "--execute")
    assert (ended.code, ended.out) == (ExitCode.FAILED, "")
    assert "--oracle-messages 0 asks none" in ended.err
    assert tree(root) == before


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("payin.create",), ExitCode.OBJECTED, "payin.create has a contract already"),
        (("payin.delete",), ExitCode.OBJECTED, "there is a family payin already"),
        (("invoice.create", "--family", "payouts"), ExitCode.OBJECTED, "no free name PAYOUTS"),
        (("invoice.delete",), ExitCode.ATTENTION, "no message of invoice.delete; it has 60 of invoice.create"),
        (("invoice.create", "--family", "In Voice"), ExitCode.USAGE, "family 'In Voice'"),
        (("invoice.create", "--business-key", "nowhere"), ExitCode.ATTENTION, "--business-key"),
        (("not a type",), ExitCode.USAGE, "not a name of a message type"),
    ],
)
def test_what_cannot_be_scaffolded_is_refused_with_what_to_do(
    strangler: Strangler, corpus: tuple[str, ...], root: Path, words: tuple[str, ...], code: ExitCode, why: str
) -> None:
    before = tree(root)
    ended = strangler("types", "new", *words, *corpus, "--oracle-messages", "0", "--execute")
    assert (ended.code, ended.out) == (code, "")
    assert why in ended.err
    assert tree(root) == before


def test_a_file_that_is_there_is_not_written_over(strangler: Strangler, corpus: tuple[str, ...], root: Path) -> None:
    model = root / "contracts" / "model" / "invoice_create.py"
    model.parent.mkdir()
    model.write_text("mine\n", "utf-8")
    before = tree(root)
    ended = strangler("types", "new", "invoice.create", *corpus, "--oracle-messages", "0", "--execute")
    assert ended.code == ExitCode.OBJECTED
    assert "contracts/model/invoice_create.py" in ended.err
    assert tree(root) == before


def test_where_one_file_cannot_be_written_none_is(strangler: Strangler, corpus: tuple[str, ...], root: Path) -> None:
    (root / "tests").write_text("no folder\n", "utf-8")
    before = tree(root)
    ended = strangler("types", "new", "invoice.create", *corpus, "--oracle-messages", "0", "--execute")
    assert ended.code == ExitCode.CANNOT_WRITE
    assert "nothing was changed" in ended.err
    assert tree(root) == before


def test_outside_of_a_checkout_nothing_is_scaffolded(
    strangler: Strangler, corpus: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(types_new, "ROOT", tmp_path)
    ended = strangler("types", "new", "invoice.create", *corpus, "--oracle-messages", "0")
    assert ended.code == ExitCode.SETTINGS
    assert "a checkout of the repository" in ended.err
