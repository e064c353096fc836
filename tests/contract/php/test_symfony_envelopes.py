"""Envelopes as the Symfony Messenger on this machine encodes them are decoded to what was put in."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from contracts.codecs.error import DecodeError
from contracts.codecs.symfony import SymfonyMessage, decode_symfony
from contracts.php import date
from contracts.php.runtime import PHP_8_2
from contracts.php.text import to_bytes
from contracts.php.value import PhpEnum, PhpObject
from tests.contract.php.conftest import php_command

STAMP = "Symfony\\Component\\Messenger\\Stamp\\"


@pytest.fixture(scope="module")
def bodies() -> dict[str, bytes]:
    script = Path(__file__).parent / "symfony_envelopes.php"
    lines = subprocess.run([*php_command(), str(script)], capture_output=True, check=True).stdout.splitlines()
    cases = [json.loads(line) for line in lines]
    return {case["name"]: base64.b64decode(case["body"]) for case in cases}


def tags(message: SymfonyMessage) -> Any:
    return message.properties["tags"]


def test_properties_come_by_plain_name_whatever_their_visibility(bodies: dict[str, bytes]) -> None:
    message = decode_symfony(bodies["plain"])

    assert message.class_name == "App\\Message\\PaymentReceived"
    created_at = message.properties.pop("createdAt")
    assert message.properties == {
        "id": "po_1",
        "App\\Message\\Transfer::id": "inherited",
        "note": None,
        "amount": "12.50",
        "fee": 0.1,
        "currency": PhpEnum("App\\Message\\Currency", "Euro"),
        "accountCurrency": PhpEnum("App\\Message\\Currency", "Euro"),
        "tags": [],
        "parent": None,
    }
    assert date.restore(created_at.properties).format("c u", runtime=PHP_8_2) == "2024-03-31T03:30:00+02:00 123456"
    assert message.stamps == {}


def test_stamps_come_by_class_in_their_order(bodies: dict[str, bytes]) -> None:
    stamps = decode_symfony(bodies["stamped"]).stamps

    assert list(stamps) == [STAMP + name for name in ("BusNameStamp", "DelayStamp", "RedeliveryStamp")]
    assert [stamp.properties["delay"] for stamp in stamps[STAMP + "DelayStamp"]] == [1000, 5000]
    redelivered_at = stamps[STAMP + "RedeliveryStamp"][0].properties["redeliveredAt"]
    assert date.restore(redelivered_at.properties).format("c", runtime=PHP_8_2) == "2024-01-01T00:00:00+01:00"


def test_quotes_slashes_and_nul_survive(bodies: dict[str, bytes]) -> None:
    assert tags(decode_symfony(bodies["quotes and slashes"])) == [
        'it\'s "quoted" \\ and \\0\0' + "1",
        "\\",
        "\0" + "7",
        "é€😀",
    ]


def test_a_body_that_is_not_utf8_came_as_base64_and_keeps_its_bytes(bodies: dict[str, bytes]) -> None:
    assert not bodies["not UTF-8"].startswith(b"O:")
    assert [to_bytes(tag) for tag in tags(decode_symfony(bodies["not UTF-8"]))] == [b"caf\xe9", b"\xff\0\\'"]


def test_arrays_are_lists_or_maps_as_their_keys_say(bodies: dict[str, bytes]) -> None:
    assert tags(decode_symfony(bodies["list and map"])) == {"x": [1, 2.5, None, True], 5: [], "07": -0.0}


def test_an_object_that_occurs_again_is_the_same_one(bodies: dict[str, bytes]) -> None:
    shared = tags(decode_symfony(bodies["shared objects"]))

    assert shared[0] is shared[1] is shared["again"]
    assert isinstance(shared[0], PhpObject)
    assert shared[0].properties["id"] == "shared"


def test_a_class_with_its_own_form_keeps_its_own_keys(bodies: dict[str, bytes]) -> None:
    message = decode_symfony(bodies["own form"])

    assert message.properties == {"text": "line\nbreak", "7": "seven"}


def test_an_envelope_cut_off_anywhere_is_refused(bodies: dict[str, bytes]) -> None:
    body = bodies["shared objects"]
    for length in range(len(body)):
        with pytest.raises(DecodeError):
            decode_symfony(body[:length])
