"""Arguments that make ports go wrong, for each function in scope: by its signature, or by what its subject is about."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from contracts.codecs.php_serialize import php_serialize
from contracts.php.functions import FUNCTIONS
from contracts.php.number import INT_MAX, INT_MIN
from contracts.php.signature import Parameter
from contracts.php.text import from_bytes
from contracts.php.value import PhpObject

Dice = random.Random

TEXTS = (
    "", "0", "1", "a", "A", "abc", "ABC", " padded \t\n", "Café crème / à l'œuf", "ÉMILE zola-dupont o'neill",
    "😀 emoji",
    "\u00a0no-break\u00a0", "line\u2028and\u2029", "delete\x7fand\x1funit", "quotes \" ' and \\/ </script> &amp; &#39;",
    "\udce9t\udce9 in Latin-1", "cut\udcc3", "FR76 3000 6000 0112", "null\0byte", "a,b,,c", "img12.png", "img10.png",
    "rfc1.txt", "rfc822.txt", "0010", "x=1&y=2", "héllo wörld", "ǅ ß İ", "%s", "1.10", "1.1", "\\0\\'",
)  # fmt: skip
NUMERIC = (
    "0", "-0", "00", "1", "+1", "-1", "007", "1.0", "1.50", "17.010", "1e3", "1E-5", ".5", "5.", " 7", "7 ", "\n7",
    "7x", "x7",
    "0x1A", "1_000", "1,5", "--1", "1e", "0e46", "0e83", "9223372036854775807", "9223372036854775808",
    "-9223372036854775809",
    "12345678901234567890", "1e1000", "-1e1000", "0.1", "0.30000000000000004", "99999999999999999999.99", "INF",
    "nan", "",
)  # fmt: skip
INTS = (0, 1, -1, 2, 5, 7, 10, 100, -100, 255, 1000, 2**31, 2**53 + 1, INT_MAX, INT_MIN, INT_MAX - 1)
FLOATS = (
    0.0, -0.0, 0.1, 0.5, 1.5, 2.5, -2.5, 1.005, 1.955, 5.055, 0.285, 1.0, 10.0, 1e14, 1e15, 99999999999999.9, 1e16,
    1e17, 1e22, 1e25,
    1e-4, 1e-5, 1e-7, 1e300, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 19.99 * 100, 1e19, -1e19, 9007199254740993.0,
    float("inf"), float("-inf"), float("nan"),
)  # fmt: skip
ZONES = ("Europe/Paris", "Europe/London", "America/New_York", "Australia/Sydney", "UTC", "Asia/Kolkata")
_DST = (1_711_846_800, 1_729_990_800, 1_710_054_000, 1_730_613_600, 1_712_419_200, 1_728_144_000)
_KEYS: tuple[int | str, ...] = (
    0,
    1,
    2,
    3,
    5,
    -3,
    10,
    "a",
    "b",
    "A",
    "é",
    "07",
    "",
    "-0",
    "x/y",
    "10a",
    "\udce9",
    "1.5",
    "id",
)


def arguments(function: str, dice: Dice) -> list[Any]:
    """Arguments of one call. Most are of the types that the function wants; some are not."""
    make = _BY_FUNCTION.get(function)
    if make is not None:
        return make(dice)
    signature = FUNCTIONS[function].signature
    given: list[Any] = []
    for parameter in signature.parameters:
        if parameter.optional and dice.random() < 0.4:
            break
        times = dice.randint(0, 3) if parameter.variadic else 1
        given += [_of(parameter, dice) for _ in range(times)]
    return given


def money(dice: Dice) -> float:
    """Amounts and products of amounts, many of them half a cent away from a cent."""
    cents = dice.randint(-(10 ** dice.randint(1, 10)), 10 ** dice.randint(1, 10))
    return dice.choice(
        (
            (cents + 0.5) / 100,
            cents / 1000,
            cents / 100 * dice.choice((1.2, 0.2, 0.005, 0.0085, 0.0015, 0.015)),
            cents / 100 * 100,
            cents / 100 - dice.randint(0, 10**6) / 100,
            float(cents),
            dice.uniform(-1, 1) * 10 ** dice.randint(-12, 20),
        )
    )


def text(dice: Dice) -> str:
    """Ours, numeric, or made of awkward characters."""
    roll = dice.random()
    if roll < 0.45:
        return dice.choice(TEXTS)
    if roll < 0.6:
        return dice.choice(NUMERIC)
    alphabet = "abAB09 .,-_éÉœß€😀\u2028\x7f\0\t\x0b\f/\\\"'<>&%=" + "\udce9\udcc3" * (dice.random() < 0.2)
    return "".join(dice.choice(alphabet) for _ in range(dice.randint(0, 24)))


def number(dice: Dice) -> int | float:
    """Ints and floats."""
    return dice.choice((money(dice), dice.choice(FLOATS), dice.choice(INTS), dice.randint(-200, 200)))


def scalar(dice: Dice) -> Any:
    """Any scalar, or null."""
    return dice.choice((None, True, False, number(dice), text(dice), dice.choice(NUMERIC)))


def array(dice: Dice, depth: int = 2) -> Any:
    """A list, or a map with awkward keys."""
    items = [value(dice, depth - 1) for _ in range(dice.randint(0, 5))]
    if dice.random() < 0.5:
        return items
    made = dict(zip(dice.sample(_KEYS, len(items)), items, strict=True))
    return list(made.values()) if list(made) == list(range(len(made))) else made


def value(dice: Dice, depth: int = 2) -> Any:
    """Anything, nested."""
    return scalar(dice) if depth <= 0 or dice.random() < 0.6 else array(dice, depth)


def _of(parameter: Parameter, dice: Dice) -> Any:
    if dice.random() < 0.04:
        return value(dice)  # of another type than it should be
    makers: dict[str, Callable[[Dice], Any]] = {
        "int": lambda dice: dice.choice((dice.choice(INTS), dice.randint(-20, 20))),
        "float": number,
        "string": text,
        "bool": lambda dice: dice.random() < 0.5,
        "array": array,
        "mixed": value,
        "null": lambda _: None,
        "object": lambda dice: PhpObject("stdClass", {str(key): scalar(dice) for key in dice.sample(_KEYS, 2)}),
        "Countable": array,
    }
    kinds = sorted(parameter.wanted & makers.keys())
    return makers[dice.choice(kinds)](dice)


def _small(dice: Dice) -> int:
    return dice.randint(-12, 40)


def _json_text(dice: Dice) -> str:
    def written(depth: int) -> str:
        kind = dice.randrange(8 if depth else 5)
        if kind < 2:
            return dice.choice(('"a"', '"é"', '"\\u00E9\\ud83d\\ude00\\/"', '"\\ud800"', '""', '"7"', '"\udce9"'))
        if kind < 5:
            fixed = ("0", "-0", "-0.0", "1e2", "1.10", "1E400", "280.5", "-9223372036854775809", "true", "null", "TRUE")
            return dice.choice((*fixed, str(dice.randint(0, 10**21))))
        space = dice.choice(("", "", " ", "\n\t"))
        items = [written(depth - 1) for _ in range(dice.randint(0, 4))]
        if kind < 6:
            return f"[{space}{f',{space}'.join(items)}{space}]"
        keys = ('"a"', '"a"', '"7"', '"-7"', '"07"', '"0"', '"1"', '"\\u0030"', '""', '"é"', '"\\u0000x"')
        return "{" + f",{space}".join(f"{dice.choice(keys)}{space}:{space}{item}" for item in items) + space + "}"

    whole = written(3)
    if dice.random() < 0.3:
        place = dice.randrange(len(whole) + 1)
        whole = (
            whole[:place]
            + dice.choice(("", ",", "]", "}", '"', "\\", "0", "-", "NaN", "[", "\x1f"))
            + whole[place + 1 :]
        )
    return whole


def _pattern(dice: Dice) -> list[Any]:
    values = [scalar(dice) for _ in range(dice.randint(0, 4))]
    parts = []
    for _ in range(dice.randint(1, 4)):
        flags = "".join(dice.choice(("", "", "0", "-", "+", " ", "'x", "'0")) for _ in range(2))
        width, precision = dice.choice(("", "5", "12", "1", "30")), dice.choice(("", "", ".0", ".1", ".2", ".10", "."))
        place = dice.choice(("", "", "", "1$", "2$"))
        parts.append(
            f"{dice.choice(('', 'é ', '%%'))}%{place}{flags}{width}{precision}{dice.choice('bcdeEfFgGhHosuxXdfs')}"
        )
    return ["".join(parts), *values]


def _as_list(pattern: list[Any]) -> list[Any]:
    return [pattern[0], pattern[1:]]


def _decimal(dice: Dice) -> str:
    if dice.random() < 0.1:
        return dice.choice(NUMERIC)
    whole = str(dice.randint(0, 10 ** dice.randint(0, 30)))
    fraction = (
        "." + "".join(dice.choice("0123456789") for _ in range(dice.randint(0, 8))) if dice.random() < 0.7 else ""
    )
    return dice.choice(("", "-", "-", "+")) + dice.choice(("", "00")) + whole + fraction


def _decimals(dice: Dice) -> list[Any]:
    scale = [dice.choice((0, 1, 2, 5, 20, None))] if dice.random() < 0.7 else []
    return [_decimal(dice), _decimal(dice), *scale]


def _moment(dice: Dice) -> int:
    near = dice.choice(_DST) + dice.randint(-8, 8) * 1800
    return dice.choice((near, near, dice.randint(0, 2**31), dice.randint(-(2**35), 2**35)))


def _date_pattern(dice: Dice) -> str:
    return "".join(dice.choice("dDjlSwNzWoFmMntLyYxXaABgGhHisuvIPpOTeZcrU -:/\\Qé") for _ in range(dice.randint(0, 12)))


def _rows(dice: Dice) -> list[Any]:
    rows = [dice.sample(("id", "a", 3, "b"), dice.randint(0, 4)) for _ in range(dice.randint(0, 5))]
    return [{key: scalar(dice) for key in row} or [] for row in rows]


def _alike(dice: Dice) -> list[Any]:
    """Values of which several are equal in PHP's way."""
    pool = [scalar(dice) for _ in range(3)] + [dice.choice(NUMERIC), "1", 1, True, "01", 1.0, "abc", 0, None, ""]
    return [dice.choice(pool) for _ in range(dice.randint(0, 7))]


