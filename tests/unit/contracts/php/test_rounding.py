import math

import pytest

from contracts.php.error import PhpValueError, UnknownRuleError
from contracts.php.functions import call
from contracts.php.rounding import RoundingMode, ceil, floor, number_format, php_round, rounding_mode
from contracts.php.runtime import PHP_8_2, PHP_8_4, PhpRuntime

UP, DOWN, EVEN, ODD = RoundingMode.HALF_UP, RoundingMode.HALF_DOWN, RoundingMode.HALF_EVEN, RoundingMode.HALF_ODD


@pytest.mark.parametrize(
    ("value", "places", "old", "new"),
    [
        (1.005, 2, 1.01, 1.01),  # Python: 1.0
        (0.285, 2, 0.29, 0.29),
        (17.245, 2, 17.25, 17.25),
        (1.7249999999999999, 2, 1.73, 1.72),  # 15 significant digits first, up to 8.3
        (8868.835 * 100, 0, 886884.0, 886883.0),
        (50 * 2.55, 0, 128.0, 127.0),
        (2.5, 0, 3.0, 3.0),
        (-2.5, 0, -3.0, -3.0),
        (1234567.5, -2, 1234600.0, 1234600.0),
        (5055.0, -2, 5100.0, 5100.0),
        (1e300, 2, 1e300, 1e300),
        (1.5, 400, 1.5, 1.5),
        (3, 2, 3.0, 3.0),
        (155, -1, 160.0, 160.0),
        (1e15 + 0.5, 0, 1e15 + 0.5, 1e15 + 1),  # left alone before
        (9411231932081594.0, 0, 9411231932081594.0, 9411231932081596.0),  # not left alone now
        (5e-324, 2, 0.0, 0.0),
        (1.7976931348623157e308, -308, 1.7976931348623157e308, 1.7976931348623157e308),
    ],
)
def test_round_depends_on_the_version(value: float, places: int, old: float, new: float) -> None:
    assert php_round(value, places, runtime=PHP_8_2) == old
    assert php_round(value, places, runtime=PhpRuntime((7, 4))) == old
    assert php_round(value, places, runtime=PHP_8_4) == new


@pytest.mark.parametrize("runtime", [PHP_8_2, PHP_8_4])
def test_round_always_gives_a_float_and_keeps_the_sign_of_zero(runtime: PhpRuntime) -> None:
    assert isinstance(php_round(3, runtime=runtime), float)
    assert str(php_round(-0.4, runtime=runtime)) == "-0.0"
    assert str(php_round(-0.0, 2, runtime=runtime)) == "-0.0"
    assert str(php_round(-5491.485, -300, runtime=runtime)) == "0.0"
    assert math.isnan(php_round(math.nan, 2, runtime=runtime))
    assert php_round(-math.inf, runtime=runtime) == -math.inf


@pytest.mark.parametrize("runtime", [PHP_8_2, PHP_8_4])
@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        (2.5, 0, {UP: 3, DOWN: 2, EVEN: 2, ODD: 3}),
        (-3.5, 0, {UP: -4, DOWN: -3, EVEN: -4, ODD: -3}),
        (1.955, 2, {UP: 1.96, DOWN: 1.95, EVEN: 1.96, ODD: 1.95}),
        (250, -2, {UP: 300, DOWN: 200, EVEN: 200, ODD: 300}),
        (2.51, 0, dict.fromkeys((UP, DOWN, EVEN, ODD), 3)),
    ],
)
def test_halves_go_where_the_mode_says(
    value: float, places: int, expected: dict[RoundingMode, float], runtime: PhpRuntime
) -> None:
    assert {mode: php_round(value, places, mode, runtime=runtime) for mode in expected} == expected


def test_the_enum_of_8_4_has_four_modes_more() -> None:
    modes = (
        RoundingMode.TOWARDS_ZERO,
        RoundingMode.AWAY_FROM_ZERO,
        RoundingMode.NEGATIVE_INFINITY,
        RoundingMode.POSITIVE_INFINITY,
    )
    assert [php_round(-1.21, 1, mode, runtime=PHP_8_4) for mode in modes] == [-1.2, -1.3, -1.3, -1.2]
    assert [php_round(4.35, 2, mode, runtime=PHP_8_4) for mode in modes] == [4.35] * 4  # 434.99999999999994 cents
    with pytest.raises(UnknownRuleError):
        php_round(1.5, 0, RoundingMode.TOWARDS_ZERO, runtime=PHP_8_2)


