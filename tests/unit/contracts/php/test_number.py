import math

import pytest

from contracts.php.error import PhpError
from contracts.php.number import (
    INT_MAX,
    INT_MIN,
    float_repr,
    float_text,
    intval,
    is_numeric,
    numeric_value,
    to_float,
    to_int,
    to_text,
    write_float,
)
from contracts.php.value import PhpEnum, PhpObject, std_class


@pytest.mark.parametrize(
    ("value", "text", "shortest"),
    [
        (10.0, "10", "10"),
        (19.99 * 100, "1999", "1998.9999999999998"),
        (0.1 + 0.2, "0.3", "0.30000000000000004"),
        (1e14, "1.0E+14", "100000000000000"),
        (1e16, "1.0E+16", "10000000000000000"),
        (1e17, "1.0E+17", "1.0e+17"),
        (-1.5e25, "-1.5E+25", "-1.5e+25"),
        (0.0001, "0.0001", "0.0001"),
        (0.00001, "1.0E-5", "1.0e-5"),
        (-0.0, "-0", "-0"),
        (393953904630705.0, "3.9395390463070E+14", "393953904630705"),  # a zero that PHP forgets to cut
        (99999999999999.9, "1.0E+14", "99999999999999.9"),
        (math.inf, "INF", "INF"),
        (-math.inf, "-INF", "-INF"),
        (math.nan, "NAN", "NAN"),
    ],
)
def test_a_float_has_14_digits_when_echoed_and_the_shortest_ones_in_json(
    value: float, text: str, shortest: str
) -> None:
    assert float_text(value) == text
    assert float_repr(value) == shortest


def test_the_shortest_form_has_a_capital_exponent_in_serialize_and_a_fraction_if_asked() -> None:
    assert float_repr(1e25, e="E") == "1.0E+25"
    assert float_repr(10.0, zero_fraction=True) == "10.0"
    assert float_repr(1e25, zero_fraction=True) == "1.0e+25"


@pytest.mark.parametrize(
    ("value", "precision", "text", "json"),
    [
        (0.1, -1, "0.1", "0.1"),
        (0.1, 17, "0.10000000000000001", "0.10000000000000001"),
        (150.0, 0, "2.0E+2", "2.0e+2"),
        (5.0, 0, "5.0E+0", "5.0e+0"),
        (0.5, 0, "0.5", "0.5"),
        (150.0, 17, "150", "150.0"),
        (1e25, 17, "1.0000000000000001E+25", "1.0000000000000001e+25"),
        (-0.0, 17, "-0", "-0.0"),
        (math.inf, 17, "INF", "INF"),
    ],
)
def test_a_float_has_as_many_digits_as_a_setting_says(value: float, precision: int, text: str, json: str) -> None:
    assert write_float(value, precision) == text
    assert write_float(value, precision, e="e", zero_fraction=True) == json


@pytest.mark.parametrize(
    ("text", "number", "integer"),
    [
        ("12abc", 12.0, 12),
        ("1e3", 1000.0, 1000),
        (" 12", 12.0, 12),
        ("1 234,56", 1.0, 1),
        (".5", 0.5, 0),
        ("abc", 0.0, 0),
        ("", 0.0, 0),
        ("1_000", 1.0, 1),
        ("٣", 0.0, 0),
        ("9223372036854775808", 9223372036854775808.0, INT_MAX),
        ("-1e30", -1e30, INT_MIN),
        ("1e1000", math.inf, 0),
        ("9" * 5000, math.inf, 0),
    ],
)
def test_strings_are_cast_by_their_leading_number(text: str, number: float, integer: int) -> None:
    assert to_float(text) == number
    assert to_int(text) == integer


def test_floats_are_cut_and_wrap_when_cast_to_int() -> None:
    assert to_int(-1.9) == -1
    assert to_int(19.99 * 100) == 1998
    assert to_int(1e19) == -8446744073709551616
    assert to_int(math.inf) == to_int(math.nan) == 0


def test_null_and_booleans_are_cast_as_php_casts_them() -> None:
    assert [to_text(value) for value in (None, False, True, 7, 1.0)] == ["", "", "1", "7", "1"]
    assert [to_int(value) for value in (None, False, True)] == [0, 0, 1]
    assert [to_float(value) for value in (None, False, True)] == [0.0, 0.0, 1.0]
    assert str(to_float(-0.0)) == "-0.0"


def test_only_whole_numbers_with_whitespace_are_numeric() -> None:
    assert all(map(is_numeric, (1, 1.5, "1", " 1", "1 ", "\n1\f", "1e5", ".5", "12.", "+1", "-0")))
    assert not any(map(is_numeric, ("", " ", ".", "1a", "0x1A", "1_000", "٣", "1e", None, True, [1])))


def test_a_numeric_string_keeps_its_kind() -> None:
    assert (numeric_value("7"), numeric_value("7.0"), numeric_value("7x")) == (7, 7.0, None)
    assert isinstance(numeric_value("7"), int)
    assert isinstance(numeric_value("7e0"), float)
    assert isinstance(numeric_value("9223372036854775808"), float)


def test_arrays_and_objects_are_cast_as_php_casts_them() -> None:
    assert [to_text([1]), to_text({})] == ["Array", "Array"]
    assert [to_int([]), to_int([0]), to_int({"a": 0}), to_int(std_class())] == [0, 1, 1, 1]
    assert [to_float([]), to_float([0]), to_float(std_class())] == [0.0, 1.0, 1.0]


@pytest.mark.parametrize("value", [std_class(), PhpEnum("App\\Suit", "Hearts")])
def test_an_object_has_no_text(value: PhpObject | PhpEnum) -> None:
    with pytest.raises(PhpError, match="could not be converted to string"):
        to_text(value)


@pytest.mark.parametrize(
    ("text", "base", "expected"),
    [
        ("0x1A", 16, 26),
        ("0x1A", 0, 26),
        ("-0x1A", 16, -26),
        ("012", 0, 10),
        ("012", 10, 12),
        ("0b11", 0, 3),
        ("0b11", 2, 3),
        ("0b-11", 0, -3),
        ("0b+0b11", 0, 0),
        ("0" * 5000 + "5", 7, 5),
        ("6" * 5000, 7, INT_MAX),
        ("0o17", 8, 0),
        ("0o17", 0, 0),
        ("12", 2**32, 12),
        ("0b11", 2**32, 0),  # the prefix is looked for before the base is cut to 32 bits
        ("0x12", 2**32 + 16, 18),
        ("1e3", 2**32 + 10, 1),
        ("12", -(2**32) + 16, 18),
        ("12", -1, 0),
        (" z!", 36, 35),
        ("102", 2, 2),
        ("5", 1, 0),
        ("5", 37, 0),
        ("7" * 30, 8, INT_MAX),
        ("-" + "7" * 30, 8, INT_MIN),
        ("1e3", 10, 1000),
        (7.9, 16, 7),
    ],
)
def test_intval_reads_digits_of_a_base(text: str | float, base: int, expected: int) -> None:
    assert intval(text, base) == expected
