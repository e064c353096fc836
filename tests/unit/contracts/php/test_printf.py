import math

import pytest

from contracts.php.error import PhpArgumentCountError, PhpError, PhpValueError
from contracts.php.number import Scalar
from contracts.php.printf import sprintf, vsprintf
from contracts.php.runtime import PHP_8_2, PHP_8_4, PhpRuntime
from contracts.php.value import PhpObject, PhpValue, std_class


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
    assert sprintf(pattern, *arguments, runtime=PHP_8_2) == expected


def test_widths_and_precisions_may_be_arguments() -> None:
    def fill(pattern: str, *arguments: PhpValue) -> str:
        return sprintf(pattern, *arguments, runtime=PHP_8_2)

    assert fill("%*d|%-*d|", 5, 3, 3, 7) == "    3|7  |"
    assert fill("%*.*f", 8, 2, 3.14159) == "    3.14"
    assert fill("%1$*2$d", 5, 3) == "  5"
    assert fill("%.*g|%.*G", -1, 0.1, -1, 1e100) == "0.1|1.0E+100"


def test_a_pattern_takes_its_arguments_from_an_array_whatever_the_keys() -> None:
    assert vsprintf("%2$s%1$s", {"x": "a", 7: "b"}, runtime=PHP_8_2) == "ba"
    with pytest.raises(PhpValueError, match="must contain 2 items, 1 given"):
        vsprintf("%s %s", ["a"], runtime=PHP_8_2)


def test_a_float_as_text_has_the_digits_of_the_setting() -> None:
    assert sprintf("%s", 0.1 + 0.2, runtime=PhpRuntime(precision=17)) == "0.30000000000000004"


def test_minus_infinity_has_its_sign_since_8_4() -> None:
    assert sprintf("%f|%05f", -math.inf, -math.inf, runtime=PHP_8_2) == "INF|-NF"
    assert sprintf("%f|%05f", -math.inf, -math.inf, runtime=PHP_8_4) == "-INF|-INF"


def test_too_few_arguments_are_an_error() -> None:
    with pytest.raises(PhpArgumentCountError, match="3 arguments are required, 2 given"):
        sprintf("%s %s", "a", runtime=PHP_8_2)
    with pytest.raises(PhpArgumentCountError):
        sprintf("%z", runtime=PHP_8_2)  # PHP misses the argument before it reads the letter


@pytest.mark.parametrize(
    ("pattern", "value", "message"),
    [
        ("%z", "a", 'Unknown format specifier "z"'),
        ("%5", "a", "Missing format specifier"),
        ("%'", "a", "Missing padding character"),
        ("%0$s", "a", "Argument number specifier must be greater than zero"),
        ("%99999999999s", "a", "Width must be greater than zero"),
        ("%*d", "5", "Width must be an integer"),
        ("%.*f", -2, "Precision must be"),
        ("%.*f", -1, "Precision -1 is only supported for %g"),
    ],
)
def test_a_pattern_that_php_refuses_is_an_error(pattern: str, value: PhpValue, message: str) -> None:
    with pytest.raises(PhpValueError, match=message):
        sprintf(pattern, value, 1.5, runtime=PHP_8_2)


def test_an_object_is_no_text() -> None:
    with pytest.raises(PhpError, match="stdClass could not be converted to string"):
        sprintf("%s", std_class(), runtime=PHP_8_2)
    assert sprintf("%s|%d", [1], [1], runtime=PHP_8_2) == "Array|1"


def test_what_else_is_wrong_comes_before_an_object_that_is_no_text() -> None:
    with pytest.raises(PhpArgumentCountError, match="3 arguments are required, 2 given"):
        sprintf("%s|%d", std_class(), runtime=PHP_8_2)
    with pytest.raises(PhpValueError, match="must contain 2 items, 1 given"):
        vsprintf("%s|%d", [std_class()], runtime=PHP_8_2)
    with pytest.raises(PhpValueError, match='Unknown format specifier "y"'):
        sprintf("%s %y", std_class(), 1, runtime=PHP_8_2)
    with pytest.raises(PhpValueError, match="Width must be"):
        sprintf("%s|%2147483648d", std_class(), runtime=PHP_8_2)
    with pytest.raises(PhpError, match="class stdClass could not"):  # the last one
        sprintf("%s %s", PhpObject("A", {}), std_class(), runtime=PHP_8_2)
