"""`unserialize` by its name against the real one: texts of arrays whose keys and references have been mixed up."""

import base64
import json
import random
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from contracts.codecs.error import DecodeError
from contracts.codecs.php_unserialize import php_unserialize
from contracts.php.functions import call
from contracts.php.runtime import PHP_8_2
from contracts.php.text import from_bytes, to_bytes
from contracts.php.value import PhpObject, PhpReference
from tests.contract.php.conftest import php_command

SCRIPT = Path(__file__).with_name("unserialize.php")
TEXTS = 4000
MOST = 2000


class EndlessError(Exception):
    """More than can be told."""


def test_keys_that_come_twice_and_references_mean_what_they_mean_to_php() -> None:
    questions = [_question(random.Random(seed)) for seed in range(TEXTS)]  # no secret
    lines = "".join(
        f"{base64.b64encode(text).decode()} {'-' if depth is None else depth}\n" for text, depth in questions
    )
    done = subprocess.run([*php_command(), str(SCRIPT)], input=lines.encode(), capture_output=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    values = refused = 0
    for (text, depth), answer in zip(questions, answers, strict=True):
        own = _own(text, depth)
        if own == {"refused": "cycle"}:
            assert answer, text
            refused += 1
            continue
        assert own == answer, (text, depth)
        values += answer is not False
    assert values > TEXTS / 5
    assert refused < TEXTS / 5


@pytest.mark.parametrize("seed", range(3))
def test_kept_references_hold_the_same_values_as_replaced_ones(seed: int) -> None:
    dice = random.Random(f"kept {seed}")  # no secret
    for _ in range(1000):
        text, _ = _question(dice)
        try:
            resolved = php_unserialize(text)
        except DecodeError:
            continue
        kept = php_unserialize(text, references="keep")
        assert _told(kept, [MOST]) == _told(resolved, [MOST]), text


def _question(dice: random.Random) -> tuple[bytes, int | None]:
    """A text, and the depth that it may have."""
    text = _value(dice, 4)
    if dice.random() < 0.2:
        cut = dice.randrange(len(text))
        text = (
            text[:cut]
            + dice.choice([b"R:2;", b"r:1;", b"}", b"i:0;", b"N;", b"9", b""])
            + text[cut + dice.randrange(4) :]
        )
    return text, dice.choice([None, None, 0, 1, 2, 3])


def _value(dice: random.Random, levels: int) -> bytes:
    kind = dice.random()
    if levels == 4 or (levels and kind < 0.4):
        count = dice.randrange(5)
        items = b"".join(_key(dice) + _value(dice, levels - 1) for _ in range(count))
        head = b'O:8:"stdClass"' if dice.random() < 0.2 else b"a"
        return b"%s:%d:{%s}" % (head, count, items)
    if kind < 0.7:
        return b"%s:%d;" % (dice.choice([b"R", b"R", b"R", b"r"]), dice.randrange(1, 9))
    return dice.choice([b"i:5;", b"i:6;", b"N;", b's:1:"x";', b"d:0.5;", b"a:0:{}", b'O:8:"stdClass":0:{}'])


def _key(dice: random.Random) -> bytes:
    return dice.choice([b"i:0;", b"i:1;", b"i:2;", b's:1:"1";', b's:1:"k";', b's:2:"01";'])


def _own(text: bytes, depth: int | None) -> Any:
    try:
        value = call(PHP_8_2, "unserialize", [from_bytes(text), *([] if depth is None else [{"max_depth": depth}])])
    except DecodeError as error:
        return {"refused": error.code}
    if value is False and not text.startswith(b"b:0;"):
        return False
    try:
        return {"is": _told(value, [MOST])}
    except EndlessError:
        return {"endless": True}


def _told(value: Any, left: list[int], level: int = 0) -> Any:
    """As `unserialize.php` tells it."""
    if isinstance(value, PhpReference):
        value = value.value
    left[0] -= 1
    if left[0] < 0 or level > 100:
        raise EndlessError
    match value:
        case str():
            return ["s", base64.b64encode(to_bytes(value)).decode()]
        case float():
            return ["d", struct.pack(">d", value).hex()]
        case PhpObject():
            return ["o", [[_text(str(key)), _told(item, left, level + 1)] for key, item in value.properties.items()]]
        case list() | dict():
            items = value.items() if isinstance(value, dict) else enumerate(value)
            return [
                "a",
                [[_text(key) if isinstance(key, str) else key, _told(item, left, level + 1)] for key, item in items],
            ]
        case _:
            return value


def _text(key: str) -> str:
    return base64.b64encode(to_bytes(key)).decode()
