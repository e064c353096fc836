import base64
from typing import Any

import pytest

from contracts.codecs.error import DecodeError, EncodeError
from contracts.codecs.laravel import write_job
from contracts.codecs.legacy import read_message, write_message
from contracts.codecs.legacy_message import LegacyMessage
from contracts.codecs.symfony import ENVELOPE, REDELIVERY, write_envelope
from contracts.codecs.symfony_json import STAMP_PREFIX, write_symfony_json
from contracts.php.runtime import PHP_8_2, PhpRuntime
from contracts.php.text import addslashes
from contracts.php.value import PhpObject

ENVELOPED = b'O:%d:"%s":2:{s:44:"\0%s\0stamps";a:0:{}s:45:"\0%s\0message";O:1:"M":1:{s:1:"x";s:1:"\xe9";}}' % (
    len(ENVELOPE),
    ENVELOPE.encode(),
    ENVELOPE.encode(),
    ENVELOPE.encode(),
)
WRAPPED = base64.b64encode(addslashes(ENVELOPED))
JOB = b'{"job":"App\\\\Import@run","data":{"file":"a\\/\xc3\xa9","none":{}},"id":"1"}'


@pytest.mark.parametrize(
    ("body", "headers", "framework", "name", "attempts"),
    [
        (WRAPPED, {}, "symfony-php", "M", 1),
        (addslashes(ENVELOPED.replace(b"\xe9", b"e")), {"x": 1}, "symfony-php", "M", 1),
        (b'{"amount":10.0,"o":{},"a":[]}', {"type": "App\\M"}, "symfony-json", "App\\M", 1),
        (
            b"{}",
            {"type": b"A", STAMP_PREFIX + REDELIVERY: '[{"retryCount":0},{"retryCount":1}]'},
            "symfony-json",
            "A",
            2,
        ),
        (b"{}", {"type": "A", STAMP_PREFIX + REDELIVERY: "[1]"}, "symfony-json", "A", None),
        (JOB, {}, "laravel", "App\\Import", 1),
        (JOB, {"laravel": {"attempts": 4}}, "laravel", "App\\Import", 5),
        (b'{"webhook":"payin.create","url":"https://x"}', {}, "json", None, None),
        (b"[1,2.5,null]", {}, "json", None, None),
        (b"-1.5", {}, "json", None, None),
        (b'"\xc3\xa9\\u2028"', {}, "json", None, None),
        (b'O:1:"A":0:{}', {}, "php-serialize", "A", None),
        (b'C:3:"Old":1:{x}', {}, "php-serialize", "Old", None),
        (b"a:1:{i:0;d:0.5;}", {}, "php-serialize", None, None),
        (b"N;", {}, "php-serialize", None, None),
    ],
)
def test_a_message_is_recognised_and_written_again(
    body: bytes, headers: dict[str, Any], framework: str, name: str | None, attempts: int | None
) -> None:
    message = read_message(body, headers)
    assert (message.framework, message.name, message.attempts, message.body) == (framework, name, attempts, body)
    written = write_message(message, runtime=PHP_8_2)
    assert written.body == body
    assert written.headers == {
        key: value.decode() if key == "type" and isinstance(value, bytes) else value for key, value in headers.items()
    }


@pytest.mark.parametrize(
    ("body", "headers", "code", "position"),
    [
        (b"", {}, "empty", None),
        (b"hello", {}, "unknown_format", 0),
        (b"\x00\x01", {}, "unknown_format", 0),
        (b"<xml/>", {}, "unknown_format", 0),
        (b"true!", {}, "syntax", 4),
        (b'{"a":', {}, "truncated", 5),
        (b"a:1:{i:0;", {}, "truncated", 9),
        (addslashes(ENVELOPED)[:100], {}, "truncated", 53),
        (b'O:1:\\"A\\":0:{}', {}, "not_an_envelope", None),
        (b"{}", {STAMP_PREFIX + "A": "[]"}, "no_type", None),
        (b"{}", {"type": ""}, "no_type", None),
        (b"{}", {"type": 7}, "no_type", None),
        (b"", {"type": "A"}, "empty", None),
        (b"0", {"type": "A"}, "empty", None),
        (b"{}", {"type": "A", STAMP_PREFIX + "A": "{}"}, "header", None),
        (b"{}", {"type": "A", STAMP_PREFIX + "A": 7}, "header", None),
        (b"{}", {"type": "A", STAMP_PREFIX + "A": "[1"}, "truncated", 2),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(
    body: bytes, headers: dict[str, Any], code: str, position: int | None
) -> None:
    with pytest.raises(DecodeError) as caught:
        read_message(body, headers)
    assert (caught.value.code, caught.value.position) == (code, position)


def test_floats_are_written_as_the_monolith_is_set() -> None:
    old = PhpRuntime(serialize_precision=17)
    for body in (b"d:0.10000000000000001;", b"[0.10000000000000001]"):
        assert write_message(read_message(body), runtime=old).body == body


def test_a_message_can_be_made_anew() -> None:
    made = LegacyMessage("symfony-php", "M", PhpObject("M", {"x": "\udce9"}))
    assert write_message(made, runtime=PHP_8_2).body == WRAPPED
    made = LegacyMessage(
        "symfony-json", "M", PhpObject("stdClass", {"x": 1}), stamps={"S": (PhpObject("stdClass", {}),)}
    )
    encoded = write_message(made, runtime=PHP_8_2)
    assert (encoded.body, encoded.headers) == (b'{"x":1}', {"type": "M", STAMP_PREFIX + "S": "[{}]"})
    with pytest.raises(EncodeError):
        write_message(LegacyMessage("json", None, "\udce9"), runtime=PHP_8_2)


def test_no_value_is_shown_in_a_repr() -> None:
    message = read_message(b'{"iban":"FR76"}', {"token": "secret"})
    assert "FR76" not in repr(message) + repr(write_message(message, runtime=PHP_8_2))
    assert "secret" not in repr(message) + repr(write_message(message, runtime=PHP_8_2))


def test_what_the_monoliths_settings_decide_cannot_be_forgotten() -> None:
    message = read_message(b"d:0.1;")
    for write in (write_message, write_envelope, write_job, write_symfony_json):
        with pytest.raises(TypeError, match="runtime"):
            write(message)  # type: ignore[call-arg]
