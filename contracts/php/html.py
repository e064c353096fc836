"""PHP's `htmlspecialchars`: Python's `html.escape` differs in apostrophes, broken bytes, entities."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html.entities import html5, name2codepoint

from contracts.php.runtime import PhpRuntime
from contracts.php.text import from_bytes, rejoin, to_bytes
from contracts.php.utf8 import BROKEN_UTF_8, UTF_8

ENT_NOQUOTES, ENT_COMPAT, ENT_QUOTES = 0, 2, 3
ENT_IGNORE, ENT_SUBSTITUTE, ENT_DISALLOWED = 4, 8, 128
ENT_HTML401, ENT_XML1, ENT_XHTML, ENT_HTML5 = 0, 16, 32, 48

_SINGLE_QUOTE, _DOUBLE_QUOTE, _DOCUMENT = 1, 2, 48
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_NAMES: Mapping[int, frozenset[str]] = {
    ENT_HTML401: frozenset(name2codepoint),
    ENT_XML1: _XML_NAMES,
    ENT_XHTML: frozenset(name2codepoint) | {"apos"},
    ENT_HTML5: frozenset(name[:-1] for name in html5 if name.endswith(";")),
}

_CHARACTERS: Mapping[str, tuple[bytes, bytes]] = {
    "utf-8": (UTF_8, BROKEN_UTF_8),
    "big5": (rb"[\x81-\xfe][\x40-\x7e\xa1-\xfe]|[\x80\xff]", rb"[\x81-\xfe]"),
    "big5-hkscs": (rb"[\x81-\xfe][\x40-\x7e\xa1-\xfe]|[\x80\xff]", rb"[\x81-\xfe][\x80\xff]?"),
    "gb2312": (
        rb"[\xa1-\xfe][\xa1-\xfe]|[\x80-\x8d\x90-\x9f]",
        rb"[\xa1-\xfe][\x8e\x8f\xa0\xff]?|[\x8e\x8f\xa0\xff]",
    ),
    "sjis": (
        rb"[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]|[\xa1-\xdf]",
        rb"[\x81-\x9f\xe0-\xfc][\xfd-\xff]?|[\x80\xa0\xfd-\xff]",
    ),
    "euc-jp": (
        rb"[\xa1-\xfe]{2}|\x8e[\xa1-\xdf]|\x8f[\xa1-\xfe]{2}|[\x80-\x8d\x90-\x9f]",
        rb"\x8f[\xa0\xff]{0,2}|[\x8e\xa1-\xfe][\xa0\xff]?|[\xa0\xff]",
    ),
    "iso-8859-1": (rb"[\x80-\xff]", rb"(?!)"),
    "single byte": (rb"[\x80-\xff]", rb"(?!)"),
}
"""By encoding: the characters beyond ASCII, and how many bytes PHP takes for one character that is broken."""
_ALIASES: Mapping[str, str] = {
    **dict.fromkeys(("iso8859-1", "iso-8859-1"), "iso-8859-1"),
    **dict.fromkeys(("950",), "big5"),
    **dict.fromkeys(("936",), "gb2312"),
    **dict.fromkeys(("shift_jis", "sjis-win", "cp932", "932"), "sjis"),
    **dict.fromkeys(("eucjp", "eucjp-win"), "euc-jp"),
    **dict.fromkeys(("iso8859-15", "iso-8859-15", "iso8859-5", "iso-8859-5", "cp866", "866", "ibm866"), "single byte"),
    **dict.fromkeys(("cp1251", "windows-1251", "win-1251", "cp1252", "windows-1252", "1252"), "single byte"),
    **dict.fromkeys(("koi8-r", "koi8-ru", "koi8r", "macroman"), "single byte"),
}


def htmlspecialchars(
    text: str,
    flags: int | None = None,
    encoding: str | None = None,
    *,
    double_encode: bool = True,
    runtime: PhpRuntime,
) -> str:
    """`htmlspecialchars`: `&`, `<`, `>`, and quotes by the flags; `'` is `&#039;` where Python's has `&#x27;`.

    Args:
        text: bytes of that encoding.
        flags: ENT_* flags. Default since 8.1: ENT_QUOTES | ENT_SUBSTITUTE | ENT_HTML401; before, ENT_COMPAT: it kept
            `'` and made nothing of a text with broken bytes. In XML1, XHTML, HTML5 `'` is `&apos;`.
            With ENT_DISALLOWED characters that the document type forbids count as broken.
        encoding: as PHP names it; UTF-8 if it is None, empty or not known.
        double_encode: whether the `&` of an entity that the document type knows is escaped, too.
        runtime: for the default of the flags.

    Returns:
        "" if there are broken bytes, and neither ENT_SUBSTITUTE nor ENT_IGNORE says what to do with them.
    """
    if flags is None:
        flags = ENT_QUOTES | ENT_SUBSTITUTE if runtime.since(8, 1) else ENT_COMPAT
    name = (encoding or "").lower()
    charset = _ALIASES.get(name, name if name in _CHARACTERS else "utf-8")
    data = to_bytes(text)
    pattern, escape = _pattern(charset), _Escape(flags, charset, double_encode)
    if not flags & (ENT_SUBSTITUTE | ENT_IGNORE) and any(match["broken"] for match in pattern.finditer(data)):
        return ""
    return rejoin(from_bytes(pattern.sub(escape, data)))


@lru_cache(maxsize=16)
def _pattern(charset: str) -> re.Pattern[bytes]:
    """What may have to be replaced, and characters of more than one byte, so that none is found inside of another."""
    characters, broken = _CHARACTERS[charset]
    return re.compile(
        rb"(?P<entity>&(?:#[xX](?P<hex>[0-9a-fA-F]+)|#(?P<decimal>[0-9]+)|(?P<name>[A-Za-z0-9]+));)"
        rb"|(?P<special>[&<>'\"])|(?P<ascii>[\x00-\x7f])|(?P<character>"
        + characters
        + rb")|(?P<broken>"
        + broken
        + rb")"
    )


@dataclass(frozen=True, slots=True)
class _Escape:
    flags: int
    charset: str
    double_encode: bool

    def __call__(self, match: re.Match[bytes]) -> bytes:
        if match["entity"]:
            return match[0] if not self.double_encode and self._is_known(match) else b"&amp;" + match[0][1:]
        if match["special"]:
            return self._special(match[0])
        if match["broken"]:
            return b"" if self.flags & ENT_IGNORE else self._replacement()
        if self.flags & ENT_DISALLOWED and not self._is_allowed(match):
            return self._replacement()
        return match[0]

    @property
    def _document(self) -> int:
        return self.flags & _DOCUMENT

    def _special(self, character: bytes) -> bytes:
        if character == b"'":
            shown = b"&#039;" if self._document == ENT_HTML401 else b"&apos;"
            return shown if self.flags & _SINGLE_QUOTE else character
        if character == b'"':
            return b"&quot;" if self.flags & _DOUBLE_QUOTE else character
        return {b"&": b"&amp;", b"<": b"&lt;", b">": b"&gt;"}[character]

    def _replacement(self) -> bytes:
        return b"\xef\xbf\xbd" if self.charset == "utf-8" else b"&#xFFFD;"

    def _is_known(self, match: re.Match[bytes]) -> bool:
        if match["name"]:
            return match["name"].decode() in _NAMES[self._document]
        digits = (match["hex"] or match["decimal"]).lstrip(b"0") or b"0"
        if len(digits) > 7 or (code := int(digits, 16 if match["hex"] else 10)) > 0x10FFFF:
            return False
        if not self.flags & ENT_DISALLOWED or self._document == ENT_HTML401:
            return True
        return not (self._document == ENT_HTML5 and code == 0x0D) and _allows(self._document, code)

    def _is_allowed(self, match: re.Match[bytes]) -> bool:
        if self.charset in ("utf-8", "iso-8859-1"):
            return _allows(self._document, ord(match[0].decode(self.charset)))
        return match[0] > b"\x7d" or _allows(self._document, ord(match[0]))


def _allows(document: int, code: int) -> bool:
    """Whether a document of that type may hold the character."""
    if code in (0x09, 0x0A, 0x0D):
        return True
    if document in (ENT_XML1, ENT_XHTML):
        return 0x20 <= code <= 0xD7FF or (0xE000 <= code <= 0x10FFFF and code not in (0xFFFE, 0xFFFF))
    if document == ENT_HTML401:
        return 0x20 <= code <= 0x7E or 0xA0 <= code <= 0xD7FF or 0xE000 <= code <= 0x10FFFF
    is_noncharacter = code & 0xFFFF in (0xFFFE, 0xFFFF) or 0xFDD0 <= code <= 0xFDEF
    return 0x20 <= code <= 0x7E or code == 0x0C or (0xA0 <= code <= 0x10FFFF and not is_noncharacter)
