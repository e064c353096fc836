import shlex
import sys
from pathlib import Path

import pytest

from contracts.effect import Effect
from ops.exit_code import ExitCode
from ops.export import Export
from ops.fault import CommandError

A_ROW = 'print(\'{"kind":"row","name":"payins","key":"p1","value":{}}\')'


def command(script: str, folder: Path) -> str:
    file = folder / "state.py"
    file.write_text(script, "utf-8")
    return shlex.join([sys.executable, str(file), "--family", "{family}"])


def test_rows_are_read_one_a_line_for_the_family_that_was_asked_for(tmp_path: Path) -> None:
    script = """
import sys
assert sys.argv[1:] == ["--family", "payin"]
print('{"kind":"row","name":"payins","key":"p1","value":{"fee":0.12}}')
print()
print('{"kind":"row","name":"journal","key":"w1","value":{}}')
"""
    first, second = Export(command(script, tmp_path), "payin").rows()
    assert (first.name, first.key, str(first.value["fee"])) == ("payins", "p1", "0.12")
    assert second == Effect("row", "journal", "w1", {})


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (f"{A_ROW}; raise SystemExit(3)", "ended with 3"),
        ("print('Zoé Planted')", "line 1"),
        ("print('{\"kind\":\"webhook\",\"name\":\"x\",\"key\":\"\",\"value\":{}}')", "line 1: webhook, expected a row"),
        ("print('{\"kind\":\"row\",\"name\":\"payins\",\"key\":7,\"value\":{}}')", "line 1"),
    ],
)  # fmt: skip
def test_an_export_that_fails_says_nothing_about_the_state(script: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=says) as failure:
        list(Export(command(script, tmp_path), "payin").rows())
    assert failure.value.code is ExitCode.FAILED
    assert "Planted" not in str(failure.value)


@pytest.mark.parametrize(
    ("words", "code"),
    [("", ExitCode.USAGE), ("php 'x", ExitCode.USAGE), ("/nonexistent/php x", ExitCode.SETTINGS)],
)
def test_a_command_that_cannot_be_run_is_told(words: str, code: ExitCode) -> None:
    with pytest.raises(CommandError) as failure:
        list(Export(words, "payin").rows())
    assert failure.value.code is code


def test_an_export_that_is_not_read_to_its_end_is_stopped(tmp_path: Path) -> None:
    endless = 'while True: print(\'{"kind":"row","name":"payins","key":"p1","value":{}}\')'
    rows = Export(command(endless, tmp_path), "payin").rows()
    assert next(rows).key == "p1"
    rows.close()  # type: ignore[attr-defined]  # a generator, as every reader of rows is
