"""Values of the kinds that make ports of PHP go wrong, made from a seed."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.php.number import INT_MAX, INT_MIN
from contracts.php.value import std_class
from tests.php_fuzz.generate import money

TEXTS = (
    "",
    "0",
    "Café crème / à l'œuf",
    "ÉMILE zola-dupont o'neill",
    " \t padded\x0b\0\n",
    "\u00a0no-break\u00a0",
    "😀 emoji \U0001f1eb\U0001f1f7",
    "line\u2028and\u2029paragraph",
    "delete\x7fand\x1funit",
    "quotes \" ' and \\/ slashes </script>",
    "\udce9t\udce9 in Latin-1",
    "naïve\udcc3",
    "FR76 3000 6000 0112 3456 7890 189",
)
SCALARS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 7, 2**53 + 1, INT_MAX, INT_MIN, 0.0, -0.0, 1.0, 1.5, -1.9, 0.1 + 0.2, 1e15),
    *(
        123456789012345678.0,
        1e19,
        -1e19,
        1e300,
        float("inf"),
        float("-inf"),
        "",
        " ",
        " 7",
        "7 ",
        "\n7\f",
        "é",
        "\udce9",
    ),
    *[
        "0",
        "1",
        "-1",
        "0.0",
        "00",
        "1.0",
        "01",
        "1e0",
        "1e3",
        "10",
        "7",
        "7x",
        "x7",
        "abc",
        "ABC",
        ".5",
        "5.",
        "1.e3",
        "1e",
        "1e+",
        "+1",
        "--1",
        "0x1A",
        "1_000",
        "17.010",
        "17.01",
        "0e46",
        "0e83",
    ],
    *[
        "9223372036854775807",
        "9223372036854775808",
        "9223372036854775809",
        "-9223372036854775808",
        "-9223372036854775809",
    ],
    *[
        "12345678901234567890",
        "12345678901234567891",
        "1e1000",
        "1e1001",
        "-1e1000",
        "0.30000000000000004",
        "INF",
        "1,5",
        "٣",
    ],
)

ZONES = ("Europe/Paris", "Europe/London", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "UTC")


def a_text(dice: random.Random) -> str:
    if dice.random() < 0.5:
        return dice.choice(TEXTS)
    alphabet = "aZ09 éÉœß€😀\u2028\x7f\0\t\x0b\f/\\\"'<&-" + "\udce9\udcc3" * (dice.random() < 0.2)
    return "".join(dice.choice(alphabet) for _ in range(dice.randint(0, 40)))


def a_value(dice: random.Random, depth: int = 4) -> Any:
    """A nested PHP value: lists, maps with awkward keys, objects, hostile scalars."""
    kind = dice.randrange(10 if depth else 6)
    if kind < 2:
        return a_text(dice)
    if kind < 4:
        return money(dice)
    if kind < 6:
        return dice.choice((None, True, False, 0, -1, dice.randint(INT_MIN, INT_MAX), 0.0, -0.0, 1e25))
    if kind < 8:
        return [a_value(dice, depth - 1) for _ in range(dice.randint(0, 4))]
    keys: list[int | str] = [0, 1, 2, 5, -3, "a", "é", "07", "", "-0", "x/y", "\udce9"]
    chosen = dice.sample(keys, dice.randint(0, 4)) if dice.random() < 0.8 else [0, 1, 2][: dice.randint(0, 3)]
    if kind == 9 and not dice.randrange(3):
        return std_class({str(key): a_value(dice, depth - 1) for key in chosen})
    items = {key: a_value(dice, depth - 1) for key in chosen}
    return list(items.values()) if list(items) == list(range(len(items))) else items


def a_json_text(dice: random.Random) -> bytes:
    """What PHP or others may send: escaped or not, whitespace, long integers, exponents, repeated and int-like keys."""

    def written(depth: int) -> str:
        kind = dice.randrange(8 if depth else 5)
        if kind < 2:
            source = a_text(dice).encode("utf-8", "replace").decode()
            return dice.choice(
                (json.dumps(source), json.dumps(source, ensure_ascii=False), '"\\u00E9\\ud83d\\ude00\\/"')
            )
        if kind < 5:
            numbers = [
                "0",
                "-0",
                "-0.0",
                "1e2",
                "1.10",
                "1E400",
                "280.5",
                "-9223372036854775809",
                "true",
                "false",
                "null",
            ]
            return dice.choice((*numbers, str(dice.randint(0, 10**21))))
        space = dice.choice(("", "", " ", "\n\t"))
        items = [written(depth - 1) for _ in range(dice.randint(0, 4))]
        if kind < 6:
            return f"[{space}{f',{space}'.join(items)}{space}]"
        keys = ('"a"', '"a"', '"7"', '"-7"', '"07"', '"0"', '"1"', '"\\u0030"', '""', '"é"', '"9223372036854775808"')
        return "{" + f",{space}".join(f"{dice.choice(keys)}{space}:{space}{item}" for item in items) + space + "}"

    return written(4).encode()


def broken(data: bytes, dice: random.Random) -> bytes:
    position = dice.randrange(len(data) + 1)
    cut = data[position + dice.randint(0, 2) :]
    pieces = (
        b"",
        b",",
        b"]",
        b"}",
        b'"',
        b"\\",
        b"\\ud800",
        b"\xe9",
        b"\0",
        b"\x1f",
        b"0",
        b"-",
        b"NaN",
        b"[",
        b"TRUE",
    )
    return data[:position] + dice.choice(pieces) + cut


def a_local_time(dice: random.Random) -> str:
    """Most of them in the weeks when clocks change."""
    if dice.random() < 0.2:
        year, month, day = dice.choice((0, 1, 1900, 1970, 2024, 9999)), dice.randint(0, 12), dice.randint(0, 31)
        hour, minute, second = dice.randint(0, 24), dice.randint(0, 59), dice.randint(0, 60)
        return f"{year:04d}-{month:02d}-{day:02d} {hour:02d}:{minute:02d}:{second:02d}"
    month, day = dice.choice(((3, 24), (10, 24), (3, 8), (11, 1), (4, 1), (10, 1)))
    start = datetime(dice.randint(1990, 2037), month, day, tzinfo=UTC)
    return f"{start + timedelta(days=dice.randint(0, 8), seconds=dice.randint(0, 4 * 3600)):%Y-%m-%d %H:%M:%S}"