_BY_FUNCTION: Mapping[str, Callable[[Dice], list[Any]]] = {
    **dict.fromkeys(("bcadd", "bcsub", "bcmul", "bcdiv", "bcmod", "bccomp"), _decimals),
    **dict.fromkeys(("date", "gmdate"), lambda dice: [_date_pattern(dice), _moment(dice)]),
    **dict.fromkeys(("array_search", "in_array"), lambda dice: [*_needle(dice), dice.random() < 0.3]),
    "array_column": lambda dice: [
        _rows(dice),
        dice.choice(("id", "a", 3, None, "none")),
        *dice.choice(([], ["id"], ["b"])),
    ],
    "array_combine": lambda dice: [_alike(dice), [value(dice) for _ in range(dice.randint(0, 7))]],
    "array_unique": lambda dice: [_alike(dice), *dice.choice(([], [2], [0], [1]))],
    "checkdate": lambda dice: [
        dice.randint(-1, 14),
        dice.randint(-1, 33),
        dice.choice((2023, 2024, 1900, 2000, 0, 32768)),
    ],
    "count": lambda dice: [array(dice, 3), dice.choice((0, 0, 1))],
    "explode": lambda dice: [
        dice.choice((",", "a", "é", " ", "", "--")),
        text(dice),
        *dice.choice(([], [_small(dice)])),
    ],
    "htmlspecialchars": lambda dice: [
        text(dice),
        dice.choice((3, 11, 2, 0, 7, 11, 19, 51, 35)),
        *dice.choice(([], ["UTF-8"], ["ISO-8859-1", False])),
    ],
    "http_build_query": lambda dice: [array(dice, 3), *dice.choice(([], [text(dice)], ["", "&amp;"], ["n_", "&", 2]))],
    "implode": lambda dice: dice.choice(([dice.choice((",", "", " é ")), _alike(dice)], [_alike(dice)])),
    "intval": lambda dice: [
        dice.choice((text(dice), dice.choice(NUMERIC), "0b11", "0o17", "017", "0xfF", "z9")),
        *dice.choice(([], [dice.choice((10, 16, 8, 2, 0, 36))])),
    ],
    "json_decode": lambda dice: [
        _json_text(dice),
        dice.choice((None, True, False)),
        dice.choice((512, 512, 3, 1)),
        dice.choice((0, 0, 1, 2, 1 << 20, 1 << 21, 1 << 22)),
    ],
    "json_encode": lambda dice: [
        value(dice, 4),
        sum({1 << dice.choice((*range(12), 20, 21, 22)) for _ in range(dice.randint(0, 4))}),
        dice.choice((512, 512, 2)),
    ],
    "mktime": lambda dice: [
        *(dice.randint(-span, 2 * span) for span in (30, 100, 100, 6, 40)),
        dice.choice((dice.randint(0, 110), dice.randint(1900, 2100))),
    ],
    "number_format": lambda dice: [
        money(dice),
        *dice.choice(([], [dice.randint(-3, 8)], [2, ",", " "], [2, ".", ""], [3, ",", "\u202f"], [1, None, None])),
    ],
    "round": lambda dice: [
        dice.choice((money(dice), number(dice))),
        *dice.choice(([], [dice.randint(-4, 6)], [2, dice.randint(1, 4)], [dice.randint(-25, 25)])),
    ],
    "serialize": lambda dice: [value(dice, 4)],
    "sprintf": _pattern,
    "str_pad": lambda dice: [
        text(dice),
        _small(dice),
        *dice.choice(([], [text(dice)], [dice.choice((" ", "0", "é")), dice.randint(-1, 4)])),
    ],
    "str_replace": lambda dice: [
        dice.choice((text(dice)[:3], _alike(dice))),
        dice.choice((text(dice)[:3], _alike(dice))),
        dice.choice((text(dice), array(dice, 1))),
    ],
    "substr": lambda dice: [text(dice), _small(dice), *dice.choice(([], [_small(dice)], [None]))],
    "unserialize": lambda dice: [_serialised(dice)],
    "var_export": lambda dice: [value(dice, 3), True],
    "vsprintf": lambda dice: _as_list(_pattern(dice)),
}


def _needle(dice: Dice) -> list[Any]:
    return [dice.choice(_alike(dice) or [0]), _alike(dice)]


def _serialised(dice: Dice) -> str:
    whole = from_bytes(php_serialize(value(dice, 3)))
    if dice.random() < 0.5:
        place = dice.randrange(len(whole) + 1)
        piece = dice.choice((";", "}", '"', ":", "9", "-", "R:1;", "i:7;", "N;", "\0", 'S:1:"\\41";', "d:.5;", "b:2;"))
        whole = whole[:place] + piece + whole[place + dice.randint(0, 3) :]
    return whole


def cases(function: str, count: int, seed: int) -> Sequence[list[Any]]:
    """So many calls of a function; equal seeds make equal ones."""
    dice = random.Random(f"{seed}/{function}")
    return [arguments(function, dice) for _ in range(count)]
