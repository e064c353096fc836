"""What PHP throws, as Python exceptions: each is also the Python exception that a reader would expect.

Texts are PHP's own, with the names of functions, parameters and types, never with a value.
"""


class PhpError(Exception):
    """PHP's `Error`, and the parent of whatever else a function of `contracts.php` throws in PHP's name."""

    php_class = "Error"


class PhpTypeError(PhpError, TypeError):
    """PHP's `TypeError`."""

    php_class = "TypeError"


class PhpArgumentCountError(PhpTypeError):
    """PHP's `ArgumentCountError`."""

    php_class = "ArgumentCountError"


class PhpValueError(PhpError, ValueError):
    """PHP's `ValueError`."""

    php_class = "ValueError"


class PhpArithmeticError(PhpError, ArithmeticError):
    """PHP's `ArithmeticError`."""

    php_class = "ArithmeticError"


class PhpDivisionByZeroError(PhpArithmeticError, ZeroDivisionError):
    """PHP's `DivisionByZeroError`."""

    php_class = "DivisionByZeroError"


class UnknownRuleError(LookupError):
    """What this version of PHP does is not known: nobody has measured it, and nothing documents it."""

    def __init__(self, what: str, version: tuple[int, int]) -> None:
        super().__init__(f"{what}: the rule of PHP {version[0]}.{version[1]} is not known here")


class UnknownValueError(LookupError):
    """What PHP makes of a value is written in its class, and no class is known here."""

    def __init__(self, what: str, class_name: str) -> None:
        super().__init__(f"{what}: {class_name} decides what it is as text, and its class is not known here")
