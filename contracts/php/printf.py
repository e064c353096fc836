"""PHP's `sprintf` and `vsprintf`: neither C's nor Python's, and not `number_format` either.

`%.2f` of 1.005 is 1.00 here (correctly rounded) and 1.01 from `number_format`; `%5s` counts bytes; `%'x10d` pads with
x; `%e` prints `1.0e+3`; `%d` of "12abc" is 12. Follows formatted_print.c of PHP 8; before 8.0 there were no `%h`, `%H`
and `*`, and where it throws now, PHP warned and gave false.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from contracts.php.error import PhpArgumentCountError, PhpError, PhpValueError
from contracts.php.number import to_float, to_int, to_text, write_float
from contracts.php.runtime import PhpRuntime
from contracts.php.text import from_bytes, to_bytes
from contracts.php.value import PhpValue

_SPECIFIER = re.compile(
    r"%(?:(?P<percent>%)|(?:(?P<argument>[0-9]+)\$)?(?P<flags>(?:[ 0+-]|'.)*)(?P<unpadded>')?"
    r"(?P<width>[0-9]+|\*(?:[0-9]+\$)?)?(?:(?P<dot>\.)(?P<precision>[0-9]+|\*(?:[0-9]+\$)?)?)?l?(?P<kind>.)?)",
    re.DOTALL,
)
_FLAG = re.compile(r"'(.)|(.)", re.DOTALL)
_BASES = {"b": "b", "o": "o", "x": "x", "X": "X"}
_KINDS = frozenset("bcdeEfFgGhHosuxX")
_LIMIT = 2**31 - 1
_MOST_DIGITS = 53


def sprintf(pattern: str, *arguments: PhpValue, runtime: PhpRuntime) -> str:
    """`sprintf($pattern, ...$arguments)`; floats as `%s` have the digits of the ini setting `precision`.

    Raises:
        PhpValueError: the pattern has an unknown specifier, or a number that is out of range.
        PhpArgumentCountError: there are fewer arguments than the pattern asks for.
        PhpError: an object is to be text, and nothing worse is wrong.
    """

    def too_few(needed: int) -> PhpError:
        return PhpArgumentCountError(f"{needed + 1} arguments are required, {len(arguments) + 1} given")

    return _fill_in(pattern, arguments, runtime, too_few)


def vsprintf(pattern: str, arguments: Sequence[PhpValue] | Mapping[int | str, PhpValue], *, runtime: PhpRuntime) -> str:
    """`vsprintf($pattern, $arguments)`: as `sprintf`, but too few arguments are a PhpValueError; keys do not count."""
    values = tuple(arguments.values()) if isinstance(arguments, Mapping) else arguments

    def too_few(needed: int) -> PhpError:
        return PhpValueError(f"The arguments array must contain {needed} items, {len(values)} given")

    return _fill_in(pattern, values, runtime, too_few)


def _fill_in(
    pattern: str, arguments: Sequence[PhpValue], runtime: PhpRuntime, too_few: Callable[[int], PhpError]
) -> str:
    """The text. Args: too_few: what is thrown if the pattern asks for so many arguments."""
    objection: PhpError | None = None
    supply = _Supply(arguments)
    source = _as_bytes(pattern)  # one character a byte: PHP pads and cuts bytes
    pieces = []
    position = 0
    while match := _SPECIFIER.search(source, position):
        pieces.append(source[position : match.start()])
        position = match.end()
        if match["percent"]:
            pieces.append("%")
            continue
        specifier = _Specifier.read(match, supply)
        if isinstance(specifier, int):  # an argument is missing: PHP goes on from here, and may find worse
            position = specifier
        elif (index := supply.find(specifier.argument)) is not None:
            try:
                pieces.append(_convert(specifier, supply.arguments[index], runtime))
            except PhpValueError:
                raise
            except PhpError as error:  # an object is no text: PHP notes it, goes on, and may find worse
                objection = error
        else:
            position = match.start("kind") if match["kind"] else match.end()
    if supply.missing:
        raise too_few(supply.missing)
    if objection is not None:
        raise objection
    pieces.append(source[position:])
    return from_bytes("".join(pieces).encode("latin-1"))


@dataclass(slots=True)
class _Supply:
    """The arguments, one after the other or by their number."""

    arguments: Sequence[PhpValue]
    following: int = 0
    missing: int = 0

    def find(self, number: int | None) -> int | None:
        """The position of an argument; None where there is none, which is noted. Args: number: from 1 on, if given."""
        if number is None:
            index, self.following = self.following, self.following + 1
        else:
            index = number - 1
        if index < len(self.arguments):
            return index
        self.missing = max(self.missing, index + 1)
        return None


def _number(digits: str | None, name: str, *, least: int = 0) -> int | None:
    if not digits:
        return None
    number = int(digits[:11])
    if not least <= number < _LIMIT:
        raise PhpValueError(f"{name} must be greater than zero and less than {_LIMIT}")
    return number


def _argument_number(digits: str | None) -> int | None:
    return _number(digits, "Argument number specifier", least=1)


@dataclass(frozen=True, slots=True)
class _Specifier:
    kind: str
    argument: int | None
    width: int
    precision: int | None
    padding: str
    is_left: bool
    has_sign: bool

    @classmethod
    def read(cls, match: re.Match[str], supply: _Supply) -> "_Specifier | int":
        """What a specifier says, or where it ends if it asks for an argument that is missing. Raises PhpValueError."""
        argument = _argument_number(match["argument"])
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
        if match["unpadded"]:
            raise PhpValueError("Missing padding character")
        sizes: list[int | None] = []
        for group, name, least in (("width", "Width", 0), ("precision", "Precision", -1)):
            text = match[group] or ""
            if text.startswith("*"):
                index = supply.find(_argument_number(text[1:-1]))
                if index is None:
                    return match.end(group)
                sizes.append(_size(supply.arguments[index], name, least=least))
            else:
                sizes.append(_number(text, name))
        width, precision = sizes
        return cls(match["kind"] or "", argument, width or 0, precision, padding, is_left, has_sign)

    def pad(self, text: str, *, is_signed: bool = False, width: int | None = None, padding: str | None = None) -> str:
        padding = padding or self.padding
        missing = max(0, (self.width if width is None else width) - len(text))
        if self.is_left:
            return text + padding * missing
        if is_signed and padding == "0":  # zeros come between sign and digits
            return text[0] + padding * missing + text[1:]
        return padding * missing + text


def _size(value: PhpValue, name: str, *, least: int) -> int:
    """An argument that `*` stands for."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise PhpValueError(f"{name} must be an integer")
    if not least <= value < _LIMIT:
        raise PhpValueError(f"{name} must be greater than zero and less than {_LIMIT}")
    return value


