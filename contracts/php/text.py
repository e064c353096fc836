"""PHP's strings, which are bytes, on Python's `str`.

One representation everywhere: a PHP string is a `str`. Bytes that are not valid UTF-8 (half of an "é" that `substr`
cut, a Latin-1 label) are in it as lone surrogates U+DC80..U+DCFF, Python's own "surrogateescape" (PEP 383). So handlers
keep writing `f"{label} €"`, nothing is lost, `to_bytes` always gives PHP's exact bytes, and whoever writes such a text
out (json_encode, UTF-8 files) fails loudly instead of storing something else, as PHP's json_encode does. Ask `is_utf8`
before writing.

Everything here counts and cuts bytes, and changes the case of ASCII letters only, as PHP does since 8.2.
"""

import base64
import re
from functools import lru_cache
from typing import AnyStr, Literal

from contracts.php.error import PhpValueError

TRIMMED = " \t\n\r\0\x0b"
"""What `trim` removes: neither form feed nor no-break space, but NUL."""

_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_UPPER = {lower: lower - 32 for lower in range(ord("a"), ord("z") + 1)}
_ESCAPED = re.compile(rb"\\(.?)", re.DOTALL)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def to_bytes(text: str) -> bytes:
    """The bytes that PHP holds for this text."""
    return text.encode("utf-8", "surrogateescape")


def from_bytes(data: bytes) -> str:
    """The text for these bytes; what is not UTF-8 becomes lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def rejoin(text: str) -> str:
    """The same bytes as the one text that `from_bytes` gives for them: characters that had been cut are whole again."""
    return text if text.isascii() else from_bytes(to_bytes(text))


def is_utf8(text: str) -> bool:
    """Whether the bytes are valid UTF-8, as `mb_check_encoding($text, 'UTF-8')`."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _is_joined(text)
    return True


def _is_joined(text: str) -> bool:
    """Whether bytes of a character that had been cut apart have been put together again."""
    try:
        to_bytes(text).decode()
    except UnicodeError:
        return False
    return True


def strlen(text: str) -> int:
    """`strlen`: bytes."""
    return len(text) if text.isascii() else len(to_bytes(text))


def trim(text: str, characters: str = TRIMMED) -> str:
    """`trim`: removes bytes of the set (ranges like `a..z` work) from both ends."""
    if characters.isascii():
        return text.strip(_byte_set(characters))
    return from_bytes(to_bytes(text).strip(_byte_set(characters).encode("latin-1")))


def ltrim(text: str, characters: str = TRIMMED) -> str:
    """`ltrim`: as `trim`, at the beginning only."""
    if characters.isascii():
        return text.lstrip(_byte_set(characters))
    return from_bytes(to_bytes(text).lstrip(_byte_set(characters).encode("latin-1")))


def rtrim(text: str, characters: str = TRIMMED) -> str:
    """`rtrim`: as `trim`, at the end only."""
    if characters.isascii():
        return text.rstrip(_byte_set(characters))
    return from_bytes(to_bytes(text).rstrip(_byte_set(characters).encode("latin-1")))


def substr(text: str, offset: int, length: int | None = None) -> str:
    """`substr`: by bytes; may cut a character in half.

    The rule of 8.0 and later: out of range is the empty string (before, it was false).
    """
    data = to_bytes(text)
    size = len(data)
    start = max(0, size + offset) if offset < 0 else min(offset, size)
    if length is None:
        end = size
    elif length < 0:
        end = max(start, size + length)
    else:
        end = min(start + length, size)
    return from_bytes(data[start:end])


