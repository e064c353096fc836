"""What an unknown message is, in words: everything but its values."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from contracts.codecs.error import DecodeErrorCode
from contracts.codecs.laravel_seal import seal_again
from contracts.codecs.legacy import read_message
from contracts.codecs.legacy_message import Framework, Seal
from contracts.codecs.php_serialize import php_serialize
from contracts.codecs.symfony import ENVELOPE
from contracts.php.text import addslashes
from ops.cli import main
from ops.exit_code import ExitCode
from ops.inspection import PROBLEMS, SHOWN_FIELDS, WRITERS, Inspection, inspect

STAMP = "Symfony\\Component\\Messenger\\Stamp\\DelayStamp"
MESSAGE = (
    b'O:7:"App\\Msg":5:{s:13:"\0App\\Msg\0iban";s:4:"FR76";s:9:"\0*\0amount";d:12.5;s:4:"self";r:1;'
    b's:4:"rows";a:2:{i:0;a:1:{s:1:"x";N;}i:1;a:1:{s:1:"x";E:5:"Cur:E";}}s:2:"by";a:2:{s:12:"FR7630006000";i:1;i:33;i:2;}}'
)
KEY = "base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def types(inspection: Inspection) -> dict[str, str]:
    return {field.path: " or ".join(field.types) for field in inspection.fields}


def test_fields_are_told_by_path_type_and_visibility() -> None:
    inspection = inspect(read_message(MESSAGE))
    assert (inspection.framework, inspection.name) == ("php-serialize", "App\\Msg")
    assert types(inspection) == {
        "iban": "string",
        "amount": "float",
        "self": "App\\Msg, the same again",
        "rows": "list",
        "rows[]": "map",
        "rows[].x": "null or enum Cur",
        "by": "map",
        "by.{key}": "int",
    }
    assert [field.visibility for field in inspection.fields][:3] == ["private", "protected", "public"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"i:5;", {"": "int"}),
        (b"[]", {"": "empty array"}),
        (b'[{"a":1},{"a":"x"}]', {"[]": "object", "[].a": "int or string"}),
        (b'{"0612345678":1,"jean@example.org":2}', {"{key}": "int"}),
        (b'C:3:"Old":4:{FR76}', {"": "Old, 4 bytes in a form of its own"}),
        (b'O:17:"DateTimeImmutable":1:{s:4:"date";s:4:"2024";}', {"": "DateTimeImmutable"}),
        (b'a:2:{i:0;s:4:"FR76";i:1;R:2;}', {"[]": "reference to string or reference to string, the same again"}),
    ],
)
def test_whatever_it_is_has_a_type(body: bytes, expected: dict[str, str]) -> None:
    assert types(inspect(read_message(body))) == expected


@pytest.mark.parametrize(
    ("body", "headers", "name"),
    [
        (b'{"id":1}', {"type": "Jean Dupont"}, "(not a class name)"),
        (b'{"id":1}', {"type": "Dupont"}, "(one word: perhaps a value)"),
        (b'{"id":1}', {"type": "App\\Message=X"}, "(not a class name)"),
        (b'{"id":1}', {"type": "App\\Message\\Paid"}, "App\\Message\\Paid"),
        (b'{"job":"Jean Dupont 06 12 34","data":{"a":1}}', {}, None),  # plain JSON
        (b'{"job":"App\\\\Import@run","data":{"a":1}}', {}, "App\\Import"),
        (b'{"job":"Dupont","data":{"a":1}}', {}, "(one word: perhaps a value)"),
        (b'{"job":"Q@call","data":{"commandName":"Jean Dupont","command":"x"}}', {}, "(not a class name)"),
        (b'O:4:"Paid":0:{}', {}, "Paid"),
        (b'O:10:"0612345678":0:{}', {}, "(not a class name)"),
    ],
)
def test_only_what_can_be_a_class_is_told_as_one(body: bytes, headers: dict[str, str], name: str | None) -> None:
    inspection = inspect(read_message(body, headers))
    assert inspection.name == name
    for text in ("Jean", "Dupont", "0612345678"):
        assert text not in repr(inspection)


def test_a_stamp_that_is_no_class_is_not_told() -> None:
    headers = {"type": "A\\B", "X-Message-Stamp-Jean Dupont": "[{}]", "X-Message-Stamp-Dupont": "[{}]"}
    stamps = inspect(read_message(b"{}", headers)).stamps
    assert [stamp.class_name for stamp in stamps] == ["(not a class name)", "(one word: perhaps a value)"]


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        (b'{"Dupont":{"Jean":1}}', ["{key}", "{key}.{key}"]),
        (b'{"DUPONT":1,"FR76300":2,"jean@example":3,"le pont":4,"FRA":5,"x-y":6,"c\\u00e9line":7}', ["{key}"]),
        (b'{"userId":1,"first_name":2,"_id":3,"line2":4}', ["userId", "first_name", "_id", "line2"]),
        (b'{"card1234":1}', ["{key}"]),
        (b'{"jean":{"amount":1},"marc":{"amount":2}}', ["{key}", "{key}.amount"]),
        (b'a:2:{s:4:"jean";O:3:"A\\B":1:{s:1:"x";N;}s:4:"marc";O:3:"A\\B":1:{s:1:"x";N;}}', ["{key}", "{key}.x"]),
        (b'{"payer":{"id":1},"amount":{"value":2}}', ["payer", "payer.id", "amount", "amount.value"]),
        (b'O:4:"Paid":1:{s:8:"DbtrIBAN";N;}', ["DbtrIBAN"]),
        (b'O:8:"stdClass":1:{s:6:"Dupont";N;}', ["{key}"]),
        (b'O:4:"Paid":2:{s:8:"le Du po";N;i:33;N;}', ["{key}"]),
    ],
)
def test_a_key_that_cannot_be_a_field_is_not_told(body: bytes, paths: list[str]) -> None:
    assert list(types(inspect(read_message(body)))) == paths


def test_an_endless_list_of_fields_ends() -> None:
    fields = (
        ",".join(f'"a{"b" * number}":1' for number in range(39))
        + ","
        + ",".join(f'"{chr(97 + one)}{chr(97 + two)}":1' for one in range(26) for two in range(26))
    )
    inspection = inspect(read_message(f"{{{fields}}}".encode()))
    assert len(inspection.fields) == SHOWN_FIELDS
    assert inspection.more_fields > 300


@pytest.mark.parametrize(
    ("body", "precision"),
    [(b"d:0.1;", -1), (b"d:0.10000000000000001;", 17), (b'{ "a": 1 }', None), (b"i:+5;", None)],
)
def test_whether_it_can_be_written_again_is_told(body: bytes, precision: int | None) -> None:
    assert inspect(read_message(body)).serialize_precision == precision


def test_every_framework_and_every_problem_has_its_words() -> None:
    assert set(WRITERS) == set(get_args(Framework))
    assert set(PROBLEMS) == set(get_args(DecodeErrorCode))


Inspect = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Inspect:
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv("APP_KEY", raising=False)
    file = tmp_path / "body"

    def strangler(body: bytes, *arguments: str) -> tuple[int, str, str]:
        file.write_bytes(body)
        monkeypatch.setattr(sys, "argv", ["strangler", "types", "inspect", str(file), *arguments])
        code = main()
        return code, *capsys.readouterr()

    return strangler


def enveloped() -> bytes:
    stamps = b'a:1:{s:%d:"%s";a:1:{i:0;O:%d:"%s":1:{s:5:"delay";i:77123;}}}' % (
        *(len(STAMP), STAMP.encode()),
        *(len(STAMP), STAMP.encode()),
    )
    name = ENVELOPE.encode()
    return addslashes(
        b'O:36:"%s":2:{s:44:"\0%s\0stamps";%ss:45:"\0%s\0message";%s}'
        % (name, name, stamps, name, MESSAGE.replace(b"r:1;", b"N;"))
    )


def test_symfonys_message_is_told_without_its_values(run: Inspect) -> None:
    for form in ([], ["-o", "json"]):
        code, out, err = run(enveloped(), *form)
        assert (code, err) == (0, "")
        assert "Symfony Messenger, PhpSerializer" in out
        assert json.dumps("App\\Msg")[1:-1] in out or "App\\Msg" in out
        assert "DelayStamp" in out
        for value in ("FR76", "12.5", "77123", "Cur:E"):
            assert value not in out


def test_a_job_is_told_with_its_key(run: Inspect, monkeypatch: pytest.MonkeyPatch) -> None:
    key = bytes(range(32))
    text = seal_again(php_serialize(MESSAGE), Seal("cbc", bytes(16)), key)
    body = b'{"job":"H@call","data":{"commandName":"App\\\\Msg","command":"%s"}}' % text.encode()
    code, out, _ = run(body, "--header", 'laravel={"attempts": 2}', "-o", "json")
    assert code == 0
    told: dict[str, Any] = json.loads(out)
    assert (told["sealed"], told["name"], told["attempts"], told["framework"]) == (True, "App\\Msg", 3, "laravel")
    code, out, _ = run(body, "--key", KEY)
    assert "iban" in out
    monkeypatch.setenv("APP_KEY", KEY)
    assert "iban" in run(body)[1]
    code, out, err = run(body, "--key", "base64:" + "A" * 43 + "=")
    assert (code, out) == (ExitCode.ATTENTION, "")
    assert "the key does not open it" in err


def test_a_class_comes_from_a_header(run: Inspect) -> None:
    code, out, _ = run(b'{"id":1}', "--header", "type=App\\Message")
    assert code == 0
    assert "App\\Message" in out


def test_what_cannot_be_read_is_told_with_its_place(run: Inspect) -> None:
    code, out, err = run(enveloped()[:-9])
    assert (code, out) == (ExitCode.ATTENTION, "")
    assert "it ends before its value does" in err
    assert "(at byte" in err
    assert err.count("\n") == 1
    assert run(b"hello")[0] == ExitCode.ATTENTION


def test_names_cannot_steer_a_terminal(run: Inspect) -> None:
    _, out, _ = run(b'{"\\u001b[31m":1}', "--header", "type=\x1b[31m")
    assert "\x1b" not in out


@pytest.mark.parametrize("arguments", [["--header", "x"], ["--header", "=x"], ["--key", "short"], ["-o", "yaml"]])
def test_a_wrong_command_line_is_refused(run: Inspect, arguments: list[str]) -> None:
    assert run(b"{}", *arguments)[0] == ExitCode.USAGE


def test_a_file_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["strangler", "types", "inspect", "/nonexistent"])
    assert main() == ExitCode.SETTINGS
    assert capsys.readouterr().err == "strangler: /nonexistent cannot be read: No such file or directory\n"
