"""PHP itself reads what has pseudonyms in it, and the monolith makes of it what it made before."""

import base64
import json
import subprocess
from collections.abc import Sequence
from typing import Any

import pytest

from contracts.codecs.php_serialize import php_serialize
from contracts.php.value import PhpObject, PhpReference
from contracts.pseudonym import Pseudonyms
from contracts.pseudonym_message import Personal, pseudonymise_body
from contracts.registry import type_named
from tests.contract.parity.side import control, scenario
from tests.leak import leaks

ONE = Pseudonyms(b"s" * 32)
_BONES = """
function bones(mixed $value): mixed {
    if (is_object($value)) return [get_class($value) => array_map('bones', (array) $value)];
    if (is_array($value)) return array_map('bones', array_values($value));
    return is_string($value) ? strlen($value) : (is_int($value) || is_float($value) ? gettype($value) : $value);
}
while (($line = fgets(STDIN)) !== false) {
    $value = unserialize(base64_decode($line));
    echo json_encode($value === false ? 'unreadable' : bones($value)), "\\n";
}
"""


def with_pseudonyms(one: dict[str, Any]) -> dict[str, Any]:
    body = base64.b64decode(one["body_base64"])
    found = pseudonymise_body(body, Personal(ONE, type_named(one["type"])))
    assert (len(found.body), found.readable) == (len(body), True)
    assert leaks([(one["id"], found.body.replace(b"\\", b""))]) == []
    return {**one, "body_base64": base64.b64encode(found.body).decode()}


@pytest.mark.parametrize("seed", [41, 42])
def test_the_monolith_ends_every_message_as_before_with_as_many_effects(php: Sequence[str], seed: int) -> None:
    notifications = scenario(php, 150, seed)
    before = control(php, notifications)
    after = control(php, [with_pseudonyms(one) for one in notifications])
    assert [(one.message_id, one.ending) for one in after] == [(one.message_id, one.ending) for one in before]
    assert [[effect.kind for effect in one.effects] for one in after] == [
        [effect.kind for effect in one.effects] for one in before
    ]


def test_php_unserialises_what_has_pseudonyms(php: Sequence[str]) -> None:
    shared = PhpReference("Zoé")
    date = PhpObject("DateTimeImmutable", {"date": "2024-06-14 10:50:08.000000", "timezone_type": 3, "timezone": "UTC"})
    values: list[Any] = [
        {"name": "Zoé Zzyx", "age": 41, "rate": 2.5, "none": None, "yes": True, "no": [], "jean@dupont.fr": [1, 2]},
        {"date": date, "again": date},
        [shared, shared],
        PhpObject("stdClass", {"a": "x" * 1000, "b": 9223372036854775807, "c": -9223372036854775807, "d": 1e-7}),
        {"json": json.dumps({"name": "Zoé"}), "php": php_serialize({"name": "Zoé"}).decode()},
    ]
    bodies = [php_serialize(value) for value in values]
    bodies += [pseudonymise_body(body, Personal(ONE, None)).body for body in bodies]
    read = subprocess.run(
        [*php, "-r", _BONES],
        input=b"".join(base64.b64encode(body) + b"\n" for body in bodies),
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    found = read.stdout.decode().splitlines()
    assert "unreadable" not in read.stdout.decode()
    before, after = found[: len(values)], found[len(values) :]
    assert after == before
