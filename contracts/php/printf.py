"""PHP's `sprintf`: neither C's nor Python's, and not `number_format` either.

`%.2f` of 1.005 is 1.00 here (correctly rounded) and 1.01 from `number_format`; `%5s` counts bytes; `%'x10d` pads with
x; `%e` prints `1.0e+3`; `%d` of "12abc" is 12. Follows formatted_print.c of PHP 8.2.
"""

import math
import re
from dataclasses import dataclass

from contracts.php.number import Scalar, general_text, to_float, to_int, to_text
from contracts.php.text import from_bytes, to_bytes

_SPECIFIER = re.compile(
    r"%(?:(?P<percent>%)|(?:(?P<argument>[0-9]+)\$)?(?P<flags>(?:[ 0+-]|'.)*)(?P<width>[0-9]+)?"
    r"(?:(?P<dot>\.)(?P<precision>[0-9]+)?)?l?(?P<kind>[bcdeEfFgGhHosuxX%])|)",
    re.DOTALL,
)
_FLAG = re.compile(r"'(.)|(.)", re.DOTALL)
_BASES = {"b": "b", "o": "o", "x": "x", "X": "X"}


def sprintf(pattern: str, *arguments: Scalar) -> str:
    """`sprintf`, without `*` for width and precision.

    Raises:
        ValueError: the pattern has an unknown specifier or argument number 0 (PHP throws ValueError).
        TypeError: there are fewer arguments than the pattern names (ArgumentCountError).
    """
    following = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal following
        if match["percent"]:
            return "%"
        if match["kind"] is None:
            raise ValueError("sprintf: unknown format specifier")
        if match["argument"] is None:
            index, following = following, following + 1
        else:
            index = int(match["argument"]) - 1
        if index < 0:
            raise ValueError("sprintf: argument number must be greater than zero")
        if index >= len(arguments):
            raise TypeError(f"sprintf: {index + 2} arguments are required, {len(arguments) + 1} given")
        return _convert(_Specifier.read(match), arguments[index])

    # One character a byte, for the time of formatting: PHP pads and cuts bytes.
    return from_bytes(_SPECIFIER.sub(replace, _as_bytes(pattern)).encode("latin-1"))


@dataclass(frozen=True, slots=True)
class _Specifier:
    kind: str
    width: int
    precision: int | None
    padding: str
    is_left: bool
    has_sign: bool

    @classmethod
    def read(cls, match: re.Match[str]) -> "_Specifier":
        padding, is_left, has_sign = " ", False, False
        for flag in _FLAG.finditer(match["flags"]):
            if flag[1] is not None:
                padding = flag[1]
            elif flag[2] in " 0":
                padding = flag[2]
            elif flag[2] == "-":
                is_left = True
            else:
                has_sign = True
        precision = int(match["precision"]) if match["precision"] else None
        return cls(match["kind"], int(match["width"] or 0), precision, padding, is_left, has_sign)

    def pad(self, text: str, *, is_signed: bool = False, width: int | None = None, padding: str | None = None) -> str:
        padding = padding or self.padding
        missing = max(0, (self.width if width is None else width) - len(text))
        if self.is_left:
            return text + padding * missing
        if is_signed and padding == "0":  # zeros come between sign and digits
            return text[0] + padding * missing + text[1:]
        return padding * missing + text


def _convert(specifier: _Specifier, value: Scalar) -> str:
    kind = specifier.kind
    if kind == "s":
        return specifier.pad(_as_bytes(to_text(value))[: specifier.precision])
    if kind in "du":
        return _integer(specifier, to_int(value))
    if kind in _BASES:
        text = "" if specifier.precision is not None else format(to_int(value) % 2**64, _BASES[kind])
        return specifier.pad(text)
    if kind == "c":
        return chr(to_int(value) % 256)
    return "%" if kind == "%" else _float(specifier, to_float(value))


def _integer(specifier: _Specifier, value: int) -> str:
    padding = " " if specifier.is_left and specifier.padding == "0" else None
    if specifier.kind == "u":
        return specifier.pad(str(value % 2**64), padding=padding)
    text = f"{value:+d}" if specifier.has_sign else str(value)
    return specifier.pad(text, is_signed=value < 0 or specifier.has_sign, padding=padding)


def _float(specifier: _Specifier, value: float) -> str:
    if not math.isfinite(value):
        is_signed = value < 0 or specifier.has_sign
        text = "NaN" if math.isnan(value) else "INF"
        # PHP shows the sign of an infinity only if it pads with zeros, and then in the place of a letter
        if is_signed and specifier.padding == "0" and not specifier.is_left:
            text = ("-" if value < 0 else "+") + text[1:]
        return text
    precision = 6 if specifier.precision is None else min(specifier.precision, 53)
    kind = specifier.kind
    if kind in "fFeE":
        value = value or 0.0  # -0.0 has no sign here
        text = f"{value:.{precision}f}" if kind in "fF" else _exponential(value, precision, kind)
    else:
        text = general_text(value, max(1, precision), e="E" if kind in "GH" else "e")
    is_negative = text[0] == "-"
    if specifier.has_sign and not is_negative:
        text = "+" + text
    return specifier.pad(text, is_signed=is_negative or specifier.has_sign)


def _exponential(value: float, precision: int, e: str) -> str:
    mantissa, _, exponent = f"{value:.{precision}e}".partition("e")
    return f"{mantissa}{e}{int(exponent):+d}"


def _as_bytes(text: str) -> str:
    return to_bytes(text).decode("latin-1")
