import math
from collections.abc import Callable
from typing import Any

import pytest

from contracts.php.arithmetic import add, divide, fmod, intdiv, modulo, multiply, php_abs, subtract
from contracts.php.error import PhpArithmeticError, PhpDivisionByZeroError, PhpTypeError
from contracts.php.number import INT_MAX, INT_MIN


def test_an_int_that_leaves_64_bits_becomes_a_float() -> None:
    results = (add(INT_MAX, 1), subtract(INT_MIN, 1), multiply(INT_MAX, 2), divide(INT_MIN, -1), php_abs(INT_MIN))
    assert [repr(one) for one in results] == [
        "9.223372036854776e+18",
        "-9.223372036854776e+18",
        "1.8446744073709552e+19",
        "9.223372036854776e+18",
        "9.223372036854776e+18",
    ]


def test_operands_keep_the_kind_that_their_text_has() -> None:
    assert [repr(one) for one in (add("7", "1"), multiply("1.0", 2), subtract(None, " 3"), divide("10", 2))] == [
        "8",
        "2.0",
        "-3",
        "5",
    ]
    assert divide(10, 4) == 2.5


@pytest.mark.parametrize("operand", ["abc", "5 apples", "", [1]])
def test_what_is_no_number_is_a_type_error(operand: Any) -> None:
    with pytest.raises(PhpTypeError):
        add(operand, 1)
    with pytest.raises(PhpTypeError):
        modulo(operand, 3)


def test_quotients_go_towards_zero_and_remainders_have_the_sign_of_the_dividend() -> None:
    assert [intdiv(-7, 2), intdiv(7, -2), intdiv(-7, -2)] == [-3, -3, 3]
    assert [modulo(-7, 3), modulo(7, -3), modulo("8.9", 3), modulo(INT_MIN, -1)] == [-1, 1, 2, 0]


@pytest.mark.parametrize("divided", [divide, intdiv, modulo])
def test_divisors_of_zero_are_errors(divided: Callable[[int, int], object]) -> None:
    with pytest.raises(PhpDivisionByZeroError):
        divided(1, 0)


def test_one_quotient_has_no_64_bits() -> None:
    with pytest.raises(PhpArithmeticError):
        intdiv(INT_MIN, -1)


def test_fmod_gives_nan_where_python_raises() -> None:
    assert math.isnan(fmod(1.0, 0.0))
    assert math.isnan(fmod(math.inf, 3.0))
    assert [repr(fmod(-8.0, 4.0)), fmod(10.0, 3.0), fmod(5.0, math.inf)] == ["-0.0", 1.0, 5.0]
