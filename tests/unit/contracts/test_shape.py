import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from contracts.shape import seconds_apart, shapes
from tests.fakes.message import IBAN, NAME, PLANTED

UUID = "c63a6a2b-2cd3-40f1-b3d8-fe37e1a4ab54"


@pytest.mark.parametrize(
    ("control", "candidate", "expected"),
    [
        ("10.0", "10.00", ('"9.9"', '"9.99"')),
        ("10", "10.00", ('"9"', '"9.99"')),
        ("007", "7", ('"09"', '"9"')),
        ("-0", "0", ('"-9"', '"9"')),
        ("+5", "5", ('"+9"', '"9"')),
        ("1.00000", "1.000000", ('"9.9999"', '"9.9999"')),
        (Decimal("1.50"), Decimal("1.5"), ("9.99", "9.9")),
        (Decimal("-0.0"), Decimal("0.0"), ("-9.9", "9.9")),
        (Decimal("1.5"), Decimal("1.6"), ("float", "float")),
        ("12.50", "12.51", ('"9.9"', '"9.9"')),
        ("2026-11-21 10:00:00", "2026-11-21 11:00:00", ("time", "time ±3600 s")),
        ("2026-11-21 11:00:00", "2026-11-21 10:00:00", ("time", "time ±3600 s")),
        ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00+01:00", ("time", "time ±3600 s")),
        ("2026-11-21 10:00:00", "2026-11-21 10:00:07", ('"9-9-9 9:9:9"', '"9-9-9 9:9:9"')),
        ("2026-11-21 10:00:00", "2026-11-23 10:00:00", ('"9-9-9 9:9:9"', '"9-9-9 9:9:9"')),
        ("0000-00-00 00:00:00", "0000-00-00 01:00:00", ('"9-9-9 9:9:9"', '"9-9-9 9:9:9"')),
        (NAME, NAME.encode().decode("latin-1"), ("UTF-8", "UTF-8 read as Latin-1")),
        (NAME.encode().decode("cp1252"), NAME, ("UTF-8 read as Latin-1", "UTF-8")),
        (NAME, NAME.upper(), ("text", "text, other case")),
        ("Zoé", "Zoe\u0301", ("text", "text, other Unicode form")),
        ("Zoe\u0301", "Zoé", ("text", "text, other Unicode form")),
        ("Zoé", "Zoe", ('"a"', '"a"')),
        ("a;b", "a\u037eb", ("text", "text, other Unicode form")),
        (NAME, NAME[:5], ("text", "text, cut")),
        (NAME[:5], NAME, ("text, cut", "text")),
        (NAME, f"{NAME} ", ("text", "text, other blanks around it")),
        ("a & b", "a &amp; b", ("text", "text, escaped for HTML")),
        ("a+b%26", "a b&", ("text, escaped for URL", "text")),
        (NAME, "Jean", ('"a"', '"a"')),
        (None, "", ("null", '""')),
        ("", None, ('""', "null")),
        (NAME, "", ('"a"', '""')),
        ([], {}, ("[]", "{}")),
        ([NAME], {"name": NAME}, ("list", "object")),
        ({"base64": "w6k="}, "é", ("bytes", '"a"')),
        (0, False, ("int", "false")),
        (True, 1, ("true", "int")),
        (5, Decimal("5.0"), ("int", "float")),
        (UUID, UUID.upper(), ("text", "text, other case")),
    ],
)
def test_two_shapes_are_as_far_apart_as_what_makes_their_values_unequal(
    control: Any, candidate: Any, expected: tuple[str, str]
) -> None:
    assert shapes(control, candidate) == expected


SAID = (
    "UTF-8",
    "UTF-8 read as Latin-1",
    "time",
    "uuid",
    "UUID",
    "base64(32)",
    "hex(32)",
    '"text"',
    '"token"',
    "text, other case",
    "text, other blanks around it",
    "text, other Unicode form",
    "text, escaped for HTML",
    "text, escaped for URL",
    "text, cut",
    "text",
    "...",
)
texts = st.text() | st.from_regex(r"[A-ZÀ-Ý][a-zà-ý]{2,9} [0-9]{1,4}", fullmatch=True) | st.sampled_from(PLANTED)


def unsaid(one: str) -> str:
    """A shape without the words that shapes are made of."""
    one = re.sub(r"^time( ±\d+ s)?$", "", one)
    for words in sorted(SAID, key=len, reverse=True):
        one = one.replace(words, "")
    return one


@given(texts, texts | st.none(), st.sampled_from(["other", "cut", "upper", "latin", "longer", "swapped"]))
@example(IBAN, None, "cut")
@example("\ud800Zoé", None, "longer")
@example("हिन्दी १२३", None, "upper")
def test_no_letter_and_no_run_of_digits_of_a_value_ever_stands_in_a_shape(
    text: str, other: str | None, way: str
) -> None:
    latin = text.encode("utf-8", "surrogatepass").decode("latin-1")
    made = {"cut": text[:-1], "upper": text.upper(), "latin": latin, "longer": f"{text}x1", "swapped": text.swapcase()}
    candidate = made.get(way, other)
    assume(text != candidate)
    for pair in (shapes(text, candidate), shapes(candidate, text)):
        for one in map(unsaid, pair):
            assert re.fullmatch(r"[\x00-\x7f]*", one)
            assert all(re.fullmatch(r"0?(?:9+|a?(?:9a)*9?)|null", run) for run in re.findall(r"[A-Za-z0-9]+", one))


@given(st.decimals(allow_nan=False, allow_infinity=False), st.integers(0, 4))
def test_a_numbers_shape_tells_its_decimals_and_no_digit(number: Decimal, zeros: int) -> None:
    text = f"{number:f}"
    for pair in (shapes(text, f"{text}.{'0' * zeros}x"), shapes(number, number + 1), shapes(text, int(number))):
        assert all(not set("12345678") & set(unsaid(one)) for one in pair)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("2026-11-21 10:00:00", "2026-11-21T10:00:01.5Z", 1.5),
        ("2026-11-21 10:00", "2026-11-21 10:01", 60.0),
        ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", 3600.0),
        ("0001-01-01 00:00:00+10:00", "9999-12-31 23:59:59-10:00", 315537969599.0),
        ("2026-11-21", "2026-11-22", None),
        ("2026-13-21 10:00:00", "2026-11-21 10:00:00", None),
        ("2026-11-21 10:00:00\n", "2026-11-21 10:00:00", None),
        ("\uff12\uff10\uff12\uff16-11-21 10:00:00", "2026-11-21 10:00:00", None),
    ],
)
def test_times_are_so_many_seconds_apart_and_what_is_none_is_not(one: str, other: str, apart: float | None) -> None:
    assert seconds_apart(one, other) == apart