def test_an_unknown_mode_is_half_up_before_8_4_and_an_error_since() -> None:
    assert rounding_mode(9, runtime=PHP_8_2) is RoundingMode.HALF_UP
    assert rounding_mode(3, runtime=PHP_8_4) is RoundingMode.HALF_EVEN
    assert rounding_mode(2**32 + 2, runtime=PHP_8_2) is DOWN
    for number in (0, 9, -1, 2**32 + 2):
        with pytest.raises(PhpValueError):
            rounding_mode(number, runtime=PHP_8_4)


def test_the_modes_of_8_4_are_ints_too() -> None:
    def rounded(mode: int, runtime: PhpRuntime) -> list[str]:
        return [str(call(runtime, "round", [value, 0, mode])) for value in (-2.5, -1.2, 1.2, 2.5, -0.2)]

    assert [rounded(mode, PHP_8_4) for mode in (5, 6, 7, 8)] == [
        ["-2.0", "-1.0", "2.0", "3.0", "-0.0"],
        ["-3.0", "-2.0", "1.0", "2.0", "-1.0"],
        ["-2.0", "-1.0", "1.0", "2.0", "-0.0"],
        ["-3.0", "-2.0", "2.0", "3.0", "-1.0"],
    ]
    assert {tuple(rounded(mode, PHP_8_2)) for mode in (0, 1, 5, 6, 7, 8, 9)} == {("-3.0", "-1.0", "1.0", "3.0", "-0.0")}


@pytest.mark.parametrize(("value", "places", "unit"), [(-0.5, 0, "-1.0"), (-5, -1, "-10.0"), (-0.005, 2, "-0.01")])
def test_a_negative_half_that_becomes_zero_has_no_sign_before_8_4(value: float, places: int, unit: str) -> None:
    def rounded(runtime: PhpRuntime) -> list[str]:
        return [str(php_round(value, places, mode, runtime=runtime)) for mode in (UP, DOWN, EVEN, ODD)]

    assert rounded(PHP_8_2) == [unit, "0.0", "0.0", unit]
    assert rounded(PHP_8_4) == [unit, "-0.0", "-0.0", unit]
    assert str(php_round(value * 0.8, places, DOWN, runtime=PHP_8_2)) == "-0.0"  # not a half


def test_floor_and_ceil_give_floats() -> None:
    assert [repr(one) for one in (floor(-1.5), ceil(-0.5), floor(7), ceil(-0.0))] == ["-2.0", "-0.0", "7.0", "-0.0"]
    assert floor(math.inf) == ceil(math.inf) == math.inf


@pytest.mark.parametrize(
    ("arguments", "old", "new"),
    [
        ((1234.5678,), "1,235", "1,235"),
        ((1.005, 2), "1.01", "1.01"),
        ((8868.835 * 100,), "886,884", "886,883"),
        ((1234567.891, 2, ",", "\u202f"), "1\u202f234\u202f567,89", "1\u202f234\u202f567,89"),
        ((-1234567.891, 2, "abc", ""), "-1234567abc89", "-1234567abc89"),
        ((-1234.5, 0), "-1,235", "-1,235"),
        ((-0.4,), "0", "0"),  # never "-0"
        ((0.5, -3), "1", "0"),
        ((1255, -1), "1,255", "1,260"),
        ((-55, -2), "-55", "-100"),
        ((-45, -2), "-45", "0"),
        ((5, -20), "5", "0"),
        ((12345678901234567, 0), "12,345,678,901,234,568", "12,345,678,901,234,567"),
        ((2**63 - 1, -1), "9,223,372,036,854,775,808", "9,223,372,036,854,775,810"),
        ((9411231932081594.0,), "9,411,231,932,081,594", "9,411,231,932,081,594"),
        ((1.5, 320), "1.5" + "0" * 319, "1.5" + "0" * 319),
        ((-math.inf, 2), "inf", "inf"),
        ((math.nan,), "nan", "nan"),
    ],
)
def test_number_format_groups_and_rounds(arguments: tuple[float], old: str, new: str) -> None:
    assert number_format(*arguments, runtime=PHP_8_2) == old
    assert number_format(*arguments, runtime=PHP_8_4) == new


def test_number_format_changed_in_8_0_and_8_3_too() -> None:
    assert number_format(-0.4, runtime=PhpRuntime((7, 4))) == "-0"
    assert number_format(12345678901234567, -1, runtime=PhpRuntime((8, 3))) == "12,345,678,901,234,570"


def test_nothing_is_known_of_versions_to_come() -> None:
    with pytest.raises(UnknownRuleError):
        php_round(1.5, runtime=PhpRuntime((8, 5)))
