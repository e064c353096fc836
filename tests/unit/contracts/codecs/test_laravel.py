import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from contracts.codecs.error import DecodeError, EncodeError
from contracts.codecs.laravel import read_job, write_job
from contracts.codecs.laravel_seal import KeyFormatError, read_key, seal_again, unseal
from contracts.codecs.legacy_message import Seal, SealedPayload
from contracts.codecs.php_serialize import php_serialize
from contracts.php.runtime import PHP_8_2
from contracts.php.value import PhpObject

KEY = bytes(range(32))
COMMAND = b'O:7:"App\\Job":2:{s:13:"\0App\\Job\0iban";s:4:"FR76";s:5:"queue";N;}'
CBC, GCM = Seal("cbc", bytes(16)), Seal("gcm", bytes(12))


def record(command: str, **more: Any) -> bytes:
    data = {"commandName": "App\\Job", "command": command, **more}
    return json.dumps({"uuid": "é", "job": "H@call", "data": data}, ensure_ascii=False, separators=(",", ":")).encode()


def sealed(seal: Seal, plain: bytes | None = None) -> str:
    return seal_again(php_serialize(COMMAND) if plain is None else plain, seal, KEY)


def refusal(body: bytes, key: bytes | None = KEY) -> str:
    with pytest.raises(DecodeError) as caught:
        read_job(body, {}, key=key)
    return caught.value.code


@pytest.mark.parametrize(("headers", "attempts"), [({}, 1), ({"laravel": {"attempts": 2}}, 3), ({"laravel": {}}, 1)])
def test_attempts_are_counted_in_a_header(headers: dict[str, Any], attempts: int) -> None:
    message = read_job(record(COMMAND.decode()), headers)
    assert message.attempts == attempts
    assert write_job(message, runtime=PHP_8_2).headers == headers


def test_another_attempt_is_written_to_the_header() -> None:
    message = read_job(record(COMMAND.decode()), {"laravel": {"attempts": 1, "x": 0}})
    assert write_job(replace(message, attempts=5), runtime=PHP_8_2).headers == {"laravel": {"attempts": 4, "x": 0}}


@pytest.mark.parametrize("seal", [CBC, GCM, Seal("cbc", bytes(16), tagged=False)])
def test_an_encrypted_job_is_opened_and_closed_again(seal: Seal) -> None:
    body = record(sealed(seal), batchId="b")
    message = read_job(body, {}, key=KEY)
    assert message.payload == PhpObject("App\\Job", {"iban": "FR76", "queue": None})
    assert message.seal == seal
    assert write_job(message, runtime=PHP_8_2, key=KEY).body == body
    with pytest.raises(EncodeError, match="key"):
        write_job(message, runtime=PHP_8_2)


def test_a_job_without_its_key_stays_sealed() -> None:
    body = record(sealed(CBC))
    message = read_job(body, {})
    assert isinstance(message.payload, SealedPayload)
    assert message.name == "App\\Job"
    assert write_job(message, runtime=PHP_8_2).body == body


def changed(text: str, **fields: Any) -> str:
    return base64.b64encode(json.dumps(json.loads(base64.b64decode(text)) | fields).encode()).decode()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (changed(sealed(CBC), mac="0" * 64), "key"),
        (changed(sealed(CBC), mac="é"), "key"),
        (changed(sealed(CBC), value="AAAA"), "key"),
        (changed(sealed(GCM), tag=base64.b64encode(bytes(16)).decode()), "key"),
        (changed(sealed(GCM), tag="AAAA"), "not_a_job"),
        (changed(sealed(CBC), iv=None), "not_a_job"),
        (changed(sealed(CBC), tag=[]), "not_a_job"),
        (changed(sealed(GCM), iv="é"), "not_a_job"),
        (base64.b64encode(b"[]").decode(), "not_a_job"),
        ("no base64", "not_a_job"),
        (sealed(CBC, b"i:1;"), "not_a_job"),
        (sealed(CBC, php_serialize("i:1;")), "not_a_job"),
        (sealed(CBC, b"nonsense"), "syntax"),
        ('O:7:"App\\Job":1:{', "truncated"),
    ],
)
def test_what_cannot_be_opened_is_refused(command: str, code: str) -> None:
    assert refusal(record(command)) == code


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"job":"x"}', b'{"data":1}', b"7"])
def test_what_is_no_record_is_refused(body: bytes) -> None:
    assert refusal(body) == "not_a_job"


def test_neither_key_nor_payload_is_shown() -> None:
    message = read_job(record(sealed(CBC)), {"laravel": {"attempts": 1}}, key=KEY)
    assert "FR76" not in repr(message)
    assert "uuid" not in repr(message)


def test_keys_are_those_of_a_setting() -> None:
    assert read_key("base64:" + base64.b64encode(KEY).decode()) == KEY
    assert read_key("0123456789abcdef") == b"0123456789abcdef"
    for text in ("", "base64:", "base64:AAAA", "base64:é", "short"):
        with pytest.raises(KeyFormatError):
            read_key(text)


def test_a_seal_opens_with_its_key_alone() -> None:
    assert unseal(sealed(GCM, b"x"), KEY) == (b"x", GCM)
    with pytest.raises(DecodeError, match="key"):
        unseal(sealed(GCM, b"x"), bytes(32))


@pytest.mark.parametrize("job", ["Jean Dupont 06 12 34", "", "A@", "A@b@c", "9a", None, 5, ["A"]])
def test_what_calls_no_class_is_no_job(job: Any) -> None:
    assert refusal(json.dumps({"job": job, "data": {"a": 1}}).encode()) == "not_a_job"


@pytest.mark.parametrize("job", ["App\\Import", "\\App\\Import@run", "Céline"])
def test_what_calls_a_class_is_one(job: str) -> None:
    message = read_job(json.dumps({"job": job, "data": {"a": 1}}).encode(), {})
    assert message.name == job.partition("@")[0]
