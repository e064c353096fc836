import random
import re
import string
from collections import Counter
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
        ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00+00:00", ('"9-9-9T9:9:9Z"', '"9-9-9T9:9:9+9:9"')),
        ("2026-11-21 10:00:00", "2026-11-21T10:00:00", ('"9-9-9 9:9:9"', '"9-9-9T9:9:9"')),
        ("2026-11-21T10:00:00+01:00", "2026-11-21T10:00:07+02:00", ('"9-9-9T9:9:9+9:9"', '"9-9-9T9:9:9+9:9"')),
        ("aB3/dE9+xY0=", "aB3_dE9-xY0", ("text", "text, base64 for URLs")),
        ("aB3_dE9-xY0=", "aB3/dE9+xY0=", ("text, base64 for URLs", "text")),
        ("12345678", "1234567X", ('"a"', '"a"')),
        ("2026-11-21", "abcdefghij", ('"9-9-9"', '"a"')),
        ("d41d8cd98f00b204e9800998ecf8427e", "1B2M2Y8AsgTpgAmY7PhCfg1B2M2Y8Asg", ('"hex(32)"', '"a"')),
        ("1234567.89", "123456789a", ('"9.9"', '"a"')),
        ("PO-2026", "PO-2027", ('"a-9"', '"a-9"')),
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


CAPITALS, SMALL, DIGITS = string.ascii_uppercase, string.ascii_lowercase, string.digits
ALPHABETS = {
    "capitals": DIGITS + CAPITALS,
    "small letters": DIGITS + SMALL,
    "both": DIGITS + CAPITALS + SMALL,
    "base58": "".join(sorted({*DIGITS, *CAPITALS, *SMALL} - {*"0OIl"})),
    "base32": CAPITALS + "234567",
    "Crockford's": "".join(sorted({*DIGITS, *CAPITALS} - {*"ILOU"})),
    "hexadecimal digits": f"{DIGITS}abcdef",
    "base64": f"{DIGITS}{CAPITALS}{SMALL}+/",
    "base64 for URLs": f"{DIGITS}{CAPITALS}{SMALL}-_",
}


@pytest.mark.parametrize("length", [12, 16, 22, 27, 43, 86])
@pytest.mark.parametrize("alphabet", ALPHABETS.values(), ids=ALPHABETS)
@pytest.mark.parametrize("seed", range(3))
def test_three_hundred_pairs_of_random_words_are_one_group(alphabet: str, length: int, seed: int) -> None:
    drawn = random.Random(f"{alphabet} {length} {seed}")
    # As base64 has it: a signature of 16, 20, 32 or 64 bytes.
    padding = "=" * (-length % 4) if len(alphabet) == 64 else ""
    words = ["".join(drawn.choices(alphabet, k=length)) + padding for _ in range(600)]
    found = Counter(shapes(one, other) for one, other in zip(words[::2], words[1::2], strict=True))
    assert len(found) == 1, found


@pytest.mark.parametrize("seed", range(3))
def test_a_random_word_that_one_side_lacks_is_one_group_too(seed: int) -> None:
    drawn = random.Random(seed)
    words = ["".join(drawn.choices(ALPHABETS["capitals"], k=12)) for _ in range(300)]
    assert {shapes(word, None) for word in words} == {('"a"', "null")}


@pytest.mark.parametrize("seed", range(3))
def test_groups_of_random_letters_and_digits_are_one_group(seed: int) -> None:
    drawn = random.Random(seed)
    words = ["-".join("".join(drawn.choices(ALPHABETS["capitals"], k=4)) for _ in range(3)) for _ in range(600)]
    assert len({shapes(one, other) for one, other in zip(words[::2], words[1::2], strict=True)}) == 1


SAID = (
    "UTF-8",
    "UTF-8 read as Latin-1",
    "time",
    "uuid",
    "UUID",
    "base64(32)",
    "hex(32)",
    '"text"',
    "text, base64 for URLs",
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
