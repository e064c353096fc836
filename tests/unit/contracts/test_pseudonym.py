"""Pseudonyms keep what a monolith looks at, and nothing of what they stand for."""

import re
import unicodedata
import uuid
from datetime import date, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.letter_pool import place_of
from contracts.pseudonym import Pseudonyms

SECRET = b"s" * 32
ONE = Pseudonyms(SECRET)

texts = st.text(
    st.one_of(st.characters(categories=["L", "N", "P", "Z", "M", "S"]), st.sampled_from("abcXYZ019 éÉßñÑ李Привет'-@.")),
    max_size=120,
)
words = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789éàüÉ"), min_size=1)
ibans = st.builds(
    lambda country, check, account: f"{country}{check:02}{account}",
    st.sampled_from(["FR", "DE", "GB", "MT"]),
    st.integers(0, 99),
    st.text(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"), min_size=11, max_size=30),
)


def is_valid(iban: str) -> bool:
    compact = re.sub(r"\s", "", iban).upper()
    return int("".join(str(int(one, 36)) for one in compact[4:] + compact[:4])) % 97 == 1


def valid(country: str, account: str) -> str:
    return next(one for check in range(2, 99) if is_valid(one := f"{country}{check:02}{account}"))


def mutable(text: str) -> list[str]:
    return [one for one in text if place_of(one) is not None]


@given(texts)
def test_characters_keep_their_kind_and_their_number_of_bytes(text: str) -> None:
    changed = ONE.text(text)
    assert [len(one.encode()) for one in changed] == [len(one.encode()) for one in text]
    hexadecimal = re.fullmatch(r"[0-9a-f-]{16,}|[0-9A-F-]{16,}", text.strip())
    for old, new in zip(text, changed, strict=True):
        if place_of(old) is None:
            assert new == old
        elif not hexadecimal:
            assert unicodedata.category(new) == unicodedata.category(old)
            assert new.isascii() == old.isascii()


@given(texts)
def test_it_is_always_the_same(text: str) -> None:
    assert Pseudonyms(SECRET).text(text) == ONE.text(text)


@given(words, words)
def test_different_values_stay_different(one: str, other: str) -> None:
    assume(one.strip() != other.strip())
    assert ONE.text(one) != ONE.text(other)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_numbers_of_few_digits_are_permuted(length: int) -> None:
    numbers = [str(one) for one in range(10 ** (length - 1), 10**length)]
    assert sorted(map(ONE.text, numbers)) == numbers
    texts = [f"{one:0{length + 1}}" for one in range(1, 10**length)]
    assert sorted(map(ONE.text, texts)) == texts


def test_one_letter_becomes_one_of_26() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    assert sorted(map(ONE.text, letters)) == list(letters)


@given(texts)
def test_of_four_letters_or_digits_in_a_row_one_is_another(text: str) -> None:
    assume(not re.search(r"\d\d[-:]\d\d", text))
    assume(not re.fullmatch(r"[+-]?[\d.]+([eE][+-]?\d+)?", text.strip()))
    assume(not re.fullmatch(r"([A-Z]{2}|[a-z]{2})[0-9]{2}[A-Za-z0-9]{11,30}", re.sub(r"\s", "", text)))
    old, new = mutable(text), mutable(ONE.text(text))
    assert all(old[at : at + 4] != new[at : at + 4] for at in range(len(old) - 3))


@given(words.filter(lambda one: len(one) >= 8))
def test_a_value_does_not_survive_within_its_pseudonym(value: str) -> None:
    assert value.lower() not in ONE.text(f"x {value}, {value}").lower()


@given(words, st.sampled_from(["", " ", "\t", "\u00a0 ", "\n"]), st.sampled_from(["", " ", "\r\n"]))
def test_space_around_a_value_stays_and_changes_nothing(value: str, before: str, after: str) -> None:
    assert ONE.text(f"{before}{value}{after}") == f"{before}{ONE.text(value)}{after}"


@given(st.text(st.sampled_from("abcdefghijéàüñ- '"), min_size=1))
def test_case_changes_nothing_but_case(name: str) -> None:
    assert ONE.text(name).upper() == ONE.text(name.upper())


@pytest.mark.parametrize("text", ["", " ", "0", "0.00", "-0", "000", "…", "😀", "€ - /", "\udce9", "ß", "0000-00-00"])
def test_what_has_nothing_to_hide_stays(text: str) -> None:
    assert ONE.text(text) == text


@pytest.mark.parametrize("text", ["0000-00-00 00:00:00", "0000-00-00T00:00:00.000000"])
def test_the_zero_date_stays(text: str) -> None:
    assert ONE.text(text) == text


@given(ibans)
def test_an_iban_keeps_country_length_and_whether_it_is_right(iban: str) -> None:
    changed = ONE.text(iban)
    assert (changed[:2], len(changed)) == (iban[:2], len(iban))
    assert is_valid(changed) == is_valid(iban)
    assert [one.isdigit() for one in changed] == [one.isdigit() for one in iban]
    assert all(iban[at : at + 4] != changed[at : at + 4] for at in range(4, len(iban) - 3))
    right = valid(iban[:2], iban[4:])
    assert is_valid(ONE.text(right))


@given(ibans, st.integers(1, 6), st.sampled_from([" ", "\u00a0"]))
def test_an_iban_in_groups_has_the_same_pseudonym(iban: str, group: int, space: str) -> None:
    def grouped(text: str) -> str:
        return space.join(text[at : at + group] for at in range(0, len(text), group))

    assert ONE.text(grouped(iban)) == grouped(ONE.text(iban))
    assert ONE.text(iban.lower()) == ONE.text(iban).lower()


def test_check_digits_are_told_apart() -> None:
    found = {ONE.text(f"FR{check:02}20041010050500013M02606") for check in range(100)}
    assert len(found) >= 98
    assert sum(map(is_valid, found)) == 1


@given(st.dates(), st.sampled_from(["", " 00:00:00", "T00:00:00.000000Z"]))
def test_a_date_becomes_a_date_of_another_year_of_its_century(on: date, rest: str) -> None:
    text = f"{on.isoformat()}{rest}"
    changed = ONE.text(text)
    other = date.fromisoformat(changed[:10])
    assert other.year != on.year
    assert other.year // 100 == on.year // 100
    assert changed[10:] == rest, "midnight stays midnight"


@given(
    st.datetimes(), st.sampled_from([" ", "T"]), st.sampled_from(["seconds", "milliseconds", "microseconds", "minutes"])
)
def test_a_moment_becomes_a_moment_of_the_same_precision(moment: datetime, between: str, precision: str) -> None:
    text = moment.isoformat(between, timespec=precision)
    changed = ONE.text(text)
    other = datetime.fromisoformat(changed)
    assert changed == other.isoformat(between, timespec=precision)
    assert (other.time() == datetime.min.time()) == (datetime.fromisoformat(text).time() == datetime.min.time())


def test_all_days_of_a_century_stay_apart() -> None:
    first = date(2000, 1, 1).toordinal()
    days = [date.fromordinal(first + at).isoformat() for at in range(0, 36_525, 7)]
    assert len({ONE.text(day) for day in days}) == len(days)


@pytest.mark.parametrize("text", ["2024-02-30", "2024-13-01", "24:00", "10:60", "0000-01-01"])
def test_what_is_no_date_becomes_none(text: str) -> None:
    assert re.fullmatch(r"[\d:-]+", ONE.text(text))


@pytest.mark.parametrize("text", ["10:50", "23:59:59", "00:00", "00:00:01"])
def test_a_time_stays_a_time(text: str) -> None:
    assert datetime.fromisoformat(f"2024-01-01T{ONE.text(text)}")


@given(st.uuids(), st.booleans())
def test_a_uuid_stays_one_of_its_version_and_variant(one: uuid.UUID, capital: bool) -> None:  # noqa: FBT001
    text = str(one).upper() if capital else str(one)
    changed = ONE.text(text)
    other = uuid.UUID(changed)
    assert (other.variant, other.version) == (one.variant, one.version)
    assert changed != text
    assert changed == (str(other).upper() if changed.upper() == changed else str(other))


@pytest.mark.parametrize("text", ["507f1f77bcf86cd799439011", "DEADBEEF00112233"])
def test_hexadecimal_digits_stay_hexadecimal(text: str) -> None:
    assert re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", ONE.text(text))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9))
def test_a_number_keeps_sign_digits_and_decimals(number: object) -> None:
    lexeme = str(number)
    changed = ONE.number(lexeme)
    assert re.sub(r"\d", "9", changed) == re.sub(r"\d", "9", lexeme)
    assert (float(changed) == 0) == (float(lexeme) == 0)
    assert re.match(r"-?0(?!\d)", lexeme) is not None or re.match(r"-?[1-9]", changed)
    assert ONE.text(lexeme) == changed, "a text that is a number has the same"


@given(st.integers(-(2**63), 2**63 - 1))
def test_an_integer_of_64_bits_stays_one(number: int) -> None:
    changed = int(ONE.number(str(number)))
    assert -(2**63) <= changed < 2**63
    assert len(str(changed)) == len(str(number))


@pytest.mark.parametrize(
    "lexeme", ["1e5", "1.5E+10", "0.5", ".5", "5.", "+7", "0.10000000000000001", "INF", "-INF", "NAN"]
)
def test_php_s_numbers_are_numbers(lexeme: str) -> None:
    changed = ONE.number(lexeme)
    assert len(changed) == len(lexeme)
    assert float(changed) == float(changed) or lexeme == "NAN"


def test_an_address_keeps_its_signs() -> None:
    assert re.fullmatch(r"[a-z]{4}\.[a-z]{6}\+[a-z]@[a-z]{7}\.[a-z]{2}", ONE.text("jean.dupont+x@example.fr"))


def test_a_telephone_number_keeps_its_zero() -> None:
    assert re.fullmatch(r"0\d{9}", ONE.text("0612345678"))
    assert re.fullmatch(r"\+\d{11}", ONE.text("+33612345678"))


def test_nobody_leads_back_with_another_secret() -> None:
    assert Pseudonyms(b"t" * 32).text("Dupont") != ONE.text("Dupont")
