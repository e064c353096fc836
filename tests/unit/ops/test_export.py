import shlex
import sys
from pathlib import Path

import pytest

from contracts.effect import Effect
from ops.exit_code import ExitCode
from ops.export import Export
from ops.fault import CommandError

AN_END = 'print(\'{"kind":"end","rows":1}\')'
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
print('{"kind":"end","rows":2}')
"""
    first, second = Export(command(script, tmp_path), "payin").rows()
    assert (first.name, first.key, str(first.value["fee"])) == ("payins", "p1", "0.12")
    assert second == Effect("row", "journal", "w1", {})


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (f"{A_ROW}; raise SystemExit(3)", "ended with 3"),
        (f"{A_ROW}; {AN_END}; raise SystemExit(3)", "ended with 3"),
        ("", "export, 0 rows, and its last line does not say that it is the end: it was cut off"),
        (A_ROW, 'export, 1 rows, and its last line .* must end with {"kind":"end","rows":N}.* up to date'),
        (f"{A_ROW}; {A_ROW}; {AN_END}", "2 rows, and its end tells of 1: it was cut off"),
        (AN_END, "0 rows, and its end tells of 1: it was cut off"),
        (f"{A_ROW}; {AN_END}; {A_ROW}", "line 3: something follows its end"),
        (f"{A_ROW}; {AN_END}; {AN_END}", "line 3: something follows its end"),
        ("print('{\"kind\":\"end\"}')", "its end does not tell the number of rows"),
        ("print('{\"kind\":\"end\",\"rows\":true}')", "its end does not tell the number of rows"),
        ("print('{\"kind\":\"end\",')", "line 1"),
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


def test_a_row_that_speaks_of_an_end_is_a_row(tmp_path: Path) -> None:
    script = """
print('{"kind":"row","name":"payins","key":"end","value":{"kind":"end","rows":7}}')
print('{"kind":"end","rows":1}')
"""
    (row,) = Export(command(script, tmp_path), "payin").rows()
    assert row.value == {"kind": "end", "rows": 7}


def test_an_empty_state_is_its_end_alone(tmp_path: Path) -> None:
    assert list(Export(command('print(\'{"kind":"end","rows":0}\')', tmp_path), "payin").rows()) == []


def test_an_export_that_is_not_read_to_its_end_is_stopped(tmp_path: Path) -> None:
    endless = 'while True: print(\'{"kind":"row","name":"payins","key":"p1","value":{}}\')'
    rows = Export(command(endless, tmp_path), "payin").rows()
    assert next(rows).key == "p1"
    rows.close()  # type: ignore[attr-defined]  # a generator, as every reader of rows is