def str_pad(text: str, length: int, pad: str = " ", side: Literal["left", "right", "both"] = "right") -> str:
    """`str_pad` to `length` bytes; Python's `ljust` counts characters. Shorter than the text is no padding.

    Raises PhpValueError if `pad` is empty and needed.
    """
    data, filler = to_bytes(text), to_bytes(pad)
    missing = length - len(data)
    if length < 0 or missing <= 0:
        return text
    if not filler:
        raise PhpValueError("str_pad(): Argument #3 ($pad_string) must be a non-empty string")
    left = {"left": missing, "right": 0, "both": missing // 2}[side]
    return from_bytes(_fill(filler, left) + data + _fill(filler, missing - left))


def strtolower(text: str) -> str:
    """`strtolower` since 8.2: A to Z only, whatever the locale; before, it was the locale's letters."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def strtoupper(text: str) -> str:
    """`strtoupper` since 8.2: a to z only."""
    return text.upper() if text.isascii() else text.translate(_UPPER)


def ucfirst(text: str) -> str:
    """`ucfirst` since 8.2: the first letter if it is a to z; the rest stays."""
    return strtoupper(text[:1]) + text[1:]


def lcfirst(text: str) -> str:
    """`lcfirst` since 8.2: the first letter if it is A to Z; the rest stays."""
    return strtolower(text[:1]) + text[1:]


def ucwords(text: str, separators: str = " \t\r\n\f\v") -> str:
    """`ucwords` since 8.2: a to z after a separator byte; the rest of a word stays (`Jean-pierre O'neill`)."""
    if not text or not (separators.isascii() or text.isascii()):
        return from_bytes(_ucwords(to_bytes(text).decode("latin-1"), _byte_set(separators)).encode("latin-1"))
    return _ucwords(text, _byte_set(separators))


def addslashes(text: AnyStr) -> AnyStr:
    r"""`addslashes`: a backslash before `'`, `"` and `\`; NUL becomes `\0`. Of a text, or of its bytes."""
    if isinstance(text, str):
        return from_bytes(addslashes(to_bytes(text)))
    return re.sub(rb"(['\"\\])", rb"\\\1", text).replace(b"\0", b"\\0")


def stripslashes(text: AnyStr) -> AnyStr:
    r"""`stripslashes`: `\0` becomes NUL, `\x` becomes `x`, a lone backslash at the end vanishes."""
    if isinstance(text, str):
        return from_bytes(stripslashes(to_bytes(text)))
    if b"\\" not in text:
        return text
    return _ESCAPED.sub(lambda match: b"\0" if match[1] == b"0" else match[1], text)


def base64_encode(text: str) -> str:
    """`base64_encode`."""
    return base64.b64encode(to_bytes(text)).decode("ascii")


def base64_decode(data: bytes) -> bytes:
    """`base64_decode` without `$strict`: whatever is not of the alphabet is skipped, padding is not needed.

    Python's skips such bytes, too, but raises for wrong padding, and ends at padding in the middle.
    """
    digits = _NOT_BASE64.sub(b"", data)
    if len(digits) % 4 == 1:  # six bits are no byte
        digits = digits[:-1]
    return base64.b64decode(digits + b"=" * (-len(digits) % 4))


def base64_decode_strictly(data: bytes) -> bytes | None:
    """`base64_decode` with `$strict`: None where PHP says false. Blanks may be anywhere, padding may be missing."""
    digits = data.translate(None, b" \t\n\r")
    body = digits.rstrip(b"=")
    padding = len(digits) - len(body)
    if _NOT_BASE64.search(body) or len(body) % 4 == 1 or (padding and (padding > 2 or len(digits) % 4)):
        return None
    return base64_decode(body)


def bin2hex(text: str) -> str:
    """`bin2hex`: two lower case digits a byte."""
    return to_bytes(text).hex()


def _fill(filler: bytes, size: int) -> bytes:
    return (filler * (size // len(filler) + 1))[:size]


def _ucwords(text: str, separators: str) -> str:
    shown: list[str] = []
    for character in text:
        starts = not shown or shown[-1] in separators  # a letter that separates does so as it is now
        shown.append(character.upper() if starts and "a" <= character <= "z" else character)
    return "".join(shown)


@lru_cache(maxsize=32)
def _byte_set(characters: str) -> str:
    """The set that a character list means, one character (U+0000..U+00FF) a byte; `a..z` is a range."""
    data = to_bytes(characters)
    found: dict[int, None] = {}
    position = 0
    while position < len(data):
        byte = data[position]
        if data[position + 1 : position + 3] == b".." and position + 3 < len(data) and data[position + 3] >= byte:
            found.update(dict.fromkeys(range(byte, data[position + 3] + 1)))
            position += 4
            continue
        if data[position : position + 2] != b"..":  # a ".." that is no range: PHP warns and skips its first dot
            found[byte] = None
        position += 1
    return bytes(found).decode("latin-1")
