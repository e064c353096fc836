"""Tokens of PHP's serialize format, read one by one from text that holds a byte a character (Latin-1).

What is wrong is told with its place.
"""

import re

from contracts.codecs.error import DecodeError, DecodeErrorCode
from contracts.php.number import INT_MAX, INT_MIN
from contracts.php.value import PhpEnum, PhpOpaque

_TOKEN = re.compile(
    r"(?P<null>N;)"
    r"|b:(?P<bool>[01]);"
    r"|i:(?P<int>[+-]?[0-9]++);"
    r"|d:(?P<float>NAN|-?INF|[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?);"
    r"|(?P<string>[sS]):(?P<string_length>[0-9]{1,19}):\""
    r"|a:(?P<array>[0-9]{1,19}):\{"
    r"|(?P<named>[OCE]):(?P<name_length>[0-9]{1,19}):\""
    r"|(?P<reference>[rR]):(?P<slot>[0-9]{1,19});"
)
_COUNT = re.compile(r":([0-9]{1,19}):\{")
_UNFINISHED = re.compile(r"[A-Za-z](?::[-+.0-9A-Za-z]{0,400}(?::\"?)?)?\Z|:(?:[0-9]{1,19}:?)?\Z")
CLASS_NAME = re.compile(r"[A-Za-z0-9_\x80-\xff][A-Za-z0-9_\x80-\xff\\]*")
ENUM_CASE = re.compile(r"([A-Za-z0-9_\x80-\xff][A-Za-z0-9_\x80-\xff\\]*):([A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)")
_HEX_PAIR = re.compile(r"[0-9A-Fa-f]{2}")


def recoded(text: str) -> str:
    """Text of a byte a character as PHP strings are held here."""
    return text if text.isascii() else text.encode("latin-1").decode("utf-8", "surrogateescape")


class Tokens:
    """What is still to be read. Every method raises DecodeError."""

    def __init__(self, text: str, *, saturate: bool) -> None:
        self.text = text
        self.position = 0
        self._saturate = saturate

    def next(self) -> re.Match[str]:
        """The head of a value: up to the quote or brace that opens what is in it."""
        token = _TOKEN.match(self.text, self.position)
        if token is None:
            raise self.error("syntax")
        self.position = token.end()
        return token

    def key(self) -> int | str:
        """Of an element; texts like `7` are texts still."""
        start = self.position
        token = self.next()
        if token["int"]:
            return self._integer(token["int"], start)
        if token["string"]:
            return self._string(token)
        self.position = start
        raise self.error("syntax")

    def scalar(self, token: re.Match[str], start: int) -> bool | int | float | str | None:
        """The value that began with this token."""
        if token["string"]:
            return self._string(token)
        if token["int"]:
            return self._integer(token["int"], start)
        if token["float"]:
            return float(token["float"])
        return None if token["null"] else token["bool"] == "1"

    def class_name(self, token: re.Match[str], start: int) -> str:
        """Of an object whose head was read."""
        name = self._quoted(int(token["name_length"]))
        if not CLASS_NAME.fullmatch(name):
            raise DecodeError("name", start)
        return recoded(name)

    def count(self) -> int:
        """Of an object's properties, or of the bytes of a body of its own."""
        match = _COUNT.match(self.text, self.position)
        if match is None:
            raise self.error("syntax")
        self.position = match.end()
        return int(match[1])

    def end(self) -> None:
        """Of an array or object."""
        if not self.text.startswith("}", self.position):
            raise self.error("syntax")
        self.position += 1

    def opaque(self, token: re.Match[str], start: int) -> PhpOpaque:
        """An object that wrote itself."""
        class_name = self.class_name(token, start)
        return PhpOpaque(class_name, self._quoted(self.count(), "}").encode("latin-1"))

    def enum(self, token: re.Match[str], start: int) -> PhpEnum:
        """A case."""
        match = ENUM_CASE.fullmatch(self._quoted(int(token["name_length"])))
        if match is None:
            raise DecodeError("name", start)
        self._quoted(0, ";")
        return PhpEnum(recoded(match[1]), recoded(match[2]))

    def error(self, code: DecodeErrorCode) -> DecodeError:
        """Nothing that PHP writes is here; if the data ends here, it may have been cut off."""
        rest = self.text[self.position : self.position + 500]
        if not rest or _UNFINISHED.match(rest):
            return DecodeError("truncated", self.position)
        return DecodeError(code, self.position)

    def _integer(self, digits: str, start: int) -> int:
        """Past 64 bits PHP warns and goes to the limit."""
        significant = digits.lstrip("+-").lstrip("0")[:20]
        number = int(significant or "0") * (-1 if digits[0] == "-" else 1)
        if INT_MIN <= number <= INT_MAX:
            return number
        if not self._saturate:
            raise DecodeError("number", start)
        return max(INT_MIN, min(number, INT_MAX))

    def _string(self, token: re.Match[str]) -> str:
        length = int(token["string_length"])
        return recoded(self._quoted(length, '";') if token["string"] == "s" else self._escaped(length))

    def _quoted(self, length: int, end: str = '"') -> str:
        """So many bytes, and what must come after them."""
        start = self.position
        stop = start + length
        if stop + len(end) > len(self.text):
            raise DecodeError("truncated", start)
        if not self.text.startswith(end, stop):
            raise DecodeError("syntax", stop)
        self.position = stop + len(end)
        return self.text[start:stop]

    def _escaped(self, length: int) -> str:
        r"""The old `S:` form: every byte may be written as `\` and two hexadecimal digits."""
        start = self.position
        if start + length + 2 > len(self.text):
            raise DecodeError("truncated", start)
        found: list[str] = []
        position = start
        while len(found) < length:
            if position >= len(self.text):
                raise DecodeError("truncated", start)
            if self.text[position] != "\\":
                found.append(self.text[position])
                position += 1
                continue
            pair = _HEX_PAIR.match(self.text, position + 1)
            if pair is None:
                raise DecodeError("syntax", position)
            found.append(chr(int(pair[0], 16)))
            position = pair.end()
        self.position = position
        self._quoted(0, '";')
        return "".join(found)
