"""PHP's order of texts: `strcmp`, `strcasecmp`, `strncmp`, `strnatcmp`, by bytes whatever the locale ("é" after "z").

The sign is the same in every version: compare it with 0, never with 1. The number is the distance of two bytes or,
since 8.2, -1 or 1 where one text is only longer.
"""

from contracts.php.error import PhpValueError
from contracts.php.runtime import PhpRuntime
from contracts.php.text import to_bytes

_SPACE_SET = frozenset({b" ", b"\t", b"\n", b"\r", b"\v", b"\f"})
_DIGIT_SET = frozenset(bytes([digit]) for digit in b"0123456789")


def strcmp(left: str, right: str, *, runtime: PhpRuntime) -> int:
    """`strcmp`: how far apart the first bytes that differ are, else -1, 0 or 1 by length.

    Raises UnknownRuleError before 8.2 for unequal texts: there it was the difference in length.
    """
    return _distance("strcmp", to_bytes(left), to_bytes(right), runtime)


def strcasecmp(left: str, right: str, *, runtime: PhpRuntime) -> int:
    """`strcasecmp`: A to Z as a to z. How far apart the first bytes that differ are, else -1, 0 or 1 by length.

    Raises UnknownRuleError before 8.2 for unequal texts.
    """
    return _distance("strcasecmp", to_bytes(left).lower(), to_bytes(right).lower(), runtime)


def strncmp(left: str, right: str, length: int, *, runtime: PhpRuntime) -> int:
    """`strncmp`: of the first `length` bytes; how far apart the first that differ are, else -1, 0 or 1 by length.

    Raises PhpValueError for a negative length (before PHP 8 false with a warning), UnknownRuleError before 8.2 for
    unequal texts.
    """
    if length < 0:
        raise PhpValueError("strncmp(): Argument #3 ($length) must be greater than or equal to 0")
    return _distance("strncmp", to_bytes(left)[:length], to_bytes(right)[:length], runtime)


def strnatcmp(left: str, right: str) -> int:
    """`strnatcmp`: -1, 0 or 1; runs of digits as numbers ("img9" before "img10"), blanks skipped, and zeros at
    the beginning. Digits that begin with a zero further on (as in "1.05") are compared from the left, as a fraction.
    """
    return natural_order(to_bytes(left), to_bytes(right))


def natural_order(left: bytes, right: bytes) -> int:
    """As `strnatcmp`, of bytes; in upper case for `strnatcasecmp`."""
    if not left or not right:
        return bool(left) - bool(right)
    at, other = _skip_zeros(left), _skip_zeros(right)
    while True:
        at, other = _skip_blanks(left, at), _skip_blanks(right, other)
        if left[at : at + 1] in _DIGIT_SET and right[other : other + 1] in _DIGIT_SET:
            order, at, other = _digits(left, at, right, other)
            if order:
                return order
            if at == len(left) or other == len(right):
                return (at < len(left)) - (other < len(right))
        order = _byte(left, at) - _byte(right, other)
        if order:
            return 1 if order > 0 else -1
        at, other = at + 1, other + 1
        if at >= len(left) or other >= len(right):
            return (at < len(left)) - (other < len(right))


def _distance(function: str, left: bytes, right: bytes, runtime: PhpRuntime) -> int:
    if left == right:
        return 0
    runtime.must_know(function, since=(8, 2))
    for one, other in zip(left, right, strict=False):
        if one != other:
            return one - other
    return 1 if len(left) > len(right) else -1


def _skip_zeros(text: bytes) -> int:
    """Past zeros that lead a number at the beginning."""
    at = 0
    while text[at : at + 1] == b"0" and text[at + 1 : at + 2] in _DIGIT_SET:
        at += 1
    return at


def _skip_blanks(text: bytes, at: int) -> int:
    while text[at : at + 1] in _SPACE_SET:
        at += 1
    return at


def _digits(left: bytes, at: int, right: bytes, other: int) -> tuple[int, int, int]:
    """Order of two runs of digits, and where they end; as fractions if one of them begins with a zero."""
    end, other_end = _run_end(left, at), _run_end(right, other)
    one, two = left[at:end], right[other:other_end]
    if one[:1] != b"0" and two[:1] != b"0" and len(one) != len(two):
        return (1 if len(one) > len(two) else -1), end, other_end
    return (one > two) - (one < two), end, other_end


def _run_end(text: bytes, at: int) -> int:
    while text[at : at + 1] in _DIGIT_SET:
        at += 1
    return at


def _byte(text: bytes, at: int) -> int:
    """PHP's strings have a NUL behind their end."""
    return text[at] if at < len(text) else 0
