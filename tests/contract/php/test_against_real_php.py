"""What we compute against what the PHP on this machine computes, on seeded inputs of the kinds that handlers meet."""

import itertools
import math
import random
import struct
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.php_unserialize import PhpObject, php_unserialize
from contracts.php import date, digest, number, printf, rounding, text
from contracts.php.compare import empty, loose_equals, truthy
from contracts.php.json import JsonError, JsonErrorCode, JsonOptions, json_decode, json_encode
from contracts.php.runtime import PHP_8_2
from tests.contract.php.conftest import RealPhp
from tests.contract.php.hostile import (
    SCALARS,
    TEXTS,
    ZONES,
    a_json_text,
    a_local_time,
    a_text,
    a_value,
    broken,
)
from tests.php_fuzz.generate import money

SEED = 20_241_027

AS_ARRAYS = RETURNED = (True,)
"""Flags of json_decode and var_export."""
PHP_ERRORS: dict[JsonErrorCode, int] = {
    "depth": 1,
    "state_mismatch": 2,
    "control_character": 3,
    "syntax": 4,
    "utf8": 5,
    "inf_or_nan": 7,
    "unsupported_type": 8,
    "invalid_property_name": 9,
    "utf16": 10,
}


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(f"{SEED}{request.node.name}")


def same(left: Any, right: Any) -> bool:
    """Equal in value and type; floats to the last bit."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return struct.pack("d", left) == struct.pack("d", right)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, PhpObject):
        return left.class_name == right.class_name and same(left.properties, right.properties)
    return bool(left == right)


def differences(php: RealPhp, function: str, ours: Callable[..., Any], cases: list[tuple[Any, ...]]) -> list[Any]:
    assert len(cases) >= 100
    found = ((case, php(function, *case), ours(*case)) for case in cases)
    return [(case, theirs, mine) for case, theirs, mine in found if not same(theirs, mine)]


def test_floats_are_rounded_as_php_rounds_them(php: RealPhp, dice: random.Random) -> None:
    cases = [(money(dice), dice.choice((0, 1, 2, 2, 2, 3, 4, -1, -2))) for _ in range(1500)]
    assert differences(php, "round", partial(rounding.php_round, runtime=PHP_8_2), cases) == []


def test_ints_are_rounded_as_php_rounds_them(php: RealPhp, dice: random.Random) -> None:
    cases = [(dice.randint(-(10**18), 10**18), dice.randint(-20, 3)) for _ in range(200)]
    assert differences(php, "round", partial(rounding.php_round, runtime=PHP_8_2), cases) == []


def test_numbers_are_formatted_as_php_formats_them(php: RealPhp, dice: random.Random) -> None:
    layouts = ((), (0,), (2,), (2, ",", " "), (2, ".", ""), (3, ",", "\u202f"), (-1,), (1, "", "::"))
    cases = [(money(dice), *dice.choice(layouts)) for _ in range(800)]
    assert differences(php, "number_format", partial(rounding.number_format, runtime=PHP_8_2), cases) == []


def test_floats_become_text_as_in_php(php: RealPhp, dice: random.Random) -> None:
    floats = [money(dice) for _ in range(300)]
    floats += [struct.unpack("d", dice.randbytes(8))[0] for _ in range(300)]
    floats += [float(dice.randrange(10**13, 10**14) * 10 + 5) for _ in range(100)]  # half way at 14 digits
    cases = [(value,) for value in floats if not math.isnan(value)]
    assert differences(php, "(string)", number.to_text, cases) == []
    finite = [case for case in cases if abs(case[0]) != float("inf")]
    assert differences(php, "json_encode", number.float_repr, finite) == []
    serialized = [(php("serialize", value)[2:-1], number.float_repr(value, e="E")) for (value,) in cases]
    assert [pair for pair in serialized if pair[0] != pair[1]] == []
    exported = [
        (php("var_export", value, *RETURNED), number.float_repr(value, e="E", zero_fraction=True))
        for (value,) in finite
    ]
    assert [pair for pair in exported if pair[0] != pair[1]] == []


@pytest.mark.parametrize(
    ("function", "ours"),
    [
        ("(int)", number.to_int),
        ("(float)", number.to_float),
        ("(string)", number.to_text),
        ("(bool)", truthy),
        ("empty", empty),
        ("is_numeric", number.is_numeric),
    ],
)
def test_scalars_are_cast_and_tested_as_in_php(php: RealPhp, function: str, ours: Callable[[Any], Any]) -> None:
    cases = [(value,) for value in (*SCALARS, float("nan"), *TEXTS, *(f"{value}0" for value in SCALARS))]
    assert differences(php, function, ours, cases) == []


def test_every_pair_of_hostile_scalars_is_compared_as_in_php(php: RealPhp) -> None:
    cases = list(itertools.product((*SCALARS, float("nan"), [], [0], {"a": 1}, ["0"], {"a": "1.0"}), repeat=2))
    assert differences(php, "==", partial(loose_equals, runtime=PHP_8_2), cases) == []


def test_nested_values_are_encoded_as_php_encodes_them(php: RealPhp, dice: random.Random) -> None:
    options: list[tuple[int, JsonOptions]] = [
        (0, {}),
        (0, {}),
        (64, {"unescaped_slashes": True}),
        (256, {"unescaped_unicode": True}),
        (256 | 64 | 1024, {"unescaped_unicode": True, "unescaped_slashes": True, "preserve_zero_fraction": True}),
        (256 | 2048, {"unescaped_unicode": True, "unescaped_line_terminators": True}),
        (128, {"pretty_print": True}),
        (15, {"hex_tag": True, "hex_amp": True, "hex_apos": True, "hex_quot": True}),
        (16, {"force_object": True}),
        (32, {"numeric_check": True}),
    ]
    wrong, encoded = [], 0
    for _ in range(1000):
        value, (flags, chosen) = a_value(dice), dice.choice(options)
        theirs = php("json_encode", value, flags)
        try:
            mine: str | bool = json_encode(value, **chosen)
        except JsonError:
            mine = False
        encoded += theirs is not False
        if mine != theirs:
            wrong.append((value, flags, theirs, mine))
    assert wrong == []
    assert encoded > 500


def test_json_is_read_or_refused_as_php_does(php: RealPhp, dice: random.Random) -> None:
    texts = [a_json_text(dice) for _ in range(500)]
    texts += [broken(dice.choice(texts), dice) for _ in range(1500)]
    wrong, refused = [], 0
    for source in texts:
        answer = php("json_decode", source, *AS_ARRAYS)
        theirs = answer["value"], answer["error"]
        try:
            mine = json_decode(source), 0
        except JsonError as error:
            mine = None, PHP_ERRORS[error.code]
            refused += 1
        if mine[1] != theirs[1] or not same(mine[0], theirs[0]):
            wrong.append((source, theirs, mine))
    assert wrong == []
    assert 500 < refused < 1500


@pytest.mark.parametrize("levels", [1, 510, 511, 512, 513, 600])
@pytest.mark.parametrize("leaf", ["", "1", '{"a":1}', '{"a":{}}'])
def test_depth_is_counted_as_php_counts_it(php: RealPhp, levels: int, leaf: str) -> None:
    for source in ("[" * levels + leaf + "]" * levels, '{"a":' * levels + (leaf or "[]") + "}" * levels):
        theirs = php("json_decode", source, *AS_ARRAYS)["error"]
        try:
            value = json_decode(source)
        except JsonError as error:
            code = PHP_ERRORS[error.code]
        else:
            code = 0
            assert json_encode(value) == php("re-encode", source)
        assert code == theirs


def test_what_php_serialises_is_decoded(php: RealPhp, dice: random.Random) -> None:
    cases = [a_value(dice) for _ in range(500)]
    wrong = [value for value in cases if not same(php_unserialize(text.to_bytes(php("serialize", value))), value)]
    assert wrong == []


def test_damaged_serialize_text_is_refused_where_php_refuses_it(php: RealPhp, dice: random.Random) -> None:
    pieces = (
        b";",
        b"}",
        b'"',
        b":",
        b"9",
        b"-",
        b"R:1;",
        b"r:2;",
        b"i:7;",
        b"N;",
        b"\0",
        b'S:1:"\\41";',
        b"d:.5;",
        b"b:2;",
    )
    wrong, refused = [], 0
    for _ in range(1500):
        whole = text.to_bytes(php("serialize", a_value(dice)))
        start = dice.randrange(len(whole) + 1)
        data = whole[:start] + dice.choice(pieces) + whole[start + dice.randint(0, 3) :]
        theirs = php("unserialize", data)
        try:
            mine, code = php_unserialize(data, Limits(max_depth=4096)), ""
        except DecodeError as error:
            mine, code = None, error.code
        refused += not theirs["readable"]
        if code in ("cycle", "reference", "number"):  # stricter than PHP, as documented
            continue
        if bool(code) == theirs["readable"] or not (code or same(theirs["value"], mine)):
            wrong.append((data, theirs, mine, code))
    assert wrong == []
    assert 500 < refused < 1500


@pytest.mark.parametrize(
    ("function", "ours", "arguments"),
    [
        ("trim", text.trim, ((), (" ",), ("a..z",), ("é",), ("\0..\x1f",), ("..",), ("z..a",), ("a..",), (" \t\n/",))),
        ("ltrim", text.ltrim, ((), ("0",), ("a..zA..Z",), ("é",))),
        ("rtrim", text.rtrim, ((), ("0",), ("a..zA..Z",), ("é",))),
        ("substr", text.substr, tuple((o, n) for o in (0, 1, 5, 40, -1, -3, -50) for n in (None, 0, 1, 3, 35, -1, -9))),
        ("strlen", text.strlen, ((),)),
        ("strtolower", text.strtolower, ((),)),
        ("strtoupper", text.strtoupper, ((),)),
        ("ucfirst", text.ucfirst, ((),)),
        ("lcfirst", text.lcfirst, ((),)),
        ("ucwords", text.ucwords, ((), (" -'",), ("",), ("é",), ("a..z",))),
    ],
)
def test_texts_are_changed_as_php_changes_them(
    php: RealPhp, dice: random.Random, function: str, ours: Callable[..., Any], arguments: tuple[tuple[Any, ...], ...]
) -> None:
    sources = [*TEXTS, *(a_text(dice) for _ in range(200))]
    cases = [(source, *dice.choice(arguments)) for source in sources for _ in range(3)]
    assert differences(php, function, ours, cases) == []


def test_texts_are_padded_as_php_pads_them(php: RealPhp, dice: random.Random) -> None:
    sides = {"left": 0, "right": 1, "both": 2}
    wrong = []
    for _ in range(500):
        source, length, pad = a_text(dice), dice.randint(-2, 60), dice.choice((" ", "0", "é", "ab", "\udce9"))
        for side, constant in sides.items():
            theirs = php("str_pad", source, length, pad, constant)
            if theirs != text.str_pad(source, length, pad, side):  # type: ignore[arg-type]
                wrong.append((source, length, pad, side))
    assert wrong == []


def test_slashes_and_base64_come_off_as_in_php(php: RealPhp, dice: random.Random) -> None:
    for _ in range(300):
        data = text.to_bytes(a_text(dice)) + dice.randbytes(dice.randint(0, 6))
        slashed = text.to_bytes(php("addslashes", data))
        assert text.addslashes(data) == slashed
        assert text.stripslashes(slashed) == data
        assert text.stripslashes(data) == text.to_bytes(php("stripslashes", data))
        assert text.base64_decode(data) == text.to_bytes(php("base64_decode", data))


def test_patterns_are_filled_in_as_php_fills_them_in(php: RealPhp, dice: random.Random) -> None:
    values = [value for value in SCALARS if value is not None]
    cases: list[tuple[Any, ...]] = []
    for _ in range(2000):
        flags = "".join(dice.choice(("", "0", "-", "+", " ", "'x", "'0")) for _ in range(2))
        width, precision = dice.choice(("", "5", "12", "1", "30")), dice.choice(("", "", ".0", ".1", ".2", ".10", "."))
        kind = dice.choice("bcdeEfFgGhHosuxXdfs")
        cases.append((f"<%{flags}{width}{precision}{kind}>", dice.choice((*values, money(dice)))))
    cases += [("%2$s %1$s %%", "a", "b"), ("%05d|%.2f", -3, 1.005)] * 50
    assert differences(php, "sprintf", partial(printf.sprintf, runtime=PHP_8_2), cases) == []


def test_local_times_are_resolved_as_php_resolves_them(php: RealPhp, dice: random.Random) -> None:
    cases = [(a_local_time(dice), dice.choice(ZONES[:2] if dice.random() < 0.7 else ZONES)) for _ in range(1500)]
    cases += [
        (f"2024-10-27 0{hour}:{minute}:00", zone) for hour in range(4) for minute in ("00", "30") for zone in ZONES
    ]
    cases += [
        (f"2024-03-31 0{hour}:{minute}:00", zone) for hour in range(4) for minute in ("00", "30") for zone in ZONES
    ]
    cases += [("0000-00-00 00:00:00", zone) for zone in ZONES] + [("2024-02-30", "Europe/Paris")]
    wrong = []
    for source, zone in cases:
        theirs = php("moment", source, zone)
        moment = date.parse(source, zone)
        mine = {
            "timestamp": moment.timestamp,
            "utc": date.utc_text(source, zone),
            "c": moment.format("c", runtime=PHP_8_2),
            "json": json_encode(moment.json()),
        }
        restored = php_unserialize(text.to_bytes(theirs.pop("serialized")))
        assert isinstance(restored, PhpObject)
        if mine != theirs or date.restore(restored.properties).json()["date"] != moment.json()["date"]:
            wrong.append((source, zone, theirs, mine))
    assert wrong == []


def test_timestamps_are_printed_in_a_zone_as_php_prints_them(php: RealPhp, dice: random.Random) -> None:
    pattern = "d j m n y Y H G i s U P O c \\Y\\e"
    cases = [(pattern, dice.randint(-(10**10), 5 * 10**9), dice.choice(ZONES)) for _ in range(300)]
    cases += [(pattern, 1_729_987_200 + minutes * 60, "Europe/Paris") for minutes in range(-120, 120, 30)]
    ours = partial(date.date, runtime=PHP_8_2)
    assert differences(php, "date in", ours, cases) == []


def test_webhooks_are_signed_as_php_signs_them(php: RealPhp, dice: random.Random) -> None:
    wrong = []
    for _ in range(200):
        payload = {"payins": [{"label": dice.choice(TEXTS[:10]), "fee": money(dice), "tags": a_value(dice)}]}
        try:
            mine = digest.webhook_signature("clé secrète", payload)
        except JsonError:
            continue
        if php("signature", "clé secrète", payload) != mine:
            wrong.append(payload)
    assert wrong == []