def _convert(specifier: _Specifier, value: PhpValue, runtime: PhpRuntime) -> str:
    kind = specifier.kind
    if specifier.precision == -1 and kind not in tuple("gGhH"):
        raise PhpValueError("Precision -1 is only supported for %g, %G, %h and %H")
    if kind == "%":
        return "%"
    if kind == "s":
        return specifier.pad(_as_bytes(to_text(value, runtime.precision))[: specifier.precision])
    if kind not in _KINDS:
        raise PhpValueError(
            f'Unknown format specifier "{kind}"' if kind else "Missing format specifier at end of string"
        )
    if kind in "du":
        return _integer(specifier, to_int(value))
    if kind in _BASES:
        text = "" if specifier.precision is not None else format(to_int(value) % 2**64, _BASES[kind])
        return specifier.pad(text)
    if kind == "c":
        return chr(to_int(value) % 256)
    return _float(specifier, to_float(value), runtime)


def _integer(specifier: _Specifier, value: int) -> str:
    padding = " " if specifier.is_left and specifier.padding == "0" else None
    if specifier.kind == "u":
        return specifier.pad(str(value % 2**64), padding=padding)
    text = f"{value:+d}" if specifier.has_sign else str(value)
    return specifier.pad(text, is_signed=value < 0 or specifier.has_sign, padding=padding)


def _float(specifier: _Specifier, value: float, runtime: PhpRuntime) -> str:
    if value == -math.inf and runtime.since(8, 4):
        return "-INF"
    if not math.isfinite(value):
        is_signed = value < 0 or specifier.has_sign
        text = "NaN" if math.isnan(value) else "INF"
        # up to 8.3, PHP shows the sign of an infinity only if it pads with zeros, and then in the place of a letter
        if is_signed and specifier.padding == "0" and not specifier.is_left:
            text = ("-" if value < 0 else "+") + text[1:]
        return text
    precision = 6 if specifier.precision is None else min(specifier.precision, _MOST_DIGITS)
    kind = specifier.kind
    if kind in "fFeE":
        value = value or 0.0  # -0.0 has no sign here
        text = f"{value:.{precision}f}" if kind in "fF" else _exponential(value, precision, kind)
    else:
        e = "E" if kind in "GH" else "e"
        text = write_float(value, precision or 1, e=e)
    is_negative = text[0] == "-"
    if specifier.has_sign and not is_negative:
        text = "+" + text
    return specifier.pad(text, is_signed=is_negative or specifier.has_sign)


def _exponential(value: float, precision: int, e: str) -> str:
    mantissa, _, exponent = f"{value:.{precision}e}".partition("e")
    return f"{mantissa}{e}{int(exponent):+d}"


def _as_bytes(text: str) -> str:
    return to_bytes(text).decode("latin-1")
