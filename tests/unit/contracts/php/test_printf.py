import math

import pytest

from contracts.php.number import Scalar
from contracts.php.printf import sprintf


@pytest.mark.parametrize(
    ("pattern", "arguments", "expected"),
    [
        ("%.2f", (1.005,), "1.00"),  # number_format says 1.01
        ("%.0f|%.0f", (2.5, -0.4), "2|-0"),
        ("%.2f", (-0.0,), "0.00"),
        ("%d|%d|%d", ("12abc", "1e3", -1.9), "12|1000|-1"),
        ("%05d|%+d|%5d|%-5d|", (-3, 3, 7, 7), "-0003|+3|    7|7    |"),
        ("%05.2f", (1.5,), "01.50"),
        ("%'x10d|%'*-6s|", (42, "ab"), "xxxxxxxx42|ab****|"),
        ("%s|%s|%s|%s", (True, False, None, 1e14), "1|||1.0E+14"),
        ("%5s|%-5s|%.1s", ("é", "é", "ab"), "   é|é   |a"),
        ("%2$s-%1$s 100%%", ("a", "b"), "b-a 100%"),
        ("%x|%X|%o|%b|%u", (255, 255, 8, 5, -1), "ff|FF|10|101|18446744073709551615"),
        ("%e|%.1E|%g|%G", (12345.678, 0.0, 1e-5, 1e25), "1.234568e+4|0.0E+0|1.0e-5|1.0E+25"),
        ("%c%c", (72, 105), "Hi"),
        ("%f|%5.1f", (math.inf, math.nan), "INF|NaN"),
    ],
)
def test_patterns_are_filled_in(pattern: str, arguments: tuple[Scalar, ...], expected: str) -> None:
    assert sprintf(pattern, *arguments) == expected


def test_too_few_arguments_are_an_error() -> None:
    with pytest.raises(TypeError, match="3 arguments are required, 2 given"):
        sprintf("%s %s", "a")


@pytest.mark.parametrize("pattern", ["%z", "100%", "%0$s", "%5"])
def test_a_pattern_that_php_refuses_is_an_error(pattern: str) -> None:
    with pytest.raises(ValueError, match="sprintf"):
        sprintf(pattern, "a")
