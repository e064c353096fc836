import math

import pytest

from contracts.php.number import (
    INT_MAX,
    INT_MIN,
    float_repr,
    float_text,
    is_numeric,
    number_format,
    numeric_value,
    php_round,
    to_float,
    to_int,
    to_text,
)


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        (1.005, 2, 1.01),  # Python: 1.0
        (0.285, 2, 0.29),
        (17.245, 2, 17.25),
        (1.7249999999999999, 2, 1.73),  # 15 significant digits first
        (8868.835 * 100, 0, 886884.0),
        (2.5, 0, 3.0),
        (-2.5, 0, -3.0),
        (1234567.5, -2, 1234600.0),
        (5055.0, -2, 5100.0),
        (1e300, 2, 1e300),
        (1.5, 400, 1.5),
        (3, 2, 3.0),
        (155, -1, 160.0),
    ],
)
def test_round_goes_away_from_zero_after_pre_rounding(value: float, places: int, expected: float) -> None:
    assert php_round(value, places) == expected


def test_round_always_gives_a_float_and_keeps_the_sign_of_zero() -> None:
    assert isinstance(php_round(3), float)
    assert str(php_round(-0.4)) == "-0.0"
    assert str(php_round(-0.0, 2)) == "-0.0"
    assert math.isnan(php_round(math.nan, 2))
    assert php_round(-math.inf) == -math.inf


def test_round_does_not_fail_at_the_edges_of_a_double() -> None:
    assert php_round(5e-324, 2) == 0.0
    assert php_round(1.7976931348623157e308, -308) == 1.7976931348623157e308
    assert str(php_round(-5491.485, -300)) == "0.0"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((1234.5678,), "1,235"),
        ((1.005, 2), "1.01"),
        ((1234567.891, 2, ",", "\u202f"), "1\u202f234\u202f567,89"),
        ((12345.6, 2, ".", ""), "12345.60"),
        ((-1234.5, 0), "-1,235"),
        ((-0.4,), "0"),  # never "-0"
        ((0.5, -3), "1"),
        ((12345678901234567, 0), "12,345,678,901,234,568"),  # an int becomes a float
        ((1.5, 320), "1.5" + "0" * 319),
        ((math.inf, 2), "inf"),
        ((math.nan,), "nan"),
    ],
)
def test_number_format_groups_and_rounds(arguments: tuple[float], expected: str) -> None:
    assert number_format(*arguments) == expected


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
