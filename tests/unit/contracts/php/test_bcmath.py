from collections.abc import Callable

import pytest

from contracts.php.bcmath import bcadd, bccomp, bcdiv, bcmod, bcmul, bcsub
from contracts.php.error import PhpDivisionByZeroError, PhpValueError

FUNCTIONS = (bcadd, bcsub, bcmul, bcdiv, bcmod, bccomp)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (bcmul("19.99", "1.2", 2), "23.98"),  # 23.988: cut off, not rounded
        (bcdiv("2", "3", 2), "0.66"),
        (bcdiv("-2", "3", 2), "-0.66"),
        (bcadd("1.239", "0.001"), "1"),
        (bcadd("1", "2", 3), "3.000"),
        (bcsub("0.001", "0.002", 2), "0.00"),  # never -0.00
        (bcsub("0.001", "0.002", 3), "-0.001"),
        (bcmod("-7", "3"), "-1"),
        (bcmod("7.5", "-2", 1), "1.5"),
        (bcdiv("1", "0.0003", 1), "3333.3"),
        (bcadd("", ".5", 1), "0.5"),
        (bcadd("+1.", "-", 1), "1.0"),
        (bcadd("007", "-00.10", 2), "6.90"),
        (bcadd("1\0abc", "1"), "2"),
        (bcadd("9" * 5000, "1"), "1" + "0" * 5000),
    ],
)
def test_results_are_cut_off_at_the_scale(answer: str, expected: str) -> None:
    assert answer == expected


def test_bccomp_looks_at_so_many_places() -> None:
    assert [bccomp("1.001", "1.002", scale) for scale in (0, 2, 3)] == [0, 0, -1]
    assert [bccomp("-0.00", "0"), bccomp("2", "10"), bccomp("-1", "-2")] == [0, -1, 1]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("number", ["1e3", " 1", "1 ", "1,5", "--1", "abc", "1.2.3", "٣", "\n"])
def test_what_is_no_number_is_a_value_error(function: Callable[[str, str], object], number: str) -> None:
    with pytest.raises(PhpValueError, match=r"Argument #1 \(\$num1\) is not well-formed"):
        function(number, "1")
    with pytest.raises(PhpValueError, match=r"Argument #2 \(\$num2\) is not well-formed"):
        function("1", number)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_scale_is_not_negative(function: Callable[[str, str, int], object]) -> None:
    with pytest.raises(PhpValueError, match="must be between 0 and 2147483647"):
        function("abc", "1", -1)


def test_divisors_of_zero_are_errors() -> None:
    with pytest.raises(PhpDivisionByZeroError, match="Division by zero"):
        bcdiv("1", "-0.00")
    with pytest.raises(PhpDivisionByZeroError, match="Modulo by zero"):
        bcmod("1", "")
